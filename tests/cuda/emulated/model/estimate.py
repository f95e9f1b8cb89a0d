"""Counts of a launch, and its time on a device."""

from __future__ import annotations

import collections
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tests.cuda.emulated.emulator import Emulator
from tests.cuda.emulated.model.device import H100, Device, pipe_of
from tests.cuda.emulated.model.latency import block_times
from tests.cuda.emulated.model.machine_code import MachineCode, Resources, instructions

_PIPES = ("alu", "fma", "fp64", "xu")
_FIRST_LATENCY = 400.0  # cycles of a load, until it is known


@dataclass
class Result:
    """What a launch does and how long it takes; times are seconds, instructions those of warps."""

    instructions: float
    bounds: dict[str, float]  # the time of each resource if it were the only limit
    latency: float  # the time if blocks waited for nothing but their own instructions
    seconds: float
    totals: np.void

    @property
    def pipe(self) -> str:
        """The busiest kind of arithmetic."""
        return max(_PIPES, key=self.bounds.__getitem__)


def measure(
    emulator: Emulator,
    machine: MachineCode,
    kernel: str,
    threads: int,
    launch: Callable[[], object],
    device: Device = H100,
) -> Result:
    """Run ``launch`` on the emulated device and estimate the time of ``kernel``, which it launches."""
    code = machine.code[kernel]
    resident, l1 = _occupancy(device, machine.resources[kernel], threads)
    emulator.set_times(*block_times(emulator, code))
    latency = _FIRST_LATENCY
    for again in (False, True):  # then with a warm L2 and the latency that was found
        emulator.configure(device.processors, resident, l1, device.l2, keep_l2=again, load_latency=latency)
        emulator.reset()
        launch()
        latency = _load_latency(device, emulator)
    totals = emulator.totals()
    counts = instructions(emulator, code)
    bounds = _bounds(device, counts, totals)
    warps = int(totals["blocks"]) * threads // 32
    think = float(totals["block_time"]) / int(totals["blocks"]) / device.hertz
    core = max(bounds[k] for k in ("issue", *_PIPES))
    demands = [d / warps * device.processors for d in (core, *(bounds[k] for k in ("l1", "l2", "memory")))]
    return Result(
        instructions=sum(counts.values()),
        bounds=bounds,
        latency=think * int(totals["blocks"]) / device.processors / resident,
        seconds=device.launch
        + _waves(device, demands, think, resident, int(totals["blocks"]), threads // 32),
        totals=totals,
    )


def _occupancy(device: Device, resources: Resources, threads: int) -> tuple[int, int]:
    """Return the blocks of a multiprocessor and the bytes of its L1."""
    registers = -(-resources.registers // 8) * 8 * threads
    resident = min(device.threads // threads, device.registers // registers)
    if not resources.shared:
        return resident, device.l1 - (8 << 10)
    resident = min(resident, device.shared // (resources.shared + 1024))
    taken = -(-(resources.shared + 1024) * resident // (16 << 10)) * (16 << 10)
    return resident, device.l1 - taken


def _load_latency(device: Device, emulator: Emulator) -> float:
    """Return the mean of all loads from global memory."""
    loads = np.array(["ld" in i.op and "global" in i.op for i in emulator.module.sites])
    sites = emulator.sites()[loads]
    total, from_l2, from_memory = (int(sites[k].sum()) for k in ("requests", "missed_l1", "missed_l2"))
    return (
        device.l1_latency * (total - from_l2)
        + device.l2_latency * (from_l2 - from_memory)
        + device.memory_latency * from_memory
    ) / max(1, total)


def _bounds(device: Device, counts: collections.Counter, totals: np.void) -> dict[str, float]:
    quarters = 4 * device.processors * device.hertz
    bounds = dict.fromkeys(("issue", *_PIPES), 0.0)
    for op, number in counts.items():
        pipe, cycles = pipe_of(op)
        bounds["issue"] += number / quarters
        if pipe in bounds:
            bounds[pipe] += number * cycles / quarters
    passes = sum(
        int(totals[k]) for k in ("shared_passes", "global_passes", "local_requests", "param_requests")
    )
    bounds["l1"] = passes / device.processors / device.hertz
    bounds["l2"] = 32 * int(totals["l2_reads"] + totals["l2_writes"]) / device.l2_bytes
    bounds["memory"] = 32 * int(totals["dram_reads"] + totals["dram_writes"]) / device.memory_bytes
    return bounds


def _waves(
    device: Device, demands: list[float], think: float, resident: int, blocks: int, warps: int
) -> float:
    """Return the time of the busiest multiprocessor, which has so many blocks of warps at a time."""
    full, rest = divmod(-(-blocks // device.processors), resident)
    waits = max(think - sum(demands), 0)
    seconds = full * resident * warps / _throughput(demands, waits, resident * warps)
    return seconds + (rest * warps / _throughput(demands, waits, rest * warps) if rest else 0)


def _throughput(demands: list[float], think: float, customers: int) -> float:
    """Warps per second of a multiprocessor, by mean value analysis of a closed network of queues."""
    queues = [0.0] * len(demands)
    rate = 0.0
    for n in range(1, customers + 1):
        responses = [d * (1 + q) for d, q in zip(demands, queues)]
        rate = n / (think + sum(responses))
        queues = [rate * r for r in responses]
    return rate
