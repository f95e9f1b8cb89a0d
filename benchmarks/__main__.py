"""The command line: ``python -m benchmarks``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks import against_builtin, against_cuda, measure, one_call, report, sessions
from benchmarks import detectors as whole
from benchmarks import heads as detector_heads
from benchmarks import pooler as poolers
from benchmarks.workloads import WORKLOADS, Workload, random_workload

app = typer.Typer(add_completion=False, help="Measure our operators against those of ONNX Runtime.")
console = Console()

Out = Annotated[Path, typer.Option(help="Folder for the JSON, the Markdown table and the plot.")]
Threads = Annotated[int, typer.Option(min=1, help="Threads of the session.")]

_CLEARLY_FASTER = 6


@app.command()
def run(
    workloads: Annotated[str, typer.Option(help="Names of workloads, with commas.")] = ",".join(WORKLOADS),
    dtype: Annotated[str, typer.Option(help="Type of the features.")] = "float32",
    threads: Threads = 1,
    rounds: Annotated[int, typer.Option(min=1, help="Calls of each operator, at least.")] = 15,
    out: Out = Path("benchmarks/results"),
    provider: Annotated[str, typer.Option(help="Where to run: cpu or cuda.")] = "cpu",
) -> None:
    """Measure the six workloads."""
    if dtype not in sessions.ONNX_TYPES:
        raise typer.BadParameter(f"{dtype}: must be one of {', '.join(sessions.ONNX_TYPES)}")
    unknown = [name for name in workloads.split(",") if name not in WORKLOADS]
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: must be among {', '.join(WORKLOADS)}")
    chosen = [WORKLOADS[name] for name in workloads.split(",")]
    if provider == "cuda":
        _finish([against_cuda.compare(w, dtype, rounds) for w in chosen], f"cuda-{dtype}", threads, out)
        return
    if provider != "cpu":
        raise typer.BadParameter(f"{provider}: must be cpu or cuda")
    rows = [
        against_builtin.compare(workload, dtype, threads, rounds)
        for workload in track(chosen, "workloads", console=console, transient=True)
    ]
    name = f"{dtype}-{threads}-threads"
    _finish(rows, name, threads, out)
    ratios = [float(row["ratio"]) for row in rows]
    report.plot(
        out / f"{name}.png", f"RoIAlign, {dtype}, threads: {threads}", [w.name for w in chosen], ratios
    )
    if len(rows) > 1:
        console.print(f"geometric mean of the ratios: {np.exp(np.mean(np.log(ratios))):.1f}")


@app.command()
def call(rounds: Annotated[int, typer.Option(min=1, help="Rounds of 30 calls each.")] = 600) -> None:
    """Measure a call of the NumPy function on one tiny box against torchvision's, which must be installed."""
    ours, theirs = one_call.compare(rounds)
    console.print(f"roiops {ours:.1f} µs, torchvision {theirs:.1f} µs, ratio {ours / theirs:.2f}")


