"""Export PyTorch models with the roiops operators, by either exporter of ``torch.onnx``.

`translation_table` is for ``dynamo=True``, `register_symbolics` for ``dynamo=False``, `fused_poolers` for the
multi-level poolers of torchvision, Detectron2 and mmdetection, `fused_heads` for the last steps of
torchvision's Mask and Keypoint R-CNN, and `roi_align` and its siblings for models that call the operators
themselves.

Importing this module also registers ``torch.ops.roiops.roi_align`` and its siblings.
"""

from __future__ import annotations

import re as _re

from roiops._extras import missing as _missing

_OLDEST = (2, 6)  # the first whose dynamo exporter takes a translation table
_NEEDED = f"torch {_OLDEST[0]}.{_OLDEST[1]} or newer and the torchvision made for it"

try:
    import torch as _torch
    import torchvision as _torchvision  # noqa: F401
except (ImportError, RuntimeError) as error:  # a torchvision built for another torch fails as RuntimeError
    raise _missing(f"{_NEEDED} ({error})", "roiops.export.torch", "torch") from error
if tuple(map(int, _re.findall(r"\d+", _torch.__version__)[:2])) < _OLDEST:
    raise _missing(f"{_NEEDED} (found torch {_torch.__version__})", "roiops.export.torch", "torch")

from roiops.export.torch._heads import fused_heads  # noqa: E402
from roiops.export.torch._operators import (  # noqa: E402
    boxes_num,
    heatmaps_to_keypoints,
    multiscale_roi_align,
    paste_masks,
    roi_align,
)
from roiops.export.torch._poolers import fused_poolers  # noqa: E402
from roiops.export.torch._symbolics import register_symbolics, unregister_symbolics  # noqa: E402
from roiops.export.torch._translations import translation_table  # noqa: E402

__all__ = [
    "boxes_num",
    "fused_heads",
    "fused_poolers",
    "heatmaps_to_keypoints",
    "multiscale_roi_align",
    "paste_masks",
    "register_symbolics",
    "roi_align",
    "translation_table",
    "unregister_symbolics",
]
