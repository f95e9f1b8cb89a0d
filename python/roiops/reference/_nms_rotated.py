"""Non-maximum suppression of rotated boxes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from roiops.operators import NMS_ROTATED
from roiops.reference._box_iou_rotated import box_iou_rotated, gaussian_iou_rotated


def nms_rotated(
    boxes: npt.ArrayLike,
    scores: npt.ArrayLike,
    iou_threshold: float,
    *,
    score_threshold: float | None = None,
    max_output_boxes_per_class: int = 0,
    inclusive: bool = False,
    iou: str = "polygon",
    suppression: str = "greedy",
    clockwise: bool = True,
    angle_unit: str = "radians",
) -> np.ndarray:
    """Return the boxes kept, class by class.

    Args:
        boxes: (N, B, 5).
        scores: (N, C, B).
        iou_threshold: boxes with a larger overlap suppress; with an equal one, too, if ``inclusive``.
        score_threshold: scores must be greater; None: all that are not NaN.
        max_output_boxes_per_class: limit for each class of each image; <= 0: none.
        inclusive: see ``iou_threshold``.
        iou: "polygon" or "gaussian".
        suppression: "greedy": kept boxes suppress; "fast": suppressed ones, too.
        clockwise: as in `box_iou_rotated`.
        angle_unit: as in `box_iou_rotated`.

    Returns:
        (K, 3) int64: image, class, box; by image, class, descending score and index. Boxes that are not
        finite suppress nothing and are not suppressed.
    """
    arguments = NMS_ROTATED.check(
        iou_threshold=iou_threshold,
        score_threshold=score_threshold,
        max_output_boxes_per_class=max_output_boxes_per_class,
        inclusive=inclusive,
        iou=iou,
        suppression=suppression,
        clockwise=clockwise,
        angle_unit=angle_unit,
    )
    threshold, least = arguments["iou_threshold"], arguments["score_threshold"]
    boxes, scores = np.asarray(boxes, np.float64), np.asarray(scores, np.float64)
    overlap = box_iou_rotated if iou == "polygon" else gaussian_iou_rotated
    selected = []
    for image, of_class in np.ndindex(scores.shape[:2]):
        score = scores[image, of_class]
        with np.errstate(invalid="ignore"):
            passes = score == score if least is None else score > least
        order = [int(i) for i in np.argsort(-score, kind="stable") if passes[i]]
        kept: list[int] = []
        suppressing: list[int] = []
        for i in order:
            if 0 < max_output_boxes_per_class <= len(kept):
                break
            with np.errstate(invalid="ignore"):
                found = overlap(
                    boxes[image][suppressing],
                    boxes[image][[i]],
                    clockwise=clockwise,
                    angle_unit=angle_unit,
                ).ravel()
                falls = bool(((found >= threshold) if inclusive else (found > threshold)).any())
            if not falls:
                kept.append(i)
            if not falls or suppression == "fast":
                suppressing.append(i)
        selected += [(image, of_class, i) for i in kept]
    return np.array(selected, np.int64).reshape(-1, 3)
