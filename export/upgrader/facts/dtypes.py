"""Element types, where the model does not declare them: read off the operators' schemas."""

from __future__ import annotations

from collections.abc import Iterator

import onnx
import onnx_ir as ir

from roiops.export.upgrader.graph.attributes import tensor_of
from roiops.export.upgrader.graph.nodes import is_op
from roiops.operators import DOMAIN, OPERATORS
from roiops.operators._operator import resolve

_FIXED = {"tensor(bool)": ir.DataType.BOOL, "tensor(int64)": ir.DataType.INT64}
# What ONNX Runtime's optimiser writes around convolutions: all tensors of one type.
_ONE_TYPE = {
    ("com.microsoft", "FusedConv"),
    *(("com.microsoft.nchwc", name) for name in ("Conv", "ReorderInput", "ReorderOutput")),
}
_OURS = {"bool": ir.DataType.BOOL, "uint8": ir.DataType.UINT8, "int64": ir.DataType.INT64}


def dtype_of(value: ir.Value) -> ir.DataType | None:
    """The element type of a value: declared, or that of any value that the schemas tie it to."""
    waiting, seen = [value], {value}
    while waiting:
        value = waiting.pop()
        known = value.dtype or getattr(tensor_of(value), "dtype", None)
        node = value.producer()
        if known is None and is_op(node, "Cast"):
            known = ir.DataType(node.attributes["to"].as_int())
        if known is None and is_op(node, "Constant", "ConstantOfShape"):
            known = node.attributes["value"].as_tensor().dtype if "value" in node.attributes else None
        if known is None and node is not None and node.domain == "":
            known = _fixed_type(node, value.index() or 0)
        if known is None and node is not None and _is_known_ours(node):
            known = _OURS.get(_our_type(node, value.index() or 0))
        if known is not None:
            return known
        tied = [] if node is None else list(_same_type(node, value.index() or 0))
        waiting.extend(other for other in tied if other not in seen)
        seen.update(tied)
    return None


def _fixed_type(node: ir.Node, output: int) -> ir.DataType | None:
    """The type of an output that is always of one: the boolean of a comparison, the integers of Shape."""
    if not onnx.defs.has(node.op_type):
        return None
    schema = onnx.defs.get_schema(node.op_type)
    declared = schema.outputs[min(output, len(schema.outputs) - 1)]
    return _FIXED.get(next(iter(declared.types))) if len(declared.types) == 1 else None


def _same_type(node: ir.Node, output: int) -> Iterator[ir.Value]:
    """The inputs of ``node`` whose type is that of the given output."""
    if _is_known_ours(node):
        wanted = _our_type(node, output)
        for given, value in zip(OPERATORS[node.op_type].inputs, node.inputs):
            if value is not None and given.type == wanted:
                yield value
    if (node.domain, node.op_type) in _ONE_TYPE:
        yield from (value for value in node.inputs if value is not None)
    if node.domain != "" or not onnx.defs.has(node.op_type):
        return
    schema = onnx.defs.get_schema(node.op_type)
    outputs, inputs = schema.outputs, schema.inputs
    variable = outputs[min(output, len(outputs) - 1)].type_str
    for index, value in enumerate(node.inputs):
        if value is not None and inputs[min(index, len(inputs) - 1)].type_str == variable:
            yield value


def _is_known_ours(node: ir.Node) -> bool:
    return node.domain == DOMAIN and node.op_type in OPERATORS


def _our_type(node: ir.Node, output: int) -> str:
    """The type variable or the element type of an output of ours."""
    found = OPERATORS[node.op_type].outputs[output]
    given = {name: attribute.value for name, attribute in node.attributes.items() if not attribute.is_ref()}
    return found.type if found.type_by is None else resolve(found.type_by, given) or found.type
