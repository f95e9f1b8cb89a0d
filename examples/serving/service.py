"""The Ray Serve application: pictures in, objects out, over HTTP."""

# No postponed annotations here: Ray copies methods with annotations that FastAPI must be able to resolve.
import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from answers import Answer, Masks, Problem, describe, picture_of
from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from limits import bounded
from model import Detector, Found, Prepared
from pictures import RefusedError, decode
from pydantic import BaseModel, Field
from ray import serve
from ray.serve.config import AutoscalingConfig, BackpressureConfig
from ray.serve.metrics import Counter, Histogram
from starlette.exceptions import HTTPException

_MILLISECONDS = [1.0, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]
_PAGE = Path(__file__).with_name("index.html")
_STATUSES = {
    400: "the picture is damaged, or the request is malformed",
    408: "the body did not arrive in time",
    413: "too many bytes or pixels",
    415: "neither JPEG nor PNG",
    429: "every replica is busy and the queue is full; try again after Retry-After seconds",
    503: "no replica is running",
}
_FILE = {"schema": {"type": "string", "format": "binary"}}
_FILES = {
    "schema": {
        "type": "object",
        "properties": {"pictures": {"type": "array", "items": _FILE["schema"]}},
        "required": ["pictures"],
    }
}
_BODY = {"image/jpeg": _FILE, "image/png": _FILE, "multipart/form-data": _FILES}

_INLINE = "style-src 'unsafe-inline'; script-src 'unsafe-inline'"
_POLICY = f"default-src 'none'; {_INLINE}; img-src blob:; connect-src 'self'"

log = logging.getLogger("ray.serve")
api = FastAPI(title="Object detection", version="1")


@api.exception_handler(RefusedError)
async def _refuse(_: Request, error: RefusedError) -> JSONResponse:
    return JSONResponse(Problem(detail=error.detail).model_dump(), error.status)


class Settings(BaseModel):
    """Arguments of the application; each is also one of ``serve run service:build NAME=VALUE``."""

    model: str | None = Field(None, description="ONNX file, on every node; default: that of roiops demo")
    num_cpus: int = Field(1, ge=1, description="cores of a replica, and threads of its session")
    min_replicas: int = Field(1, ge=1)
    max_replicas: int = Field(1, ge=1, description="more than min_replicas: scaled by the requests waiting")
    max_replicas_per_node: int | None = Field(None, ge=1, description="1 spreads them over the nodes")
    max_ongoing: int = Field(16, ge=1, description="requests that a replica holds at a time")
    max_queued: int = Field(64, ge=0, description="requests that wait in a proxy; more are told 429")
    max_batch: int = Field(8, ge=1, description="pictures in a call of a model that takes batches")
    batch_wait_s: float = Field(0.005, ge=0, description="how long a batch waits to be filled")
    max_bytes: int = Field(16 << 20, ge=1, description="of a request")
    max_pixels: int = Field(25_000_000, ge=1, description="of a picture")
    max_pictures: int = Field(16, ge=1, description="of a request")
    body_timeout_s: float = Field(10, gt=0, description="time that a client has to send its request")
    model_timeout_s: float = Field(60, gt=0, description="a call that takes longer has the replica replaced")


