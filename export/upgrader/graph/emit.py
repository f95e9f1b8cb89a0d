"""Writing new nodes in front of an old one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from roiops.export.upgrader.graph.scopes import owners
from roiops.operators import Operator


class Names:
    """Names that no value or node of a model has, in whatever graph or function."""

    def __init__(self, model: ir.Model):
        self._taken: set[str] = set()
        for owner in owners(model):
            for graph in [owner, *owner.subgraphs()]:
                values = [*graph.inputs, *(value for node in graph for value in node.outputs)]
                if isinstance(graph, ir.Graph):
                    values += graph.initializers.values()
                self._taken.update(item.name for item in [*values, *graph] if item.name)

    def fresh(self, stem: str) -> str:
        """Return ``stem``, numbered if it is taken, and take it."""
        name, number = stem, 1
        while name in self._taken:
            name, number = f"{stem}_{number}", number + 1
        self._taken.add(name)
        return name


def replace(node: ir.Node, emitter: Emitter, *results: ir.Value) -> None:
    """Put the nodes of an emitter in the place of ``node``, whose outputs become ``results``."""
    if node.graph is None:
        raise ValueError(f"{node.name} is in no graph")
    ir.convenience.replace_nodes_and_values(
        node.graph, node, [node], emitter.nodes, list(node.outputs), results
    )


class Emitter:
    """Collects nodes; ``stem`` begins the names of all of them."""

    def __init__(self, names: Names, stem: str):
        self.nodes: list[ir.Node] = []
        self._names = names
        self._stem = stem

    def op(self, op_type: str, *inputs: ir.Value, **attributes: Any) -> ir.Value:
        """Add a standard node with one output and return that."""
        return self.add("", op_type, inputs, ir.convenience.convert_attributes(attributes)).outputs[0]

    def ours(self, operator: Operator, inputs: Sequence[ir.Value], arguments: Mapping[str, Any]) -> ir.Value:
        """Add a node of this project from checked arguments and return its output."""
        attributes = ir.convenience.convert_attributes(operator.write(arguments))
        return self.add(operator.domain, operator.name, inputs, attributes).outputs[0]

    def add(
        self,
        domain: str,
        op_type: str,
        inputs: Sequence[ir.Value | None],
        attributes: Sequence[ir.Attr],
        outputs: int = 1,
    ) -> ir.Node:
        """Add any node."""
        name = self._names.fresh(f"{self._stem}/{op_type}")
        node = ir.Node(domain, op_type, inputs, attributes, num_outputs=outputs, name=name)
        for index, value in enumerate(node.outputs):
            value.name = self._names.fresh(f"{name}/output_{index}")
        self.nodes.append(node)
        return node

    def constant(self, array: np.ndarray) -> ir.Value:
        """Add a Constant node."""
        return self.op("Constant", value=ir.tensor(array))

    def scalar(self, value: int) -> ir.Value:
        """Add an int64 scalar."""
        return self.constant(np.array(value, np.int64))

    def vector(self, values: Sequence[int]) -> ir.Value:
        """Add an int64 vector."""
        return self.constant(np.array(values, np.int64))
