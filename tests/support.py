"""What several test files need: sessions, the built-in operator, random boxes."""

from __future__ import annotations

import re

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper

import roiops
from roiops import export

ORT_VERSION = tuple(map(int, re.findall(r"\d+", ort.__version__)[:2]))
TYPES = {
    "float16": TensorProto.FLOAT16,
    "bfloat16": TensorProto.BFLOAT16,
    "float32": TensorProto.FLOAT,
    "float64": TensorProto.DOUBLE,
}


def session(model: onnx.ModelProto, *, plugin: bool = True, **options) -> ort.InferenceSession:
    """A CPU session, by default with the operators registered; ``options`` are SessionOptions fields."""
    session_options = ort.SessionOptions()
    session_options.log_severity_level = 3
    for name, value in options.items():
        setattr(session_options, name, value)
    if plugin:
        roiops.register(session_options)
    return ort.InferenceSession(
        model.SerializeToString(), session_options, providers=["CPUExecutionProvider"]
    )


def run(model: onnx.ModelProto, feeds: dict[str, np.ndarray], **options) -> np.ndarray:
    return session(model, **options).run(None, feeds)[0]


def one_node_model(nodes, inputs, outputs, opset=16) -> onnx.ModelProto:
    """A model of standard and roiops nodes; inputs and outputs are (name, element type, shape) triples."""
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(*value) for value in inputs],
        [helper.make_tensor_value_info(*value) for value in outputs],
    )
    imports = [helper.make_opsetid("", opset), helper.make_opsetid(export.DOMAIN, export.VERSION)]
    return helper.make_model(graph, opset_imports=imports, ir_version=8)


def builtin(x, boxes, indices, output_size, scale=1.0, ratio=0, aligned=True, mode="avg") -> np.ndarray:
    """ONNX Runtime's own RoiAlign at opset 16."""
    node = helper.make_node(
        "RoiAlign",
        ["X", "rois", "batch_indices"],
        ["Y"],
        output_height=output_size[0],
        output_width=output_size[1],
        spatial_scale=scale,
        sampling_ratio=max(ratio, 0),
        coordinate_transformation_mode="half_pixel" if aligned else "output_half_pixel",
        mode=mode,
    )
    kind = TYPES[x.dtype.name]
    inputs = [
        ("X", kind, [None] * 4),
        ("rois", kind, [None, 4]),
        ("batch_indices", TensorProto.INT64, [None]),
    ]
    model = one_node_model([node], inputs, [("Y", kind, [None] * 4)])
    feeds = {"X": x, "rois": boxes.astype(x.dtype), "batch_indices": np.asarray(indices, np.int64)}
    return run(model, feeds, plugin=False)


def boxes_of_sides(rng: np.random.Generator, count: int, height: float, width: float) -> np.ndarray:
    """Boxes with centres in the image and sides log-uniform from 0.3 pixel to 1.5 images, float64."""
    extent = np.array([width, height])
    sides = np.exp(rng.uniform(np.log(0.3), np.log(1.5 * extent), (count, 2)))
    centres = rng.uniform(0, extent, (count, 2))
    return np.hstack([centres - sides / 2, centres + sides / 2])
