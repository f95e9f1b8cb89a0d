"""ONNX Runtime's own RoiAlign, for comparisons."""

from __future__ import annotations

from typing import Any

import numpy as np

from roiops._library import import_onnxruntime, register


def standard_model(output_size: tuple[int, int], spatial_scale: float) -> Any:
    """Build a model of one standard RoiAlign node: inputs X (float32), rois, batch_indices; output Y.

    Opset 16, half_pixel and adaptive sampling: what ``roiops::RoiAlign`` does by default.
    """
    from onnx import TensorProto, helper

    inputs: dict[str, tuple[int, list[Any]]] = {
        "X": (TensorProto.FLOAT, ["N", "C", "H", "W"]),
        "rois": (TensorProto.FLOAT, ["K", 4]),
        "batch_indices": (TensorProto.INT64, ["K"]),
    }
    height, width = output_size
    node = helper.make_node(
        "RoiAlign", list(inputs), ["Y"], output_height=height, output_width=width, spatial_scale=spatial_scale
    )
    graph = helper.make_graph(
        [node],
        "standard",
        [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in inputs.items()],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, ["K", "C", height, width])],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)


def run_model(
    model: Any, feeds: dict[str, np.ndarray], plugin: bool, override_standard: bool = False
) -> np.ndarray:
    """Run a model on the CPU, with the libraries of this package or without; returns its only output."""
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    if plugin:
        register(options, override_standard=override_standard)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session.run(None, feeds)[0]
