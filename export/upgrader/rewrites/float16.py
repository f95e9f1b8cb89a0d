"""Features and weights in float16, boxes in float32."""

from __future__ import annotations

from collections.abc import Container, Iterable

import numpy as np
import onnx_ir as ir

from roiops.export.upgrader.errors import UpgradeError
from roiops.export.upgrader.graph.attributes import tensor_of
from roiops.export.upgrader.graph.emit import Names
from roiops.export.upgrader.graph.nodes import is_op, name_of
from roiops.export.upgrader.report import REPLACED
from roiops.export.upgrader.rewrites.context import Pass
from roiops.export.upgrader.rewrites.fuse_poolers import FusePoolers
from roiops.operators import DOMAIN, OPERATORS

# Where the work and the weights are.
_LAYERS = ("Conv", "ConvTranspose", "Gemm", "MatMul")
# Between layers they may compute in float16 too: all of their inputs are features, or only the first one.
_ELEMENTWISE = (
    *("Add", "Sub", "Mul", "Div", "Concat", "Relu", "LeakyRelu", "Elu", "Clip", "Sigmoid", "Tanh"),
    *("HardSigmoid", "HardSwish", "BatchNormalization", "MaxPool", "AveragePool", "GlobalAveragePool"),
)
_FIRST_ONLY = ("Identity", "Flatten", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Resize", "Pad")
_POOLERS = ("RoiAlign", "MultiScaleRoiAlign", "RoiPool")
# They ask for sizes, of whatever type.
_SIZES = ("Shape", "Size")

_LARGEST = float(np.finfo(np.float16).max)


class ConvertToFloat16(Pass):
    """Compute layers with weights in float16, poolers between them, and what stands between features.

    Boxes stay in float32: they come from a layer through arithmetic that ends in no layer, and such nodes are
    left as they are; a pooler takes boxes of float32 beside features of float16. Inputs and outputs of the
    model keep their types. Layers in subgraphs and functions stay.
    """

    after = (FusePoolers,)

    def rewrite(self, model: ir.Model) -> bool:
        """Convert the model's graph."""
        chosen = _choose(model.graph)
        halves = _Halves(model.graph, Names(model))
        for node in chosen:
            for index in _features(node):
                value = node.inputs[index]
                if value is not None and value.producer() not in chosen:
                    node.replace_input_with(index, halves.of(value, node))
        for node in chosen:
            halves.restore(node, chosen)
        halves.forget_unused()
        if chosen:
            reason = f"{len(chosen)} nodes and {halves.weights} weights are float16 now, boxes stay float32"
            self.context.report.add(name_of(next(iter(chosen))), "features", REPLACED, reason)
        return bool(chosen)


def _choose(graph: ir.Graph) -> dict[ir.Node, None]:
    """The nodes that compute in float16, in the graph's order."""
    chosen: dict[ir.Node, None] = {}
    for node in graph:
        if _is_layer(node) or (_is_between(node) and _reads_only(node, chosen)):
            chosen[node] = None
    while True:
        outside = [
            node
            for node in chosen
            if not _is_layer(node)
            and not (_reads_only(node, chosen) and (_is_pooler(node) or _read_only_by(node, chosen)))
        ]
        if not outside:
            return chosen
        for node in outside:
            del chosen[node]


def _is_layer(node: ir.Node) -> bool:
    if not is_op(node, *_LAYERS) or len(node.inputs) < 2:
        return False
    weight = tensor_of(node.inputs[1])
    return weight is not None and weight.dtype == ir.DataType.FLOAT


def _is_between(node: ir.Node) -> bool:
    known = is_op(node, *_ELEMENTWISE, *_FIRST_ONLY) or _is_pooler(node)
    return known and len(node.outputs) == 1


def _is_pooler(node: ir.Node) -> bool:
    return node.domain == DOMAIN and node.op_type in _POOLERS


def _features(node: ir.Node) -> Iterable[int]:
    """The inputs that become float16."""
    if _is_pooler(node):
        first = next(
            i
            for i, one in enumerate(OPERATORS[node.op_type].inputs)
            if getattr(one, "role", "") == "features"
        )
        return range(first, len(node.inputs) if OPERATORS[node.op_type].inputs[first].variadic else first + 1)
    return range(1 if is_op(node, *_FIRST_ONLY) else len(node.inputs))


def _reads_only(node: ir.Node, chosen: Container[ir.Node | None]) -> bool:
    """Whether its features, at least one, come from chosen nodes and the rest of them are constants."""
    values = [node.inputs[index] for index in _features(node)]
    known = [value for value in values if value is not None and tensor_of(value) is None]
    constants = [tensor_of(value) for value in values if value is not None and tensor_of(value) is not None]
    return (
        bool(known)
        and all(value.producer() in chosen for value in known)
        and all(tensor.dtype == ir.DataType.FLOAT for tensor in constants if tensor is not None)
    )


def _read_only_by(node: ir.Node, chosen: Container[ir.Node | None]) -> bool:
    value = node.outputs[0]
    uses = value.uses()
    return (
        bool(uses) and not value.is_graph_output() and all(_takes(use.node, use.idx, chosen) for use in uses)
    )


def _takes(reader: ir.Node, index: int, chosen: Container[ir.Node | None]) -> bool:
    """Whether a use is content with float16."""
    return is_op(reader, *_SIZES) or (reader in chosen and index in _features(reader))


class _Halves:
    """The float16 values of a graph, each made once.

    Attributes:
        weights: number of constants that were converted.
    """

    def __init__(self, graph: ir.Graph, names: Names):
        self.weights = 0
        self._graph = graph
        self._names = names
        self._made: dict[ir.Value, ir.Value] = {}

    def of(self, value: ir.Value, before: ir.Node) -> ir.Value:
        """Return a float32 value in float16, which must exist ``before`` a node."""
        if value not in self._made:
            tensor = tensor_of(value)
            self._made[value] = self._cast(value, before) if tensor is None else self._weight(value, tensor)
        return self._made[value]

    def restore(self, node: ir.Node, chosen: Container[ir.Node | None]) -> None:
        """Hand the result of a chosen node on in float32 to whoever needs that, under its name."""
        value = node.outputs[0]
        uses = [use for use in value.uses() if not _takes(use.node, use.idx, chosen)]
        shape, name = value.shape, value.name
        value.type = ir.TensorType(ir.DataType.FLOAT16)
        if not uses and not value.is_graph_output():
            return
        value.name = self._names.fresh(f"{name}_float16")
        cast = self._node(value, ir.DataType.FLOAT, name or "")
        cast.outputs[0].shape = shape
        self._graph.insert_after(node, cast)
        for use in uses:
            use.node.replace_input_with(use.idx, cast.outputs[0])
        for index, output in enumerate(self._graph.outputs):
            if output is value:
                self._graph.outputs[index] = cast.outputs[0]

    def forget_unused(self) -> None:
        """Remove the float32 weights that nothing reads any more."""
        for value in self._made:
            if value.is_initializer() and not value.uses() and not value.is_graph_output() and value.name:
                del self._graph.initializers[value.name]

    def _cast(self, value: ir.Value, before: ir.Node) -> ir.Value:
        cast = self._node(value, ir.DataType.FLOAT16, self._names.fresh(f"{value.name}_float16"))
        cast.outputs[0].shape = value.shape
        self._graph.insert_before(before, cast)
        return cast.outputs[0]

    def _node(self, value: ir.Value, to: ir.DataType, output: str) -> ir.Node:
        node = ir.node("Cast", [value], {"to": int(to)}, name=self._names.fresh(f"{output}/Cast"))
        node.outputs[0].name = output
        node.outputs[0].type = ir.TensorType(to)
        return node

    def _weight(self, value: ir.Value, tensor: ir.TensorProtocol) -> ir.Value:
        array = tensor.numpy()
        if np.abs(array, where=np.isfinite(array), out=np.zeros_like(array)).max(initial=0) > _LARGEST:
            raise UpgradeError(f"float16: weight {value.name} has values beyond {_LARGEST:g}")
        name = self._names.fresh(f"{value.name}_float16")
        half = ir.tensor(array.astype(np.float16), name=name)
        made = ir.Value(
            name=name, shape=ir.Shape(array.shape), type=ir.TensorType(ir.DataType.FLOAT16), const_value=half
        )
        self._graph.register_initializer(made)
        self.weights += 1
        return made
