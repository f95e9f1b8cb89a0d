"""The command ``roiops upgrade``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Callable, Optional

import typer

from roiops.cli import options
from roiops.cli.console import Format, fail, show


def upgrade(
    model: options.Model,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Where to write the upgraded model.")],
    report: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FILE", help="Write the report to this file, as JSON."),
    ] = None,
    portable: Annotated[bool, typer.Option("--portable", help="Let it also run without roiops.")] = False,
    paddle_aligned: options.PaddleAligned = None,
    aligned: options.Aligned = None,
    max_interpolated: options.MaxInterpolated = False,
    mmdeploy_standard: options.MmdeployStandard = False,
    float16: Annotated[
        bool, typer.Option("--float16", help="Compute features in float16; boxes stay float32.")
    ] = False,
    share_weights: Annotated[
        bool, typer.Option("--share-weights", help="Refer to the weight files of MODEL; do not copy them.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="OUT may be MODEL.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Then run both models and judge every output, as verify does.")
    ] = False,
    profile: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="PICTURE", help="Then time both models on this, and say what is slow now."),
    ] = None,
    inputs: options.Inputs = None,
    tolerance: options.Tolerance = None,
    output: options.Formatted = Format.text,
) -> None:
    """Replace and fuse the RoIAligns of MODEL and write OUT.

    With --verify the exit status is that of verify: 0 equal, 1 different, 3 not proved.
    """
    from roiops import export
    from roiops.export.upgrader import Choices, upgrade_file
    from roiops.export.upgrader.verify.timing import time_both

    if inputs and not verify:
        fail("--input is for --verify")
    if (verify or profile) and out.exists() and os.path.samefile(model, out):
        needs = "--verify" if verify else "--profile"
        fail(f"{out}: {needs} needs the original afterwards; write to another file")
    if model.exists() and out.exists() and os.path.samefile(model, out) and not force:
        fail(f"{out}: this is the model itself; write to another file, or use --force")
    choices = Choices(paddle_aligned, aligned, max_interpolated, mmdeploy_standard)
    try:
        if report is not None:
            _check_writable(report)
        _check_writable(out)
        with _progress() as progress:
            found = upgrade_file(
                model,
                out,
                choices,
                portable=portable,
                float16=float16,
                share_weights=share_weights,
                progress=progress,
            )
        if verify:
            found.verification = options.run_verification(model, out, inputs, tolerance, choices)
        if profile is not None:
            found.profile = time_both(model, out, profile)
        if report is not None:
            _write_whole(report, found.to_json() + "\n")
    except (export.PortableError, export.UpgradeError, OSError) as error:
        fail(error)
    show(found, output)
    if found.verification is not None:
        raise typer.Exit(found.verification.status)


def _check_writable(path: Path) -> None:
    """Find out before the work is done."""
    folder = path.parent
    if path.is_dir():
        raise IsADirectoryError(f"{path}: this is a folder; name a file in it")
    if not folder.is_dir():
        raise FileNotFoundError(f"{path}: there is no folder {folder}; create it first")
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"{path}: cannot write in folder {folder}")


def _write_whole(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A progress bar for weights that are copied, on a terminal only."""
    from rich.console import Console
    from rich.progress import Progress

    errors = Console(stderr=True)
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("weights", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
