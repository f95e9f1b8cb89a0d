"""What is known of every value of a model before it runs.

A walk in topological order, repeated where numbers of dimensions follow from later nodes, records for each
value

- a key: values with equal keys hold equal contents (this finds the duplicates that exporters leave behind);
- its shape and, for small integer tensors, its contents, as sizes of dims.py;
- whether it is a list of row numbers (``index``) or a function of some rows of another tensor (``rows``).

Nothing is guessed: a value without a fact has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Callable, TypeVar

import numpy as np
import onnx_ir as ir

from roiops.export.upgrader.facts import items as item_rules
from roiops.export.upgrader.facts import rows as row_rules
from roiops.export.upgrader.facts import shapes as shape_rules
from roiops.export.upgrader.facts.dims import Dim, Equalities, Shape, ignorance
from roiops.export.upgrader.facts.dtypes import dtype_of
from roiops.export.upgrader.facts.ranks import required_ranks
from roiops.export.upgrader.graph.attributes import constant, get_ints
from roiops.operators import DOMAIN

_RANDOM = {
    "Bernoulli",
    "Dropout",
    "Multinomial",
    "RandomNormal",
    "RandomNormalLike",
    "RandomUniform",
    "RandomUniformLike",
}


class Facts:
    """The facts of one graph and its subgraphs, or of one model-local function."""

    def __init__(self, owner: ir.Graph | ir.Function):
        self._symbols = set(owner.inputs) if isinstance(owner, ir.Graph) else set()
        self._main = owner.graph if isinstance(owner, ir.Function) else owner
        self._ranks: dict[ir.Value, int] = {}
        self._walk(owner)
        self._ranks = required_ranks(owner, self)
        if self._ranks:
            self._walk(owner)

    def _walk(self, owner: ir.Graph | ir.Function) -> None:
        self._keys: dict[ir.Value, int] = {}
        self._known_keys: dict[tuple, int] = {}
        self._labels: dict[int, str] = {}
        self._shapes: dict[ir.Value, Shape | None] = {}
        self._items: dict[ir.Value, Shape | None] = {}
        self.equalities = Equalities()
        # An input that is left out, None, has no facts either.
        self.masks: dict[ir.Value | None, row_rules.Rows] = {}
        self.indices: dict[ir.Value | None, row_rules.Index] = {}
        self.selections: dict[ir.Value | None, row_rules.Selection] = {}
        for node in ir.traversal.RecursiveGraphIterator(owner):
            self._visit(node)

    def key(self, value: ir.Value) -> int:
        """A number that equal keys prove equal contents for."""
        if value not in self._keys:
            array = constant(value)
            what: tuple[Any, ...] = ("value", id(value))
            if array is not None and array.dtype != object:
                what = ("constant", str(array.dtype), array.shape, array.tobytes())
            self._set_key(value, what)
        return self._keys[value]

    def shape(self, value: ir.Value | None) -> Shape | None:
        """The shape, or None where not even the number of dimensions is known."""
        if value is None:
            return None
        if value not in self._shapes:
            shape = shape_rules.constant_shape(value)
            self._shapes[value] = self._declared(value) if shape is None else shape
        return self._resolved(self._shapes[value])

    def items(self, value: ir.Value | None) -> Shape | None:
        """The contents of a short integer vector or scalar, in order."""
        if value is None:
            return None
        if value not in self._items:
            self._items[value] = item_rules.constant_items(value)
        return self._resolved(self._items[value])

    def _resolved(self, dims: Shape | None) -> Shape | None:
        return None if dims is None else tuple(map(self.equalities.resolve, dims))

    def array(self, value: ir.Value | None) -> np.ndarray | None:
        """The contents of a small constant, also of one that is computed from constants."""
        array, items = constant(value), self.items(value)
        if array is not None or items is None or not all(item.known for item in items):
            return array
        flat = np.array([item.constant for item in items], np.int64)
        return flat.reshape(()) if self.shape(value) == () else flat

    def ints(self, node: ir.Node, name: str, index: int) -> list[int] | None:
        """Constant integers that older opsets keep in attribute ``name`` and newer ones in input ``index``.

        None where they are absent; ValueError where they are computed.
        """
        attribute = get_ints(node, name)
        if attribute is not None or len(node.inputs) <= index or node.inputs[index] is None:
            return attribute
        array = self.array(node.inputs[index])
        if array is None or array.dtype.kind != "i" or array.ndim > 1:
            raise ValueError(f"{name} is not constant")
        return [int(i) for i in array.reshape(-1)]

    def learn(self, node: ir.Node) -> None:
        """Gather the facts of a new node whose inputs are known; declare its outputs' shapes and types."""
        self._visit(node)
        for output in node.outputs:
            shape, dtype = self.shape(output), dtype_of(output)
            if shape is not None:
                output.shape = ir.Shape([self._declarable(dim) for dim in shape])
            if dtype is not None:
                output.type = ir.TensorType(dtype)

    def _declarable(self, dim: Dim) -> int | str | None:
        if dim.known:
            return dim.constant
        symbol = dim.unknowns[0] if dim.constant == 0 and len(dim.unknowns) == 1 else None
        return symbol if isinstance(symbol, str) else None

    def equate(self, node: ir.Node, dims: Sequence[Dim]) -> Dim:
        """One of the sizes that ``node`` fails on if they differ; noted as equal where it always runs."""
        if node.graph is self._main:
            return self.equalities.equate(dims)
        return min(map(self.equalities.resolve, dims), key=ignorance)

    def own(self, value: ir.Value, axis: int) -> Dim:
        """The size of ``value`` along ``axis`` as an unknown of its own."""
        return Dim(0, ((self.key(value), axis),))

    def describe(self, dim: Dim) -> str:
        """Write a size for a person."""
        unknowns = [u if isinstance(u, str) else f"{self._labels[u[0]]}.shape[{u[1]}]" for u in dim.unknowns]
        constant = [str(dim.constant)] if dim.constant or not unknowns else []
        return " + ".join(constant + unknowns)

    def _set_key(self, value: ir.Value, what: tuple) -> None:
        key = self._known_keys.setdefault(what, len(self._known_keys))
        self._keys[value] = key
        self._labels.setdefault(key, value.name or "?")

    def _declared(self, value: ir.Value) -> Shape | None:
        """The declared shape, of which only the rank binds unless the value is an input of the model."""
        if value.shape is None:
            rank = self._ranks.get(value)
            return None if rank is None else tuple(self.own(value, axis) for axis in range(rank))
        dims = []
        for axis, dim in enumerate(value.shape):
            if value not in self._symbols:
                dims.append(self.own(value, axis))
            elif isinstance(dim, int):
                dims.append(Dim(dim))
            else:
                dims.append(self.own(value, axis) if dim.value is None else Dim(0, (str(dim.value),)))
        return tuple(dims)

    def _visit(self, node: ir.Node) -> None:
        self._visit_keys(node)
        if node.domain not in ("", DOMAIN) or node.op_type == "Constant" or not node.outputs:
            return
        contents = _try(item_rules.RULES.get(node.op_type), self, node)
        for value, items in zip(node.outputs, contents if isinstance(contents, list) else [contents]):
            self._items[value] = items
        shapes = _try(shape_rules.RULES.get(node.op_type), self, node)
        for value, shape in zip(node.outputs, shapes if isinstance(shapes, list) else [shapes]):
            if shape is not None:
                self._shapes[value] = shape
        for value in node.outputs:
            if len(self.shape(value) or ()) > 1:
                self._items[value] = None
        _try(row_rules.RULES.get(node.op_type), self, node)

    def _visit_keys(self, node: ir.Node) -> None:
        if (
            node.domain == ""
            and node.op_type == "Identity"
            and node.inputs[:1]
            and node.inputs[0] is not None
        ):
            self._keys[node.outputs[0]] = self.key(node.inputs[0])
            return
        attributes = _comparable(node.attributes.values())
        if node.domain != "" or node.op_type in _RANDOM | {"Constant"} or attributes is None:
            return
        inputs = tuple(-1 if value is None else self.key(value) for value in node.inputs)
        for index, output in enumerate(node.outputs):
            self._set_key(output, (node.op_type, attributes, inputs, index, len(node.outputs)))


