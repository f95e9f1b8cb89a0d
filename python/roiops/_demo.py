"""What ``roiops demo`` does: pool boxes of a photograph in ONNX Runtime, check the result, draw it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from roiops import reference
from roiops._standard import run_model, standard_model

CROP, HEAD = 96, 7  # a crop to look at, and what the box head of most detectors takes
TOLERANCE = 2e-5  # rounding of float32 sums of values in [0, 1]
_LONGEST_SIDE = 1024  # larger photographs are shrunk first, which makes spatial_scale less than 1
_ASTRONAUT = {
    "face": (152, 12, 306, 196),
    "shuttle": (350, 4, 462, 290),
    "patch": (128, 342, 214, 428),
    "helmet, past the edge": (272, 336, 548, 548),
}
_FRACTIONS = {  # of a photograph whose boxes nobody named
    "centre": (0.25, 0.25, 0.75, 0.75),
    "top left": (0, 0, 0.4, 0.4),
    "bottom right, past the edge": (0.6, 0.6, 1.05, 1.05),
}


@dataclass(frozen=True)
class Scene:
    """A photograph with boxes, in pixels of the photograph."""

    credit: str
    pixels: np.ndarray  # (H, W, 3) float32 in [0, 1], maybe smaller than the photograph
    scale: float  # of pixels to photograph
    boxes: np.ndarray  # (K, 4) float32
    labels: Sequence[str]


@dataclass(frozen=True)
class Comparison:
    """The largest difference from another implementation, and the one that rounding explains."""

    other: str
    difference: float
    tolerance: float

    @property
    def agrees(self) -> bool:
        """Whether the difference is only rounding; NaN is not."""
        return self.difference <= self.tolerance


@dataclass(frozen=True)
class Pooled:
    """The boxes pooled to one size by our operator, compared with others."""

    crops: np.ndarray  # (K, 3, size, size)
    comparisons: Sequence[Comparison]


def load_scene(image: Path | None, boxes: Sequence[Sequence[float]]) -> Scene:
    """Load a photograph, by default the one that scikit-image carries; without boxes it has some of its own.

    Raises:
        OSError: ``image`` cannot be read as a picture.
        ValueError: a box is inverted, empty, or further away than the photograph is long.
    """
    from PIL import Image, ImageOps

    if image is None:
        from skimage import data

        photo = Image.fromarray(data.astronaut())
        credit = "Eileen Collins, photographed by NASA (public domain), from scikit-image"
        named: Mapping[str, Sequence[float]] = _ASTRONAUT
    else:
        with Image.open(image) as file:
            photo = ImageOps.exif_transpose(file).convert("RGB")
        credit = str(image)
        width, height = photo.size
        named = {
            label: (x1 * width, y1 * height, x2 * width, y2 * height)
            for label, (x1, y1, x2, y2) in _FRACTIONS.items()
        }
    if boxes:
        named = {f"box {i}": box for i, box in enumerate(boxes)}
    for label, box in named.items():
        # The built-in operator fails on boxes that are inverted along one axis, and it lists every sample of
        # a box, so a huge one would take all memory there is.
        if box[0] >= box[2] or box[1] >= box[3]:
            raise ValueError(f"{label} is {box}; it must have x1 < x2 and y1 < y2")
        if not all(-side <= at <= 2 * side for side, at in zip(2 * photo.size, box)):
            raise ValueError(
                f"{label} is {box}; it must lie within one photograph's size, {photo.size}, of it"
            )
    scale = min(1.0, _LONGEST_SIDE / max(photo.size))
    if scale < 1:
        photo = photo.resize([max(1, round(side * scale)) for side in photo.size])
    pixels = np.asarray(photo, np.float32) / 255
    return Scene(credit, pixels, scale, np.array(list(named.values()), np.float32), list(named))


def pool(scene: Scene, size: int) -> Pooled:
    """Pool the boxes to (size, size) in ONNX Runtime: our operator, the built-in one; and the reference."""
    from roiops import export

    x = np.ascontiguousarray(scene.pixels.transpose(2, 0, 1)[None])
    count = len(scene.boxes)
    ours = run_model(
        export.make_roi_align_model(output_size=size, spatial_scale=scene.scale),
        {"X": x, "boxes": scene.boxes, "batch": np.array([count])},
        plugin=True,
    )
    builtin = run_model(
        standard_model((size, size), scene.scale),
        {"X": x, "rois": scene.boxes, "batch_indices": np.zeros(count, np.int64)},
        plugin=False,
    )
    exact = reference.roi_align(x, scene.boxes, [count], size, scene.scale)
    # The built-in operator also rounds where a sample lies, and a pixel may be all of [0, 1] from the next.
    furthest = float(np.abs(scene.boxes).max()) * scene.scale
    return Pooled(
        ours,
        [
            Comparison(
                "built-in RoiAlign",
                _difference(ours, builtin),
                float(TOLERANCE + 4 * np.finfo("f4").eps * furthest),
            ),
            Comparison("float64 reference", _difference(ours, exact), TOLERANCE),
        ],
    )


def _difference(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a - b).max())


def draw(scene: Scene, crops: np.ndarray, heads: np.ndarray, out: Path) -> None:
    """Write a PNG: the photograph with its boxes, beside it each box pooled to a crop and to a head's input.

    Raises:
        OSError: ``out`` cannot be written.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    height, width = (side / scene.scale for side in scene.pixels.shape[:2])
    rows = max(1, min(len(crops), 4))
    pairs = -(-len(crops) // rows)  # columns of crop and head
    figure = Figure(figsize=(6.4 * width / height + 3.4 * pairs, 6.4), dpi=100, layout="constrained")
    grid = figure.add_gridspec(rows, 1 + 2 * pairs, width_ratios=[rows * width / height] + [1] * 2 * pairs)
    photo = figure.add_subplot(grid[:, 0])
    # A box's corner (0, 0) is the corner of the photograph, half a pixel before the first pixel's centre.
    photo.imshow(scene.pixels, extent=(0, width, height, 0))
    corners = scene.boxes.reshape(-1, 2)
    photo.set_xlim(min(0, corners[:, 0].min()), max(width, corners[:, 0].max()))
    photo.set_ylim(max(height, corners[:, 1].max()), min(0, corners[:, 1].min()))
    photo.set_axis_off()
    photo.set_title(scene.credit, fontsize=8, color="0.4", loc="left", y=-0.04)
    for k, (label, (x1, y1, x2, y2)) in enumerate(zip(scene.labels, scene.boxes)):
        color = f"C{k}"
        photo.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=color, linewidth=2.5))
        pair, row = divmod(k, rows)
        for column, (pooled, title) in enumerate([(crops[k], label), (heads[k], f"{HEAD} × {HEAD}")]):
            axes = figure.add_subplot(grid[row, 1 + 2 * pair + column])
            axes.imshow(np.clip(pooled.transpose(1, 2, 0), 0, 1))
            axes.set_title(title, fontsize=9, color=color)
            axes.set(xticks=[], yticks=[])
            for spine in axes.spines.values():
                spine.set(color=color, linewidth=2.5)
    figure.savefig(out, format="png", pil_kwargs={"optimize": True})
