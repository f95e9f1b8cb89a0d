"""Standard MaxRoiPool becomes roiops RoiPool."""

from __future__ import annotations

from typing import Any

import onnx_ir as ir

from roiops.export.upgrader.graph.attributes import get_float, get_ints
from roiops.export.upgrader.graph.emit import Emitter, Names, replace
from roiops.export.upgrader.graph.nodes import is_op, name_of, required
from roiops.export.upgrader.graph.scopes import Owner, opset_of, owners
from roiops.export.upgrader.report import LEFT, REPLACED, describe
from roiops.export.upgrader.rewrites.context import Pass
from roiops.export.upgrader.rewrites.survey import Survey
from roiops.operators import DOMAIN, ROI_POOL, VERSION

OLDEST, NEWEST = 7, 25  # before opset 6 Cast names its type in words, and ONNX Runtime starts at 7

_FLOATS = {ir.DataType.FLOAT, ir.DataType.DOUBLE, ir.DataType.FLOAT16, ir.DataType.BFLOAT16}


class ReplaceMaxRoiPool(Pass):
    """Turn each MaxRoiPool into ours; what cannot be carried over is reported."""

    # Nodes that it makes are not there already.
    after = (Survey,)

    def rewrite(self, model: ir.Model) -> bool:
        """Replace in the graph, its subgraphs and the model's functions."""
        names, modified = Names(model), False
        for owner in owners(model):
            standard = [node for node in owner.all_nodes() if is_op(node, "MaxRoiPool")]
            replaced = [self._replace(model, owner, node, names) for node in standard]
            if any(replaced):
                owner.opset_imports[DOMAIN] = VERSION
                model.graph.opset_imports[DOMAIN] = VERSION
                modified = True
        return modified

    def _replace(self, model: ir.Model, owner: Owner, node: ir.Node, names: Names) -> bool:
        report = self.context.report
        try:
            arguments = _arguments(model, owner, node)
        except ValueError as error:
            report.add(name_of(node), "MaxRoiPool", LEFT, str(error))
            return False
        facts = self.context.facts(owner)
        emitter = Emitter(names, node.name or "roiops")
        x, rois = required(node, 0), required(node, 1)
        boxes = emitter.op("Gather", rois, emitter.vector([1, 2, 3, 4]), axis=1)
        image = emitter.op("Gather", rois, emitter.scalar(0), axis=1)
        image = emitter.op("Cast", image, to=int(ir.DataType.INT64))
        pooled = emitter.ours(ROI_POOL, [x, boxes, image], arguments)
        self.context.entries[emitter.nodes[-1]] = report.add(
            name_of(node), "MaxRoiPool", REPLACED, "", **describe(arguments)
        )
        replace(node, emitter, pooled)
        for new in emitter.nodes:
            facts.learn(new)
        return True


def _arguments(model: ir.Model, owner: Owner, node: ir.Node) -> dict[str, Any]:
    """What our node is to be told; ValueError says why there is none."""
    opset = opset_of(owner)
    if not OLDEST <= opset <= NEWEST:
        raise ValueError(f"opset {opset}: MaxRoiPool is understood from {OLDEST} to {NEWEST}")
    if node.op_identifier() in model.functions:
        raise ValueError("the model defines this operator itself")
    if len(node.inputs) != 2 or None in node.inputs or len(node.outputs) != 1:
        raise ValueError(f"found {len(node.inputs)} inputs, wanted X and rois")
    for name in node.attributes:
        if name not in ("pooled_shape", "spatial_scale"):
            raise ValueError(f"attribute {name} does not exist in opset {opset}")
    _check_tensors(required(node, 0), required(node, 1))
    size = get_ints(node, "pooled_shape")
    if size is None:
        raise ValueError("attribute pooled_shape is missing")
    return ROI_POOL.check(
        output_size=size,
        spatial_scale=get_float(node, "spatial_scale", 1.0),
        batch_format="batch_indices",
    )


def _check_tensors(x: ir.Value, rois: ir.Value) -> None:
    for name, value, rank in (("X", x, 4), ("rois", rois, 2)):
        if value.shape is not None and len(value.shape) != rank:
            raise ValueError(f"{name} has {len(value.shape)} dimensions, wanted {rank}")
    if rois.shape is not None and isinstance(rois.shape[1], int) and rois.shape[1] != 5:
        raise ValueError(f"rois have {rois.shape[1]} columns, wanted 5")
    if x.dtype is not None and x.dtype not in _FLOATS:
        raise ValueError(f"X is {x.dtype}, wanted a floating-point type")
    if x.dtype is not None and rois.dtype is not None and x.dtype != rois.dtype:
        raise ValueError(f"X is {x.dtype} and rois are {rois.dtype}, wanted one type")
