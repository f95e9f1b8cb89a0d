"""Names that every part of the exporter agrees on."""

from __future__ import annotations

DOMAIN = "roiops"
VERSION = 1
