"""Upgrade exported detectors: standard RoiAlign and multi-level clusters become roiops operators."""

from ._api import inspect, upgrade
from ._errors import UpgradeError
from ._report import Entry, Report

__all__ = ["Entry", "Report", "UpgradeError", "inspect", "upgrade"]
