"""RoIPool, pixel by pixel.

Per box and axis, with ``round`` away from zero at halves::

    start = round(lo * scale)
    size = round(hi * scale) - start + 1        # at least 1
    bin = size / bins
    pixels of bin p = floor(p * bin) + start ... ceil((p + 1) * bin) + start - 1

cut to the map. A bin without a pixel is 0, any other the largest of its pixels, NaN if one is NaN. The
formula is that of RoIPool (Girshick, "Fast R-CNN", 2015) as Caffe, torchvision, Paddle and ONNX Runtime's
MaxRoiPool compute it.

Products, ``bin`` and the ends of bins are in the arithmetic of the boxes (float32; float64 for float64
features), because a rounding error there adds or removes a row of pixels. What is further than 2**30 pixels
from the first one counts as 2**30 pixels from it, so that every length is an integer of 32 bits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from roiops import _checks
from roiops.operators import ROI_POOL
from roiops.reference._pooling import image_of_each_box

_FARTHEST = 2**30


def roi_pool(
    x: npt.ArrayLike,
    boxes: npt.ArrayLike,
    batch: npt.ArrayLike,
    output_size: int | Sequence[int],
    spatial_scale: float = 1.0,
    *,
    batch_format: str = "boxes_num",
) -> np.ndarray:
    """Pool every box of ``x`` into a grid of bins of whole pixels.

    Args:
        x: (N, C, H, W), float16, bfloat16, float32 or float64.
        boxes: (K, 4) as x1, y1, x2, y2 in image pixels; cast to float32, with float64 ``x`` to float64.
        batch: (N,) boxes per image, or (K,) image of each box (see ``batch_format``); int32 or int64.
        output_size: bins per axis, an int or (height, width).
        spatial_scale: pixels of ``x`` per pixel of the image; rounded to float32.
        batch_format: "boxes_num" or "batch_indices".

    Returns:
        (K, C, height, width) in float64, which holds every pixel of ``x`` exactly.

    Raises:
        TypeError, ValueError: the message starts with the argument's name.
    """
    arguments = ROI_POOL.check(
        output_size=output_size, spatial_scale=spatial_scale, batch_format=batch_format
    )
    inputs = _checks.inputs(ROI_POOL, {"x": x, "boxes": boxes, "batch": batch}, arguments)
    maps, checked_boxes = inputs["X"], inputs["boxes"]
    images = image_of_each_box(inputs["batch"], batch_format, len(maps))
    rows, columns = arguments["output_size"]
    channels, height, width = maps.shape[1:]
    y = np.zeros((len(checked_boxes), channels, rows, columns))
    for k, (x1, y1, x2, y2) in enumerate(checked_boxes):
        image = maps[images[k]].astype(np.float64)
        ys = _bins(y1, y2, height, rows, arguments["spatial_scale"])
        xs = _bins(x1, x2, width, columns, arguments["spatial_scale"])
        for p, q in np.ndindex(rows, columns):
            pixels = image[:, ys[p], xs[q]]
            if pixels.size:
                y[k, :, p, q] = pixels.max(axis=(1, 2))
    return y


def _bins(lo: np.floating, hi: np.floating, extent: int, bins: int, scale: float) -> list[slice]:
    """Return the pixels of every bin of one axis."""
    real = type(lo)
    with np.errstate(over="ignore"):
        start, last = _rounded(lo * real(scale)), _rounded(hi * real(scale))
    size = real(max(last - start + 1, 1)) / real(bins)

    def cut(pixel: np.floating) -> int:
        return min(max(int(pixel) + start, 0), extent)

    return [slice(cut(np.floor(real(p) * size)), cut(np.ceil(real(p + 1) * size))) for p in range(bins)]


def _rounded(value: np.floating) -> int:
    """Round half away from zero, exactly."""
    bounded = min(max(float(value), -_FARTHEST), _FARTHEST)
    whole = math.trunc(bounded)
    return whole + (abs(bounded - whole) >= 0.5) * (1 if bounded > 0 else -1)
