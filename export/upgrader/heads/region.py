"""The nodes between some values and one node: collected, judged, and made a model of their own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import onnx
import onnx_ir as ir

from roiops.export.upgrader.errors import NotProven
from roiops.export.upgrader.facts.dims import Dim
from roiops.export.upgrader.facts.dtypes import dtype_of
from roiops.export.upgrader.facts.facts import Facts
from roiops.export.upgrader.graph.attributes import is_weight, tensor_of
from roiops.export.upgrader.graph.nodes import name_of
from roiops.export.upgrader.graph.scopes import subgraphs

# Nothing here chooses by a value that it computes, except for sizes and ends of ranges.
_OPERATORS = set(
    """Add ArgMax Cast Ceil Clip Concat Constant ConstantOfShape Div Equal Expand Floor Gather GridSample
    Identity Loop Max Min Mod Mul Pad Range ReduceMax ReduceMin Reshape Resize Shape Slice Split Squeeze Sub
    Transpose Unsqueeze Where""".split()
)
_SMALL = 4
_FLOATS = (0.0, 0.5, 1.0, 2.0)
_NO_BOUND = 2**31 - 1


@dataclass(frozen=True)
class Region:
    """A part of a graph.

    Attributes:
        nodes: in the order in which they run.
        inputs: the values at which it begins, with the cut that each is equal to.
        constants: the initializers that it reads.
    """

    nodes: tuple[ir.Node, ...]
    inputs: Mapping[ir.Value, ir.Value]
    constants: tuple[ir.Value, ...]

    def operators(self, op_type: str) -> list[ir.Node]:
        """The nodes of a kind, also those of bodies."""
        return [node for node in _with_bodies(self.nodes) if node.op_type == op_type]

    def check(self, sizes: Collection[float]) -> None:
        """Refuse operators and constants that this step of a detector does not need.

        Args:
            sizes: numbers that are expected besides small ones.

        Raises:
            NotProven: naming the first.
        """
        for node in _with_bodies(self.nodes):
            if node.domain != "" or node.op_type not in _OPERATORS:
                raise NotProven(f"{name_of(node)}: {node.op_type} has no place in it")
            fill = node.attributes.get("value")
            if node.op_type == "Constant":
                _check_numbers(tensor_of(node.outputs[0]), sizes, name_of(node))
            elif fill is not None and not fill.is_ref():
                _check_numbers(fill.as_tensor(), sizes, name_of(node))
            for graph in subgraphs(node):
                for value in graph.initializers.values():
                    _check_numbers(value.const_value, sizes, value.name or "?")
        for value in self.constants:
            _check_numbers(tensor_of(value), sizes, value.name or "?")

    def model(self, outputs: Iterable[ir.Value], opsets: Mapping[str, int], version: int) -> onnx.ModelProto:
        """A model of these nodes alone.

        Args:
            outputs: the values to return.
            opsets: what the nodes' graph imports.
            version: of the IR.
        """
        graph = onnx.GraphProto(name="region")
        graph.node.extend(ir.serde.serialize_node(node) for node in self.nodes)
        for value in self.constants:
            content = tensor_of(value)
            if value.producer() is None and content is not None:
                tensor = ir.serde.serialize_tensor(content)
                tensor.name = value.name or ""
                graph.initializer.append(tensor)
        for found, values in ((graph.input, self.inputs), (graph.output, outputs)):
            for value in values:
                dtype = dtype_of(value) or ir.DataType.FLOAT
                found.append(onnx.helper.make_tensor_value_info(value.name or "", int(dtype), None))
        imports = [onnx.helper.make_opsetid(domain, number) for domain, number in opsets.items()]
        return onnx.helper.make_model(graph, opset_imports=imports, ir_version=version)


def region_of(end: ir.Node, cuts: Collection[ir.Value], facts: Facts) -> Region:
    """Collect what ``end`` needs, up to constants and to values that are equal to those of ``cuts``.

    Sizes are equal also where they are read off another tensor's shape.

    Raises:
        NotProven: it needs something else.
    """
    order: dict[ir.Node, None] = {}
    inputs: dict[ir.Value, ir.Value] = {}
    constants: dict[ir.Value, None] = {}
    keys = {facts.key(cut): cut for cut in cuts}
    sizes = {size: cut for cut in cuts if (size := _size(cut, facts)) is not None}
    stack = [(end, False)]
    while stack:
        node, expanded = stack.pop()
        if node in order:
            continue
        if expanded:
            order[node] = None
            continue
        stack.append((node, True))
        for value in reads(node):
            size = _size(value, facts)
            cut = keys.get(facts.key(value)) or (None if size is None else sizes.get(size))
            if cut is not None:
                inputs[value] = cut
                continue
            producer, tensor = value.producer(), tensor_of(value)
            if tensor is not None and is_weight(tensor):
                raise NotProven(f"{name_of(node)} reads the weights {value.name}")
            if producer is not None:
                stack.append((producer, False))
            elif tensor is not None:
                constants[value] = None
            else:
                raise NotProven(f"{name_of(node)} depends on {value.name}")
    return Region(tuple(order), inputs, tuple(constants))


def _size(value: ir.Value, facts: Facts) -> Dim | None:
    """What a value is as a size, where it is one number that only a run decides."""
    items = facts.items(value)
    return items[0] if items is not None and len(items) == 1 and not items[0].known else None


def reads(node: ir.Node) -> Iterator[ir.Value]:
    """What a node reads, and its bodies from outside of them."""
    yield from (value for value in node.inputs if value is not None)
    for graph in subgraphs(node):
        yield from _outer(graph)


def _outer(graph: ir.Graph) -> Iterator[ir.Value]:
    inside = {*graph.inputs, *graph.initializers.values()}
    for node in graph:
        yield from (value for value in reads(node) if value not in inside)
        inside.update(node.outputs)
    yield from (value for value in graph.outputs if value not in inside)


def _with_bodies(nodes: Iterable[ir.Node]) -> Iterator[ir.Node]:
    for node in nodes:
        yield node
        for graph in subgraphs(node):
            yield from _with_bodies(graph)


def _check_numbers(tensor: ir.TensorProtocol | None, sizes: Collection[float], where: str) -> None:
    array = np.zeros(0) if tensor is None else tensor.numpy()
    for number in array.reshape(-1).tolist():
        known = number in sizes or (
            abs(number) <= _SMALL or abs(number) >= _NO_BOUND
            if array.dtype.kind in "ib"
            else number in _FLOATS
        )
        if not known:
            raise NotProven(f"{where} is {number:g}, which has no place in it")
