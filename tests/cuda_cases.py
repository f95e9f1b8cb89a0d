"""Random inputs and the error that each type allows, for the device and for its algorithm on the host."""

from __future__ import annotations

import ml_dtypes
import numpy as np
from support import boxes_of_sides

NUMPY_TYPES = {
    "float32": np.dtype(np.float32),
    "float64": np.dtype(np.float64),
    "float16": np.dtype(np.float16),
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
}
# Largest error over the largest feature: sums in float32 (float64), then one rounding to the type.
TOLERANCES = {"float32": 2e-6, "float64": 1e-12, "float16": 6e-4, "bfloat16": 4.5e-3}


class Case:
    """Inputs and attributes drawn from a seed; ``dtype`` and ``mode`` are given."""

    def __init__(self, seed: int, dtype: str, mode: str, maps: int = 1):
        rng = np.random.default_rng(seed)
        images, channels, count = rng.integers(1, [4, 40, 7])
        self.mode = mode
        self.scales = [float(rng.choice([1, 0.3, 1 / 4, 1 / 16])) for _ in range(maps)]
        self.xs = []
        for _ in range(maps):
            height, width = rng.integers(1, 60, 2)
            width += -width % rng.choice([1, 2, 4, 8])  # rows aligned for loads of so many pixels
            features = rng.standard_normal((images, channels, height, width))
            self.xs.append(features.astype(NUMPY_TYPES[dtype]))
        self.levels = rng.integers(0, maps, count) if maps > 1 else None
        self.batch_format = str(rng.choice(["boxes_num", "batch_indices"]))
        self.batch = (
            rng.multinomial(count, np.full(images, 1 / images))
            if self.batch_format == "boxes_num"
            else rng.integers(0, images, count)
        ).astype(rng.choice(["int32", "int64"]))
        self.boxes = self._boxes(rng, dtype, count)
        self.output_size = tuple(int(v) for v in rng.integers(1, rng.choice([4, 9, 18], 2)))
        self.ratio = int(rng.choice([-1, 0, 1, 2, 2, 3, 7]))
        self.aligned = bool(rng.integers(2))

    def _boxes(self, rng: np.random.Generator, dtype: str, count: int) -> np.ndarray:
        height, width = np.array(self.xs[0].shape[2:]) / self.scales[0]
        boxes = boxes_of_sides(rng, count, height, width)
        kinds = rng.integers(0, 12, count)
        boxes[kinds == 0] = boxes[kinds == 0][:, [2, 3, 0, 1]]  # inverted
        boxes[kinds == 1, 2:] = boxes[kinds == 1, :2]  # of no size
        boxes[kinds == 2] *= 50  # mostly or all outside
        box_types = {"float32": ["float32"], "float64": ["float64"]}.get(dtype, ["float32", dtype])
        return boxes.astype(NUMPY_TYPES[str(rng.choice(box_types))])

    @property
    def reference_boxes(self) -> np.ndarray:
        """The boxes as the operator sees them, in a type that the reference takes."""
        return self.boxes if self.boxes.dtype == np.float64 else self.boxes.astype(np.float32)

    def error(self, y: np.ndarray, expected: np.ndarray) -> float:
        """Largest difference over the largest feature."""
        largest = max(np.abs(x.astype(np.float64)).max() for x in self.xs)
        return float(np.abs(y.astype(np.float64) - expected).max() / largest)
