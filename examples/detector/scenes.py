"""Scenes for the detector to learn from: shapes of several classes on busy backgrounds, as JPEG files.

Everything comes from a random generator, so a seed names a scene. Boxes are those of whole shapes, also of
parts that other shapes hide; only what is outside the picture is cut off.
"""

from __future__ import annotations

import argparse
import io
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

CLASSES = ("disc", "ring", "square", "triangle", "star", "cross")
_SIDES = (240, 400)  # pixels of a picture's width and height
_LENGTHS = (0.18, 0.5)  # of a shape's circumscribed circle, in the picture's smaller side
_MOST_SHAPES = 6
_VISIBLE = 0.7  # of a shape's area: what hides more of it is not put there
_CONTRAST = 90  # smallest distance of a shape's mean colour from what is behind it, in 8-bit RGB
_FINE = 3  # masks are drawn so many times larger, for smooth edges


@dataclass(frozen=True)
class Scene:
    """A picture with what there is to find in it."""

    jpeg: bytes
    boxes: np.ndarray  # (K, 4) float32, x1 y1 x2 y2 in pixels
    labels: np.ndarray  # (K,) int64, indices into CLASSES


def draw_scene(seed: int, most_shapes: int = _MOST_SHAPES) -> Scene:
    """Draw the scene of a seed; it has 0 to ``most_shapes`` shapes."""
    rng = np.random.default_rng(seed)
    width, height = rng.integers(*_SIDES, 2, endpoint=True)
    pixels = _background(rng, height, width)
    owner = np.full((height, width), -1)  # the shape that is seen at a pixel
    areas, boxes, labels = [], [], []
    for _ in range(rng.integers(0, most_shapes, endpoint=True)):
        label = int(rng.integers(len(CLASSES)))
        mask, area = _mask(rng, CLASSES[label], height, width)
        hidden = np.where(mask > 0.5, len(areas), owner)
        seen = [(hidden == shape).sum() for shape in range(len(areas) + 1)]
        if any(now < _VISIBLE * all_of_it for now, all_of_it in zip(seen, [*areas, area])):
            continue
        owner = hidden
        areas.append(area)
        rows, columns = (np.flatnonzero((mask > 0.5).any(axis=axis)) for axis in (1, 0))
        x1, y1, x2, y2 = box = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
        inside, cover = pixels[y1:y2, x1:x2], mask[y1:y2, x1:x2, None]
        inside += cover * (_texture(rng, y2 - y1, x2 - x1, inside.mean(axis=(0, 1))) - inside)
        boxes.append(box)
        labels.append(label)
    return Scene(_jpeg(rng, pixels), np.array(boxes, np.float32).reshape(-1, 4), np.array(labels, np.int64))


def _jpeg(rng: np.random.Generator, pixels: np.ndarray) -> bytes:
    """Encode with the faults of a camera: blur, noise, strong compression."""
    image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0, 1.2)))
    noisy = np.asarray(image) + rng.normal(0, rng.uniform(0, 10), pixels.shape)
    image = Image.fromarray(noisy.clip(0, 255).astype(np.uint8))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=int(rng.integers(40, 95)))
    return buffer.getvalue()


