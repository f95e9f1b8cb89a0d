"""The errors of this package."""

from __future__ import annotations


class UpgradeError(ValueError):
    """A model that cannot be read or is not a valid graph; the message names the file and the node."""


class NotProven(ValueError):
    """Why nodes cannot be shown to be what one operator computes."""