def _comparable(attributes: Iterable[ir.Attr]) -> tuple | None:
    """Attributes as a key, or None where they hold tensors, graphs or references."""
    simple = {
        ir.AttributeType.INT,
        ir.AttributeType.FLOAT,
        ir.AttributeType.STRING,
        ir.AttributeType.INTS,
        ir.AttributeType.FLOATS,
    }
    parts: list[tuple[Any, ...]] = []
    for attribute in attributes:
        if attribute.is_ref():
            return None
        if attribute.type in simple:
            parts.append((attribute.name, repr(attribute.value)))
        elif attribute.type == ir.AttributeType.TENSOR and attribute.as_tensor().size <= item_rules.LONGEST:
            tensor = attribute.as_tensor()
            parts.append((attribute.name, tensor.dtype, tuple(tensor.shape), tensor.tobytes()))
        else:
            return None
    return tuple(sorted(parts, key=repr))


_Result = TypeVar("_Result")


def _try(rule: Callable[[Facts, ir.Node], _Result] | None, facts: Facts, node: ir.Node) -> _Result | None:
    """Apply a rule; a malformed node (wrong attribute type, axis out of range) has no facts."""
    if rule is None:
        return None
    try:
        return rule(facts, node)
    except (ValueError, TypeError, IndexError, AttributeError):
        return None
