"""Average precision, by the definition of Pascal VOC since 2010: the area under the whole curve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from roiops._detector.model import Detections, iou


def mean_average_precision(
    found: Sequence[Detections], truth: Sequence[Detections], threshold: float = 0.5
) -> tuple[float, dict[str, float]]:
    """Return the mean over classes and the average precision of each class that the pictures have.

    Args:
        found: detections in each picture.
        truth: what is in the same pictures.
        threshold: smallest overlap, intersection over union, with an object for having found it.
    """
    names = sorted({name for picture in truth for name in picture.names})
    precisions = {name: average_precision(found, truth, name, threshold) for name in names}
    return float(np.mean(list(precisions.values()))), precisions


def average_precision(
    found: Sequence[Detections], truth: Sequence[Detections], name: str, threshold: float = 0.5
) -> float:
    """Return the average precision of one class; arguments as of ``mean_average_precision``.

    Taken over all pictures in descending order of scores, a detection is right if, of its class, the object
    that it overlaps most reaches the threshold and is not found already.
    """
    scores, right, objects = [], [], 0
    for seen, there in zip(found, truth):
        boxes, wanted = _of_class(seen, name), _of_class(there, name)
        objects += len(wanted.boxes)
        scores.extend(boxes.scores)
        right.extend(_match(iou(boxes.boxes, wanted.boxes), threshold))
    in_order = np.array(right, bool)[np.argsort(-np.array(scores), kind="stable")]
    hits = np.cumsum(in_order)
    precision = hits / np.arange(1, len(hits) + 1)
    # The curve's value at a recall is the best precision at that recall or a higher one.
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(envelope[in_order].sum() / objects)


def _match(overlaps: np.ndarray, threshold: float) -> list[bool]:
    """Say which detections are right, given their overlaps with all objects, best scores first."""
    free = np.ones(overlaps.shape[1], bool)
    right = []
    for overlap in overlaps:
        best = int(np.argmax(overlap)) if overlap.size else -1
        right.append(bool(best >= 0 and overlap[best] >= threshold and free[best]))
        if right[-1]:
            free[best] = False
    return right


def _of_class(picture: Detections, name: str) -> Detections:
    keep = np.array([other == name for other in picture.names], bool)
    return Detections(picture.boxes[keep], [name] * int(keep.sum()), picture.scores[keep])
