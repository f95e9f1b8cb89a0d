"""The command ``roiops demo``."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, List, Optional  # noqa: UP035  (typer evaluates them, also on Python 3.9)

import typer
from rich.table import Table

import roiops
from roiops.cli.console import console, fail


def _parse_box(text: str) -> tuple[float, ...]:
    try:
        box = tuple(float(number) for number in text.split(","))
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not four numbers x1,y1,x2,y2") from error
    if len(box) != 4 or not all(map(math.isfinite, box)):
        raise typer.BadParameter(f"{text!r} is not four finite numbers x1,y1,x2,y2")
    return box


def demo(
    image: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            help="A photograph; by default one that comes with the packages.", exists=True, dir_okay=False
        ),
    ] = None,
    boxes: Annotated[
        Optional[List[str]],  # noqa: UP006, UP045
        typer.Option(metavar="X1,Y1,X2,Y2", help="A box in pixels of the photograph; can be repeated."),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="PNG", help="Where the picture goes.")] = Path(
        "roiops-demo.png"
    ),
    detector: Annotated[
        bool, typer.Option("--detector", help="Run a whole detector instead; it finds shapes in a JPEG.")
    ] = False,
) -> None:
    """Pool boxes of a photograph in ONNX Runtime, check the result against others, and draw it."""
    if detector:
        _demo_detector(image, boxes, out)
    else:
        _demo_boxes(image, [_parse_box(text) for text in boxes or []], out)


@contextmanager
def _failures_explained() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        fail(f"{error}; install it with: pip install 'roiops[demo]'")
    except (ImportError, OSError, ValueError) as error:
        fail(error)


def _demo_detector(image: Path | None, boxes: list[str] | None, out: Path) -> None:
    if boxes:
        raise typer.BadParameter("--boxes is not for --detector, which finds them")
    with _failures_explained():
        from roiops._detector import command

        command.run(image, out, console)


def _demo_boxes(image: Path | None, parsed: list[tuple[float, ...]], out: Path) -> None:
    with _failures_explained():
        from roiops import _demo

        scene = _demo.load_scene(image, parsed)
        pooled = {size: _demo.pool(scene, size) for size in (_demo.CROP, _demo.HEAD)}
        _demo.draw(scene, pooled[_demo.CROP].crops, pooled[_demo.HEAD].crops, out)

    import onnxruntime

    height, width = scene.pixels.shape[:2]
    console.print(f"photo: {scene.credit}", markup=False, soft_wrap=True)
    console.print(
        f"ran roiops::RoiAlign on X (1, 3, {height}, {width}), boxes {scene.boxes.shape}, "
        f"spatial_scale {scene.scale:.4g}, in onnxruntime {onnxruntime.__version__}",
        soft_wrap=True,
    )
    console.print(
        f"by {roiops.get_library_path()}, version {roiops.__version__}, "
        f"{roiops.build_info()['active_instruction_set']} kernels",
        soft_wrap=True,
    )
    table = Table("Y", "compared with", "difference", "rounding", "")
    for result in pooled.values():
        for comparison in result.comparisons:
            table.add_row(
                str(result.crops.shape),
                comparison.other,
                f"{comparison.difference:.1e}",
                f"< {comparison.tolerance:.0e}",
                "[green]ok[/]" if comparison.agrees else "[red]FAIL[/]",
            )
    console.print(table)
    console.print(f"picture: {out.resolve()}", soft_wrap=True)
    if not all(comparison.agrees for result in pooled.values() for comparison in result.comparisons):
        fail("the results differ by more than rounding")
