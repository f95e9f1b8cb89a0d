"""The command ``roiops inspect``."""

from __future__ import annotations

from roiops.cli import options
from roiops.cli.console import Format, fail, show


def inspect(model: options.Model, output: options.Formatted = Format.text) -> None:
    """Show every region operator and pooler of MODEL, and what upgrade would do with it."""
    from roiops import export

    try:
        report = export.inspect(model)
    except (export.UpgradeError, OSError) as error:
        fail(error)
    show(report, output)
