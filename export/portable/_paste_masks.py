"""PasteMasks as a function of standard operators.

A pasted mask is ``rows @ mask @ columns``: a pixel of an axis lies between two pixels of the mask, so each of
these matrices has two weights per pixel of the image.
"""

from __future__ import annotations

import onnx
from onnx import TensorProto

from roiops.export._tracer import BOOL, DOUBLE, INT64, UNKNOWN, Tracer, Value
from roiops.export.portable._body import WHEN_MASKS_FAIL, Target, accumulator_of, finite_rows, function
from roiops.operators import PASTE_MASKS


def paste_masks(target: Target) -> onnx.FunctionProto:
    """Return the body of ``roiops::PasteMasks``; like the kernel it decides in the boxes' arithmetic."""
    t = Tracer()
    masks, boxes = t.value(target.types["features"], "masks"), t.value(UNKNOWN, "boxes")
    image_size = t.value(INT64, "image_size")
    real = accumulator_of(masks.dtype)
    corners, size = boxes.cast(real), image_size.reshape(2)
    given = _checked(t, masks, corners, size).cast(real)
    rows, columns = (
        _weights(t, target.choices["convention"], corners, axis, given.shape(), size).cast(real)
        for axis in range(2)
    )
    pasted = t.op("MatMul", t.op("MatMul", rows, given), columns)
    result = _output(t, pasted, target.choices["output"], masks.dtype)
    return function(t, PASTE_MASKS, [masks, boxes, image_size], [result], target.opset)


def _checked(t: Tracer, masks: Value, boxes: Value, size: Value) -> Value:
    """Return the masks as (K, h, w); to read them fails where boxes or image size are wrong."""
    count = boxes.shape().slice(0, 1)
    shape = t.concat(count, masks.shape().slice(-2, 2**31), axis=0)
    valid = finite_rows(t, boxes).reshape(-1) & (size.take(0) >= 0) & (size.take(1) >= 0)
    index = t.where(valid, t.arange(count.reshape()), count)
    return t.op("Gather", t.op("Reshape", masks, shape), index, axis=0, name=WHEN_MASKS_FAIL)


def _weights(t: Tracer, convention: str, boxes: Value, axis: int, shape: Value, size: Value) -> Value:
    """Return the weight of each pixel of the mask in each of the image: (K, H, h) of rows, (K, w, W)."""
    image, mask = ((1, -1, 1), (1, 1, -1)) if axis == 0 else ((1, 1, -1), (1, -1, 1))
    pixel = t.arange(size.take(axis)).cast(DOUBLE).reshape(*image)
    pixels = shape.take(axis + 1)
    mask_pixel = t.arange(pixels).cast(DOUBLE).reshape(*mask)
    # Boxes are x1, y1, x2, y2, axes y and x.
    low, high = (boxes.slice(i, i + 1, axis=1).reshape(-1, 1, 1) for i in (1 - axis, 3 - axis))

    def weights(begin: Value, scale: Value, shift: float) -> Value:
        position = (pixel + 0.5 - begin) * scale - shift
        return (t.op("Abs", position - mask_pixel) * -1.0 + 1.0).at_least(0.0)

    if convention == "torchvision":
        first, last = _grown(t, low, high, shape.take(2))
        length = t.where(last >= first, last - first + 1.0, 1.0)
        inside = (pixel >= first) & (pixel <= last)
        return t.where(inside, weights(first, (pixels + 2).cast(DOUBLE) / length, 1.5), 0.0)
    begin, length = low.cast(DOUBLE), high.cast(DOUBLE) - low.cast(DOUBLE)
    empty = length.equals(0.0)
    sampled = weights(begin, pixels.cast(DOUBLE) / t.where(empty, t.constant(1.0, DOUBLE), length), 0.5)
    without_size = t.constant(float("nan") if convention == "mmdetection" else 0.0, DOUBLE)
    return t.where(empty, without_size, sampled)


def _grown(t: Tracer, low: Value, high: Value, width: Value) -> tuple[Value, Value]:
    """Return the first and last pixel of the grown box, truncated to integers in the range of int64."""
    growth = ((width + 2).cast(DOUBLE) / width.cast(DOUBLE)).cast(low.dtype)
    half, centre = (high - low) * 0.5 * growth, (high + low) * 0.5
    corners = (corner.cast(DOUBLE) for corner in (centre - half, centre + half))
    bounded = [t.where(corner > -(2.0**63), corner, -(2.0**63)).at_most(2.0**63) for corner in corners]
    first, last = (t.op("Floor", t.op("Abs", corner)) * t.op("Sign", corner) for corner in bounded)
    return first, last


def _output(t: Tracer, pasted: Value, output: str, masks_type: int) -> Value:
    if output == "soft":
        return t.op("Cast", pasted, dtype=masks_type, to=masks_type)
    if output == "bool":
        threshold = next(a for a in PASTE_MASKS.attributes if a.name == "threshold")
        return t.op("GreaterOrEqual", pasted, t.attribute(threshold).cast(pasted.dtype), dtype=BOOL)
    scaled = pasted * 255.0
    return t.where(scaled > 0.0, scaled.at_most(255.0), 0.0).cast(TensorProto.UINT8)
