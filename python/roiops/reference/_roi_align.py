"""RoIAlign, sample by sample.

Per box and axis, with ``offset`` 0.5 if aligned and else 0::

    start = lo * scale - offset
    size = (hi * scale - offset) - start        # at least 1 if not aligned
    bin = size / bins
    grid = sampling_ratio                       # ceil(bin) if that is <= 0
    position = start + p * bin + (i + 0.5) * bin / grid      # sample i < grid of bin p

Samples more than one pixel outside the map count as zero. The formula is that of RoIAlign (He et al., "Mask
R-CNN", 2017) as torchvision's ``roi_align`` computes it.

Two results are discontinuous in the coordinates: how many samples a bin has, and whether a sample is
outside. Both are decided in the arithmetic of the boxes (float32; float64 for float64 features), as
torchvision and ONNX Runtime do. Everything else is float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Callable

import numpy as np
import numpy.typing as npt

from roiops import _checks, _values
from roiops.operators import ROI_ALIGN
from roiops.reference._pooling import image_of_each_box

_AT_ONCE = 1 << 20  # interpolated values held at once: bounds memory for very dense sampling grids


def roi_align(
    x: npt.ArrayLike,
    boxes: npt.ArrayLike,
    batch: npt.ArrayLike,
    output_size: int | Sequence[int],
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = True,
    *,
    mode: str = "avg",
    batch_format: str = "boxes_num",
) -> np.ndarray:
    """Pool every box of ``x`` into a grid of bins.

    Args:
        x: (N, C, H, W), float16, bfloat16, float32 or float64.
        boxes: (K, 4) as x1, y1, x2, y2 in image pixels; cast to float32, with float64 ``x`` to float64.
        batch: (N,) boxes per image, or (K,) image of each box (see ``batch_format``); int32 or int64.
        output_size: bins per axis, an int or (height, width).
        spatial_scale: pixels of ``x`` per pixel of the image; rounded to float32.
        sampling_ratio: samples per bin and axis; <= 0 takes ceil(box size / output size).
        aligned: shift by half a pixel and keep small boxes small; otherwise boxes are at least one pixel.
        mode: "avg" or "max" over the interpolated samples; "max_corners" is standard ONNX's maximum over the
            four weighted pixels of every sample.
        batch_format: "boxes_num" or "batch_indices".

    Returns:
        (K, C, height, width) in float64, not rounded to the dtype of ``x``.

    Raises:
        TypeError, ValueError: the message starts with the argument's name.
    """
    standard_max = mode == "max_corners"
    arguments = ROI_ALIGN.check(
        output_size=output_size,
        spatial_scale=spatial_scale,
        sampling_ratio=sampling_ratio,
        aligned=aligned,
        mode="max" if standard_max else mode,
        batch_format=batch_format,
    )
    inputs = _checks.inputs(ROI_ALIGN, {"x": x, "boxes": boxes, "batch": batch}, arguments)
    maps, checked_boxes = inputs["X"], inputs["boxes"]
    images = image_of_each_box(inputs["batch"], batch_format, len(maps))
    rows, columns = arguments["output_size"]
    scale, ratio = arguments["spatial_scale"], arguments["sampling_ratio"]

    channels, height, width = maps.shape[1:]
    y = np.zeros((len(checked_boxes), channels, rows, columns))
    if height == 0 or width == 0:
        return y
    for k, (x1, y1, x2, y2) in enumerate(checked_boxes):
        image = maps[images[k]].astype(np.float64)
        ys, grid_height = _axis_samples(y1, y2, height, rows, scale, ratio, aligned)
        xs, grid_width = _axis_samples(x1, x2, width, columns, scale, ratio, aligned)
        for p, q in np.ndindex(rows, columns):
            y[k, :, p, q] = _pool(image, ys[p], xs[q], grid_height * grid_width, mode)
    return y


def _axis_samples(
    lo: np.floating, hi: np.floating, extent: int, bins: int, scale: float, ratio: int, aligned: bool
) -> tuple[list[np.ndarray], int]:
    """Return, per bin, the positions of the samples inside the map, and how many samples a bin has in all."""
    real = type(lo)
    with np.errstate(over="ignore", invalid="ignore"):
        start, size = _bin_geometry(lo, hi, bins, scale, aligned, real)
        fine_start, fine_size = _bin_geometry(lo, hi, bins, scale, aligned, np.float64)
        grid = _samples_per_bin(size, ratio)
        positions = []
        for p in range(bins):
            inside = _inside(partial(_position, start, size, grid, p, real=real), grid, extent)
            fine = _position(fine_start, fine_size, grid, p, inside, np.float64)
            positions.append(np.clip(fine, 0, extent - 1))
    return positions, grid


def _bin_geometry(
    lo: Any, hi: Any, bins: int, scale: float, aligned: bool, real: type[np.floating]
) -> tuple[Any, Any]:
    """Return where the first bin starts and how long a bin is, in pixels of the map, computed in ``real``."""
    offset = real(0.5 if aligned else 0)
    start = real(lo) * real(scale) - offset
    end = real(hi) * real(scale) - offset
    size = end - start if aligned else np.maximum(end - start, real(1))
    return start, size / real(bins)


def _samples_per_bin(size: np.floating, ratio: int) -> int:
    """Return the samples per bin of one axis; none for a bin without a positive size, at most 2**31 - 1."""
    wanted = ratio if ratio > 0 else float(np.ceil(size))
    return int(min(wanted, _values.INT32_MAX)) if wanted > 0 else 0


def _position(start: Any, size: Any, grid: int, p: int, i: Any, real: type[np.floating]) -> Any:
    """Return the position of sample ``i`` of bin ``p``; the order of operations is part of the definition."""
    i = np.asarray(i).astype(real)
    return start + real(p) * size + (i + real(0.5)) * size / real(grid)


def _inside(position: Callable[[Any], np.floating], grid: int, extent: int) -> np.ndarray:
    """Return the indices of a bin's samples inside the map: one range, since positions are monotonic."""
    if grid and position(0) <= position(grid - 1):
        first = _first(lambda i: position(i) >= -1, grid)
        last = _first(lambda i: position(i) > extent, grid)
    else:
        first = _first(lambda i: position(i) <= extent, grid)
        last = _first(lambda i: position(i) < -1, grid)
    return np.arange(first, last)


