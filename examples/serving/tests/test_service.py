from __future__ import annotations

import asyncio
import base64
import io
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import ray
import requests
from hostile import encode
from load import load
from model import Detector
from models import brightest_red
from pictures import decode
from PIL import Image
from pycocotools import mask as coco
from ray import serve
from service import Settings, build
from stand_in import make_stand_in
from support import MOST_PIXELS, expected, replicas

JPEG = {"Content-Type": "image/jpeg"}


def post(address: str, data: bytes, query: str = "", kind: str = "image/jpeg") -> requests.Response:
    return requests.post(f"{address}/detect?{query}", data=data, headers={"Content-Type": kind}, timeout=60)


def save(model: onnx.ModelProto, folder: Path) -> str:
    onnx.save(model, folder / "model.onnx")
    return str(folder / "model.onnx")


@contextmanager
def another(address: str, name: str, **settings: Any) -> Iterator[str]:
    """Run a second application beside the one of ``address``; gives its address."""
    serve.run(build(Settings(**settings)), name=name, route_prefix=f"/{name}")
    try:
        yield f"{address}/{name}"
    finally:
        serve.delete(name)


def test_one_picture(address, sample, detector):
    reply = post(address, sample)
    assert reply.status_code == 200
    assert reply.json() == expected(detector, sample)
    names = [item["name"] for item in reply.json()["pictures"][0]["objects"]]
    assert names == ["ring", "disc", "triangle", "star"]


@pytest.mark.parametrize("score", [0, 0.3, 0.9, 1])
def test_least_score(address, sample, detector, score):
    assert post(address, sample, f"score={score}").json() == expected(detector, sample, score=score)


def test_several_pictures_keep_their_order(address, sample, detector):
    turned = encode(Image.open(io.BytesIO(sample)).transpose(Image.Transpose.ROTATE_90), "PNG")
    files = [turned, sample, turned]
    form = [("pictures", (f"{i}.any", file, "image/jpeg")) for i, file in enumerate(files)]
    reply = requests.post(f"{address}/detect", files=form, timeout=60)
    assert reply.json() == expected(detector, *files)


def test_the_damaged_one_of_several_is_named(address, sample):
    form = [("p", ("good.jpg", sample)), ("p", ("bad.jpg", sample[:2000]))]
    reply = requests.post(f"{address}/detect", files=form, timeout=60)
    assert reply.status_code == 400
    assert reply.json()["detail"].startswith("bad.jpg: the picture cannot be decoded")


def test_drawing(address, sample):
    reply = post(address, sample, "draw=1")
    assert reply.headers["content-type"] == "image/png"
    drawn, pixels = decode(reply.content, MOST_PIXELS), decode(sample, MOST_PIXELS)
    assert drawn.shape == pixels.shape
    changed = (drawn != pixels).any(axis=2).mean()
    assert 0.01 < changed < 0.2


def test_openapi_has_bodies_answers_and_statuses(address):
    operation = requests.get(f"{address}/openapi.json", timeout=10).json()["paths"]["/detect"]["post"]
    assert set(operation["requestBody"]["content"]) == {"image/jpeg", "image/png", "multipart/form-data"}
    assert set(operation["responses"]) >= {"200", "400", "408", "413", "415", "422", "429", "503"}
    assert operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].endswith("/Answer")


def test_page_readiness_and_health(address):
    assert "Drop a picture here" in requests.get(address, timeout=10).text
    assert requests.get(f"{address}/ready", timeout=10).json() == {"status": "ready"}
    assert requests.get(f"{address}/-/healthz", timeout=10).text == "success"


def test_request_ids_are_in_the_logs(address):
    identity = f"test-{time.time_ns()}"
    reply = requests.post(
        f"{address}/detect", data=b"x", headers={**JPEG, "X-Request-ID": identity}, timeout=10
    )
    assert reply.headers["x-request-id"] == identity
    lines = [
        line
        for file in Path(os.environ["RAY_TMPDIR"]).rglob("replica_default_*.log")
        for line in file.read_text().splitlines()
        if identity in line
    ]
    assert any("refused with 415" in line for line in lines)


