"""Upgrade exported detectors: standard RoiAligns and multi-level poolers become roiops operators."""

from __future__ import annotations

from roiops._extras import missing

try:
    import onnx_ir as _onnx_ir  # noqa: F401
except ImportError as error:
    raise missing("onnx-ir", "upgrade", "export") from error

from roiops.export.upgrader.api import inspect, upgrade, upgrade_file
from roiops.export.upgrader.errors import UpgradeError
from roiops.export.upgrader.report import Entry, UpgradeReport
from roiops.export.upgrader.rewrites.pipeline import Choices

__all__ = ["Choices", "Entry", "UpgradeError", "UpgradeReport", "inspect", "upgrade", "upgrade_file"]
