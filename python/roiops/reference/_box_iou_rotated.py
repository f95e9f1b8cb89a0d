"""Overlap of rotated boxes, as polygons and as Gaussians.

Polygons are cut half-plane by half-plane (Sutherland and Hodgman, "Reentrant polygon clipping", 1974), which
is not what the kernels do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from roiops.operators import BOX_IOU_ROTATED


def box_iou_rotated(
    a: npt.ArrayLike, b: npt.ArrayLike, mode: str = "iou", clockwise: bool = True, angle_unit: str = "radians"
) -> np.ndarray:
    """Return the overlap of every box of ``a`` with every box of ``b``.

    Args:
        a: (A, 5) boxes as cx, cy, w, h, angle.
        b: (B, 5) boxes.
        mode: "iou", the shared area over that of the union; "iof", over the area of the box of ``a``.
        clockwise: the angle turns x towards y, which points down.
        angle_unit: "radians" or "degrees".

    Returns:
        (A, B) in float64. A box with a side that is not positive has no area: 0. NaN for a box that is not
        finite.
    """
    arguments = BOX_IOU_ROTATED.check(mode=mode, clockwise=clockwise, angle_unit=angle_unit)
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    result = np.zeros((len(a), len(b)))
    for i, j in np.ndindex(result.shape):
        result[i, j] = _overlap(a[i], b[j], **arguments)
    return result


def gaussian_iou_rotated(
    a: npt.ArrayLike, b: npt.ArrayLike, clockwise: bool = True, angle_unit: str = "radians"
) -> np.ndarray:
    """Return ProbIoU (Llerena et al., 2021) as Ultralytics' ``probiou`` computes it, (A, B) in float64."""
    eps = 1e-7
    (x1, y1, a1, b1, c1), (x2, y2, a2, b2, c2) = (
        _gaussian(np.asarray(boxes, np.float64), clockwise, angle_unit) for boxes in (a, b)
    )
    x1, y1, a1, b1, c1 = (value[:, None] for value in (x1, y1, a1, b1, c1))
    determinant = (a1 + a2) * (b1 + b2) - (c1 + c2) ** 2
    t1 = ((a1 + a2) * (y1 - y2) ** 2 + (b1 + b2) * (x1 - x2) ** 2) / (determinant + eps) * 0.25
    t2 = (c1 + c2) * (x2 - x1) * (y1 - y2) / (determinant + eps) * 0.5
    own = np.sqrt(np.maximum(a1 * b1 - c1**2, 0) * np.maximum(a2 * b2 - c2**2, 0))
    t3 = np.log(determinant / (4 * own + eps) + eps) * 0.5
    return 1 - np.sqrt(1 - np.exp(-np.clip(t1 + t2 + t3, eps, 100)) + eps)


def _turned(angle: Any, clockwise: bool, angle_unit: str) -> Any:
    radians = np.deg2rad(angle) if angle_unit == "degrees" else angle
    return radians if clockwise else -radians


def _corners(box: np.ndarray, clockwise: bool, angle_unit: str) -> np.ndarray:
    """Return the corners of a box, (4, 2), in an order that turns x towards y."""
    x, y, w, h, angle = box
    cos, sin = np.cos(_turned(angle, clockwise, angle_unit)), np.sin(_turned(angle, clockwise, angle_unit))
    u, v = np.array([cos, sin]) * w / 2, np.array([-sin, cos]) * h / 2
    return np.array([x, y]) + np.array([-u - v, u - v, u + v, v - u])


def _area(polygon: np.ndarray) -> float:
    if len(polygon) < 3:
        return 0.0
    x, y = (polygon - polygon[0]).T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def _cut(polygon: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return the part of a convex polygon on the inner side of a line: where it turns from x to y."""
    side = end - start
    distance = side[0] * (polygon[:, 1] - start[1]) - side[1] * (polygon[:, 0] - start[0])
    kept = []
    for i in range(len(polygon)):
        j = (i + 1) % len(polygon)
        if distance[i] >= 0:
            kept.append(polygon[i])
        if (distance[i] >= 0) != (distance[j] >= 0):
            share = distance[i] / (distance[i] - distance[j])
            kept.append(polygon[i] + share * (polygon[j] - polygon[i]))
    return np.array(kept).reshape(-1, 2)


def _overlap(a: np.ndarray, b: np.ndarray, mode: str, clockwise: bool, angle_unit: str) -> float:
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return float("nan")
    if min(*a[2:4], *b[2:4]) <= 0:
        return 0.0
    origin = (a[:2] + b[:2]) / 2
    polygon = _corners(a, clockwise, angle_unit) - origin
    other = _corners(b, clockwise, angle_unit) - origin
    for start, end in zip(other, np.roll(other, -1, axis=0)):
        polygon = _cut(polygon, start, end)
    shared, area_a, area_b = _area(polygon), a[2] * a[3], b[2] * b[3]
    return shared / (area_a + area_b - shared if mode == "iou" else area_a)


def _gaussian(boxes: np.ndarray, clockwise: bool, angle_unit: str) -> tuple[np.ndarray, ...]:
    x, y, w, h, angle = boxes.reshape(-1, 5).T
    cos, sin = np.cos(_turned(angle, clockwise, angle_unit)), np.sin(_turned(angle, clockwise, angle_unit))
    a, b = w**2 / 12, h**2 / 12
    return x, y, a * cos**2 + b * sin**2, a * sin**2 + b * cos**2, (a - b) * cos * sin
