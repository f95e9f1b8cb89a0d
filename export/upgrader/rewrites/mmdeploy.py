"""Nodes of mmdeploy and mmcv become ours, or standard ones where that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import onnx_ir as ir

from roiops.export.upgrader.graph.attributes import get_float, get_int, get_string
from roiops.export.upgrader.graph.emit import Emitter, Names, replace
from roiops.export.upgrader.graph.nodes import name_of, required
from roiops.export.upgrader.graph.scopes import Owner, owners
from roiops.export.upgrader.report import LEFT, REPLACED, WARNING, describe
from roiops.export.upgrader.rewrites.context import Pass
from roiops.export.upgrader.rewrites.mmdeploy_standard import STANDARD, write_standard
from roiops.export.upgrader.rewrites.survey import Survey
from roiops.operators import DOMAIN, NMS_ROTATED, ROI_ALIGN, ROI_ALIGN_ROTATED, VERSION, Operator
from roiops.operators.mmdeploy import DOMAINS, MMCV, MMDEPLOY

NEEDED = "roiops.register(options, mmdeploy=True) runs it"


class ReplaceMmdeploy(Pass):
    """Turn each node of mmdeploy and mmcv that is one of our operators into that, and report all others.

    Args:
        context: shared by the passes of one run.
        standard: also turn what standard operators can do into these, once ONNX Runtime's kernel has given
            what ours gives.
    """

    # Nodes that it makes are not there already.
    after = (Survey,)

    def __init__(self, context: Any, standard: bool = False):
        super().__init__(context)
        self._standard = standard

    def rewrite(self, model: ir.Model) -> bool:
        """Replace in the graph, its subgraphs and the model's functions."""
        names, modified = Names(model), False
        for owner in owners(model):
            theirs = [node for node in owner.all_nodes() if node.domain in (MMDEPLOY, MMCV)]
            replaced = [self._replace(model, owner, node, names) for node in theirs]
            modified |= any(replaced)
        return modified

    def _replace(self, model: ir.Model, owner: Owner, node: ir.Node, names: Names) -> bool:
        report, what = self.context.report, f"{node.domain}::{node.op_type}"
        if node.op_identifier() in model.functions:
            return False
        if node.domain not in DOMAINS.get(node.op_type, ()):
            report.add(name_of(node), what, WARNING, "no library has a kernel for it: the model does not run")
            return False
        emitter = Emitter(names, node.name or "roiops")
        try:
            shown = self._write(owner, node, emitter)
        except ValueError as error:
            report.add(name_of(node), what, LEFT, f"{error}; {NEEDED}")
            return False
        result = emitter.nodes[-1]
        if result.domain == DOMAIN:
            owner.opset_imports[DOMAIN] = VERSION
            model.graph.opset_imports[DOMAIN] = VERSION
        self.context.entries[result] = report.add(
            name_of(node), what, REPLACED, f"by {result.domain or 'the standard'} {result.op_type}", **shown
        )
        replace(node, emitter, result.outputs[0])
        return True

    def _write(self, owner: Owner, node: ir.Node, emitter: Emitter) -> dict[str, object]:
        """Write what replaces a node; ValueError says why nothing does."""
        if node.op_type in _OURS:
            arguments = _OURS[node.op_type](node, emitter)
            return describe(arguments)
        if node.op_type not in STANDARD:
            raise ValueError("no standard operator computes it")
        if not self._standard:
            raise ValueError(f"with mmdeploy_standard it becomes {STANDARD[node.op_type]}")
        write_standard(owner, node, emitter)
        return {}


def _given(node: ir.Node, read: Callable[..., Any], name: str) -> Any:
    """An attribute that mmdeploy always writes."""
    if name not in node.attributes:
        raise ValueError(f"attribute {name} is missing")
    return read(node, name, None)


def _flag(node: ir.Node, name: str) -> bool:
    value = _given(node, get_int, name)
    if value not in (0, 1):
        raise ValueError(f"{name} is {value}, wanted 0 or 1")
    return bool(value)


def _nms_rotated(node: ir.Node, emitter: Emitter) -> dict[str, Any]:
    arguments = NMS_ROTATED.check(
        iou_threshold=_given(node, get_float, "iou_threshold"),
        score_threshold=_given(node, get_float, "score_threshold"),
        clockwise=True,
    )
    emitter.ours(NMS_ROTATED, [required(node, 0), required(node, 1)], arguments)
    return arguments


def _roi_align_rotated(node: ir.Node, emitter: Emitter) -> dict[str, Any]:
    clockwise = _flag(node, "clockwise")
    return _pool(node, emitter, ROI_ALIGN_ROTATED, 5, clockwise=clockwise, mode="avg")


def _roi_align(node: ir.Node, emitter: Emitter) -> dict[str, Any]:
    return _pool(node, emitter, ROI_ALIGN, 4, mode=_given(node, get_string, "mode"))


def _pool(
    node: ir.Node, emitter: Emitter, operator: Operator, coordinates: int, **arguments: Any
) -> dict[str, Any]:
    """A pooler whose rows of boxes begin with their image."""
    sizes = [_given(node, get_int, name) for name in ("output_height", "output_width")]
    checked = operator.check(
        output_size=sizes,
        spatial_scale=_given(node, get_float, "spatial_scale"),
        sampling_ratio=_given(node, get_int, "sampling_ratio"),
        aligned=_flag(node, "aligned"),
        batch_format="batch_indices",
        **arguments,
    )
    rois = required(node, 1)
    boxes = emitter.op("Gather", rois, emitter.vector(range(1, coordinates + 1)), axis=1)
    image = emitter.op("Gather", rois, emitter.scalar(0), axis=1)
    image = emitter.op("Cast", image, to=int(ir.DataType.INT64))
    emitter.ours(operator, [required(node, 0), boxes, image], checked)
    return checked


_OURS: dict[str, Callable[[ir.Node, Emitter], dict[str, Any]]] = {
    "NMSRotated": _nms_rotated,
    "MMCVRoIAlignRotated": _roi_align_rotated,
    "MMCVRoiAlign": _roi_align,
}
