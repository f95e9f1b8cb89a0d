"""One call of an operator in ONNX Runtime: ours or the built-in one, inputs and output bound once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

import roiops
import roiops.export
from benchmarks.workloads import Workload

ONNX_TYPES = {
    "float32": TensorProto.FLOAT,
    "float64": TensorProto.DOUBLE,
    "float16": TensorProto.FLOAT16,
    "bfloat16": TensorProto.BFLOAT16,
}


def ours(workload: Workload, dtype: str) -> bytes:
    """Build a model of one roiops::RoiAlign node."""
    node = roiops.export.make_roi_align_node(
        "X",
        "boxes",
        "batch",
        "Y",
        output_size=workload.output,
        spatial_scale=workload.spatial_scale,
        sampling_ratio=workload.sampling_ratio,
        aligned=workload.aligned,
        batch_format="batch_indices",
    )
    box_dtype = "float64" if dtype == "float64" else "float32"
    return _model(node, dtype, box_dtype)


def builtin(workload: Workload, dtype: str) -> bytes:
    """Build a model of one standard RoiAlign node, opset 16."""
    node = helper.make_node(
        "RoiAlign",
        ["X", "boxes", "batch"],
        ["Y"],
        output_height=workload.output,
        output_width=workload.output,
        spatial_scale=float(workload.spatial_scale),
        sampling_ratio=max(workload.sampling_ratio, 0),
        coordinate_transformation_mode="half_pixel" if workload.aligned else "output_half_pixel",
    )
    return _model(node, dtype, dtype)


def bound_call(
    model: bytes, inputs: dict[str, np.ndarray], workload: Workload, dtype: str, threads: int
) -> tuple[Callable[[], None], onnxruntime.OrtValue]:
    """Return a function that runs the model into a preallocated output, and that output."""
    options = roiops.register(onnxruntime.SessionOptions())
    options.intra_op_num_threads = threads
    # Two sessions that take turns: the idle threads of one must not keep the processors from the other.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    for name, array in inputs.items():
        binding.bind_ortvalue_input(name, _ort_value(array))
    output = _ort_value(np.zeros(workload.output_shape, inputs["X"].dtype))
    binding.bind_ortvalue_output("Y", output)
    return lambda: session.run_with_iobinding(binding), output


def model_call(model: bytes, feeds: dict[str, np.ndarray], threads: int) -> Callable[[], None]:
    """Return a function that runs a model into outputs that its first run has made."""
    options = roiops.register(onnxruntime.SessionOptions())
    options.intra_op_num_threads, options.log_severity_level = threads, 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    given = {value.name: feeds[value.name] for value in session.get_inputs()}
    for name, array in given.items():
        binding.bind_cpu_input(name, array)
    names = [value.name for value in session.get_outputs()]
    for name, y in zip(names, session.run(None, given), strict=True):
        binding.bind_ortvalue_output(name, onnxruntime.OrtValue.ortvalue_from_numpy(y))
    return lambda: session.run_with_iobinding(binding)


def _ort_value(array: np.ndarray) -> onnxruntime.OrtValue:
    if array.dtype.name == "bfloat16":
        return onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(
            array.view(np.uint16), TensorProto.BFLOAT16
        )
    return onnxruntime.OrtValue.ortvalue_from_numpy(array)


def _model(node: object, dtype: str, box_dtype: str) -> bytes:
    inputs = [
        helper.make_tensor_value_info("X", ONNX_TYPES[dtype], ["N", "C", "H", "W"]),
        helper.make_tensor_value_info("boxes", ONNX_TYPES[box_dtype], ["K", 4]),
        helper.make_tensor_value_info("batch", TensorProto.INT64, ["K"]),
    ]
    output = helper.make_tensor_value_info("Y", ONNX_TYPES[dtype], None)
    opsets = [helper.make_opsetid("", 16), helper.make_opsetid(roiops.export.DOMAIN, roiops.export.VERSION)]
    graph = helper.make_graph([node], "benchmark", inputs, [output])
    return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()
