"""The last steps of torchvision's detectors as one node each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import torch
from torch import Tensor
from torchvision.models.detection import roi_heads, transform

from roiops.export.torch._operators import heatmaps_to_keypoints, paste_masks


@contextmanager
def fused_heads() -> Iterator[None]:
    """Let torchvision's detectors paste masks and find keypoints by our operators, as long as it is open.

    Exported, these steps are one ``roiops::PasteMasks`` and one ``roiops::HeatmapsToKeypoints`` per image,
    where torchvision's own are loops. For the whole process: not while another thread runs such a detector.
    """
    with ExitStack() as stack:
        for module, name, function in (
            (transform, "paste_masks_in_image", _paste_masks_in_image),
            (roi_heads, "paste_masks_in_image", _paste_masks_in_image),
            (roi_heads, "heatmaps_to_keypoints", heatmaps_to_keypoints),
        ):
            stack.enter_context(mock.patch.object(module, name, function))
        yield


_original = roi_heads.paste_masks_in_image


def _paste_masks_in_image(masks: Tensor, boxes: Tensor, img_shape: Sequence[Any], padding: int = 1) -> Tensor:
    """Do what the function of this name does, with its signature."""
    if padding != 1:
        return _original(masks, boxes, img_shape, padding)
    # An exporter follows the sizes of the image only as tensors.
    size = torch.stack([torch.scalar_tensor(side, dtype=torch.int64) for side in img_shape])
    return paste_masks(masks, boxes, size)[:, None]
