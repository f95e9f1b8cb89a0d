"""RoIAlign of rotated boxes, sample by sample.

With ``offset`` 0.5 if aligned and else 0, the samples of a box lie around its centre as those of RoIAlign,
v along its height and u along its width, are turned by the angle and moved::

    v = -h * scale / 2 + p * bin_h + (i + 0.5) * bin_h / grid_h          # u likewise, along w
    y = v * cos - u * sin + cy * scale - offset
    x = v * sin + u * cos + cx * scale - offset

The formula is that of mmcv's and Detectron2's RoIAlignRotated (Ma et al., "Arbitrary-Oriented Scene Text
Detection via Rotation Proposals", 2018). A clockwise angle enters with the opposite sign.

The number of samples and the test that one is outside the map are taken in the arithmetic of the boxes
(float32; float64 for float64 features), as there; the test in float64 for boxes with more than 1024 samples a
bin along an axis, where float32 would be coarser than the map. Everything else is float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from roiops import _checks
from roiops.operators import ROI_ALIGN_ROTATED
from roiops.reference._pooling import image_of_each_box

MOST_SAMPLES = 1024


def roi_align_rotated(
    x: npt.ArrayLike,
    boxes: npt.ArrayLike,
    batch: npt.ArrayLike,
    output_size: int | Sequence[int],
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = True,
    *,
    clockwise: bool = False,
    angle_unit: str = "radians",
    mode: str = "avg",
    batch_format: str = "boxes_num",
) -> np.ndarray:
    """Pool every rotated box of ``x`` into a grid of bins.

    Args:
        x: (N, C, H, W), float16, bfloat16, float32 or float64.
        boxes: (K, 5) as cx, cy, w, h, angle in image pixels; cast to float32, with float64 ``x`` to float64.
        batch: (N,) boxes per image, or (K,) image of each box (see ``batch_format``).
        output_size: bins per axis, an int or (height, width).
        spatial_scale: pixels of ``x`` per pixel of the image; rounded to float32.
        sampling_ratio: samples per bin and axis, at most 1024; <= 0 takes ceil(box size / output size).
        aligned: shift by half a pixel and keep small boxes small; otherwise sides are at least one pixel.
        clockwise: the angle turns x towards y, which points down.
        angle_unit: "radians" or "degrees".
        mode: "avg" or "max" over the interpolated samples.
        batch_format: "boxes_num" or "batch_indices".

    Returns:
        (K, C, height, width) in float64, not rounded to the dtype of ``x``.

    Raises:
        TypeError, ValueError: the message starts with the argument's name.
    """
    arguments = ROI_ALIGN_ROTATED.check(
        output_size=output_size,
        spatial_scale=spatial_scale,
        sampling_ratio=sampling_ratio,
        aligned=aligned,
        clockwise=clockwise,
        angle_unit=angle_unit,
        mode=mode,
        batch_format=batch_format,
    )
    inputs = _checks.inputs(ROI_ALIGN_ROTATED, {"x": x, "boxes": boxes, "batch": batch}, arguments)
    maps, checked_boxes = inputs["X"], inputs["boxes"]
    bins, scale = arguments["output_size"], arguments["spatial_scale"]
    images = image_of_each_box(inputs["batch"], batch_format, len(maps))
    result = np.zeros((len(checked_boxes), maps.shape[1], *bins))
    if 0 in maps.shape[2:]:
        return result
    for k, box in enumerate(checked_boxes):
        image = maps[images[k]].astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            samples = _Samples(box, bins, scale, sampling_ratio, aligned, clockwise, angle_unit)
            for p, q in np.ndindex(*bins):
                ys, xs = samples.inside(p, q, image.shape[1:])
                count = samples.grid[0] * samples.grid[1]
                if count == 0:
                    continue
                values = _interpolate(image, ys, xs)
                if mode == "avg":
                    result[k, :, p, q] = values.sum(axis=1) / count
                else:
                    outside = [np.zeros((len(image), 1))] if values.shape[1] < count else []
                    result[k, :, p, q] = np.concatenate([values, *outside], axis=1).max(axis=1)
    return result


class _Samples:
    """The samples of one box."""

    def __init__(
        self,
        box: np.ndarray,
        bins: tuple[int, int],
        scale: float,
        ratio: int,
        aligned: bool,
        clockwise: bool,
        angle_unit: str,
    ) -> None:
        real = self.real = box.dtype.type
        self.bins = bins
        sides = box[[3, 2]]
        self.size = [self._side(side, scale, aligned, real) for side in sides]
        self.fine_size = [self._side(side, scale, aligned, np.float64) for side in sides]
        self.grid = [self._grid(size / real(n), ratio) for size, n in zip(self.size, bins)]
        self.coarse = max(self.grid) <= MOST_SAMPLES
        angle = real(np.float64(box[4]) * np.pi / 180) if angle_unit == "degrees" else box[4]
        self.turn = [
            real(f(-np.float64(angle) if clockwise else np.float64(angle))) for f in (np.cos, np.sin)
        ]
        fine = np.float64(box[4]) * np.pi / 180 if angle_unit == "degrees" else np.float64(box[4])
        self.fine_turn = [f(-fine if clockwise else fine) for f in (np.cos, np.sin)]
        offset = 0.5 if aligned else 0.0
        self.centre = [box[i] * real(np.float32(scale)) - real(offset) for i in (1, 0)]
        self.fine_centre = [np.float64(box[i]) * np.float64(np.float32(scale)) - offset for i in (1, 0)]

    @staticmethod
    def _side(side: Any, scale: float, aligned: bool, real: Any) -> Any:
        size = real(side) * real(np.float32(scale))
        return size if aligned else max(size, real(1))

    @staticmethod
    def _grid(size: Any, ratio: int) -> int:
        wanted = ratio if ratio > 0 else float(np.ceil(size))
        return int(min(wanted, 2**31 - 1)) if wanted > 0 else 0

    def _along(self, axis: int, bin_index: int, i: Any, size: list[Any], real: Any) -> np.ndarray:
        """Return where samples i of a bin lie along an axis of the box."""
        length = size[axis] / real(self.bins[axis])
        i = np.asarray(i).astype(real)
        start = -size[axis] / real(2) + real(bin_index) * length
        return start + (i + real(0.5)) * length / real(self.grid[axis])

    def _on_map(self, v: Any, u: Any, turn: list[Any], centre: list[Any]) -> tuple[np.ndarray, np.ndarray]:
        (cos, sin), (cy, cx) = turn, centre
        return v * cos - u * sin + cy, v * sin + u * cos + cx

    def inside(self, p: int, q: int, extents: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Return the positions of the samples of bin (p, q) that are inside the map, clamped to it."""
        rows, columns = (np.arange(n) for n in self.grid)
        v, u = np.meshgrid(rows, columns, indexing="ij")
        fine = (
            self._along(0, p, v, self.fine_size, np.float64),
            self._along(1, q, u, self.fine_size, np.float64),
        )
        fine = self._on_map(*fine, self.fine_turn, self.fine_centre)
        if self.coarse:
            tested = self._along(0, p, v, self.size, self.real), self._along(1, q, u, self.size, self.real)
            tested = self._on_map(*tested, self.turn, self.centre)
        else:
            tested = fine
        height, width = extents
        inside = (tested[0] >= -1) & (tested[0] <= height) & (tested[1] >= -1) & (tested[1] <= width)
        return fine[0][inside].clip(0, height - 1), fine[1][inside].clip(0, width - 1)


def _interpolate(image: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return (C, samples)."""
    top, left = y.astype(np.int64), x.astype(np.int64)
    bottom, right = np.minimum(top + 1, image.shape[1] - 1), np.minimum(left + 1, image.shape[2] - 1)
    dy, dx = y - top, x - left
    upper = (1 - dx) * image[:, top, left] + dx * image[:, top, right]
    lower = (1 - dx) * image[:, bottom, left] + dx * image[:, bottom, right]
    return (1 - dy) * upper + dy * lower
