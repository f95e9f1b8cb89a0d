"""Says where the kernel's instructions, latency and memory passes are, for some blocks of a workload.

python -m tests.cuda.emulated.hotspots W1:float32 [W4:float16 ...] [--blocks 600]
"""

from __future__ import annotations

import argparse
import collections

import numpy as np

from benchmarks.workloads import WORKLOADS
from tests.cuda.emulated.model.latency import block_times
from tests.cuda.emulated.model.machine_code import block_copies
from tests.cuda.emulated.model.workload import counted_operator, kernel_of, launch_of
from tests.cuda.emulated.operator import EmulatedOperator

_LOAD_LATENCY = 300.0


def _phase(function, source: str) -> str:
    if not function.entry:
        names = ("MakeJob", "PlanBin", "Locate", "SumCounts", "AverageOfLine", "MaximumOfRow", "Directly")
        return next((n for n in names if n in function.name), function.name)
    # Code of headers that both sums inline is counted as the kernel's own.
    return source.rpartition(":")[0] or "kernel"


def main() -> None:
    """Print the hot spots of each workload."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", nargs="+")
    parser.add_argument("--blocks", type=int, default=600)
    options = parser.parse_args()
    operator, machine = counted_operator()
    for name, kind in (w.split(":") for w in options.what):
        _print(operator, machine.code[kernel_of(machine, kind)], WORKLOADS[name], kind, options.blocks)


def _print(operator: EmulatedOperator, code, workload, kind: str, blocks: int) -> None:
    emulator = operator.emulator
    times, rounds = block_times(emulator, code)
    emulator.set_times(times, rounds)
    launch = launch_of(operator, workload, kind)
    emulator.configure(132, 4, 124 << 10, 50 << 20, count=blocks, load_latency=_LOAD_LATENCY)
    emulator.reset()
    launch()
    totals, runs, lanes = emulator.totals(), emulator.runs(), emulator.lanes()
    ran = int(totals["blocks"])
    per_line = collections.Counter(line for line, _ in code)
    copies = block_copies(emulator, code)
    phases = collections.defaultdict(lambda: np.zeros(3))
    lines = collections.defaultdict(lambda: np.zeros(2))
    for f in emulator.module.functions.values():
        for b in f.blocks:
            if not runs[b.id]:
                continue
            share = lanes[b.id] / runs[b.id]
            for i in b.code:
                number = per_line[i.line] / copies.get(b.id, 1.0) * runs[b.id]
                phases[_phase(f, i.source)] += (number, number * share, 0)
                lines[_phase(f, i.source), i.source] += (number, number * share)
            if b.code:
                where = _phase(f, next((i.source for i in b.code if i.source), ""))
                phases[where][2] += runs[b.id] * float(times[b.id] + _LOAD_LATENCY * rounds[b.id])
    total = sum(p[0] for p in phases.values())
    print(
        f"{workload.name} {kind}: {ran} blocks, of each"
        f" {totals['block_time'] / ran:.0f} cycles of latency"
        f" ({totals['warp_time'] / ran:.0f} of all warps), {total / ran:.0f} warp instructions,"
        f" {totals['shared_passes'] / ran:.0f} passes of shared memory"
        f" and {totals['global_passes'] / ran:.0f} of global memory"
    )
    for phase, (number, active, cycles) in sorted(phases.items(), key=lambda p: -p[1][0]):
        print(
            f"  {phase:18s} {number / total:4.0%} of instructions,"
            f" {active / max(number, 1):4.1f} lanes, {cycles / ran:7.0f} warp cycles of latency a block"
        )
    for (phase, source), (number, active) in sorted(lines.items(), key=lambda p: -p[1][0])[:20]:
        print(
            f"    {source or '?':24s} {phase:18s} {number / total:5.1%}, {active / max(number, 1):4.1f} lanes"
        )
    sites = emulator.sites()
    for n in np.argsort(-sites["passes"])[:16]:
        s, i = sites[n], emulator.module.sites[n]
        each = lambda field: s[field] / max(1, s["requests"])  # noqa: B023, E731
        print(
            f"    {i.name:18s} {i.source:22s} {s['requests'] / ran:5.0f} requests a block of"
            f" {each('passes'):4.1f} passes, {each('lanes'):4.1f} lanes, {each('sectors'):4.1f} sectors,"
            f" {each('lines'):4.1f} lines"
        )


if __name__ == "__main__":
    main()