def _background(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Clouds of colour with strokes and arcs over them, none of which is a shape to find."""
    coarse = rng.uniform(0, 255, (rng.integers(2, 7), rng.integers(2, 7), 3))
    coarse = rng.uniform(0, 255, 3) + rng.uniform(0.1, 0.6) * (coarse - 127)
    image = Image.fromarray(coarse.clip(0, 255).astype(np.uint8)).resize(
        (int(width), int(height)), Image.Resampling.BICUBIC
    )
    draw = ImageDraw.Draw(image)
    for _ in range(rng.integers(0, 10)):
        colour = tuple(map(int, rng.integers(0, 256, 3)))
        thickness = int(rng.integers(1, 5))
        x1, x2 = sorted(rng.uniform(-0.2, 1.2, 2) * width)
        y1, y2 = sorted(rng.uniform(-0.2, 1.2, 2) * height)
        if rng.random() < 0.5:
            draw.line((x1, y1, x2, y2) if rng.random() < 0.5 else (x1, y2, x2, y1), colour, thickness)
        else:
            start = rng.uniform(0, 360)
            draw.arc((x1, y1, x2 + 1, y2 + 1), start, start + rng.uniform(20, 140), colour, thickness)
    return np.asarray(image, np.float64).copy()


def _mask(rng: np.random.Generator, name: str, height: int, width: int) -> tuple[np.ndarray, float]:
    """Return how much of each pixel a shape covers, and the area of the whole shape, also off the picture."""
    radius = rng.uniform(*_LENGTHS) * min(height, width) / 2
    squeeze = rng.uniform(0.7, 1)
    turn = rng.uniform(0, 2 * math.pi)
    cos, sin = radius * math.cos(turn), radius * math.sin(turn)
    centre = rng.uniform(0, 1, 2) * (width, height)
    image = Image.new("L", (int(width) * _FINE, int(height) * _FINE))
    draw = ImageDraw.Draw(image)
    area = 0.0
    for outline, ink in _outlines(rng, name):
        x, y = outline[:, 0], outline[:, 1] * squeeze
        corners = np.stack([x * cos - y * sin, x * sin + y * cos], axis=1) + centre
        draw.polygon([tuple(corner) for corner in corners * _FINE], fill=ink)
        area += (1 if ink else -1) * abs(_signed_area(corners))
    small = image.resize((int(width), int(height)), Image.Resampling.BOX)
    return np.asarray(small, np.float64) / 255, area


def _signed_area(corners: np.ndarray) -> float:
    x, y = corners.T
    return float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)) / 2)


def _outlines(rng: np.random.Generator, name: str) -> list[tuple[np.ndarray, int]]:
    """Return a shape's polygons in the unit circle, each with 255 where it is filled and 0 where cut out."""
    if name == "disc":
        return [(_polygon(48), 255)]
    if name == "ring":
        return [(_polygon(48), 255), (_polygon(48) * rng.uniform(0.45, 0.7), 0)]
    if name == "square":
        return [(_polygon(4) @ np.array([(1, 1), (-1, 1)]) / math.sqrt(2), 255)]  # squeezed along a side
    if name == "triangle":
        return [(_polygon(3), 255)]
    if name == "star":
        inner = rng.uniform(0.35, 0.5)
        return [(_polygon(10) * np.where(np.arange(10) % 2, inner, 1)[:, None], 255)]
    arm = rng.uniform(0.2, 0.38)
    quarter = np.array([(arm, 1), (arm, arm), (1, arm)]) / math.hypot(arm, 1)
    turned = [quarter @ np.linalg.matrix_power(np.array([(0, -1), (1, 0)]), k) for k in range(4)]
    return [(np.concatenate(turned), 255)]


def _polygon(corners: int) -> np.ndarray:
    angle = np.arange(corners) * 2 * math.pi / corners
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _texture(rng: np.random.Generator, height: int, width: int, behind: np.ndarray) -> np.ndarray:
    """Fill a picture with a pattern of two colours that stands out from the mean colour behind it."""
    while True:
        first, second = rng.uniform(0, 255, (2, 3))
        second = first + rng.uniform(0.2, 0.8) * (second - first)
        if np.linalg.norm((first + second) / 2 - behind) > _CONTRAST:
            break
    turn, period = rng.uniform(0, math.pi), rng.uniform(5, 24)
    y, x = np.mgrid[:height, :width] / period
    along = x * math.cos(turn) + y * math.sin(turn)
    across = y * math.cos(turn) - x * math.sin(turn)
    patterns = {
        "plain": lambda: np.zeros((height, width)),
        "stripes": lambda: np.floor(along) % 2,
        "checks": lambda: (np.floor(along) + np.floor(across)) % 2,
        "dots": lambda: (along % 1 - 0.5) ** 2 + (across % 1 - 0.5) ** 2 < 0.09,
        "waves": lambda: 0.5 + 0.5 * np.sin(along),
        "grain": lambda: rng.random((height, width)),
    }
    pattern = patterns[str(rng.choice(list(patterns)))]()
    return first + pattern[..., None] * (second - first)


def main() -> None:
    """Write a scene as PATH, a JPEG, and what is in it as JSON beside that."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument("path", type=Path)
    arguments = parser.parse_args()
    scene = draw_scene(arguments.seed)
    arguments.path.write_bytes(scene.jpeg)
    truth = {"boxes": scene.boxes.tolist(), "names": [CLASSES[label] for label in scene.labels]}
    arguments.path.with_suffix(".json").write_text(json.dumps(truth) + "\n")


if __name__ == "__main__":
    main()
