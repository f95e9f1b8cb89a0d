"""What the CUDA kernel does for the workloads, counted: instructions, bytes through L2, bytes at least.

``python -m benchmarks.cuda_counts`` prints a table; it needs no device. Boxes and taps are those of the
workloads; instructions are read off the machine code for compute capability 9.0, between two barriers each
(``cuobjdump -sass -arch sm_90 libroiops.so``).
"""

from __future__ import annotations

import numpy as np

from benchmarks import report
from benchmarks.workloads import WORKLOADS, Workload
from roiops.reference._roi_align import _axis_samples

# An H200: instructions of warps per second at 1.755 GHz, and bytes per second. That of L2 is an assumption.
_ISSUED, _FROM_L2, _FROM_MEMORY = 132 * 4 * 1.755e9, 5.5e12, 4.8e12
_THREADS, _WARP, _SECTOR = 256, 32, 32
_BOXES = 300  # of a workload, enough for means

# Of a thread: four columns of a row sum by its number of taps, and what each tap beyond four takes; an output
# of up to four taps, and what each beyond takes; a further pixel of a tap; the conversion of a 16-bit one.
_ROW, _ROW_TAP = {0: 34, 1: 40, 2: 46, 3: 51, 4: 58}, 10
_OUTPUT, _OUTPUT_TAP = 31, 6
_PIXEL, _CONVERSION = 1, 1


def count(workload: Workload, size: int) -> report.Row:
    """Count for elements of 4 or 2 bytes."""
    height, width = workload.shape[2:]
    boxes = workload.arrays(np.dtype(np.float32))["boxes"][:_BOXES]
    vector = next(v for v in (8, 4, 2, 1) if v * size <= 16 and width % v == 0)
    instructions = sectors = 0.0
    for x1, y1, x2, y2 in boxes:
        rows, columns = _taps(workload, y1, y2, height), _taps(workload, x1, x2, width)
        first, last = min(c[0] for c in columns), max(c[-1] for c in columns)
        loads = last // vector - first // vector + 1
        instructions += loads * sum(_row(len(taps), vector, size) for taps in rows)
        instructions += (
            sum(_output(len(taps)) for taps in columns) * workload.output / _lanes(workload.output)
        )
        apart = (loads * vector * size + _SECTOR - vector * size) / _SECTOR  # on average over alignments
        sectors += len(set().union(*map(set, rows))) * apart
    channels_and_boxes = workload.shape[1] * workload.boxes / len(boxes)
    outputs = int(np.prod(workload.output_shape))
    written = outputs * size
    from_l2 = sectors * _SECTOR * channels_and_boxes + written
    return {
        "workload": f"{workload.name} {workload.title}",
        "type": {4: "float32", 2: "float16"}[size],
        "instructions per output": round(instructions * channels_and_boxes / outputs),
        "µs to issue them": round(instructions * channels_and_boxes / _WARP / _ISSUED * 1e6),
        "MB through L2": round(from_l2 / 1e6),
        "µs for those": round(from_l2 / _FROM_L2 * 1e6),
        "µs for X once and Y once": round((np.prod(workload.shape) * size + written) / _FROM_MEMORY * 1e6),
    }


def _taps(workload: Workload, low: np.float32, high: np.float32, extent: int) -> list[list[int]]:
    """Return the pixels that each bin of an axis reads, ascending."""
    how = (workload.output, workload.spatial_scale, workload.sampling_ratio, workload.aligned)
    bins = []
    for inside in _axis_samples(low, high, extent, *how)[0]:
        pixels = np.floor(inside).astype(int)
        bins.append(sorted({*pixels, *(pixels + 1)[inside > pixels]}))
    return bins


def _row(taps: int, vector: int, size: int) -> int:
    beyond = max(0, -(-taps // 4) - 1) * 4  # in fours
    instructions = _ROW[taps - beyond] + _ROW_TAP * beyond
    return instructions + taps * ((vector - 4) * _PIXEL + vector * _CONVERSION * (size == 2))


def _output(taps: int) -> int:
    return _OUTPUT + _OUTPUT_TAP * max(0, taps - 4)


def _lanes(output: int) -> float:
    """Return the share of a warp's lanes that have an output; blocks have up to eight rows of bins."""
    bins = -(-output // -(-output // 8)) * output
    busy = _THREADS // bins * bins
    return busy / (-(-busy // _WARP) * _WARP)


if __name__ == "__main__":
    chosen = [WORKLOADS[name] for name in ("W1", "W2", "W4", "W6")]
    print(report.markdown([count(workload, size) for workload in chosen for size in (4, 2)]))
