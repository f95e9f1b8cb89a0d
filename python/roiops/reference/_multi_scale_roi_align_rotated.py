"""RoIAlign of rotated boxes over a pyramid: RoIAlign of the boxes of every level."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from roiops.operators import MULTI_SCALE_ROI_ALIGN_ROTATED
from roiops.reference._pooling import pool_pyramid
from roiops.reference._roi_align_rotated import roi_align_rotated


def multiscale_roi_align_rotated(
    xs: Sequence[npt.ArrayLike],
    boxes: npt.ArrayLike,
    batch: npt.ArrayLike,
    levels: npt.ArrayLike,
    output_size: int | Sequence[int],
    spatial_scales: Sequence[float],
    sampling_ratio: int = -1,
    aligned: bool = True,
    *,
    clockwise: bool = False,
    angle_unit: str = "radians",
    mode: str = "avg",
    batch_format: str = "boxes_num",
) -> np.ndarray:
    """Pool every box from the feature map that ``levels`` names.

    Args:
        xs: feature maps (N, C, H_l, W_l) of one dtype.
        boxes: (K, 5) as in `roi_align_rotated`.
        batch: as in `roi_align_rotated`.
        levels: (K,) index into ``xs`` of each box, int32 or int64.
        output_size: as in `roi_align_rotated`.
        spatial_scales: one scale per feature map.
        sampling_ratio: as in `roi_align_rotated`.
        aligned: as in `roi_align_rotated`.
        clockwise: as in `roi_align_rotated`.
        angle_unit: as in `roi_align_rotated`.
        mode: as in `roi_align_rotated`.
        batch_format: as in `roi_align_rotated`.

    Returns:
        (K, C, height, width) in float64, in the order of the boxes.

    Raises:
        TypeError, ValueError: the message starts with the argument's name.
    """
    arguments = MULTI_SCALE_ROI_ALIGN_ROTATED.check(
        output_size=output_size,
        spatial_scales=spatial_scales,
        sampling_ratio=sampling_ratio,
        aligned=aligned,
        clockwise=clockwise,
        angle_unit=angle_unit,
        mode=mode,
        batch_format=batch_format,
    )
    values = {"xs": xs, "boxes": boxes, "batch": batch, "levels": levels}
    return pool_pyramid(MULTI_SCALE_ROI_ALIGN_ROTATED, roi_align_rotated, values, arguments)
