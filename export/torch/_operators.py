"""The operators as ``torch.library`` operators, which the exporters see as one node each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from roiops.export.torch import _kernels
from roiops.operators import (
    HEATMAPS_TO_KEYPOINTS,
    MULTI_SCALE_ROI_ALIGN,
    OPERATORS,
    PASTE_MASKS,
    ROI_ALIGN,
    Operator,
)
from roiops.operators._parameters import Choice, Flag, Float, Floats, Int, Parameter, Size


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
        *_checked(
            ROI_ALIGN.name,
            output_size=output_size,
            spatial_scale=spatial_scale,
            sampling_ratio=sampling_ratio,
            aligned=aligned,
            mode=mode,
            batch_format=batch_format,
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
        *_checked(
            MULTI_SCALE_ROI_ALIGN.name,
            output_size=output_size,
            spatial_scales=spatial_scales,
            sampling_ratio=sampling_ratio,
            aligned=aligned,
            mode=mode,
            batch_format=batch_format,
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


def paste_masks(
    masks: Tensor,
    boxes: Tensor,
    image_size: Tensor,
    convention: str = "torchvision",
    output: str = "soft",
    threshold: float = 0.5,
) -> Tensor:
    """Paste the mask of every box into an image of its own; ``torch.ops.roiops.paste_masks``.

    Args:
        masks: (K, h, w) or (K, 1, h, w), float32, float64, float16 or bfloat16.
        boxes: (K, 4) as x1, y1, x2, y2 in pixels of the image; the dtype of ``masks``, or float32 with
            16-bit ``masks``.
        image_size: (2,) int64, height and width.
        convention: whose rule, "torchvision", "detectron2" or "mmdetection".
        output: "soft", "bool" or "uint8".
        threshold: of "bool", at least 0.

    Returns:
        (K, height, width), the dtype of ``masks``, bool or uint8.

    Raises:
        TypeError, ValueError, ImportError, NotImplementedError: as `roi_align`.
    """
    return torch.ops.roiops.paste_masks(
        *_tensors(masks=masks, boxes=boxes, image_size=image_size),
        *_checked(PASTE_MASKS.name, convention=convention, output=output, threshold=threshold),
    )


def heatmaps_to_keypoints(
    maps: Tensor, rois: Tensor, convention: str = "torchvision"
) -> tuple[Tensor, Tensor]:
    """Find the peak of every heatmap upsampled to its box; ``torch.ops.roiops.heatmaps_to_keypoints``.

    Args:
        maps: (K, P, h, w), float32, float64, float16 or bfloat16.
        rois: (K, 4) as x1, y1, x2, y2 in pixels of the image; the dtype of ``maps``, or float32 with 16-bit
            ``maps``.
        convention: whose result, "torchvision" or "detectron2".

    Returns:
        Keypoints (K, P, 3), or (K, P, 4) as Detectron2, and scores (K, P), in the dtype of ``rois``.

    Raises:
        TypeError, ValueError, ImportError, NotImplementedError: as `roi_align`.
    """
    return torch.ops.roiops.heatmaps_to_keypoints(
        *_tensors(maps=maps, rois=rois), *_checked(HEATMAPS_TO_KEYPOINTS.name, convention=convention)
    )


def _tensors(**values: Any) -> Iterable[Tensor]:
    for name, value in values.items():
        if not isinstance(value, Tensor):
            raise TypeError(f"{name}: expected a torch.Tensor, got {type(value).__name__}")
    return values.values()


@torch.compiler.assume_constant_result  # so that torch.compile and strict exports need not trace the checks
def _checked(operator: str, **arguments: Any) -> tuple[Any, ...]:
    return tuple(OPERATORS[operator].check(**arguments).values())


_TYPES: dict[type[Parameter], str] = {
    Int: "int",
    Flag: "bool",
    Float: "float",
    Floats: "float[]",
    Choice: "str",
    Size: "int[]",
}


def _schema(operator: Operator) -> str:
    # Without defaults, which are in the Python functions: torch drops arguments that equal a schema's.
    tensors = (
        f"Tensor{'[]' * given.variadic}{'?' * given.optional} {given.argument}"
        for given in _kernels.tensor_inputs(operator)
    )
    parameters = (
        f"{_TYPES[type(p)]}{'?' * (p.default is None and not p.required)} {p.name}"
        for p in operator.parameters
    )
    outputs = ", ".join(["Tensor"] * len(operator.outputs))
    results = outputs if len(operator.outputs) == 1 else f"({outputs})"
    return f"({', '.join([*tensors, *parameters])}) -> {results}"


def _register(name: str, schema: str, kernel: Any, fake: Any) -> None:
    operator = torch.library.custom_op(
        f"roiops::{name}", kernel, mutates_args=(), schema=schema, device_types="cpu"
    )
    operator.register_fake(fake)
    operator.register_autograd(_kernels.refuse_backward)


for _name, _operator in (
    ("roi_align", ROI_ALIGN),
    ("multiscale_roi_align", MULTI_SCALE_ROI_ALIGN),
    ("paste_masks", PASTE_MASKS),
    ("heatmaps_to_keypoints", HEATMAPS_TO_KEYPOINTS),
):
    _register(_name, _schema(_operator), _kernels.kernel(_operator), _kernels.fake(_operator))
_register("boxes_num", "(Tensor[] boxes) -> Tensor", _kernels.boxes_num, _kernels.boxes_num_fake)
