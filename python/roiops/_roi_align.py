"""RoIAlign on NumPy arrays, with the signatures that Paddle documents and what others are used to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from roiops._pooling import pool
from roiops.operators import MULTI_SCALE_ROI_ALIGN, ROI_ALIGN


def roi_align(
    x: npt.ArrayLike,
    boxes: npt.ArrayLike | Sequence[npt.ArrayLike],
    boxes_num: npt.ArrayLike | None,
    output_size: int | Sequence[int],
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = True,
    name: str | None = None,
    *,
    mode: str = "avg",
    batch_indices: npt.ArrayLike | None = None,
) -> np.ndarray:
    """Pool every box into a grid of bins, each the mean of bilinear samples, by ONNX Runtime on the CPU.

    Safe to call from many threads. The first call with new attributes builds a session, later calls share it.
    Wherever an array is wanted, a list or a torch tensor on the CPU that needs no gradient will do.

    The image of each box is said in one of four ways::

        roi_align(x, boxes, boxes_num, 7)                             # boxes (K, 4), sorted by image
        roi_align(x, boxes, None, 7, batch_indices=image_of_each_box) # boxes (K, 4), in any order
        roi_align(x, rois, None, 7)                                   # rois (K, 5), the image first
        roi_align(x, [boxes_of_image_0, boxes_of_image_1], None, 7)   # one (K_n, 4) per image

    Args:
        x: features (N, C, H, W), float32, float64, float16 or bfloat16 (from ml_dtypes).
        boxes: (K, 4) as x1, y1, x2, y2 in pixels of the image; or, without ``boxes_num`` and
            ``batch_indices``, (K, 5) with the image of each box before that, or one (K_n, 4) per image. Cast
            to float32, with float64 ``x`` to float64.
        boxes_num: (N,) boxes of each image, int32 or int64, summing to K; the boxes are sorted by image.
        output_size: bins per axis, an int or (height, width).
        spatial_scale: pixels of ``x`` per pixel of the image.
        sampling_ratio: samples per bin and axis; <= 0 takes ceil(box size / output size).
        aligned: shift by half a pixel and keep small boxes small; otherwise boxes are at least one pixel.
        name: without effect, as in Paddle's dynamic mode.
        mode: "avg", or "max" for the largest interpolated sample of each bin.
        batch_indices: (K,) image of each box, int32 or int64, in any order; ``boxes_num`` is None then.

    Returns:
        (K, C, height, width), a NumPy array of the dtype of ``x``. Samples more than one pixel outside the
        map count as zero.

    Raises:
        TypeError: an argument of the wrong kind or dtype; the message starts with its name.
        ValueError: an argument of the wrong shape or value; the message starts with its name.
        ImportError: onnxruntime or onnx is missing; the message names the extra that brings it.
    """
    return pool(
        ROI_ALIGN,
        {"x": x, "boxes": boxes},
        boxes_num,
        batch_indices,
        name,
        output_size=output_size,
        spatial_scale=spatial_scale,
        sampling_ratio=sampling_ratio,
        aligned=aligned,
        mode=mode,
    )


def multiscale_roi_align(
    xs: Sequence[npt.ArrayLike],
    boxes: npt.ArrayLike | Sequence[npt.ArrayLike],
    boxes_num: npt.ArrayLike | None,
    levels: npt.ArrayLike,
    output_size: int | Sequence[int],
    spatial_scales: Sequence[float],
    sampling_ratio: int = -1,
    aligned: bool = True,
    name: str | None = None,
    *,
    mode: str = "avg",
    batch_indices: npt.ArrayLike | None = None,
) -> np.ndarray:
    """Pool every box from its level of a feature pyramid; otherwise as `roi_align`.

    Args:
        xs: feature maps (N, C, H_l, W_l), all of one dtype.
        boxes: as in `roi_align`, in each of its forms.
        boxes_num: as in `roi_align`.
        levels: (K,) index into ``xs`` of each box, int32 or int64, in any order; `roiops.levels` has the
            rules of several frameworks.
        output_size: as in `roi_align`.
        spatial_scales: pixels of each feature map per pixel of the image.
        sampling_ratio: as in `roi_align`.
        aligned: as in `roi_align`.
        name: as in `roi_align`.
        mode: as in `roi_align`.
        batch_indices: as in `roi_align`.

    Returns:
        (K, C, height, width), the dtype of the feature maps, in the order of the boxes.

    Raises:
        TypeError: an argument of the wrong kind or dtype; the message starts with its name.
        ValueError: an argument of the wrong shape or value; the message starts with its name.
        ImportError: onnxruntime or onnx is missing; the message names the extra that brings it.
    """
    return pool(
        MULTI_SCALE_ROI_ALIGN,
        {"xs": xs, "boxes": boxes, "levels": levels},
        boxes_num,
        batch_indices,
        name,
        output_size=output_size,
        spatial_scales=spatial_scales,
        sampling_ratio=sampling_ratio,
        aligned=aligned,
        mode=mode,
    )


class RoIAlign:
    """`roi_align` with its output size and scale fixed, like ``paddle.vision.ops.RoIAlign``.

    Args:
        output_size: bins per axis, an int or (height, width).
        spatial_scale: pixels of the features per pixel of the image.

    Raises:
        TypeError, ValueError: a wrong argument; the message starts with its name.
    """

    def __init__(self, output_size: int | Sequence[int], spatial_scale: float = 1.0):
        checked = ROI_ALIGN.check(output_size=output_size, spatial_scale=spatial_scale)
        self.output_size = checked["output_size"]
        self.spatial_scale = checked["spatial_scale"]

    def __call__(
        self,
        x: npt.ArrayLike,
        boxes: npt.ArrayLike | Sequence[npt.ArrayLike],
        boxes_num: npt.ArrayLike | None,
        aligned: bool = True,
    ) -> np.ndarray:
        """Pool ``boxes`` of ``x``; see `roi_align` for the arguments, the result and the errors."""
        return roi_align(x, boxes, boxes_num, self.output_size, self.spatial_scale, aligned=aligned)

    def __repr__(self) -> str:
        return f"RoIAlign(output_size={self.output_size}, spatial_scale={self.spatial_scale})"
