"""Standard RoiAlign becomes roiops RoiAlign, with every default of its opset written out."""

from __future__ import annotations

import math

import onnx_ir as ir

from roiops.export.upgrader.graph.attributes import (
    get_float,
    get_int,
    get_string,
    read_attributes,
    write_attributes,
)
from roiops.export.upgrader.graph.nodes import is_op, name_of, required
from roiops.export.upgrader.graph.scopes import Owner, opset_of, owners
from roiops.export.upgrader.report import LEFT, REPLACED, describe
from roiops.export.upgrader.rewrites.context import Context, Pass
from roiops.export.upgrader.rewrites.survey import Survey
from roiops.operators import DOMAIN, ROI_ALIGN, VERSION

OLDEST, NEWEST = 10, 25
FIRST_WITH_MODES = 16

_FLOATS = {ir.DataType.FLOAT, ir.DataType.DOUBLE, ir.DataType.FLOAT16, ir.DataType.BFLOAT16}
_ALIGNED = {"half_pixel": True, "output_half_pixel": False}
_ATTRIBUTES = {"mode", "output_height", "output_width", "sampling_ratio", "spatial_scale"}


class ReplaceStandard(Pass):
    """Turn each standard RoiAlign of opset 10 to 25 into ours; what cannot be carried over is reported.

    Args:
        context: shared by the passes of one run.
        max_interpolated: also turn mode "max" (maximum of weighted corners) into ours (maximum of samples).
    """

    # Nodes that it makes are not there already.
    after = (Survey,)

    def __init__(self, context: Context, max_interpolated: bool = False):
        super().__init__(context)
        self._max_interpolated = max_interpolated

    def rewrite(self, model: ir.Model) -> bool:
        """Replace in the graph, its subgraphs and the model's functions."""
        modified = False
        for owner in owners(model):
            standard = [node for node in owner.all_nodes() if is_op(node, "RoiAlign")]
            replaced = [self._replace(model, owner, node) for node in standard]
            if any(replaced):
                owner.opset_imports[DOMAIN] = VERSION
                model.graph.opset_imports[DOMAIN] = VERSION
                modified = True
        return modified

    def _replace(self, model: ir.Model, owner: Owner, node: ir.Node) -> bool:
        report = self.context.report
        try:
            arguments = self._arguments(model, owner, node)
        except ValueError as error:
            report.add(name_of(node), "RoiAlign", LEFT, str(error))
            return False
        node.domain = DOMAIN
        node.version = None
        write_attributes(node, ROI_ALIGN, arguments)
        self.context.from_opset[node] = opset_of(owner)
        self.context.entries[node] = report.add(
            name_of(node), "RoiAlign", REPLACED, "", **describe(arguments)
        )
        return True

    def _arguments(self, model: ir.Model, owner: Owner, node: ir.Node) -> dict[str, object]:
        """What our node is to be told; ValueError says why there is none."""
        opset = opset_of(owner)
        if not OLDEST <= opset <= NEWEST:
            raise ValueError(f"opset {opset}: RoiAlign is understood from {OLDEST} to {NEWEST}")
        _check_function(model, owner, node)
        _check_tensors(node)
        known = _ATTRIBUTES | ({"coordinate_transformation_mode"} if opset >= FIRST_WITH_MODES else set())
        for name in node.attributes:
            if name not in known:
                raise ValueError(f"attribute {name} does not exist in opset {opset}")
        mode = get_string(node, "mode", "avg").lower()
        if mode not in ("avg", "max"):
            raise ValueError(f"mode {mode!r} is neither avg nor max")
        if mode == "max" and not self._max_interpolated:
            raise ValueError(
                "mode max: the standard takes the maximum of weighted corners, roiops that of interpolated "
                "samples; max_interpolated asks for the change"
            )
        height, width = (_at_least(node, name, 1, 1) for name in ("output_height", "output_width"))
        return ROI_ALIGN.check(
            output_size=(height, width),
            spatial_scale=_scale(node),
            sampling_ratio=_at_least(node, "sampling_ratio", 0, 0),
            aligned=_aligned(node, opset),
            mode=mode,
            batch_format="batch_indices",
        )


def set_aligned(context: Context, node: ir.Node, aligned: bool) -> None:
    """Change ``aligned``, and what the report says of it."""
    arguments = {**read_attributes(node, ROI_ALIGN), "aligned": aligned}
    write_attributes(node, ROI_ALIGN, arguments)
    if node in context.entries:
        context.entries[node].parameters = describe(arguments)


def _check_function(model: ir.Model, owner: Owner, node: ir.Node) -> None:
    if node.op_identifier() in model.functions:
        raise ValueError("the model defines this operator itself")
    own, main = opset_of(owner), opset_of(model.graph)
    # ONNX Runtime inlines a function at the opset of the model, the standard says at the function's own.
    if (own < FIRST_WITH_MODES) != (main < FIRST_WITH_MODES):
        raise ValueError(
            f"in a function of opset {own} within a model of opset {main}: its meaning is disputed"
        )


def _check_tensors(node: ir.Node) -> None:
    if len(node.inputs) != 3 or None in node.inputs or len(node.outputs) != 1:
        raise ValueError(f"found {len(node.inputs)} inputs, wanted X, rois and batch_indices")
    x, rois, batch = (required(node, index) for index in range(3))
    for name, value, rank in (("X", x, 4), ("rois", rois, 2), ("batch_indices", batch, 1)):
        if value.shape is not None and len(value.shape) != rank:
            raise ValueError(f"{name} has {len(value.shape)} dimensions, wanted {rank}")
    if rois.shape is not None and isinstance(rois.shape[1], int) and rois.shape[1] != 4:
        raise ValueError(f"rois have {rois.shape[1]} columns, wanted 4")
    if x.dtype is not None and x.dtype not in _FLOATS:
        raise ValueError(f"X is {x.dtype}, wanted a floating-point type")
    if x.dtype is not None and rois.dtype is not None and x.dtype != rois.dtype:
        raise ValueError(f"X is {x.dtype} and rois are {rois.dtype}, wanted one type")
    if batch.dtype not in (None, ir.DataType.INT64):
        raise ValueError(f"batch_indices are {batch.dtype}, wanted INT64")


def _at_least(node: ir.Node, name: str, default: int, least: int) -> int:
    value = get_int(node, name, default)
    if value < least:
        raise ValueError(f"{name} is {value}, wanted at least {least}")
    return value


def _scale(node: ir.Node) -> float:
    scale = get_float(node, "spatial_scale", 1.0)
    if not (math.isfinite(scale) and scale > 0):
        raise ValueError(f"spatial_scale is {scale}, wanted a positive number")
    return scale


def _aligned(node: ir.Node, opset: int) -> bool:
    if opset < FIRST_WITH_MODES:
        return False
    mode = get_string(node, "coordinate_transformation_mode", "half_pixel")
    if mode not in _ALIGNED:
        raise ValueError(f"coordinate_transformation_mode is {mode!r}, wanted {' or '.join(_ALIGNED)}")
    return _ALIGNED[mode]
