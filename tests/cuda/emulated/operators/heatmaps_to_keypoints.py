"""HeatmapsToKeypoints: both conventions and every element type, boxes narrower and wider than a block."""

from __future__ import annotations

import ctypes
import itertools
import zlib
from collections.abc import Iterator

import numpy as np

from tests.cuda.emulated.operator import EmulatedOperator, load_reference
from tests.cuda.emulated.stored import DTYPES, from_stored, shifted, to_stored
from tests.cuda_plain_heads import plain_keypoints

SOURCES: list[str] = []
CONVENTIONS = ["torchvision", "detectron2"]
# Of values and scores, by the type of the outputs, which is that of the boxes.
TOLERANCES = {"float32": 1e-5, "float64": 1e-11, "float16": 2e-3, "bfloat16": 1.6e-2}


class Case:
    """Random maps and boxes from a seed; what is given by name is not random."""

    def __init__(self, seed: int, dtype: str, convention: str, sides=None, spoil=False):
        rng = np.random.default_rng(seed)
        self.dtype, self.convention = dtype, convention
        count, keypoints = int(rng.integers(1, 3)), int(rng.integers(1, 3))
        maps = rng.standard_normal((count, keypoints, *rng.integers(2, 15, 2)))
        corners = rng.uniform(-9, 40, (count, 2))
        sides = rng.uniform(-1, rng.choice([2, 20, 60]), (count, 2)) if sides is None else np.array(sides)
        boxes = np.concatenate([corners, corners + sides], 1)
        self.spoiled = np.zeros(count, bool)
        if spoil:
            self.spoiled[0] = True
            boxes[0, rng.integers(4)] = rng.choice([np.nan, np.inf, -np.inf])
        self.maps = shifted(to_stored(maps, dtype), int(rng.integers(0, 3)))
        self.box_dtype = dtype if dtype in ("float32", "float64") or rng.integers(2) else "float32"
        self.boxes = shifted(to_stored(boxes, self.box_dtype))
        self.most_blocks = int(rng.choice([0, 0, 1]))

    def check(self, operator: EmulatedOperator) -> list[str]:
        shape = self.maps.shape[:2]
        points = shifted(np.zeros((*shape, 3 if self.convention == "torchvision" else 4), self.boxes.dtype))
        scores = shifted(np.zeros(shape, self.boxes.dtype))
        plain = plain_keypoints(self.maps, self.boxes, points, scores, self.convention)
        problems = operator.run(
            "HeatmapsToKeypoints",
            ctypes.byref(plain),
            inputs={"maps": self.maps, "boxes": self.boxes},
            outputs={"points": points, "scores": scores},
            most_blocks=self.most_blocks,
        )
        boxes = from_stored(self.boxes).astype(np.float64 if self.dtype == "float64" else np.float32)
        boxes = np.where(self.spoiled[:, None], 0, boxes)
        wanted = load_reference().heatmaps_to_keypoints(from_stored(self.maps), boxes, self.convention)
        found = [from_stored(array).astype(np.float64) for array in (points, scores)]
        for array in wanted:
            array[self.spoiled] = 0
        tolerance = TOLERANCES[self.box_dtype]
        if not np.allclose(found[1], wanted[1], rtol=tolerance, atol=tolerance):
            problems.append(f"scores {found[1].tolist()} for {wanted[1].tolist()}")
        if not np.allclose(found[0][..., 2:], wanted[0][..., 2:], rtol=tolerance, atol=tolerance):
            problems.append("values differ")
        same = np.isclose(found[0][..., :2], wanted[0][..., :2], rtol=tolerance, atol=1e-4).all(-1)
        if (~same).sum() > max(1, same.size // 4):  # two pixels within rounding may change places
            problems.append(f"points {found[0].tolist()} for {wanted[0].tolist()}")
        return problems

    def __str__(self):
        return (
            f"{self.dtype} {self.convention} maps {self.maps.shape} boxes {from_stored(self.boxes).tolist()}"
        )


def cases(random: int) -> Iterator[tuple[str, Case]]:
    every = list(itertools.product(DTYPES, CONVENTIONS))
    for how in every:
        seed = zlib.crc32(repr(how).encode())
        for n in range(3):
            yield f"product {how}", Case(seed + n, *how)
        yield "box that is not finite", Case(seed, *how, spoil=True)
        yield "box wider than a block", Case(3, *how, sides=[[300, 4]])
        yield "box higher than a block", Case(3, *how, sides=[[4, 300]])
    for n in range(random):
        yield f"random {n}", Case(1_000_000 + n, *every[n % len(every)])