def test_metrics(address, sample):
    post(address, sample)
    (node,) = ray.nodes()
    exporter = f"http://{node['NodeManagerAddress']}:{node['MetricsExportPort']}/metrics"
    deadline = time.monotonic() + 30
    wanted = (
        "detector_model_ms_bucket",
        "detector_request_ms_bucket",
        "detector_pictures",
        "serve_replica_processing",
    )
    while time.monotonic() < deadline:
        text = requests.get(exporter, timeout=10).text
        if all(name in text for name in wanted):
            return
        time.sleep(1)
    pytest.fail(f"missing: {[name for name in wanted if name not in text]}")


def test_masks(address, tmp_path):
    red = Image.new("RGB", (40, 30))
    red.paste("red", (5, 10, 25, 22))
    wanted = np.asarray(red)[..., 0] > 0
    file = encode(red, "PNG")
    with another(address, "masks", model=save(brightest_red("CHW"), tmp_path)) as masks:
        (by_rle,) = post(masks, file, "masks=rle").json()["pictures"][0]["objects"]
        (by_png,) = post(masks, file, "masks=png").json()["pictures"][0]["objects"]
        (without,) = post(masks, file).json()["pictures"][0]["objects"]
    np.testing.assert_array_equal(coco.decode(by_rle["rle"]), wanted)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(by_png["png"])))), wanted)
    assert set(without) == {"box", "label", "name", "score"} and without["box"] == [5, 10, 25, 22]


def test_batches(address, tmp_path):
    """Requests that come together are run together, and each gets its own answer."""
    path = save(make_stand_in(side=128, channels=32, depth=8, boxes=9), tmp_path)
    rng = np.random.default_rng(0)
    files = [
        encode(Image.fromarray(rng.integers(0, 256, (h, w, 3), np.uint8)), "PNG")
        for h, w in ((128, 128), (40, 90), (200, 30), (64, 64))
    ]
    with another(address, "batches", model=path, batch_wait_s=0.1) as batches:
        report = asyncio.run(load(batches, [(f, expected(Detector(path), f)) for f in files], 8, seconds=3))
    assert len(report.latencies) > 20 and not report.wrong and set(report.statuses) == {200}


def test_a_full_service_says_429_and_when_to_try_again(address, tmp_path, sample):
    path = save(make_stand_in(side=512, channels=128, depth=12, boxes=9), tmp_path)
    with another(address, "busy", model=path, max_ongoing=1, max_queued=1, max_batch=1) as busy:
        replies = []
        threads = [threading.Thread(target=lambda: replies.append(post(busy, sample))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        statuses = sorted(reply.status_code for reply in replies)
        assert statuses[0] == 200 and statuses[-1] == 429 and set(statuses) == {200, 429}
        assert all(reply.headers["retry-after"] == "1" for reply in replies if reply.status_code == 429)


def test_requests_under_way_are_answered_when_the_service_ends(address, tmp_path, sample):
    path = save(make_stand_in(side=512, channels=128, depth=60, boxes=9), tmp_path)
    replies = []
    with another(address, "ending", model=path) as ending:
        thread = threading.Thread(target=lambda: replies.append(post(ending, sample)))
        thread.start()
        time.sleep(0.3)  # it takes longer than this to run the model
    thread.join()
    assert replies[0].status_code == 200
    assert post(ending, sample).status_code in (404, 503)


def test_replicas_are_added_under_load(address, tmp_path):
    path = save(make_stand_in(side=256, channels=64, depth=12, boxes=9), tmp_path)
    with another(address, "scaled", model=path, max_replicas=2, max_ongoing=4, max_batch=1) as scaled:
        picture = encode(Image.new("RGB", (64, 64)), "PNG")
        asyncio.run(load(scaled, [(picture, None)], 8, seconds=20))
        assert len(replicas("scaled")) == 2


def test_a_model_that_cannot_be_served_fails_at_once(address, tmp_path):
    model = brightest_red("CHW")
    model.graph.output[2].name = model.graph.node[-1].output[0] = "confidence"
    with pytest.raises(RuntimeError), another(address, "wrong", model=save(model, tmp_path)):
        pass
    assert "none is named like scores" in serve.status().applications["wrong"].deployments["detector"].message
    serve.delete("wrong")
