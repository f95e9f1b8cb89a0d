"""RoIAlign over a pyramid: RoIAlign of the boxes of every level."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from roiops.operators import MULTI_SCALE_ROI_ALIGN
from roiops.reference._pooling import pool_pyramid
from roiops.reference._roi_align import roi_align


def multiscale_roi_align(
    xs: Sequence[npt.ArrayLike],
    boxes: npt.ArrayLike,
    batch: npt.ArrayLike,
    levels: npt.ArrayLike,
    output_size: int | Sequence[int],
    spatial_scales: Sequence[float],
    sampling_ratio: int = -1,
    aligned: bool = True,
    *,
    mode: str = "avg",
    batch_format: str = "boxes_num",
) -> np.ndarray:
    """Pool every box from the feature map that ``levels`` names.

    Args:
        xs: feature maps (N, C, H_l, W_l) of one dtype.
        boxes: (K, 4) as in `roi_align`.
        batch: as in `roi_align`.
        levels: (K,) index into ``xs`` of each box, int32 or int64.
        output_size: as in `roi_align`.
        spatial_scales: one scale per feature map.
        sampling_ratio: as in `roi_align`.
        aligned: as in `roi_align`.
        mode: as in `roi_align`.
        batch_format: as in `roi_align`.

    Returns:
        (K, C, height, width) in float64, in the order of the boxes.

    Raises:
        TypeError, ValueError: the message starts with the argument's name.
    """
    arguments = MULTI_SCALE_ROI_ALIGN.check(
        output_size=output_size,
        spatial_scales=spatial_scales,
        sampling_ratio=sampling_ratio,
        aligned=aligned,
        mode="max" if mode == "max_corners" else mode,
        batch_format=batch_format,
    )
    values = {"xs": xs, "boxes": boxes, "batch": batch, "levels": levels}
    return pool_pyramid(MULTI_SCALE_ROI_ALIGN, roi_align, values, {**arguments, "mode": mode})
