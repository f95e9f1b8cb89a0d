"""The commands ``roiops upgrade`` and ``roiops inspect``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer
from rich.console import Console

# Optional[...] for Python 3.9, where typer cannot evaluate "X | None".
_Choice = Optional[bool]
_File = Optional[Path]
_Model = Annotated[Path, typer.Argument(help="An ONNX model.")]


def upgrade(
    model: _Model,
    out: Annotated[Path, typer.Argument(help="Where to write the upgraded model.")],
    report: Annotated[_File, typer.Option(help="Write the report to this file, as JSON.")] = None,
    portable: Annotated[bool, typer.Option("--portable", help="Let it also run without roiops.")] = False,
    paddle_aligned: Annotated[
        _Choice, typer.Option(help="Repair a Paddle2ONNX export: the aligned of the Paddle layer.")
    ] = None,
    aligned: Annotated[
        _Choice,
        typer.Option(help="Repair an export at opset 10 to 15 (Detectron2): whether its pooler was aligned."),
    ] = None,
    max_interpolated: Annotated[
        bool, typer.Option("--max-interpolated", help="Turn mode max into the maximum of samples.")
    ] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Run both models and compare.")] = False,
) -> None:
    """Replace and fuse the RoIAligns of MODEL and write OUT."""
    from roiops import export
    from roiops.export.upgrader import has_external_data, save

    try:
        upgraded, found = export.upgrade(
            model,
            paddle_aligned=paddle_aligned,
            aligned=aligned,
            portable=portable,
            max_interpolated=max_interpolated,
            verify=verify,
        )
        save(upgraded, out, external=has_external_data(model))
    except (export.PortableError, export.UpgradeError, OSError) as error:
        _fail(error)
    if report is not None:
        report.write_text(found.to_json() + "\n")
    Console().print(found)


def inspect(model: _Model) -> None:
    """Show every RoI operator and pooler of MODEL, and what upgrade would do with it."""
    from roiops import export

    try:
        Console().print(export.inspect(model))
    except export.UpgradeError as error:
        _fail(error)


def _fail(error: Exception) -> None:
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(f"error: {error}")
    raise typer.Exit(1)
