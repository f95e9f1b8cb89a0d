"""RoiPool: random cases, compared with the oracle bit for bit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.cuda.emulated.operator import EmulatedOperator, load_reference
from tests.cuda.emulated.operators.pooling import SOURCES, pool  # noqa: F401
from tests.cuda.emulated.stored import DTYPES, from_stored, shifted, to_stored
from tests.random_rois import case


class RandomCase:
    def __init__(self, seed: int, dtype: str):
        self.seed, self.dtype = seed, dtype

    def check(self, operator: EmulatedOperator) -> list[str]:
        seed = self.seed
        x, boxes, images, size, scale = case(seed)
        if seed % 4 == 0:
            x[0, 0, 0, :2] = np.nan, -np.inf
        if seed % 5 == 0:  # bins that no plan holds
            x = np.random.default_rng(seed).standard_normal((2, 1, 5, 900)).astype(np.float32)
            boxes[0] = [0, 0, 900 / scale, 5 / scale]
        x = shifted(to_stored(x, self.dtype), seed % 3)
        boxes = shifted(boxes.astype(np.float64 if self.dtype == "float64" else np.float32))
        how = (size, [scale], 0, False, "roi_pool", "batch_indices")
        y, problems = pool(operator, [x], boxes, shifted(images), None, *how)
        wide = from_stored(x)
        expected = load_reference().roi_pool(wide, boxes, images, size, scale, batch_format="batch_indices")
        wrong = not np.array_equal(from_stored(y).astype(np.float64), expected, equal_nan=True)
        return problems + ["outputs differ"] * wrong


def cases(random: int) -> Iterator[tuple[str, RandomCase]]:
    for seed in range(random):
        for dtype in DTYPES:
            yield f"random {seed} {dtype}", RandomCase(seed, dtype)
