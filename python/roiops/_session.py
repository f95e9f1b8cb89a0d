"""ONNX Runtime sessions over one operator, built once per set of attributes and shared by all threads."""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import Any

import numpy as np

from roiops._library import import_onnxruntime, register

_CACHED_SESSIONS = 32  # each holds a thread pool; programs use a handful of attribute sets
_creating = threading.Lock()


def run(
    op_type: str, inputs: dict[str, np.ndarray], dtype: np.dtype, attributes: dict[str, Any]
) -> np.ndarray:
    """Run one operator through a cached session.

    Args:
        op_type: "RoiAlign" or "MultiScaleRoiAlign".
        inputs: arrays by the input names of the models of ``roiops.export``.
        dtype: dtype of the features and of the result.
        attributes: hashable keyword arguments of the model builder of ``roiops.export``.

    Raises:
        ImportError: onnxruntime or onnx is missing; the message names the extra that brings it.
    """
    if dtype.name == "bfloat16":  # ONNX Runtime's Python takes no bfloat16: the model casts, which is exact
        inputs = {
            name: array.astype(np.float32) if array.dtype == dtype else array
            for name, array in inputs.items()
        }
    with _creating:
        session = _session(op_type, dtype.name, inputs["batch"].dtype.name, tuple(attributes.items()))
    inputs = {name: np.ascontiguousarray(array) for name, array in inputs.items()}
    return session.run(None, inputs)[0].astype(dtype, copy=False)


@lru_cache(maxsize=_CACHED_SESSIONS)
def _session(op_type: str, dtype: str, batch_dtype: str, attributes: tuple[tuple[str, Any], ...]) -> Any:
    onnxruntime = import_onnxruntime()
    model = _model(op_type, dtype, batch_dtype, dict(attributes))
    options = register(onnxruntime.SessionOptions())
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def _model(op_type: str, dtype: str, batch_dtype: str, attributes: dict[str, Any]) -> Any:
    try:
        from onnx import TensorProto
    except ImportError as error:
        raise ImportError("roiops needs onnx here; install it with: pip install 'roiops[cpu]'") from error
    from roiops import export

    types = {
        "float16": TensorProto.FLOAT16,
        "bfloat16": TensorProto.BFLOAT16,
        "float32": TensorProto.FLOAT,
        "float64": TensorProto.DOUBLE,
        "int32": TensorProto.INT32,
        "int64": TensorProto.INT64,
    }
    builders = {
        "RoiAlign": export.make_roi_align_model,
        "MultiScaleRoiAlign": export.make_multiscale_roi_align_model,
    }
    model = builders[op_type](x_type=types[dtype], batch_type=types[batch_dtype], **attributes)
    if dtype == "bfloat16":
        _take_and_give_float32(model)
    return model


def _take_and_give_float32(model: Any) -> None:
    """Put casts between the bfloat16 inputs and output of a one-node model and a float32 outside."""
    from onnx import TensorProto, helper

    graph, node = model.graph, model.graph.node[0]
    casts = []
    for value in graph.input:
        if value.type.tensor_type.elem_type == TensorProto.BFLOAT16:
            value.type.tensor_type.elem_type = TensorProto.FLOAT
            inner = f"{value.name}_bfloat16"
            node.input[list(node.input).index(value.name)] = inner
            casts.append(helper.make_node("Cast", [value.name], [inner], to=TensorProto.BFLOAT16))
    node.output[0] = "Y_bfloat16"
    back = helper.make_node("Cast", ["Y_bfloat16"], ["Y"], to=TensorProto.FLOAT)
    graph.output[0].type.tensor_type.elem_type = TensorProto.FLOAT
    graph.CopyFrom(helper.make_graph([*casts, node, back], graph.name, graph.input, graph.output))
