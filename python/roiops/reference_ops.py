"""The operators for ``onnx.reference``: ``ReferenceEvaluator(model, new_ops=roiops.reference_ops.OPS)``."""

from __future__ import annotations

try:
    from onnx.reference.op_run import OpRun
except ImportError as error:
    raise ImportError(
        "roiops.reference_ops needs onnx; install it with: pip install 'roiops[export]'"
    ) from error

from roiops import reference
from roiops.export import _schemas


class RoiAlign(OpRun):
    """``roiops::RoiAlign`` through `reference.roi_align`, rounded to the dtype of X."""

    op_domain = _schemas.DOMAIN
    op_schema = (
        _schemas.roi_align_schema()
    )  # otherwise the evaluator applies the standard RoiAlign's defaults

    def _run(self, x, boxes, batch, *, output_height, output_width, aligned, **attributes):
        size = (output_height, output_width)
        y = reference.roi_align(x, boxes, batch, size, aligned=bool(aligned), **attributes)
        return (y.astype(x.dtype),)


class MultiScaleRoiAlign(OpRun):
    """``roiops::MultiScaleRoiAlign`` through `reference.multiscale_roi_align`, rounded to the dtype of X."""

    op_domain = _schemas.DOMAIN
    op_schema = _schemas.multiscale_roi_align_schema()

    def _run(self, boxes, batch, levels, *xs, output_height, output_width, aligned, **attributes):
        size = (output_height, output_width)
        y = reference.multiscale_roi_align(
            xs, boxes, batch, levels, size, aligned=bool(aligned), **attributes
        )
        return (y.astype(xs[0].dtype),)


OPS = (RoiAlign, MultiScaleRoiAlign)
