"""Standard RoiAlign becomes roiops RoiAlign, with every default of its opset written out."""

from __future__ import annotations

import math

import onnx_ir as ir

from roiops.export.upgrader.graph.attributes import get_float, get_int, get_string
from roiops.export.upgrader.graph.names import name_of
from roiops.export.upgrader.report import LEFT, REPLACED, UpgradeReport
from roiops.export.upgrader.rewrites.validate import Owner, opset_of, owners

DOMAIN = "roiops"
OLDEST, NEWEST = 10, 25
FIRST_WITH_MODES = 16
# Keys of node.meta, which no file holds: the opset a node came from, and its entry in the report.
FROM_OPSET = "roiops.from_opset"
ENTRY = "roiops.entry"

_FLOATS = {ir.DataType.FLOAT, ir.DataType.DOUBLE, ir.DataType.FLOAT16, ir.DataType.BFLOAT16}
_ALIGNED = {"half_pixel": 1, "output_half_pixel": 0}
_ATTRIBUTES = {"mode", "output_height", "output_width", "sampling_ratio", "spatial_scale"}


class ReplaceStandardPass(ir.passes.InPlacePass):
    """Turn each standard RoiAlign of opset 10 to 25 into ours; what cannot be carried over is reported.

    Args:
        report: receives one entry per node.
        max_interpolated: also turn mode "max" (maximum of weighted corners) into ours (maximum of samples).
    """

    def __init__(self, report: UpgradeReport, max_interpolated: bool = False):
        self._report = report
        self._max_interpolated = max_interpolated

    def call(self, model: ir.Model) -> ir.passes.PassResult:
        """Replace in the graph, its subgraphs and the model's functions."""
        modified = False
        for owner in owners(model):
            replaced = [self._replace(model, owner, node) for node in owner.all_nodes() if is_standard(node)]
            if any(replaced):
                owner.opset_imports[DOMAIN] = 1
                model.graph.opset_imports[DOMAIN] = 1
                modified = True
        return ir.passes.PassResult(model, modified)

    def _replace(self, model: ir.Model, owner: Owner, node: ir.Node) -> bool:
        try:
            attributes = self._attributes(model, owner, node)
        except ValueError as error:
            self._report.add(name_of(node), "RoiAlign", LEFT, str(error))
            return False
        node.domain = DOMAIN
        node.version = None
        node.meta[FROM_OPSET] = opset_of(owner)
        node.attributes.clear()
        for name, value in attributes.items():
            node.attributes[name] = ir.convenience.convert_attribute(name, value)
        node.meta[ENTRY] = self._report.add(name_of(node), "RoiAlign", REPLACED, "", **parameters(node))
        return True

    def _attributes(self, model: ir.Model, owner: Owner, node: ir.Node) -> dict[str, object]:
        """The attributes of our node; ValueError says why there is none."""
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
        return {
            "output_height": _at_least(node, "output_height", 1, 1),
            "output_width": _at_least(node, "output_width", 1, 1),
            "spatial_scale": _scale(node),
            "sampling_ratio": _at_least(node, "sampling_ratio", 0, 0),
            "aligned": _aligned(node, opset),
            "mode": mode,
            "batch_format": "batch_indices",
        }


def is_standard(node: ir.Node) -> bool:
    """Whether a node is the standard operator."""
    return node.domain == "" and node.op_type == "RoiAlign"


def is_ours(node: ir.Node | None) -> bool:
    """Whether a node is the single-level operator of this project."""
    return node is not None and node.domain == DOMAIN and node.op_type == "RoiAlign"


def parameters(node: ir.Node) -> dict[str, object]:
    """The parameters of one of our nodes, for the report."""
    size = f"{get_int(node, 'output_height', 0)}x{get_int(node, 'output_width', 0)}"
    return {
        "size": size,
        "scale": get_float(node, "spatial_scale", 1.0),
        "ratio": get_int(node, "sampling_ratio", -1),
        "aligned": bool(get_int(node, "aligned", 1)),
        "mode": get_string(node, "mode", "avg"),
    }


def set_aligned(node: ir.Node, aligned: bool) -> None:
    """Change ``aligned``, and what the report says of it."""
    node.attributes["aligned"] = ir.AttrInt64("aligned", int(aligned))
    if ENTRY in node.meta:
        node.meta[ENTRY].parameters = parameters(node)


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
    x, rois, batch = node.inputs
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


def _aligned(node: ir.Node, opset: int) -> int:
    if opset < FIRST_WITH_MODES:
        return 0
    mode = get_string(node, "coordinate_transformation_mode", "half_pixel")
    if mode not in _ALIGNED:
        raise ValueError(f"coordinate_transformation_mode is {mode!r}, wanted {' or '.join(_ALIGNED)}")
    return _ALIGNED[mode]
