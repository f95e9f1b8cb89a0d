"""The operators of mmdeploy's and mmcv's ONNX Runtime backends: in which domain each was ever written.

They are not of the table: their nodes are read where they are rewritten, and their kernels are a library of
their own (``roiops.register(options, mmdeploy=True)``).
"""

from __future__ import annotations

MMDEPLOY, MMCV = "mmdeploy", "mmcv"

DOMAINS: dict[str, tuple[str, ...]] = {
    "NMSRotated": (MMDEPLOY,),
    "MMCVRoIAlignRotated": (MMDEPLOY, MMCV),
    "MMCVRoiAlign": (MMDEPLOY, MMCV),
    "grid_sampler": (MMDEPLOY, MMCV),
    "NMSMatch": (MMDEPLOY,),
    "NonMaxSuppression": (MMCV,),
    "SoftNonMaxSuppression": (MMCV,),
    "cummax": (MMCV,),
    "cummin": (MMCV,),
    "MMCVCornerPool": (MMCV,),
    "MMCVDeformConv2d": (MMDEPLOY, MMCV),
    "MMCVModulatedDeformConv2d": (MMDEPLOY, MMCV),
    "MMCVMultiScaleDeformableAttention": (MMDEPLOY,),
    "MMCVRotatedFeatureAlign": (MMCV,),
}