@serve.deployment(
    name="detector",
    health_check_period_s=2,
    health_check_timeout_s=10,
    graceful_shutdown_wait_loop_s=1,
    graceful_shutdown_timeout_s=30,
    backpressure_config=BackpressureConfig(status_code=429, retry_after_s=1),
    logging_config={"encoding": "JSON", "enable_access_log": True},
)
@serve.ingress(api)
class Service:
    """One replica: a session, a thread that decodes and encodes, and a thread that runs the model."""

    def __init__(self, settings: Settings):
        from roiops._detector.model import MODEL

        self._settings = settings
        self._detector = Detector(Path(settings.model) if settings.model else MODEL, settings.num_cpus)
        self._codec, self._runner = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
        batch = settings.max_batch if self._detector.takes_batches else 1
        self._infer.set_max_batch_size(batch)
        self._infer.set_batch_wait_timeout_s(settings.batch_wait_s if batch > 1 else 0)
        self._decoded = asyncio.Semaphore(
            2 * batch + 1
        )  # bounds the memory: one batch runs, one is made ready
        self._running_since: float | None = None
        self._model_ms = Histogram(
            "detector_model_ms", description="time of a call of the model", boundaries=_MILLISECONDS
        )
        self._request_ms = Histogram(
            "detector_request_ms",
            description="time of a request from its first byte in the replica",
            boundaries=_MILLISECONDS,
            tag_keys=("status",),
        )
        self._pictures = Counter("detector_pictures", description="pictures that were answered")
        self._detector([np.zeros((64, 64, 3), np.uint8)])  # a replica is ready when its model has run

    def check_health(self) -> None:
        """Tell Ray to replace this replica if the model hangs."""
        since = self._running_since
        if since is not None and time.monotonic() - since > self._settings.model_timeout_s:
            raise RuntimeError(f"the model has been running for over {self._settings.model_timeout_s} s")

    @api.get("/", include_in_schema=False)
    async def page(self) -> FileResponse:
        """Show the web page."""
        return FileResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})

    @api.get("/ready")
    async def ready(self) -> dict[str, str]:
        """Say that a replica can be reached and its model has run; /-/healthz asks the proxy alone."""
        return {"status": "ready"}

    @api.post(
        "/detect",
        response_model=Answer,
        response_model_exclude_none=True,
        openapi_extra={"requestBody": {"content": _BODY, "required": True}},
        responses={
            200: {"content": {"image/png": {}}},
            **{status: {"model": Problem, "description": text} for status, text in _STATUSES.items()},
        },
    )
    async def detect(
        self,
        request: Request,
        score: Annotated[float, Query(ge=0, le=1, description="the least score")] = 0.5,
        masks: Annotated[Masks, Query(description="how to write masks, if the model has any")] = Masks.none,
        draw: Annotated[bool, Query(description="answer with a PNG of the one picture, boxes drawn")] = False,
    ) -> Answer | Response:
        """Find the objects of one picture, or of several in a form."""
        start, status = time.monotonic(), 500
        try:
            answer = await self._answer(request, score, masks, draw)
            status = 200
            return answer
        except (RefusedError, HTTPException) as error:
            status = error.status if isinstance(error, RefusedError) else error.status_code
            log.info("refused with %d: %s", status, error.detail)
            raise
        finally:
            self._request_ms.observe(1000 * (time.monotonic() - start), tags={"status": str(status)})

    async def _answer(self, request: Request, score: float, masks: Masks, draw: bool) -> Answer | Response:
        files = await self._read(request)
        if draw:
            if len(files) != 1:
                raise RefusedError(400, f"draw takes one picture, got {len(files)}")
            return Response(await self._find(*files[0], score, picture_of), media_type="image/png")
        write = partial(describe, masks=masks)
        pictures = await asyncio.gather(*(self._find(*file, score, write) for file in files))
        return Answer(pictures=pictures)

    async def _find(self, name: str, data: bytes, score: float, write: Callable[..., Any]) -> Any:
        """Decode a file, find its objects, and write them down."""
        async with self._decoded:
            try:
                pixels = await self._in(self._codec, decode, data, self._settings.max_pixels)
            except RefusedError as error:
                raise RefusedError(error.status, f"{name}: {error.detail}") from error
            prepared = await self._in(self._codec, self._detector.prepare, pixels)
            found = await self._infer(prepared)
            self._pictures.inc()
            return await self._in(self._codec, write, pixels, found.above(score), self._detector)

    async def _read(self, request: Request) -> list[tuple[str, bytes]]:
        """Return the names and bytes of the pictures of a request."""
        settings = self._settings
        request = bounded(request, settings.max_bytes, settings.body_timeout_s)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "multipart/form-data":
            if kind not in _BODY:
                raise RefusedError(415, f"the body is {kind or 'of no type'}; it must be {', '.join(_BODY)}")
            files = [("picture", await request.body())]
        else:
            async with request.form(max_files=settings.max_pictures, max_fields=0) as form:
                files = [(file.filename or "picture", await file.read()) for _, file in form.multi_items()]
        if not files or not all(data for _, data in files):
            raise RefusedError(400, "a picture of no bytes" if files else "a form without a picture")
        return files

    @serve.batch
    async def _infer(self, batch: list[Prepared]) -> list[Found]:
        return await self._in(self._runner, self._run, batch)

    def _run(self, batch: list[Prepared]) -> list[Found]:
        start = self._running_since = time.monotonic()
        try:
            return self._detector.run(batch)
        finally:
            self._running_since = None
            self._model_ms.observe(1000 * (time.monotonic() - start))

    async def _in(self, thread: ThreadPoolExecutor, function: Any, *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(thread, function, *arguments)


def build(settings: Settings) -> serve.Application:
    """Make the application, as ``serve run service:build`` and configuration files do."""
    scaling: dict[str, Any] = {"num_replicas": settings.min_replicas}
    if settings.max_replicas > settings.min_replicas:
        scaling = {
            "autoscaling_config": AutoscalingConfig(
                min_replicas=settings.min_replicas,
                max_replicas=settings.max_replicas,
                target_ongoing_requests=settings.max_ongoing / 4,
                upscale_delay_s=5,
                downscale_delay_s=60,
            )
        }
    return Service.options(
        ray_actor_options={"num_cpus": settings.num_cpus},
        max_ongoing_requests=settings.max_ongoing,
        max_queued_requests=settings.max_queued,
        max_replicas_per_node=settings.max_replicas_per_node,
        **scaling,
    ).bind(settings)
