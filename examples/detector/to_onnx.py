"""One ONNX model from JPEG bytes to boxes: decoding and resizing, the network, boxes in the JPEG's pixels."""

from __future__ import annotations

import io
import warnings

import onnx
import torch
from network import SIZE, Inference
from onnx import TensorProto, compose, helper
from onnxscript import FLOAT, UINT8, script
from onnxscript import opset18 as op
from onnxscript.values import Opset
from scenes import CLASSES
from torchvision.models.detection import FasterRCNN

from roiops.export import DOMAIN, VERSION, upgrade

_OPSET, _IR_VERSION = 18, 8
_SIZE = float(SIZE)
_FLOAT, _INT64 = int(TensorProto.FLOAT), int(TensorProto.INT64)
_extensions = Opset("com.microsoft.extensions", 1)  # of the package onnxruntime-extensions


@script()
def read_picture(jpeg: UINT8[None]) -> tuple[FLOAT[1, 3, SIZE, SIZE], FLOAT[4], FLOAT[4]]:
    """Give the network's input, the JPEG's pixels per pixel of that (x, y, x, y), and its sides in pixels."""
    decoded = _extensions.DecodeImage(jpeg)  # (height, width, 3): blue, green, red
    colours = op.Slice(decoded, [-1], [-4], [2], [-1])
    planes = op.Unsqueeze(op.Transpose(colours, perm=[2, 0, 1]), [0])
    sides = op.Cast(op.Shape(decoded, start=0, end=2), to=_FLOAT)
    fitted = op.Max(op.Round(sides * (_SIZE / op.ReduceMax(sides))), 1.0)
    sizes = op.Cast(fitted, to=_INT64)
    small = op.Resize(planes, None, None, sizes, axes=[2, 3], mode="linear", antialias=1)
    values = (op.Cast(small, to=_FLOAT) - 127.5) / 63.75
    room = op.Concat([0, 0], op.Cast(_SIZE - fitted, to=_INT64), axis=0)
    image = op.Pad(values, room, 0.0, [2, 3])
    xyxy = op.Constant(value_ints=[1, 0, 1, 0])
    scale = op.Gather(sides / fitted, xyxy)
    limits = op.Gather(sides, xyxy)
    return image, scale, limits


@script()
def write_boxes(found: FLOAT[None, 4], scale: FLOAT[4], limits: FLOAT[4]) -> FLOAT[None, 4]:
    """Give the boxes in pixels of the JPEG."""
    pixels = found * scale
    boxes = op.Min(pixels, limits)
    return boxes


def export_network(network: FasterRCNN) -> onnx.ModelProto:
    """Export what follows the decoding: image to found, labels, scores."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Inference(network).eval(),
            (torch.rand(1, 3, SIZE, SIZE),),
            buffer,
            input_names=["image"],
            output_names=["found", "labels", "scores"],
            dynamic_axes={name: {0: "boxes"} for name in ("found", "labels", "scores")},
            opset_version=_OPSET,
            dynamo=False,
        )
    return onnx.load_from_string(buffer.getvalue())


def make_model(network: FasterRCNN) -> onnx.ModelProto:
    """Build the whole model: jpeg (bytes,) uint8 to boxes (K, 4), labels (K,) int64, scores (K,).

    Its pooler is one roiops::MultiScaleRoiAlign node with a body of standard operators, so it runs with and
    without the roiops library. Labels are indices of the names that its metadata has as "classes".
    """
    exported, _ = upgrade(export_network(network), portable=True)
    read, write = (
        compose.add_prefix_graph(
            function.to_model_proto().graph, f"{name}/", rename_inputs=False, rename_outputs=False
        )
        for name, function in (("read", read_picture), ("write", write_boxes))
    )
    graph = helper.make_graph(
        [*read.node, *exported.graph.node, *write.node],
        "detector",
        [helper.make_tensor_value_info("jpeg", TensorProto.UINT8, ["bytes"])],
        [
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, ["K", 4]),
            helper.make_tensor_value_info("labels", TensorProto.INT64, ["K"]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["K"]),
        ],
        exported.graph.initializer,
    )
    domains = {"": _OPSET, DOMAIN: VERSION, _extensions.domain: _extensions.version}
    model = helper.make_model(
        graph,
        functions=exported.functions,
        opset_imports=[helper.make_opsetid(domain, version) for domain, version in domains.items()],
        ir_version=_IR_VERSION,
    )
    helper.set_model_props(model, {"classes": ",".join(CLASSES)})
    onnx.checker.check_model(model)
    return model
