"""Pictures for the detector: reading them safely, and drawing what was found."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from roiops._detector.model import Detections

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SAMPLE = Path(__file__).with_name("scene.jpg")
_ORIENTATION = 0x0112  # the EXIF tag


def read_jpeg(path: Path) -> bytes:
    """Read a JPEG file so that the decoder of onnxruntime-extensions can be given its bytes.

    Version 0.15.2 of that ends the process at a damaged file (its issue 1094) and writes past its memory at
    a grey one, and versions differ in whether they turn a picture as its EXIF data say. So Pillow decodes
    first, and encodes anew what is not upright or not red, green and blue.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no JPEG file, is damaged, or is larger than Pillow takes.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    data = path.read_bytes()
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as picture:
            picture.load()
            if picture.mode == "RGB" and picture.getexif().get(_ORIENTATION, 1) == 1:
                return data
            plain = io.BytesIO()
            ImageOps.exif_transpose(picture).convert("RGB").save(plain, "JPEG", quality=95)
            return plain.getvalue()
    except UnidentifiedImageError as error:
        raise ValueError(f"{path}: expected a JPEG file, got something else") from error
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path}: expected a JPEG file that can be decoded, got: {error}") from error


def sample_truth() -> Detections:
    """Return what is in the picture SAMPLE."""
    truth = json.loads(SAMPLE.with_suffix(".json").read_text())
    boxes = np.array(truth["boxes"], np.float32)
    return Detections(boxes, truth["names"], np.ones(len(boxes), np.float32))


def draw(jpeg: bytes, found: Detections, truth: Detections | None, classes: list[str], out: Path) -> None:
    """Write a PNG of the picture with what was found and, beside it, with the truth where that is known.

    Raises:
        OSError: ``out`` cannot be written.
    """
    from matplotlib.figure import Figure
    from PIL import Image

    with Image.open(io.BytesIO(jpeg)) as picture:
        pixels = np.asarray(picture)
    height, width = pixels.shape[:2]
    panels = {"found": found} if truth is None else {"ground truth": truth, "found": found}
    figure = Figure(
        figsize=(5 * len(panels), 5 * min(height / width, 4) + 0.4), dpi=100, layout="constrained"
    )
    for axes, (title, objects) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items()):
        axes.imshow(pixels, extent=(0, width, height, 0))  # a box's corner (0, 0) is that of the picture
        axes.set_axis_off()
        axes.set_title(title)
        _draw_boxes(axes, objects, classes, with_scores=objects is found)
    figure.savefig(out, format="png", pil_kwargs={"optimize": True})


def _draw_boxes(axes: Axes, objects: Detections, classes: list[str], with_scores: bool) -> None:
    from matplotlib.patches import Rectangle

    for (x1, y1, x2, y2), name, score in zip(objects.boxes, objects.names, objects.scores):
        color = f"C{classes.index(name)}"
        axes.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=color, linewidth=2))
        text = f"{name} {score:.2f}" if with_scores else name
        label = {"facecolor": color, "edgecolor": "none", "pad": 1}
        axes.text(x1, y1, text, color="white", fontsize=8, va="top", bbox=label, clip_on=True)
