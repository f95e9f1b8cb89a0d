"""Builders of operator nodes, with their attributes checked before they reach a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import onnx
from onnx import helper

from roiops import _checks
from roiops.export._names import DOMAIN


def make_roi_align_node(
    x: str,
    boxes: str,
    batch: str,
    output: str,
    *,
    output_size: int | Sequence[int],
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = True,
    mode: str = "avg",
    batch_format: str = "boxes_num",
    name: str | None = None,
) -> onnx.NodeProto:
    """Build a ``roiops::RoiAlign`` node; the model must import domain ``roiops`` version 1.

    Args:
        x: value name of the features (N, C, H, W).
        boxes: value name of the boxes (K, 4), x1 y1 x2 y2 in image pixels.
        batch: value name of the boxes per image (N,) or image of each box (K,), int32 or int64.
        output: value name of the result (K, C, height, width).
        output_size: bins per axis, an int or (height, width).
        spatial_scale: feature pixels per image pixel.
        sampling_ratio: samples per bin and axis, adaptive when <= 0.
        aligned: shift by half a pixel.
        mode: "avg", or "max" over the interpolated samples.
        batch_format: what ``batch`` holds, "boxes_num" or "batch_indices".
        name: node name, which ONNX Runtime puts into error messages.

    Raises:
        TypeError, ValueError: a wrong attribute; the message starts with its name.
    """
    return helper.make_node(
        "RoiAlign",
        [
            _checks.value_name(x, "x"),
            _checks.value_name(boxes, "boxes"),
            _checks.value_name(batch, "batch"),
        ],
        [_checks.value_name(output, "output")],
        name=name,
        domain=DOMAIN,
        spatial_scale=_checks.spatial_scale(spatial_scale),
        **common_attributes(output_size, sampling_ratio, aligned, mode, batch_format),
    )


def make_multiscale_roi_align_node(
    boxes: str,
    batch: str,
    levels: str,
    xs: Sequence[str],
    output: str,
    *,
    output_size: int | Sequence[int],
    spatial_scales: Sequence[float],
    sampling_ratio: int = -1,
    aligned: bool = True,
    mode: str = "avg",
    batch_format: str = "boxes_num",
    name: str | None = None,
) -> onnx.NodeProto:
    """Build a ``roiops::MultiScaleRoiAlign`` node: one node for a pyramid of feature maps.

    Args:
        boxes: value name of the boxes (K, 4), x1 y1 x2 y2 in image pixels.
        batch: value name of the boxes per image (N,) or image of each box (K,), int32 or int64.
        levels: value name of the index into ``xs`` of each box (K,), int64.
        xs: value names of the feature maps (N, C, H_l, W_l), at least one.
        output: value name of the result (K, C, height, width), in the order of the boxes.
        output_size: as in `make_roi_align_node`.
        spatial_scales: one scale per feature map.
        sampling_ratio: as in `make_roi_align_node`.
        aligned: as in `make_roi_align_node`.
        mode: as in `make_roi_align_node`.
        batch_format: as in `make_roi_align_node`.
        name: as in `make_roi_align_node`.

    Raises:
        TypeError, ValueError: a wrong attribute; the message starts with its name.
    """
    scales = _checks.spatial_scales(spatial_scales)
    if isinstance(xs, str) or len(xs) != len(scales):
        raise ValueError(f"xs: expected one value name per spatial scale ({len(scales)}), got {xs!r}")
    return helper.make_node(
        "MultiScaleRoiAlign",
        [
            _checks.value_name(boxes, "boxes"),
            _checks.value_name(batch, "batch"),
            _checks.value_name(levels, "levels"),
            *(_checks.value_name(x, f"xs[{i}]") for i, x in enumerate(xs)),
        ],
        [_checks.value_name(output, "output")],
        name=name,
        domain=DOMAIN,
        spatial_scales=scales,
        **common_attributes(output_size, sampling_ratio, aligned, mode, batch_format),
    )


def common_attributes(
    output_size: Any, sampling_ratio: Any, aligned: Any, mode: Any, batch_format: Any
) -> dict[str, Any]:
    """Return the checked attributes that both operators have, by their names in ONNX."""
    # Defaults are written too: a function body, the fallback without the plugin, sees no schema defaults.
    height, width = _checks.output_size(output_size)
    return {
        "output_height": height,
        "output_width": width,
        "sampling_ratio": _checks.sampling_ratio(sampling_ratio),
        "aligned": int(_checks.aligned(aligned)),
        "mode": _checks.choice(mode, "mode", _checks.MODES),
        "batch_format": _checks.choice(batch_format, "batch_format", _checks.BATCH_FORMATS),
    }
