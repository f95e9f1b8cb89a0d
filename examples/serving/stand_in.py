"""A detector of random weights that costs what one of its size costs, for tests and measurements."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_CLASSES = ("disc", "ring", "square")
_STRIDE = 16


def make_stand_in(side: int, channels: int, depth: int, boxes: int) -> onnx.ModelProto:
    """Build a two-stage detector around one standard RoiAlign node, as exporters write it at opset 16.

    Convolutions with a stride of 16 and ``depth`` more on their map, then ``boxes`` fixed regions of each
    picture, pooled to 14 × 14 and classified. It takes batches: image (N, 3, side, side) float32 to
    boxes (N, boxes, 4), labels (N, boxes) int64 and scores (N, boxes).
    """
    rng = np.random.default_rng(0)
    constants: list[onnx.TensorProto] = []
    nodes: list[onnx.NodeProto] = []

    def constant(name: str, value: np.ndarray) -> str:
        constants.append(numpy_helper.from_array(value, name))
        return name

    def weights(name: str, *shape: int) -> str:
        fan_in = np.prod(shape[1:])
        return constant(name, (rng.standard_normal(shape) * np.sqrt(2 / fan_in)).astype(np.float32))

    def add(kind: str, inputs: list[str], output: str, **attributes: object) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def convolve(x: str, before: int, after: int, kernel: int, stride: int) -> str:
        name = f"conv{len(nodes)}"
        pads = [kernel // 2] * 4
        kernels = weights(f"{name}_w", after, before, kernel, kernel)
        return add("Relu", [add("Conv", [x, kernels], name, strides=[stride] * 2, pads=pads)], f"{name}_relu")

    x = convolve("image", 3, channels // 4, 7, 4)
    x = convolve(x, channels // 4, channels // 2, 3, 2)
    x = convolve(x, channels // 2, channels, 3, 2)
    for _ in range(depth):
        x = convolve(x, channels, channels, 3, 1)

    corner = rng.uniform(0, 0.7, (boxes, 2))
    anchors = np.concatenate([corner, corner + rng.uniform(0.1, 0.3, (boxes, 2))], 1) * side
    images = add("Shape", ["image"], "images", start=0, end=1)
    count = add("Squeeze", [images], "count")
    indices = add("Range", [constant("zero", np.int64(0)), count, constant("one", np.int64(1))], "range")
    column = add("Unsqueeze", [indices, constant("last", np.array([1]))], "column")
    pairs = add("Concat", [images, constant("boxes_n", np.array([boxes]))], "pairs", axis=0)
    each = add("Expand", [column, pairs], "each")
    flat = constant("flat", np.array([-1]))
    batch = add("Reshape", [each, flat], "batch")
    repeats = add("Concat", [images, constant("one_1d", np.array([1]))], "repeats", axis=0)
    rois = add("Tile", [constant("anchors", anchors.astype(np.float32)), repeats], "rois")
    pooled = add(
        "RoiAlign", [x, rois, batch], "pooled", output_height=14, output_width=14, spatial_scale=1 / _STRIDE
    )
    features = add("ReduceMean", [pooled], "features", axes=[2, 3], keepdims=0)
    logits = add("MatMul", [features, weights("classify", channels, len(_CLASSES))], "logits")
    shares = add("Softmax", [logits], "shares", axis=1)
    best = add("ReduceMax", [shares], "best", axes=[1], keepdims=0)
    add("Reshape", [best, pairs], "scores")
    add("Reshape", [add("ArgMax", [shares], "argmax", axis=1, keepdims=0), pairs], "labels")
    add("Reshape", [rois, constant("by_picture", np.array([-1, boxes, 4]))], "boxes")

    graph = helper.make_graph(
        nodes,
        "stand-in",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, side, side])],
        [
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, ["N", boxes, 4]),
            helper.make_tensor_value_info("labels", TensorProto.INT64, ["N", boxes]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", boxes]),
        ],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)
    helper.set_model_props(model, {"classes": ",".join(_CLASSES)})
    onnx.checker.check_model(model)
    return model