def _first(condition: Callable[[int], Any], count: int) -> int:
    """Return the first i in [0, count) that meets a condition which then stays true; else count."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if condition(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _pool(image: np.ndarray, ys: np.ndarray, xs: np.ndarray, count: int, mode: str) -> np.ndarray:
    """Return one bin per channel: the mean or maximum over ``count`` samples, of which ys x xs are inside."""
    inside = len(ys) * len(xs)
    total = np.zeros(len(image))
    largest = np.full(len(image), 0.0 if inside < count else -np.inf)
    step = max(1, _AT_ONCE // (4 * max(1, len(image))))
    for begin in range(0, inside, step):
        row, column = np.divmod(np.arange(begin, min(begin + step, inside)), len(xs))
        corners = _weighted_corners(image, ys[row], xs[column])
        samples = corners.max(axis=0) if mode == "max_corners" else corners.sum(axis=0)
        total += samples.sum(axis=1)
        largest = np.maximum(largest, samples.max(axis=1))
    if count == 0:
        return total
    return total / count if mode == "avg" else largest


def _weighted_corners(image: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the four weighted pixels around each position, shape (4, C, samples); their sum interpolates."""
    top, left = y.astype(np.int64), x.astype(np.int64)
    bottom, right = np.minimum(top + 1, image.shape[1] - 1), np.minimum(left + 1, image.shape[2] - 1)
    dy, dx = y - top, x - left
    return np.stack(
        [
            (1 - dy) * (1 - dx) * image[:, top, left],
            (1 - dy) * dx * image[:, top, right],
            dy * (1 - dx) * image[:, bottom, left],
            dy * dx * image[:, bottom, right],
        ]
    )
