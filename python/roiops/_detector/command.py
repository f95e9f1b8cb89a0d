"""What ``roiops demo --detector`` does: find objects in a JPEG, print them, draw them beside the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from roiops._detector.model import MODEL, Detections, Detector, iou
from roiops._detector.picture import SAMPLE, draw, read_jpeg, sample_truth

_SHOWN = 0.5  # the model also gives objects that it is less sure of


def run(image: Path | None, out: Path, console: Console) -> None:
    """Detect, by default in the picture that comes with the package, and write ``out``.

    Raises:
        ImportError: a package is missing; the message names the extra that brings it.
        OSError: ``image`` cannot be read or ``out`` cannot be written.
        ValueError: ``image`` is no JPEG file that can be decoded.
    """
    detector = Detector()
    jpeg = read_jpeg(image or SAMPLE)
    truth = None if image else sample_truth()
    found = detector(jpeg).above(_SHOWN)
    draw(jpeg, found, truth, detector.classes, out)
    console.print(
        f"ran {MODEL.name} on {len(jpeg)} bytes of {image or SAMPLE}: decoded by onnxruntime-extensions, "
        "boxes pooled by roiops::MultiScaleRoiAlign, in one session",
        markup=False,
        soft_wrap=True,
    )
    console.print(_table(found, truth))
    console.print(f"picture: {out.resolve()}", markup=False, soft_wrap=True)


def _table(found: Detections, truth: Detections | None) -> Table:
    """List what was found, each with the true object that it covers best."""
    table = Table("found", "score", "x1", "y1", "x2", "y2", title=f"{len(found.boxes)} objects")
    rows = [
        [name, f"{score:.2f}", *(f"{x:.1f}" for x in box)]
        for name, score, box in zip(found.names, found.scores, found.boxes)
    ]
    if truth is not None:
        table.add_column("ground truth")
        table.add_column("overlap (IoU)")
        overlaps = iou(found.boxes, truth.boxes)
        for row, overlap in zip(rows, overlaps):
            best = int(np.argmax(overlap))
            row += [truth.names[best], f"{overlap[best]:.2f}"] if overlap[best] else ["nothing", ""]
    for row in rows:
        table.add_row(*row)
    return table
