"""Arguments that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, List, Optional  # noqa: UP035  (evaluated on Python 3.9)

import typer

from roiops.cli.console import Format

if TYPE_CHECKING:
    from roiops.export.upgrader.verify import Verification

Model = Annotated[Path, typer.Argument(metavar="MODEL", help="An ONNX model.")]
Formatted = Annotated[Format, typer.Option("--format", metavar="text|json", help="What to print.")]
PaddleAligned = Annotated[
    Optional[bool],
    typer.Option(help="Repair a Paddle2ONNX export: the aligned of the Paddle layer."),
]
Aligned = Annotated[
    Optional[bool],
    typer.Option(help="Repair an export at opset 10 to 15 (Detectron2): whether its pooler was aligned."),
]
MaxInterpolated = Annotated[
    bool, typer.Option("--max-interpolated", help="Turn mode max into the maximum of samples.")
]
MmdeployStandard = Annotated[
    bool,
    typer.Option(
        "--mmdeploy-standard", help="Turn mmdeploy's nodes into standard ones where these can do it."
    ),
]
Inputs = Annotated[
    Optional[List[Path]],  # noqa: UP006
    typer.Option(
        "--input",
        metavar="FILE",
        help="Also run on this: an .npz with arrays by input names, or a picture; can be repeated.",
    ),
]
Tolerance = Annotated[
    Optional[float],
    typer.Option(metavar="NUMBER", help="Allowed difference, relative to an output's largest value."),
]


def run_verification(
    original: Path, upgraded: Path, inputs: list[Path] | None, tolerance: float | None, choices: Any
) -> Verification:
    """Compare two files on generated inputs and on those of files."""
    from roiops.export.upgrader.model_files import load
    from roiops.export.upgrader.verify import verify
    from roiops.export.upgrader.verify.given import read_inputs

    first = load(original) if inputs else None
    given = {str(path): read_inputs(path, first) for path in inputs or [] if first is not None}
    return verify(original, upgraded, given, tolerance, choices)
