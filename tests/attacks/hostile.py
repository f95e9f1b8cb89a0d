"""Models past every builder's checks, and what is expected of them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper
from onnxruntime.capi import onnxruntime_pybind11_state as errors

import roiops

NODE = "hostile_node"
OPERATORS = ("RoiAlign", "MultiScaleRoiAlign", "standard RoiAlign")

# AddressSanitizer ends the process where operator new would throw.
needs_bad_alloc = pytest.mark.skipif(
    "asan" in os.environ.get("LD_PRELOAD", ""), reason="AddressSanitizer reports a lack of memory itself"
)

# Who refuses: ONNX Runtime's graph checks, our kernel's constructor, our kernel, ONNX Runtime's run.
GRAPH = errors.InvalidGraph
LOAD = errors.RuntimeException
RUN = errors.InvalidArgument

X = np.linspace(-1, 1, 2 * 3 * 8 * 9, dtype=np.float32).reshape(2, 3, 8, 9)
BOXES = np.array([[0, 0, 4, 4], [1, 1, 5, 6], [2, 0, 7, 7]], np.float32)
INPUTS = {
    "RoiAlign": {"X": X, "boxes": BOXES, "batch": np.array([1, 2])},
    "MultiScaleRoiAlign": {
        "boxes": BOXES,
        "batch": np.array([1, 2]),
        "levels": np.array([1, 0, 1]),
        "X_0": X,
        "X_1": X[:, :, ::2, ::2].copy(),
    },
    "standard RoiAlign": {"X": X, "rois": BOXES, "batch_indices": np.array([0, 1, 1])},
}
ATTRIBUTES = {
    "RoiAlign": {"output_height": 2, "output_width": 3},
    "MultiScaleRoiAlign": {"output_height": 2, "output_width": 3, "spatial_scales": [1.0, 0.5]},
    "standard RoiAlign": {"output_height": 2, "output_width": 3},
}


def inputs(operator: str, **changes) -> dict[str, np.ndarray]:
    return {**INPUTS[operator], **changes}


def model(
    operator: str,
    *,
    feeds: dict[str, np.ndarray] | None = None,
    input_names: list[str] | None = None,
    output_names: tuple[str, ...] = ("Y",),
    opset: int = 17,
    **attributes,
) -> onnx.ModelProto:
    """A one-node model whose inputs have types but no shapes; an attribute of None is left out."""
    feeds = INPUTS[operator] if feeds is None else feeds
    standard = operator == "standard RoiAlign"
    node = helper.make_node(
        "RoiAlign" if standard else operator,
        list(feeds) if input_names is None else input_names,
        list(output_names),
        name=NODE,
        domain="" if standard else "roiops",
    )
    for name, value in {**ATTRIBUTES[operator], **attributes}.items():
        if value is not None:
            node.attribute.append(
                value if isinstance(value, onnx.AttributeProto) else helper.make_attribute(name, value)
            )
    infos = [untyped_shape(name, helper.np_dtype_to_tensor_dtype(v.dtype)) for name, v in feeds.items()]
    kind = next((i.type.tensor_type.elem_type for i in infos if i.name[0] == "X"), TensorProto.FLOAT)
    outputs = [untyped_shape(name, kind) for name in output_names if name]
    return wrapped(helper.make_graph([node], "g", infos, outputs), opset)


def wrapped(graph: onnx.GraphProto, opset: int = 17) -> onnx.ModelProto:
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("roiops", 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=8)


def untyped_shape(name: str, kind: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, None)


def session(model: onnx.ModelProto, **options) -> ort.InferenceSession:
    """A session with both libraries."""
    session_options = ort.SessionOptions()
    session_options.log_severity_level = 4
    for name, value in options.items():
        setattr(session_options, name, value)
    roiops.register(session_options, override_standard=True)
    # Not InferenceSession's own retry, which prints.
    return ort.InferenceSession(
        model.SerializeToString(), session_options, providers=["CPUExecutionProvider"], enable_fallback=0
    )


def run(operator: str, feeds: dict[str, np.ndarray] | None = None, **attributes) -> np.ndarray:
    feeds = INPUTS[operator] if feeds is None else feeds
    return session(model(operator, feeds=feeds, **attributes)).run(None, feeds)[0]


def assert_refused(error: type[Exception], argument: str, attempt: Callable, *words: str) -> None:
    """We refuse the attempt with this very class; the message names node and argument and has the words.

    An argument is "attribute 'name'", "input 'name'" or "output 0".
    """
    assert re.fullmatch(r"(attribute|input) '\w+'|output \d", argument)
    assert_refused_by_onnxruntime(error, attempt, argument, *words)


def assert_refused_by_onnxruntime(error: type[Exception] | tuple, attempt: Callable, *words: str) -> None:
    """The attempt fails with one of these classes; the message names the node and has the words."""
    with pytest.raises(error) as caught:
        attempt()
    for word in (NODE, *words):
        assert word in str(caught.value)