@app.command()
def sweep(
    count: Annotated[int, typer.Option(min=1, help="Number of random workloads.")] = 200,
    threads: Threads = 1,
    seed: int = 0,
    out: Out = Path("benchmarks/results"),
) -> None:
    """Measure random workloads, those that are not clearly faster once more, and report the slowest."""
    rng = np.random.default_rng(seed)
    workloads = [random_workload(rng, i) for i in range(count)]
    ratios = [
        _ratio(w, threads, 3) for w in track(workloads, "random workloads", console=console, transient=True)
    ]
    doubtful = [i for i, ratio in enumerate(ratios) if ratio < _CLEARLY_FASTER]
    for i in track(doubtful, "the slowest again", console=console, transient=True):
        ratios[i] = _ratio(workloads[i], threads, 15)
    slowest = np.argsort(ratios)[: max(10, count // 20)]
    rows = [_sweep_row(workloads[i], ratios[i]) for i in slowest]
    name = f"sweep-{threads}-threads"
    _finish(rows, name, threads, out)
    report.histogram(out / f"{name}.png", f"{count} random workloads, threads: {threads}", ratios)
    at_least = {limit: np.mean(np.array(ratios) >= limit) for limit in (0.95, 5, 10, 20)}
    console.print(
        f"slowest {min(ratios):.2f}, median {np.median(ratios):.1f}, fastest {max(ratios):.1f}; "
        + ", ".join(f"{share:.1%} at least {limit}" for limit, share in at_least.items())
    )


@app.command()
def scaling(
    threads: Annotated[int, typer.Option(min=2, help="Threads of the session that has more than one.")] = 2,
    rounds: Annotated[int, typer.Option(min=1, help="Calls of each session, at least.")] = 15,
    out: Out = Path("benchmarks/results"),
) -> None:
    """Measure our operator with several threads against itself with one."""
    rows = [
        against_builtin.scaling(workload, threads, rounds)
        for workload in track(WORKLOADS.values(), "workloads", console=console, transient=True)
    ]
    _finish(rows, f"scaling-{threads}-threads", threads, out)


@app.command()
def pooler(
    boxes: Annotated[int, typer.Option(min=1, help="Number of boxes.")] = 1000,
    threads: Threads = 1,
    rounds: Annotated[int, typer.Option(min=1, help="Calls of each model, at least.")] = 9,
    out: Out = Path("benchmarks/results"),
) -> None:
    """Measure exported four-level poolers before and after the upgrade."""
    exporters = ("torchscript", "dynamo")
    rows = [
        poolers.compare(exporter, boxes, threads, rounds)
        for exporter in track(exporters, "poolers", console=console, transient=True)
    ]
    _finish(rows, f"pooler-{threads}-threads", threads, out)


@app.command()
def detectors(
    models: Annotated[str, typer.Option(help="Detectors and last steps, with commas.")] = ",".join(
        (*whole.DETECTORS, *whole.HEADS)
    ),
    detections: Annotated[int, typer.Option(min=1, help="Detections per image.")] = 100,
    threads: Threads = 2,
    rounds: Annotated[int, typer.Option(min=1, help="Calls of each model, at least.")] = 5,
    out: Out = Path("benchmarks/results"),
) -> None:
    """Measure torchvision's detectors, whole, before and after the upgrade; needs torch and torchvision."""
    known = (*whole.DETECTORS, *whole.HEADS)
    unknown = [name for name in models.split(",") if name not in known]
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: must be among {', '.join(known)}")
    rows = [
        (whole.compare_head if name in whole.HEADS else whole.compare_detector)(
            name, detections, threads, rounds
        )
        for name in track(models.split(","), "models", console=console, transient=True)
    ]
    name = f"detectors-{threads}-threads"
    _finish(rows, name, threads, out)
    report.plot(
        out / f"{name}.png",
        f"Upgraded models, threads: {threads}",
        [str(row["model"]) for row in rows],
        [float(row["ratio"]) for row in rows],
        "times as fast as the model as it was exported",
    )


@app.command()
def heads(
    detections: Annotated[int, typer.Option(min=1, help="Number of boxes.")] = 100,
    threads: Threads = 1,
    rounds: Annotated[int, typer.Option(min=1, help="Calls of each, at least.")] = 9,
    out: Out = Path("benchmarks/results"),
) -> None:
    """Measure PasteMasks against writing its result once, and HeatmapsToKeypoints on noise."""
    for name, measured in (("masks", detector_heads.masks), ("keypoints", detector_heads.keypoints)):
        _finish(list(measured(detections, threads, rounds)), f"{name}-{threads}-threads", threads, out)


def _ratio(workload: Workload, threads: int, rounds: int) -> float:
    inputs = workload.arrays(np.dtype("float32"))
    ours, _ = sessions.bound_call(sessions.ours(workload, "float32"), inputs, workload, "float32", threads)
    peer, _ = sessions.bound_call(sessions.builtin(workload, "float32"), inputs, workload, "float32", threads)
    return measure.take_turns(ours, peer, rounds, least_seconds=0.02).ratio


def _sweep_row(workload: Workload, ratio: float) -> dict[str, object]:
    return {
        "ratio": round(ratio, 2),
        "X": "×".join(map(str, workload.shape)),
        "boxes": workload.boxes,
        "sides": "–".join(f"{side:.0f}" for side in workload.sides),
        "scale": workload.spatial_scale,
        "output": workload.output,
        "sampling ratio": workload.sampling_ratio,
        "aligned": workload.aligned,
    }


def _finish(rows: list[report.Row], name: str, threads: int, out: Path) -> None:
    table = Table(*rows[0])
    for row in rows:
        table.add_row(*map(str, row.values()))
    console.print(table)
    paths = report.write(out, name, report.environment(threads), rows)
    console.print("written:", *map(str, paths))


if __name__ == "__main__":
    app()
