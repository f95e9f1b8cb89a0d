"""Upgrade exported detectors: standard RoiAlign and multi-level clusters become roiops operators."""

from ._api import inspect, upgrade
from ._errors import UpgradeError
from ._load import has_external_data, save
from ._report import Entry, Report

__all__ = ["Entry", "Report", "UpgradeError", "has_external_data", "inspect", "save", "upgrade"]
