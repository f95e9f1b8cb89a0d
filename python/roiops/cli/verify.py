"""The command ``roiops verify``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from roiops.cli import options
from roiops.cli.console import Format, fail, show


def verify(
    original: Annotated[Path, typer.Argument(metavar="ORIGINAL", help="The model as it was exported.")],
    upgraded: Annotated[Path, typer.Argument(metavar="UPGRADED", help="The model made of it.")],
    inputs: options.Inputs = None,
    tolerance: options.Tolerance = None,
    paddle_aligned: options.PaddleAligned = None,
    aligned: options.Aligned = None,
    max_interpolated: options.MaxInterpolated = False,
    output: options.Formatted = Format.text,
) -> None:
    """Run both models and judge every output.

    Exit status: 0, all outputs were compared and are equal; 1, one differs, or an error; 3, none differs, but
    something is unproved, for example because nothing was detected.
    """
    from roiops import export
    from roiops.export.upgrader import Choices

    choices = Choices(paddle_aligned, aligned, max_interpolated)
    try:
        verification = options.run_verification(original, upgraded, inputs, tolerance, choices)
    except (export.PortableError, export.UpgradeError, OSError) as error:
        fail(error)
    show(verification, output)
    raise typer.Exit(verification.status)
