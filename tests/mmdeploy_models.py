"""Models with nodes of the domains ``mmdeploy`` and ``mmcv``, and sessions that run them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper

import roiops
from roiops.operators.mmdeploy import DOMAINS

NODE = "the_node"


def model(
    nodes: Sequence[onnx.NodeProto],
    feeds: dict[str, np.ndarray],
    outputs: Sequence[str],
    opset: int = 16,
) -> onnx.ModelProto:
    """A model of these nodes whose inputs have the types of ``feeds`` and no shapes."""
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), None)
        for name, value in feeds.items()
    ]
    results = [onnx.ValueInfoProto(name=name) for name in outputs]
    graph = helper.make_graph(list(nodes), "g", inputs, results)
    imports = [
        helper.make_opsetid("", opset),
        *(helper.make_opsetid(domain, 1) for domain in ("mmdeploy", "mmcv", "roiops")),
    ]
    return helper.make_model(graph, opset_imports=imports, ir_version=8)


def session(made: onnx.ModelProto, **options) -> ort.InferenceSession:
    session_options = ort.SessionOptions()
    session_options.log_severity_level = 4
    for name, value in options.items():
        setattr(session_options, name, value)
    return ort.InferenceSession(
        made.SerializeToString(),
        roiops.register(session_options, mmdeploy=True),
        providers=["CPUExecutionProvider"],
        enable_fallback=0,
    )


def one_node(operator: str, feeds, outputs=1, domain=None, **attributes) -> onnx.ModelProto:
    """A model of one node; inputs are those of ``feeds`` in their order."""
    names = [f"y{i}" for i in range(outputs)]
    node = helper.make_node(
        operator, list(feeds), names, name=NODE, domain=domain or DOMAINS[operator][0], **attributes
    )
    return model([node], feeds, names)


def run(operator: str, feeds, outputs=1, domain=None, **attributes):
    """The result of one node, a list if it has several outputs."""
    found = session(one_node(operator, feeds, outputs, domain, **attributes)).run(None, feeds)
    return found[0] if outputs == 1 else found
