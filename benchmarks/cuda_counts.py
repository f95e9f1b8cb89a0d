"""What the CUDA kernels do for the workloads, counted, and the time that a model of the device says it takes.

``python -m benchmarks.cuda_counts`` prints a table. It needs nvcc, ptxas and nvdisasm but no GPU: the
compiled kernels run on the emulator of tests/cuda/emulated, whose README says what the model is worth.
"""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks import report
from benchmarks.workloads import WORKLOADS, Workload
from tests.cuda.emulated.model.device import H100
from tests.cuda.emulated.model.estimate import Result, measure
from tests.cuda.emulated.model.workload import THREADS, counted_operator, kernel_of, launch_of

_WARP, _SECTOR = 32, 32


def row(workload: Workload, kind: str, result: Result) -> report.Row:
    """The counts of a launch, and µs on an H100."""
    totals, bounds = result.totals, result.bounds
    l1_hits = totals["l1_read_hits"] / max(1, totals["l1_read_sectors"])
    l2_hits = totals["l2_read_hits"] / max(1, totals["l2_reads"])

    def mb(*names: str) -> int:
        return round(_SECTOR * sum(int(totals[name]) for name in names) / 1e6)

    return {
        "workload": f"{workload.name} {workload.title}",
        "type": kind,
        "instructions per output": round(_WARP * result.instructions / np.prod(workload.output_shape)),
        "MB from L1 (hits)": f"{mb('l1_read_sectors')} ({l1_hits:.0%})",
        "MB through L2 (hits)": f"{mb('l2_reads', 'l2_writes')} ({l2_hits:.0%})",
        "MB of memory": mb("dram_reads", "dram_writes"),
        "µs issue": round(1e6 * bounds["issue"]),
        "µs busiest pipe": f"{1e6 * bounds[result.pipe]:.0f} {result.pipe}",
        "µs L1": round(1e6 * bounds["l1"]),
        "µs L2": round(1e6 * bounds["l2"]),
        "µs memory": round(1e6 * bounds["memory"]),
        "µs latency": round(1e6 * result.latency),
        "µs predicted": round(1e6 * result.seconds),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--workloads", default="W1,W2,W3,W4,W6")
    parser.add_argument("--types", default="float32,float16")
    options = parser.parse_args()
    operator, machine = counted_operator()
    rows = []
    for kind in options.types.split(","):
        kernel = kernel_of(machine, kind)
        used = machine.resources[kernel]
        shared = f"{used.shared} bytes of shared memory"
        print(f"{kind}: {used.registers} registers, {shared}, {used.spilled} bytes spilled")
        for name in options.workloads.split(","):
            launch = launch_of(operator, WORKLOADS[name], kind)
            rows.append(
                row(WORKLOADS[name], kind, measure(operator.emulator, machine, kernel, THREADS, launch))
            )
    print(f"\nOn an {H100.name}, predicted:\n\n{report.markdown(rows)}")


if __name__ == "__main__":
    main()
