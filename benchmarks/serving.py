"""The service of examples/serving under load; needs the packages of its requirements."""

from __future__ import annotations

import asyncio
import io
import multiprocessing
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import onnx
import psutil
import typer
from PIL import Image
from rich.console import Console

import roiops.export
from benchmarks import report
from roiops._detector.model import MODEL
from roiops._detector.picture import SAMPLE

sys.path.insert(0, str(Path(__file__).parents[1] / "examples/serving"))  # where replicas find it, too

from answers import Answer, Masks, describe
from load import BUSY, Report, load
from model import Detector
from pictures import decode
from ray import serve
from service import Settings, build
from stand_in import make_stand_in
from start import start, stop

app = typer.Typer(add_completion=False, help=__doc__)
console = Console()

Out = Annotated[Path, typer.Option(help="Folder for the JSON, the Markdown table and the plot.")]
_CONCURRENCY = (1, 2, 4, 8, 16)
_PIXELS = 10**7
_detector: Detector  # of a process that answers without Ray


@app.command()
def run(
    seconds: Annotated[float, typer.Option(min=1, max=60, help="Load of each kind.")] = 4,
    depth: Annotated[int, typer.Option(min=0, help="Of the model: more takes longer.")] = 14,
    out: Out = Path("benchmarks/results"),
) -> None:
    """Measure throughput and latency by concurrency, replicas, batching and upgrade."""
    rows = []
    with _models(depth) as models, _ray() as address:
        for name, replicas, batch in [
            (name, replicas, batch) for name in models for replicas in (1, 2) for batch in (1, 8)
        ]:
            settings = Settings(
                model=models[name], min_replicas=replicas, max_replicas=replicas, max_batch=batch
            )
            with _deployed(address, settings) as service:
                for workers in _CONCURRENCY:
                    measured = asyncio.run(load(service, _pictures(), workers, seconds))
                    rows.append(
                        {"model": name, "replicas": replicas, "batch": batch, **_row(workers, measured)}
                    )
                    console.print(rows[-1])
    for path in report.write(out, "serving", report.environment(1), rows):
        console.print("written:", str(path))
    _plot(rows, out / "serving.png")


@app.command()
def overhead(
    seconds: Annotated[float, typer.Option(min=1, max=60, help="Of each turn.")] = 4,
    rounds: Annotated[int, typer.Option(min=1, max=50, help="Turns of each side.")] = 5,
    depths: Annotated[str, typer.Option(help="Of the models, with commas.")] = "0,4,14,30",
    replicas: Annotated[str, typer.Option(help="Numbers of replicas, with commas.")] = "1,2",
    out: Out = Path("benchmarks/results"),
) -> None:
    """Measure Ray's throughput at concurrency 8 against that of as many processes without Ray, in turns."""
    rows = []
    with _ray() as address:
        for depth in map(int, depths.split(",")):
            for count in map(int, replicas.split(",")):
                with _models(depth) as models:
                    settings = Settings(
                        model=models["upgraded"], min_replicas=count, max_replicas=count, max_batch=1
                    )
                    with (
                        _deployed(address, settings) as service,
                        _processes(models["upgraded"], count) as pool,
                    ):
                        rows.append(_take_turns(service, pool, count, seconds, rounds))
                console.print(rows[-1])
    for path in report.write(out, "serving-overhead", report.environment(1), rows):
        console.print("written:", str(path))


@app.command()
def soak(
    minutes: Annotated[float, typer.Option(min=0.1, max=10, help="Duration.")] = 10,
    replicas: Annotated[int, typer.Option(min=1, max=8)] = 2,
    workers: Annotated[int, typer.Option(min=1, max=200, help="More than fit are told 429.")] = 24,
) -> None:
    """Keep the trained detector saturated; fail at a wrong answer, an error but 429 or 503, or a leak."""
    settings = Settings(min_replicas=replicas, max_replicas=replicas, max_ongoing=4, max_queued=8)
    with _ray() as address, _deployed(address, settings) as service:
        pictures = _expected(Detector(MODEL))
        asyncio.run(load(service, pictures, workers, seconds=5))
        memory = [_memory()]
        measured = asyncio.run(load(service, pictures, workers, 60 * minutes))
        memory.append(_memory())
    growth = [after / before - 1 for before, after in zip(*memory)]
    console.print(_row(workers, measured))
    console.print(
        f"wrong: {measured.wrong}, statuses: {dict(measured.statuses)}, "
        f"MiB of the replicas: {[round(size / 2**20) for size in memory[0]]} after 5 s, "
        f"{[round(size / 2**20) for size in memory[1]]} at the end"
    )
    others = set(measured.statuses) - {200, *BUSY}
    if measured.wrong or others or max(growth) > 0.1:
        raise typer.Exit(1)


@contextmanager
def _ray() -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    try:
        yield start(
            Settings(), port, cores=8
        )  # logical: so that Ray starts as many replicas as are asked for
    finally:
        stop()


