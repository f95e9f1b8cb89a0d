"""Load for minutes or days: ``python -m benchmarks.soak``.

Threads share sessions of different operators, types and shapes while sessions are made and dropped beside
them. Every result is compared with one computed before, which the float64 reference has confirmed. Memory may
not grow once everything has been used; with one shape per thread latency may not scatter.
"""

from __future__ import annotations

import ctypes
import gc
import resource
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
import onnxruntime
import typer
from onnx import TensorProto, helper
from rich.console import Console
from rich.table import Table

import roiops
from roiops import export, reference

console = Console()


class Latencies:
    """Calls counted by their duration, to 1 %: memory that does not grow with the calls."""

    def __init__(self) -> None:
        self._counts = np.zeros(3000, np.int64)  # up to 100 days

    def add(self, seconds: float) -> None:
        self._counts[int(np.log(max(1.0, 1e6 * seconds)) / np.log(1.01))] += 1

    def __len__(self) -> int:
        return int(self._counts.sum())

    def percentile(self, percent: float) -> float:
        rank = np.searchsorted(np.cumsum(self._counts), percent / 100 * len(self))
        return 1e-6 * 1.01**rank


@dataclass
class Job:
    """One model with one set of inputs, and what comes out."""

    name: str
    model: bytes
    feeds: dict[str, np.ndarray]
    session: onnxruntime.InferenceSession = field(init=False)
    expected: np.ndarray = field(init=False)
    latencies: Latencies = field(default_factory=Latencies)

    def new_session(self, threads: int) -> onnxruntime.InferenceSession:
        options = roiops.register(onnxruntime.SessionOptions(), override_standard=True)
        options.intra_op_num_threads = threads
        return onnxruntime.InferenceSession(self.model, options, providers=["CPUExecutionProvider"])

    def run(self, session: onnxruntime.InferenceSession) -> np.ndarray:
        return session.run(None, self.feeds)[0]


@dataclass
class Load:
    """What all threads see: when to stop, and what went wrong so far."""

    stop: threading.Event = field(default_factory=threading.Event)
    wrong: int = 0
    errors: list[str] = field(default_factory=list)
    sessions_made: int = 0


def boxes_on(rng: np.random.Generator, count: int, extent: float) -> np.ndarray:
    corners = rng.uniform(-0.2 * extent, 1.2 * extent, (count, 2, 2))
    return np.sort(corners, axis=1).reshape(count, 4)


def roi_align_job(rng, name, dtype, shape, count, size, ratio, aligned) -> Job:
    box_dtype = np.float64 if dtype == np.float64 else np.float32
    x = rng.standard_normal(shape).astype(dtype)
    boxes = boxes_on(rng, count, 4 * shape[2]).astype(box_dtype)
    batch = np.bincount(rng.integers(shape[0], size=count), minlength=shape[0])
    attributes = {
        "output_size": size,
        "spatial_scale": 0.25,
        "sampling_ratio": ratio,
        "aligned": aligned,
    }
    model = export.make_roi_align_model(
        x_type=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)),
        boxes_type=helper.np_dtype_to_tensor_dtype(np.dtype(box_dtype)),
        **attributes,
    )
    job = Job(name, model.SerializeToString(), {"X": x, "boxes": boxes, "batch": batch})
    job.expected = reference.roi_align(x, boxes, batch, **attributes)
    return job


def pyramid_job(rng: np.random.Generator) -> Job:
    maps = [rng.standard_normal((2, 32, side, side), np.float32) for side in (64, 32, 16, 8)]
    scales = [1 / 4, 1 / 8, 1 / 16, 1 / 32]
    boxes, levels = boxes_on(rng, 60, 256).astype(np.float32), rng.integers(4, size=60)
    model = export.make_multiscale_roi_align_model(output_size=7, spatial_scales=scales)
    feeds = {"boxes": boxes, "batch": np.array([20, 40]), "levels": levels}
    feeds.update({f"X_{i}": x for i, x in enumerate(maps)})
    job = Job("pyramid float32", model.SerializeToString(), feeds)
    job.expected = reference.multiscale_roi_align(maps, boxes, feeds["batch"], levels, 7, scales)
    return job


