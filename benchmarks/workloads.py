"""What is pooled: six workloads that detectors have, and random ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Workload:
    """Boxes with log-uniform sides, placed inside the image, over a standard normal feature map."""

    name: str
    title: str
    shape: tuple[int, int, int, int]
    boxes: int
    sides: tuple[float, float]
    spatial_scale: float
    output: int
    sampling_ratio: int
    aligned: bool = True

    def arrays(self, dtype: np.dtype, seed: int = 0) -> dict[str, np.ndarray]:
        """Return the inputs X, boxes and batch (an image index per box, ascending)."""
        rng = np.random.default_rng(seed)
        x = rng.standard_normal(self.shape, np.float32).astype(dtype)
        image = np.array(self.shape[:1:-1]) / self.spatial_scale  # width, height
        sides = np.exp(rng.uniform(*np.log(self.sides), (self.boxes, 2)))
        sides = np.minimum(sides, image)
        corner = rng.uniform(size=(self.boxes, 2)) * (image - sides)
        box_dtype = np.float64 if dtype == np.float64 else np.float32
        boxes = np.concatenate([corner, corner + sides], 1).astype(box_dtype)
        batch = np.sort(rng.integers(0, self.shape[0], self.boxes))
        return {"X": x, "boxes": boxes, "batch": batch}

    @property
    def output_shape(self) -> tuple[int, int, int, int]:
        """Shape of the result."""
        return (self.boxes, self.shape[1], self.output, self.output)


WORKLOADS = {
    w.name: w
    for w in [
        Workload("W1", "box head", (1, 256, 200, 272), 1000, (16, 224), 1 / 4, 7, 2),
        Workload("W2", "box head, adaptive", (1, 256, 200, 272), 1000, (16, 224), 1 / 4, 7, 0),
        Workload("W3", "mask head", (1, 256, 200, 272), 100, (16, 224), 1 / 4, 14, 2),
        Workload("W4", "C4 head", (1, 1024, 50, 68), 300, (32, 640), 1 / 16, 14, 0),
        Workload("W5", "latency", (1, 256, 32, 32), 3, (3, 4), 1, 3, 0),
        Workload("W6", "batch", (8, 256, 100, 136), 8 * 128, (32, 448), 1 / 8, 7, 2),
    ]
}

_LEAST_OUTPUTS = 1e5
_MOST_BYTES = 1 << 28


def random_workload(rng: np.random.Generator, index: int) -> Workload:
    """Draw a workload of at least 1e5 outputs that fits in a quarter of a GiB."""
    while True:
        height, width = (int(v) for v in np.exp(rng.uniform(np.log(7), np.log(300), 2)))
        channels = int(rng.choice([1, 3, 16, 64, 100, 256, 512, 1024]))
        images = int(rng.choice([1, 1, 1, 2, 4]))
        boxes = int(np.exp(rng.uniform(0, np.log(2000))))
        output = int(rng.choice([1, 2, 3, 5, 7, 7, 7, 14, 14, 28]))
        outputs = boxes * channels * output * output
        if outputs < _LEAST_OUTPUTS or 4 * max(outputs, images * channels * height * width) > _MOST_BYTES:
            continue
        scale = float(rng.choice([1, 1 / 4, 1 / 8, 1 / 16, 1 / 32]))
        low, high = np.sort(np.exp(rng.uniform(np.log(1), np.log(max(height, width)), 2))) / scale
        ratio, aligned = int(rng.choice([0, 1, 2, 2, 4])), bool(rng.integers(2))
        shape = (images, channels, height, width)
        return Workload(
            f"R{index}", "random", shape, boxes, (low, high + 1e-3), scale, output, ratio, aligned
        )
