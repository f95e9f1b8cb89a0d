"""``python -m roiops.cli``."""

from __future__ import annotations

from roiops.cli import app

app()
