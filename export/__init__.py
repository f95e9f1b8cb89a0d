"""Build ONNX models that use the roiops operators: nodes, models, schemas, level formulas."""

from __future__ import annotations

import importlib as _importlib
from typing import TYPE_CHECKING

from roiops._extras import missing as _missing

try:
    import onnx as _onnx  # noqa: F401
except ImportError as error:
    raise _missing("onnx", "roiops.export", "export") from error

from roiops.export._levels import (
    make_detectron2_level_nodes,
    make_mmdet_level_nodes,
    make_paddle_level_nodes,
    make_torchvision_level_nodes,
)
from roiops.export._schemas import register_schemas
from roiops.export.builders.masks_and_keypoints import (
    make_heatmaps_to_keypoints_model,
    make_heatmaps_to_keypoints_node,
    make_paste_masks_model,
    make_paste_masks_node,
)
from roiops.export.builders.overlaps_rotated import make_box_iou_rotated_node, make_nms_rotated_node
from roiops.export.builders.roi_align import (
    make_multiscale_roi_align_model,
    make_multiscale_roi_align_node,
    make_roi_align_model,
    make_roi_align_node,
)
from roiops.export.builders.roi_align_rotated import (
    make_multiscale_roi_align_rotated_model,
    make_multiscale_roi_align_rotated_node,
    make_roi_align_rotated_model,
    make_roi_align_rotated_node,
)
from roiops.export.builders.roi_pool import make_roi_pool_model, make_roi_pool_node
from roiops.export.portable import PortableError, add_function_bodies
from roiops.operators import DOMAIN, VERSION

__all__ = [
    "DOMAIN",
    "VERSION",
    "PortableError",
    "UpgradeError",
    "UpgradeReport",
    "add_function_bodies",
    "inspect",
    "make_box_iou_rotated_node",
    "make_detectron2_level_nodes",
    "make_heatmaps_to_keypoints_model",
    "make_heatmaps_to_keypoints_node",
    "make_mmdet_level_nodes",
    "make_multiscale_roi_align_model",
    "make_multiscale_roi_align_node",
    "make_multiscale_roi_align_rotated_model",
    "make_multiscale_roi_align_rotated_node",
    "make_nms_rotated_node",
    "make_paddle_level_nodes",
    "make_paste_masks_model",
    "make_paste_masks_node",
    "make_roi_align_model",
    "make_roi_align_node",
    "make_roi_align_rotated_model",
    "make_roi_align_rotated_node",
    "make_roi_pool_model",
    "make_roi_pool_node",
    "make_torchvision_level_nodes",
    "opset1",
    "register_schemas",
    "upgrade",
]

if TYPE_CHECKING:
    from roiops.export._onnxscript import opset1
    from roiops.export.upgrader import UpgradeError, UpgradeReport, inspect, upgrade

# Loaded on first use: they need onnxscript or onnx-ir.
_LAZY = {
    "UpgradeError": "upgrader",
    "UpgradeReport": "upgrader",
    "inspect": "upgrader",
    "opset1": "_onnxscript",
    "upgrade": "upgrader",
}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(_importlib.import_module(f"roiops.export.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
