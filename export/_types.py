"""Element types: their names in the table of operators, and what ONNX calls them."""

from __future__ import annotations

from onnx import TensorProto

ELEMENT_TYPES = {
    "float16": TensorProto.FLOAT16,
    "bfloat16": TensorProto.BFLOAT16,
    "float32": TensorProto.FLOAT,
    "float64": TensorProto.DOUBLE,
    "int32": TensorProto.INT32,
    "int64": TensorProto.INT64,
    "bool": TensorProto.BOOL,
    "uint8": TensorProto.UINT8,
}
NAMES: dict[int, str] = {element_type: name for name, element_type in ELEMENT_TYPES.items()}


def onnx_name(name: str) -> str:
    """Return what ONNX calls an element type of the table, "FLOAT" for "float32"."""
    return TensorProto.DataType.Name(ELEMENT_TYPES[name])


def describe(element_type: object) -> str:
    """Return the name of an element type for a message, whatever it is."""
    known = isinstance(element_type, int) and element_type in TensorProto.DataType.values()
    return TensorProto.DataType.Name(element_type) if known else repr(element_type)
