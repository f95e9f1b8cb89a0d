"""What the ``torch.library`` operators compute: values on the CPU by our library, elsewhere shapes only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from roiops import _checks, _session

_HALF = (torch.float16, torch.bfloat16)
_FEATURES = (*_HALF, torch.float32, torch.float64)


def roi_align(x, boxes, batch, output_size, spatial_scale, *common) -> Tensor:
    result = roi_align_fake(x, boxes, batch, output_size)
    array = _array(x)
    return _run(
        "RoiAlign",
        {"X": array, **_box_inputs(boxes, batch, array, common)},
        {"spatial_scale": spatial_scale, **_attributes(output_size, *common)},
        result,
    )


def roi_align_fake(x, boxes, batch, output_size, *_) -> Tensor:
    _check(x, "x", ("N", "C", "H", "W"), _FEATURES)
    _check_boxes(boxes, batch, x)
    return x.new_empty((boxes.shape[0], x.shape[1], *output_size))


def multiscale_roi_align(xs, boxes, batch, levels, output_size, spatial_scales, *common) -> Tensor:
    result = multiscale_roi_align_fake(xs, boxes, batch, levels, output_size, spatial_scales)
    maps = _checks.pyramid([_array(x) for x in xs], tuple(spatial_scales))
    return _run(
        "MultiScaleRoiAlign",
        {
            **_box_inputs(boxes, batch, maps[0], common),
            "levels": _checks.levels(_array(levels), len(maps), len(boxes)),
            **{f"X_{i}": array for i, array in enumerate(maps)},
        },
        {"spatial_scales": tuple(spatial_scales), **_attributes(output_size, *common)},
        result,
    )


def multiscale_roi_align_fake(xs, boxes, batch, levels, output_size, spatial_scales, *_) -> Tensor:
    if not xs or len(xs) != len(spatial_scales):
        raise ValueError(
            f"xs: expected one feature map per spatial scale ({len(spatial_scales)}), got {len(xs)}"
        )
    for i, x in enumerate(xs):
        _check(x, f"xs[{i}]", ("N", "C", "H", "W"), (xs[0].dtype,) if i else _FEATURES)
    _check_boxes(boxes, batch, xs[0])
    _check(levels, "levels", ("K",), (torch.int64,))
    return xs[0].new_empty((boxes.shape[0], xs[0].shape[1], *output_size))


def boxes_num(boxes: Sequence[Tensor]) -> Tensor:
    return boxes_num_fake(boxes).copy_(torch.tensor([len(tensor) for tensor in boxes]))


def boxes_num_fake(boxes: Sequence[Tensor]) -> Tensor:
    for i, tensor in enumerate(boxes):
        if tensor.ndim != 2:
            raise ValueError(f"boxes[{i}]: expected shape (K, 4), got {tuple(tensor.shape)}")
    return boxes[0].new_empty(len(boxes), dtype=torch.int64)


def refuse_backward(context: Any, *gradients: Tensor) -> None:
    raise NotImplementedError(
        "roiops has no gradients: it serves models; train with torchvision.ops.roi_align"
    )


def _check(tensor: Tensor, name: str, shape: tuple[str, ...], dtypes: Sequence[torch.dtype]) -> None:
    if tensor.dtype not in dtypes:
        raise TypeError(f"{name}: expected {' or '.join(map(str, dtypes))}, got {tensor.dtype}")
    if tensor.ndim != len(shape):
        raise ValueError(f"{name}: expected shape ({', '.join(shape)}), got {tuple(tensor.shape)}")


# Lengths are left to the kernels: comparing them here would tie the dynamic dimensions of an export together.
def _check_boxes(boxes: Tensor, batch: Tensor, x: Tensor) -> None:
    _check(boxes, "boxes", ("K", "4"), (x.dtype, torch.float32) if x.dtype in _HALF else (x.dtype,))
    if boxes.shape[1] != 4:
        raise ValueError(f"boxes: expected shape (K, 4), got {tuple(boxes.shape)}")
    _check(batch, "batch", ("N or K",), (torch.int32, torch.int64))


def _box_inputs(boxes: Tensor, batch: Tensor, x: np.ndarray, common: Sequence[Any]) -> dict[str, np.ndarray]:
    box_array = _checks.boxes(_array(boxes), _checks.box_dtype(x.dtype))
    batch_format = common[-1]
    return {"boxes": box_array, "batch": _checks.batch(_array(batch), batch_format, len(x), len(boxes))}


def _attributes(output_size, sampling_ratio, aligned, mode, batch_format) -> dict[str, Any]:
    return {
        "output_size": tuple(output_size),
        "sampling_ratio": sampling_ratio,
        "aligned": aligned,
        "mode": mode,
        "batch_format": batch_format,
    }


def _array(tensor: Tensor) -> np.ndarray:
    # NumPy has no bfloat16; float32 holds it, and the operators calculate with float32.
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).detach().numpy()


def _run(op_type: str, inputs: dict[str, np.ndarray], attributes: dict[str, Any], result: Tensor) -> Tensor:
    features = inputs["X" if op_type == "RoiAlign" else "X_0"]
    return torch.from_numpy(_session.run(op_type, inputs, features.dtype, attributes)).to(result.dtype)
