"""PasteMasks: every convention, kind of output and element type, images of odd and of whole widths."""

from __future__ import annotations

import ctypes
import itertools
import zlib
from collections.abc import Iterator

import numpy as np

from tests.cuda.emulated.operator import EmulatedOperator, load_reference
from tests.cuda.emulated.stored import DTYPES, differences, from_stored, shifted, to_stored
from tests.cuda_plain_heads import CONVENTIONS, OUTPUTS, pasted_array, plain_paste

SOURCES = ["paste_masks/cuda/request.cc"]
# Values are in [0, 1]: sums in float32 (float64), then one rounding to the type.
TOLERANCES = {"float32": 1e-6, "float64": 1e-12, "float16": 1e-3, "bfloat16": 8e-3}


class Case:
    """Random masks and boxes from a seed; what is given by name is not random."""

    def __init__(self, seed: int, dtype: str, convention: str, output: str, boxes=None, size=None):
        rng = np.random.default_rng(seed)
        self.dtype, self.convention, self.output = dtype, convention, output
        self.size = size or (int(rng.integers(1, 70)), int(rng.choice([1, 3, 40, 61, 300, 1028])))
        count = int(rng.integers(1, 4)) if boxes is None else len(boxes)
        corners = rng.uniform(-0.3, 1.1, (count, 2)) * self.size[::-1]
        sides = rng.uniform(-0.1, 1, (count, 2)) * self.size[::-1]
        boxes = np.concatenate([corners, corners + sides], 1) if boxes is None else np.array(boxes)
        masks = rng.random((count, *rng.integers(1, 9, 2)))
        self.masks = shifted(to_stored(masks, dtype), int(rng.integers(0, 3)))
        as_masks = dtype in ("float32", "float64") or bool(rng.integers(2))
        self.boxes = shifted(to_stored(boxes, dtype if as_masks else "float32"))
        self.most_blocks = int(rng.choice([0, 0, 1, 3]))

    def check(self, operator: EmulatedOperator) -> list[str]:
        found = shifted(pasted_array(self.masks, self.size, self.output))
        plain = plain_paste(self.masks, self.boxes, found, self.convention, self.output)
        problems = operator.run(
            "PasteMasks",
            ctypes.byref(plain),
            inputs={"masks": self.masks, "boxes": self.boxes},
            outputs={"pasted": found},
            most_blocks=self.most_blocks,
        )
        boxes = from_stored(self.boxes).astype(np.float64 if self.dtype == "float64" else np.float32)
        given = np.isfinite(boxes).all(1)
        outside = np.array([-9, -9, -8, -8], boxes.dtype)
        arguments = (from_stored(self.masks), np.where(given[:, None], boxes, outside), self.size)
        wanted = load_reference().paste_masks(*arguments, self.convention)
        if self.output == "soft":
            return problems + differences(found, wanted, 1.0, TOLERANCES[self.dtype])
        exact = load_reference().paste_masks(*arguments, self.convention, self.output)
        scaled = wanted * (255 if self.output == "uint8" else 2)
        # Values within rounding of a threshold may be on either side of it.
        wrong = (found != exact) & ~(np.abs(scaled - np.round(scaled)) < 1e-3)
        return problems + [f"{wrong.sum()} outputs differ"] * bool(wrong.any())

    def __str__(self):
        return (
            f"{self.dtype} {self.convention} {self.output} masks {self.masks.shape} image {self.size}"
            f" boxes {from_stored(self.boxes).tolist()}"
        )


def cases(random: int) -> Iterator[tuple[str, Case]]:
    every = list(itertools.product(DTYPES, CONVENTIONS, OUTPUTS))
    edges = {
        "no size": [[3, 1, 3, 5], [1, 3, 5, 3], [3, 3, 3, 3]],
        "huge": [[-3.4e38, -3.4e38, 3.4e38, 3.4e38], [0, 0, 1e20, 5], [1e20, 2, 5e19, 5]],
        "outside": [[200, 2, 300, 4], [-30, -30, -20, -20]],
        "not finite": [[np.nan, 1, 5, 5], [0, 0, np.inf, 5], [1, 2, 3, 4]],
    }
    for how in every:
        for n in range(2):
            yield f"product {how}", Case(zlib.crc32(repr((how, n)).encode()), *how)
    for dtype, convention in itertools.product(("float32", "float64"), CONVENTIONS):
        for name, boxes in edges.items():
            for size in ((33, 8), (2, 9)):
                yield name, Case(len(name), dtype, convention, "soft", boxes, size)
    for n in range(random):
        yield f"random {n}", Case(1_000_000 + n, *every[n % len(every)])
