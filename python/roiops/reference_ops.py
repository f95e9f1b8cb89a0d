"""The operators for ``onnx.reference``: ``ReferenceEvaluator(model, new_ops=roiops.reference_ops.OPS)``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from roiops import reference
from roiops._extras import missing
from roiops.operators import (
    BOX_IOU_ROTATED,
    HEATMAPS_TO_KEYPOINTS,
    MULTI_SCALE_ROI_ALIGN,
    MULTI_SCALE_ROI_ALIGN_ROTATED,
    NMS_ROTATED,
    PASTE_MASKS,
    ROI_ALIGN,
    ROI_ALIGN_ROTATED,
    ROI_POOL,
    Operator,
)
from roiops.operators._shapes import element_types

try:
    from onnx.reference.op_run import OpRun
except ImportError as error:
    raise missing("onnx", "roiops.reference_ops", "export") from error

from roiops.export._schemas import make_schema


def _reference_op(operator: Operator, compute: Callable[..., Any]) -> type[OpRun]:
    """Return the class that lets the evaluator compute an operator by its oracle, in the outputs' types."""

    def _run(self: OpRun, *inputs: Any, **attributes: Any) -> tuple[np.ndarray, ...]:
        names = [given.argument for given in operator.inputs]
        values = dict(zip(names, inputs))
        if operator.inputs[-1].variadic:
            values[names[-1]] = list(inputs[len(names) - 1 :])
        given = {name: value for name, value in attributes.items() if value is not None}
        results = compute(**values, **operator.read_values(given))
        results = results if isinstance(results, tuple) else (results,)
        tensors = {
            i.type: values[i.argument][0] if i.variadic else values.get(i.argument) for i in operator.inputs
        }
        types = {name: tensor.dtype for name, tensor in tensors.items() if tensor is not None}
        wanted = element_types(operator, {name: dtype.name for name, dtype in types.items()}, given)
        dtypes = {dtype.name: dtype for dtype in types.values()}  # bfloat16 is no name that NumPy knows
        return tuple(y.astype(dtypes.get(name, name)) for y, name in zip(results, wanted))

    # The schema: otherwise the evaluator applies the defaults of a standard operator of the same name.
    members = {"_run": _run, "op_domain": operator.domain, "op_schema": make_schema(operator)}
    return type(operator.name, (OpRun,), members)


OPS = (
    _reference_op(ROI_ALIGN, reference.roi_align),
    _reference_op(MULTI_SCALE_ROI_ALIGN, reference.multiscale_roi_align),
    _reference_op(ROI_POOL, reference.roi_pool),
    _reference_op(PASTE_MASKS, reference.paste_masks),
    _reference_op(HEATMAPS_TO_KEYPOINTS, reference.heatmaps_to_keypoints),
    _reference_op(ROI_ALIGN_ROTATED, reference.roi_align_rotated),
    _reference_op(MULTI_SCALE_ROI_ALIGN_ROTATED, reference.multiscale_roi_align_rotated),
    _reference_op(BOX_IOU_ROTATED, reference.box_iou_rotated),
    _reference_op(NMS_ROTATED, reference.nms_rotated),
)
