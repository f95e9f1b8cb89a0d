"""The operators as ``torch.library`` operators, which the exporters see as one node each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from roiops import _checks
from roiops.export.torch import _kernels

# Defaults are in the Python functions only: torch drops arguments that equal a schema's defaults.
_COMMON = "int sampling_ratio, bool aligned, str mode, str batch_format) -> Tensor"


def roi_align(
    x: Tensor,
    boxes: Tensor,
    batch: Tensor,
    output_size: int | Sequence[int],
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = True,
    *,
    mode: str = "avg",
    batch_format: str = "boxes_num",
) -> Tensor:
    """Pool every box into a grid of bins; ``torch.ops.roiops.roi_align``, on the CPU and without gradients.

    Args:
        x: features (N, C, H, W), float32, float64, float16 or bfloat16.
        boxes: (K, 4) as x1, y1, x2, y2 in pixels of the image; the dtype of ``x``, or float32
            with 16-bit ``x``.
        batch: int32 or int64: boxes of each image (N,), or image of each box (K,); see ``batch_format``.
        output_size: bins per axis, an int or (height, width).
        spatial_scale: pixels of ``x`` per pixel of the image.
        sampling_ratio: samples per bin and axis; <= 0 takes ceil(box size / output size).
        aligned: shift by half a pixel; note that torchvision's default is False.
        mode: "avg", or "max" over the interpolated samples.
        batch_format: what ``batch`` holds, "boxes_num" or "batch_indices".

    Returns:
        (K, C, height, width), the dtype of ``x``.

    Raises:
        TypeError: an argument of the wrong kind or dtype; the message starts with its name.
        ValueError: an argument of the wrong shape or value; the message starts with its name.
        ImportError: onnxruntime is missing; the message names the extra that brings it.
        NotImplementedError: in the backward pass.
    """
    return torch.ops.roiops.roi_align(
        *_tensors(x=x, boxes=boxes, batch=batch),
        *_attributes(
            output_size, _checks.spatial_scale, spatial_scale, sampling_ratio, aligned, mode, batch_format
        ),
    )


def multiscale_roi_align(
    xs: Sequence[Tensor],
    boxes: Tensor,
    batch: Tensor,
    levels: Tensor,
    output_size: int | Sequence[int],
    spatial_scales: Sequence[float],
    sampling_ratio: int = -1,
    aligned: bool = True,
    *,
    mode: str = "avg",
    batch_format: str = "boxes_num",
) -> Tensor:
    """Pool every box from its level of a feature pyramid; otherwise as `roi_align`.

    Args:
        xs: feature maps (N, C, H_l, W_l), all of one dtype.
        boxes: as in `roi_align`.
        batch: as in `roi_align`.
        levels: (K,) int64, index into ``xs`` of each box.
        output_size: as in `roi_align`.
        spatial_scales: pixels of each feature map per pixel of the image.
        sampling_ratio: as in `roi_align`.
        aligned: as in `roi_align`.
        mode: as in `roi_align`.
        batch_format: as in `roi_align`.

    Returns:
        (K, C, height, width), in the order of the boxes.

    Raises:
        TypeError, ValueError, ImportError, NotImplementedError: as `roi_align`.
    """
    return torch.ops.roiops.multiscale_roi_align(
        list(_tensors(**{f"xs[{i}]": x for i, x in enumerate(xs)})),
        *_tensors(boxes=boxes, batch=batch, levels=levels),
        *_attributes(
            output_size, _checks.spatial_scales, spatial_scales, sampling_ratio, aligned, mode, batch_format
        ),
    )


def boxes_num(boxes: Sequence[Tensor]) -> Tensor:
    """Count the boxes of each image, so that exported models count anew; ``torch.ops.roiops.boxes_num``.

    Args:
        boxes: one tensor (K_n, 4) per image.

    Returns:
        (N,) int64.

    Raises:
        TypeError: a value that is no tensor; the message starts with its name.
        ValueError: no tensors, or one of another rank; the message starts with its name.
    """
    if len(boxes) == 0:
        raise ValueError("boxes: expected one tensor per image, got none")
    return torch.ops.roiops.boxes_num(list(_tensors(**{f"boxes[{i}]": x for i, x in enumerate(boxes)})))


def _tensors(**values: Any) -> Iterable[Tensor]:
    for name, value in values.items():
        if not isinstance(value, Tensor):
            raise TypeError(f"{name}: expected a torch.Tensor, got {type(value).__name__}")
    return values.values()


@torch.compiler.assume_constant_result  # so that torch.compile and strict exports need not trace the checks
def _attributes(output_size, check_scale, scale, sampling_ratio, aligned, mode, batch_format) -> tuple:
    return (
        _checks.output_size(output_size),
        check_scale(scale),
        _checks.sampling_ratio(sampling_ratio),
        _checks.aligned(aligned),
        _checks.choice(mode, "mode", _checks.MODES),
        _checks.choice(batch_format, "batch_format", _checks.BATCH_FORMATS),
    )


def _register(name: str, schema: str, kernel: Any, fake: Any) -> None:
    operator = torch.library.custom_op(
        f"roiops::{name}", kernel, mutates_args=(), schema=schema, device_types="cpu"
    )
    operator.register_fake(fake)
    operator.register_autograd(_kernels.refuse_backward)


_register(
    "roi_align",
    f"(Tensor x, Tensor boxes, Tensor batch, int[] output_size, float spatial_scale, {_COMMON}",
    _kernels.roi_align,
    _kernels.roi_align_fake,
)
_register(
    "multiscale_roi_align",
    "(Tensor[] xs, Tensor boxes, Tensor batch, Tensor levels, int[] output_size, float[] spatial_scales, "
    + _COMMON,
    _kernels.multiscale_roi_align,
    _kernels.multiscale_roi_align_fake,
)
_register("boxes_num", "(Tensor[] boxes) -> Tensor", _kernels.boxes_num, _kernels.boxes_num_fake)
