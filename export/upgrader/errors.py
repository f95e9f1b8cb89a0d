"""The error of this package."""

from __future__ import annotations


class UpgradeError(ValueError):
    """A model that cannot be read or is not a valid graph; the message names the file and the node."""