def standard_job(rng: np.random.Generator) -> Job:
    x = rng.standard_normal((1, 40, 30, 50), np.float32)
    rois, indices = boxes_on(rng, 30, 40).astype(np.float32), np.zeros(30, np.int64)
    node = helper.make_node("RoiAlign", ["X", "rois", "indices"], ["Y"], output_height=5, output_width=3)
    kinds = [("X", TensorProto.FLOAT), ("rois", TensorProto.FLOAT), ("indices", TensorProto.INT64)]
    infos = [helper.make_tensor_value_info(name, kind, None) for name, kind in kinds]
    output = helper.make_tensor_value_info("Y", TensorProto.FLOAT, None)
    graph = helper.make_graph([node], "g", infos, [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)
    job = Job("standard float32", model.SerializeToString(), {"X": x, "rois": rois, "indices": indices})
    job.expected = reference.roi_align(x, rois, indices, (5, 3), batch_format="batch_indices")
    return job


def mixed_jobs(rng: np.random.Generator) -> list[Job]:
    return [
        roi_align_job(rng, "tiny float32", np.float32, (1, 3, 8, 8), 2, 2, 2, True),
        roi_align_job(rng, "float32", np.float32, (2, 64, 50, 60), 100, 7, 2, True),
        roi_align_job(rng, "adaptive float32", np.float32, (1, 33, 40, 40), 40, 7, -1, False),
        roi_align_job(rng, "float64", np.float64, (1, 20, 40, 40), 30, 5, 2, True),
        roi_align_job(rng, "float16", np.float16, (2, 48, 32, 32), 50, 14, 2, True),
        roi_align_job(rng, "wide result float32", np.float32, (1, 128, 40, 40), 100, 14, 1, True),
        pyramid_job(rng),
        standard_job(rng),
    ]


def confirm(job: Job, threads: int) -> None:
    """Make the session, check its first result against the reference, and expect those bits from then on."""
    job.session = job.new_session(threads)
    result = job.run(job.session)
    tolerance = 5e-3 if result.dtype == np.float16 else 2e-4
    np.testing.assert_allclose(result.astype(np.float64), job.expected, rtol=0, atol=tolerance)
    job.expected = result


def use_at_once(jobs: list[Job], threads: int) -> None:
    """Run each job on all threads together, often enough that its session has held that many outputs."""
    with ThreadPoolExecutor(threads) as pool:
        for job in jobs:
            for _ in range(20):
                list(pool.map(lambda _, job=job: job.run(job.session), range(threads)))


def serve(load: Load, jobs: list[Job], seed: int) -> None:
    rng = np.random.default_rng(seed)
    while not load.stop.is_set():
        job = jobs[rng.integers(len(jobs))]
        start = time.perf_counter()
        result = job.run(job.session)
        job.latencies.add(time.perf_counter() - start)
        load.wrong += not np.array_equal(result, job.expected)


def come_and_go(load: Load, jobs: list[Job]) -> None:
    while not load.stop.is_set():
        job = jobs[load.sessions_made % len(jobs)]
        load.wrong += not np.array_equal(job.run(job.new_session(1)), job.expected)
        load.sessions_made += 1
        load.stop.wait(0.05)


def run_all(load: Load, workers: list[Callable[[], None]], minutes: float) -> list[tuple[float, int]]:
    """Run the workers for some minutes; returns (seconds since start, resident bytes) for every second."""

    def guarded(worker: Callable[[], None]) -> None:
        try:
            worker()
        except Exception as error:
            load.errors.append(repr(error))
            load.stop.set()

    threads = [threading.Thread(target=guarded, args=(worker,)) for worker in workers]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    memory = []
    while time.monotonic() - start < 60 * minutes and not load.stop.wait(1):
        memory.append((time.monotonic() - start, resident_bytes()))
    load.stop.set()
    for thread in threads:
        thread.join()
    return memory


def resident_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def show(title: str, jobs: list[Job]) -> list[float]:
    """Print a table of latencies; returns p99 / p50 of each job."""
    table = Table("job", "calls", "p50 ms", "p99 ms", "p99 / p50", title=title)
    ratios = []
    for job in jobs:
        p50, p99 = job.latencies.percentile(50), job.latencies.percentile(99)
        ratios.append(p99 / p50)
        table.add_row(
            job.name, str(len(job.latencies)), f"{1e3 * p50:.3f}", f"{1e3 * p99:.3f}", f"{ratios[-1]:.2f}"
        )
    console.print(table)
    return ratios


def mean_after(memory: list[tuple[float, int]], begin: float, end: float) -> float:
    return float(np.mean([size for second, size in memory if begin <= second < end]))


def keep_to_two_heaps() -> None:
    """glibc gives every thread a heap, which fills up for minutes before it settles and would hide a leak."""
    m_arena_max = -8
    ctypes.CDLL(None).mallopt(m_arena_max, 2)


def mixed_load(minutes: float, threads: int, session_threads: int) -> bool:
    load, jobs = Load(), mixed_jobs(np.random.default_rng(0))
    for job in jobs:
        confirm(job, session_threads)
    use_at_once(jobs, threads)
    workers = [lambda seed=seed: serve(load, jobs, seed) for seed in range(threads)]
    memory = run_all(load, [*workers, lambda: come_and_go(load, jobs)], minutes)
    show(f"{threads} threads on shared sessions of {session_threads}", jobs)
    last = memory[-1][0]
    settled = min(60.0, last / 2)
    first, final = mean_after(memory, settled, settled + 15), mean_after(memory, last - 15, last + 1)
    console.print(
        f"{sum(len(job.latencies) for job in jobs)} calls, {load.sessions_made} sessions made and dropped; "
        f"wrong results: {load.wrong}, errors: {load.errors or 'none'}"
    )
    console.print(
        f"resident: {memory[0][1] / 2**20:.1f} MiB at the start, {first / 2**20:.1f} after {settled:.0f} s, "
        f"{final / 2**20:.1f} at the end: {100 * (final / first - 1):+.2f} %"
    )
    return not load.wrong and not load.errors and final / first < 1.01


def steady_load(minutes: float) -> bool:
    """Two threads, one session and one shape each."""
    load, rng = Load(), np.random.default_rng(1)
    jobs = [
        roi_align_job(rng, "1000 boxes", np.float32, (1, 64, 100, 136), 1000, 7, 2, True),
        roi_align_job(rng, "100 boxes", np.float32, (1, 256, 50, 68), 100, 14, 2, True),
    ]
    for job in jobs:
        confirm(job, 1)
    gc.collect()
    run_all(load, [lambda job=job: serve(load, [job], 0) for job in jobs], minutes)
    ratios = show("2 threads, a session of one thread and a shape each", jobs)
    console.print(f"wrong results: {load.wrong}, errors: {load.errors or 'none'}")
    return not load.wrong and not load.errors and max(ratios) <= 3


def main(
    minutes: Annotated[float, typer.Option(min=0.2, help="Duration of the mixed load.")] = 10,
    threads: Annotated[int, typer.Option(min=1, help="Threads that call sessions.")] = 8,
    session_threads: Annotated[int, typer.Option(min=1, help="Threads inside each session.")] = 2,
) -> None:
    """Run the mixed load, then a steady one for a tenth of the time; fail if a promise is broken."""
    keep_to_two_heaps()
    mixed = mixed_load(minutes, threads, session_threads)
    steady = steady_load(minutes / 10)
    if not (mixed and steady):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
