"""Models that run with and without the library: bodies of standard operators for ours."""

from __future__ import annotations

from roiops.export.portable._models import add_function_bodies
from roiops.export.portable._nodes import PortableError

__all__ = ["PortableError", "add_function_bodies"]
