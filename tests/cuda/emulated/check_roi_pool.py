"""Runs the compiled kernels of RoiPool over random cases and compares with the oracle, bit for bit.

    python -m tests.cuda.emulated.check_roi_pool [--cases N] [--architecture 90]

Exits with 1 on a wrong output or any finding, as ``check`` does.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from tests.cuda.emulated.check import Roiops, from_stored, load_reference, shifted, to_stored
from tests.cuda.emulated.emulator import BUILD
from tests.roi_pool_cases import case


def check(op: Roiops, reference, seed: int, dtype: str) -> list[str]:
    """Return what is wrong with a random case."""
    x, boxes, images, size, scale = case(seed)
    if seed % 4 == 0:
        x[0, 0, 0, :2] = np.nan, -np.inf
    if seed % 5 == 0:  # bins that no plan holds
        x = np.random.default_rng(seed).standard_normal((2, 1, 5, 900)).astype(np.float32)
        boxes[0] = [0, 0, 900 / scale, 5 / scale]
    x = shifted(to_stored(x, dtype), seed % 3)
    boxes = shifted(boxes.astype(np.float64 if dtype == "float64" else np.float32), 0)
    op.emulator.reset()
    op.emulator.configure(quantum=1 << 30)
    y = op(dtype, [x], boxes, shifted(images, 0), size, [scale], 0, False, "roi_pool", "batch_indices")
    wide = from_stored(x)
    expected = reference.roi_pool(wide, boxes, images, size, scale, batch_format="batch_indices")
    wrong = not np.array_equal(from_stored(y).astype(np.float64), expected, equal_nan=True)
    return op.emulator.findings() + ["outputs differ"] * wrong


def main() -> int:
    """Run all cases."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=60)
    parser.add_argument("--architecture", type=int, default=90)
    options = parser.parse_args()
    reference = load_reference()
    op = Roiops(BUILD, options.architecture, operator="roi_pool")
    bad = 0
    for seed in range(options.cases):
        for dtype in ("float32", "float64", "float16", "bfloat16"):
            problems = check(op, reference, seed, dtype)
            bad += bool(problems)
            if problems:
                print(seed, dtype, *problems[:12], sep="\n    ")
    print(f"{4 * options.cases} cases, {bad} with findings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
