"""Repair what Paddle2ONNX loses: the boxes of images after the first, and whether the pooler is aligned.

Its fingerprint is a RoiAlign with batch indices Expand(0, Slice(Shape(boxes))): zero for every box. The
number of boxes per image survives only as an unused input of the graph, and ``aligned`` not at all.
"""

from __future__ import annotations

import onnx_ir as ir

from roiops.export.upgrader.facts.facts import Facts
from roiops.export.upgrader.graph.attributes import scalar
from roiops.export.upgrader.graph.nodes import is_op, is_ours, name_of, origin, required
from roiops.export.upgrader.graph.scopes import all_nodes
from roiops.export.upgrader.report import REPAIRED, WARNING
from roiops.export.upgrader.rewrites.context import Context, Pass
from roiops.export.upgrader.rewrites.standard import ReplaceStandard, set_aligned


class RepairPaddle(Pass):
    """Give Paddle's nodes their boxes_num and the caller's ``aligned``; without a choice, warn.

    Args:
        context: shared by the passes of one run.
        aligned: the ``aligned`` of the original Paddle layer, or None to leave such nodes as they are.
    """

    after = (ReplaceStandard,)

    def __init__(self, context: Context, aligned: bool | None = None):
        super().__init__(context)
        self._aligned = aligned

    def rewrite(self, model: ir.Model) -> bool:
        """Look at every roiops RoiAlign."""
        nodes = [node for node in all_nodes(model) if is_paddle(node)]
        if not nodes:
            return False
        report = self.context.report
        counts, doubt = _boxes_num(model.graph, nodes, self.context.facts(model.graph))
        for node in nodes:
            lost = counts is not None or not _one_image(node)
            if self._aligned is None:
                report.add(name_of(node), "RoiAlign", WARNING, _warning(lost))
                continue
            set_aligned(self.context, node, self._aligned)
            if counts is not None:
                node.replace_input_with(2, counts)
                node.attributes["batch_format"] = ir.AttrString("batch_format", "boxes_num")
                found = f"boxes_num from input {counts.name}"
            else:
                found = doubt if lost else "one image"
            action = WARNING if lost and counts is None else REPAIRED
            report.add(name_of(node), "RoiAlign", action, f"aligned={self._aligned}, {found}")
        return self._aligned is not None


def is_paddle(node: ir.Node) -> bool:
    """Whether a node's batch indices are zeros made from the number of its boxes."""
    if not is_ours(node) or len(node.inputs) < 3:
        return False
    expand = _producer(node.inputs[2], "Expand")
    if expand is None or scalar(expand.inputs[0]) != 0:
        return False
    cut = _producer(expand.inputs[1], "Slice")
    shape = cut and _producer(cut.inputs[0], "Shape")
    return shape is not None and shape.inputs[0] is node.inputs[1]


def _producer(value: ir.Value | None, op_type: str) -> ir.Node | None:
    node = None if value is None else origin(value).producer()
    return node if is_op(node, op_type) else None


def _boxes_num(graph: ir.Graph, nodes: list[ir.Node], facts: Facts) -> tuple[ir.Value | None, str]:
    """The unused input that must hold the counts, or why none can be chosen."""
    integers = (ir.DataType.INT32, ir.DataType.INT64)
    unused = [
        value
        for value in graph.inputs
        if not value.uses() and value.dtype in integers and value.shape is not None and len(value.shape) == 1
    ]
    if len(unused) != 1:
        names = ", ".join(value.name or "?" for value in unused)
        return None, f"boxes_num is lost: {len(unused)} unused inputs could be it ({names})"
    if not _as_many([required(node, 1) for node in nodes], facts):
        found = f"several box tensors that may differ in length, but one unused input ({unused[0].name})"
        return None, f"boxes_num is lost: {found}"
    return unused[0], ""


def _as_many(boxes: list[ir.Value], facts: Facts) -> bool:
    """Whether all box tensors provably have as many boxes, as when they are computed from each other."""
    if len(set(boxes)) < 2:
        return True
    rows = {(facts.shape(value) or (None,))[0] for value in boxes}
    return len(rows) == 1 and None not in rows


def _one_image(node: ir.Node) -> bool:
    shape = required(node, 0).shape
    return shape is not None and len(shape) == 4 and shape[0] == 1


def _warning(lost: bool) -> str:
    boxes = "boxes of images after the first are read from the first, and " if lost else ""
    choice = "choose paddle_aligned, or export by roiops.export.paddle"
    return f"exported by Paddle2ONNX: {boxes}aligned is lost; {choice}"
