"""A tracer that turns Python arithmetic into ONNX nodes, so that a function body reads like its formula."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Union

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, helper, numpy_helper

from roiops.operators._parameters import Attribute

INT64, FLOAT, DOUBLE, BOOL = TensorProto.INT64, TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.BOOL
UNKNOWN = TensorProto.UNDEFINED  # of an input whose callers differ: cast it before any arithmetic
_CONSTANT_FIELDS = {
    "INT": ("value_int", INT64),
    "FLOAT": ("value_float", FLOAT),
    "FLOATS": ("value_floats", FLOAT),
}


class Value:
    """A tensor of the graph being traced; a Python number next to it becomes a constant of its type."""

    def __init__(self, tracer: Tracer, name: str, dtype: int):
        self.tracer, self.name, self.dtype = tracer, name, dtype

    def __add__(self, other: Operand) -> Value:
        return self.tracer.op("Add", self, other)

    def __sub__(self, other: Operand) -> Value:
        return self.tracer.op("Sub", self, other)

    def __mul__(self, other: Operand) -> Value:
        return self.tracer.op("Mul", self, other)

    def __truediv__(self, other: Operand) -> Value:
        return self.tracer.op("Div", self, other)

    def __and__(self, other: Value) -> Value:
        return self.tracer.op("And", self, other)

    def __lt__(self, other: Operand) -> Value:
        return self.tracer.op("Less", self, other, dtype=BOOL)

    def __le__(self, other: Operand) -> Value:
        return self.tracer.op("LessOrEqual", self, other, dtype=BOOL)

    def __gt__(self, other: Operand) -> Value:
        return self.tracer.op("Greater", self, other, dtype=BOOL)

    def __ge__(self, other: Operand) -> Value:
        return self.tracer.op("GreaterOrEqual", self, other, dtype=BOOL)

    def equals(self, other: Operand) -> Value:
        return self.tracer.op("Equal", self, other, dtype=BOOL)

    def at_least(self, other: Operand) -> Value:
        return self.tracer.op("Max", self, other)

    def at_most(self, other: Operand) -> Value:
        return self.tracer.op("Min", self, other)

    def cast(self, dtype: int) -> Value:
        return self if dtype == self.dtype else self.tracer.op("Cast", self, dtype=dtype, to=dtype)

    def reshape(self, *shape: int) -> Value:
        return self.tracer.op("Reshape", self, list(shape))

    def take(self, indices: int | Sequence[Any] | Value, axis: int = 0) -> Value:
        if not isinstance(indices, Value):
            indices = self.tracer.constant(indices, INT64)
        return self.tracer.op("Gather", self, indices, axis=axis)

    def slice(self, start: int | Value, end: int | Value, axis: int = 0) -> Value:
        bounds = [i.reshape(1) if isinstance(i, Value) else [i] for i in (start, end)]
        return self.tracer.op("Slice", self, *bounds, [axis])

    def shape(self) -> Value:
        return self.tracer.op("Shape", self, dtype=INT64)

    def rename(self, name: str) -> None:
        """Give the value that was traced last another name, before anything reads it."""
        self.tracer.nodes[-1].output[-1] = self.name = name


Operand = Union[Value, float, list]


class Tracer:
    """Collects the nodes of the innermost graph being traced."""

    def __init__(self, prefix: str = ""):
        self.nodes: list[onnx.NodeProto] = []
        self._prefix, self._count = prefix, 0

    def value(self, dtype: int, name: str | None = None) -> Value:
        # One counter for all nested graphs: an inner name never hides an outer one.
        self._count += 1
        return Value(self, name or f"{self._prefix}v{self._count}", dtype)

    def op(
        self, kind: str, *inputs: Operand, dtype: int | None = None, outputs: int = 1, **attributes: Any
    ) -> Value:
        """Append a node and return its last output, of type ``dtype`` or that of its first traced input.

        Numbers among the inputs become constants of that input's type, lists become int64 constants.
        """
        own = next((i.dtype for i in inputs if isinstance(i, Value)), UNKNOWN if dtype is None else dtype)
        values = [
            i if isinstance(i, Value) else self.constant(i, INT64 if isinstance(i, list) else own)
            for i in inputs
        ]
        results = [self.value(own if dtype is None else dtype) for _ in range(outputs)]
        names = [v.name for v in values], [v.name for v in results]
        # ONNX Runtime 1.18 derives names from those of the nodes it fuses; without names they collide.
        attributes.setdefault("name", f"{results[0].name}_{kind}")
        self.nodes.append(helper.make_node(kind, *names, **attributes))
        return results[-1]

    def where(self, condition: Value, yes: Value, no: Operand) -> Value:
        no = no if isinstance(no, Value) else self.constant(no, yes.dtype)
        return self.op("Where", condition, yes, no, dtype=yes.dtype)

    def arange(self, count: Value) -> Value:
        return self.op("Range", self.constant(0, INT64), count, 1)

    def concat(self, *values: Value, axis: int) -> Value:
        return self.op("Concat", *values, axis=axis)

    def constant(self, number: float | Sequence[Any], dtype: int) -> Value:
        array = np.asarray(number, dtype=helper.tensor_dtype_to_np_dtype(dtype))
        return self._constant(dtype, helper.make_attribute("value", numpy_helper.from_array(array)))

    def attribute(self, attribute: Attribute) -> Value:
        """Return the value that a number attribute of the function has on the node that calls it."""
        field, dtype = _CONSTANT_FIELDS[attribute.kind]
        kind = getattr(AttributeProto, attribute.kind)
        return self._constant(dtype, AttributeProto(name=field, ref_attr_name=attribute.name, type=kind))

    def _constant(self, dtype: int, attribute: AttributeProto) -> Value:
        output = self.value(dtype)
        self.nodes.append(onnx.NodeProto(op_type="Constant", output=[output.name], attribute=[attribute]))
        return output

    def subgraph(
        self,
        build: Callable[..., Sequence[Value]],
        *dtypes: int,
        scalars: int = 0,
        rank: int | None = None,
    ) -> onnx.GraphProto:
        """Trace ``build``, called with one value per dtype, as the body of a control-flow node.

        ONNX Runtime wants to know that the first inputs of a Loop, ``scalars`` of them, are scalars and the
        ``rank`` of what a Scan stacks.
        """
        outer, self.nodes = self.nodes, []
        inputs = [self.value(dtype) for dtype in dtypes]
        outputs = build(*inputs)
        graph = onnx.GraphProto(
            name=build.__name__.strip("_"),
            node=self.nodes,
            input=[
                helper.make_tensor_value_info(v.name, v.dtype, [] if i < scalars else None)
                for i, v in enumerate(inputs)
            ],
            output=[
                helper.make_tensor_value_info(v.name, v.dtype, None if rank is None else [None] * rank)
                for v in outputs
            ],
        )
        self.nodes = outer
        return graph