@contextmanager
def _deployed(address: str, settings: Settings) -> Iterator[str]:
    serve.run(build(settings), name="measured", route_prefix="/measured")
    service = f"{address}/measured"
    try:
        asyncio.run(load(service, _pictures(), 4, seconds=1))
        yield service
    finally:
        serve.delete("measured")


@contextmanager
def _models(depth: int) -> Iterator[dict[str, str]]:
    """Write a detector as exported, and upgraded; gives their paths."""
    original = make_stand_in(side=320, channels=192, depth=depth, boxes=200)
    upgraded, _ = roiops.export.upgrade(original)
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: f"{folder}/{name}.onnx" for name in ("original", "upgraded")}
        onnx.save(original, paths["original"])
        onnx.save(upgraded, paths["upgraded"])
        yield paths


def _pictures() -> list[tuple[bytes, Any]]:
    return [(SAMPLE.read_bytes(), None)]


def _expected(detector: Detector) -> list[tuple[bytes, Any]]:
    """Turn and cut the sample into many pictures, each with the answer of this process."""
    with Image.open(SAMPLE) as sample:
        variants = [
            sample.transpose(way).crop((0, 0, sample.height - cut, sample.height - cut))
            for way in Image.Transpose
            for cut in (0, 7, 30)
        ]
    pictures = []
    for variant in variants:
        file = io.BytesIO()
        variant.save(file, "JPEG", quality=90)
        pixels = decode(file.getvalue(), _PIXELS)
        (found,) = detector([pixels])
        answer = Answer(pictures=[describe(pixels, found.above(0.5), detector, Masks.none)])
        pictures.append((file.getvalue(), answer.model_dump(mode="json", exclude_none=True)))
    return pictures


def _row(workers: int, measured: Report) -> dict[str, object]:
    p50, p99 = np.percentile(measured.latencies, (50, 99)) * 1e3
    return {
        "concurrency": workers,
        "answers/s": round(measured.throughput, 1),
        "p50 ms": round(p50),
        "p99 ms": round(p99),
        "busy": sum(measured.statuses[status] for status in BUSY),
    }


@contextmanager
def _processes(model: str, count: int) -> Iterator[Pool]:
    pool = multiprocessing.get_context("spawn").Pool(count, _open, (model,))
    try:
        pool.map(_answer_for, [1.0] * count, chunksize=1)
        yield pool
    finally:
        pool.terminate()
        pool.join()


def _open(model: str) -> None:
    global _detector
    _detector = Detector(Path(model))


def _answer_for(seconds: float) -> tuple[int, float]:
    """Answer the sample again and again; returns how often, and the mean seconds of the model alone."""
    data, count, in_model, start = SAMPLE.read_bytes(), 0, 0.0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        prepared = _detector.prepare(decode(data, _PIXELS))
        began = time.perf_counter()
        _detector.run([prepared])
        in_model += time.perf_counter() - began
        count += 1
    return count, in_model / count


def _take_turns(service: str, pool: Pool, count: int, seconds: float, rounds: int) -> dict[str, object]:
    alone, ray, model = [], [], []
    for _ in range(rounds):
        turns = pool.map(_answer_for, [seconds] * count, chunksize=1)
        alone.append(sum(answers for answers, _ in turns) / seconds)
        model += [in_model for _, in_model in turns]
        ray.append(asyncio.run(load(service, _pictures(), 8, seconds)).throughput)
    ratios = np.divide(ray, alone)
    return {
        "replicas": count,
        "model ms": round(float(np.median(model)) * 1e3, 1),
        "in process/s": round(float(np.median(alone)), 1),
        "Ray/s": round(float(np.median(ray)), 1),
        "ratio": round(float(np.median(ratios)), 2),
        "lowest and highest": f"{ratios.min():.2f}–{ratios.max():.2f}",
    }


def _memory() -> list[int]:
    processes = psutil.Process().children(recursive=True)
    return sorted(p.memory_info().rss for p in processes if "ServeReplica" in p.name())


def _plot(rows: list[dict[str, Any]], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    for axes, column in zip(figure.subplots(1, 2), ("answers/s", "p99 ms")):
        for replicas, colour in ((1, "#2b6cb0"), (2, "#c05621")):
            for name, batch in (("original", 1), ("upgraded", 1), ("upgraded", 8)):
                line = [
                    row
                    for row in rows
                    if (row["replicas"], row["model"], row["batch"]) == (replicas, name, batch)
                ]
                style = ":" if name == "original" else "--" if batch > 1 else "-"
                label = f"{name}, {replicas} replica{'s' * (replicas > 1)}" + ", batches" * (batch > 1)
                axes.plot(
                    _CONCURRENCY, [row[column] for row in line], style, marker="o", color=colour, label=label
                )
        axes.set(xlabel="requests at a time", ylabel=column, xscale="log")
        axes.set_xticks(_CONCURRENCY, map(str, _CONCURRENCY))
        axes.set_ylim(bottom=0)
        axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8, frameon=False)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    app()
