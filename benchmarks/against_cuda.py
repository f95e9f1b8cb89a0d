"""Our operator on a GPU against ONNX Runtime's own and torchvision's, timed by the device's clock.

A model repeats the operator over several sets of inputs and outputs, in turn, so that one run keeps the
device busy and the cache does not keep what is read.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

import roiops
import roiops.export
from benchmarks.cuda_clock import CudaClock
from benchmarks.sessions import ONNX_TYPES
from benchmarks.workloads import Workload
from roiops import reference

_SETS = 4
_CALLS = 16
_CHECKED_BOXES = 8

Call = Callable[[], object]


def compare(workload: Workload, dtype: str, rounds: int) -> dict[str, object]:
    """Measure one workload in float32, float64 or float16.

    Returns:
        A row: milliseconds per call of ours and of each peer ("-" for one that is not there), our error
        against the oracle over the largest feature, and our time over that of reading X and writing Y once.

    Raises:
        OSError: there is no CUDA driver.
    """
    clock, copy_speed = _clock()
    inputs = workload.arrays(np.dtype(dtype))
    ours, y = _session_call(_ours(workload, dtype), inputs, workload, clock)
    peers = {"ONNX Runtime": _builtin_call(workload, dtype, inputs, clock)}
    times = {"ours": _median(ours, clock, rounds)}
    times |= {name: _median(call, clock, rounds) if call else None for name, call in peers.items()}
    times["torchvision"] = _torchvision_seconds(workload, inputs, rounds)
    floor = (inputs["X"].nbytes + y.nbytes) / copy_speed
    row: dict[str, object] = {"workload": f"{workload.name} {workload.title}"}
    for name, seconds in times.items():
        row[f"{name} ms"] = round(seconds * 1e3, 4) if seconds else "-"
    for name, seconds in times.items():
        if name != "ours":
            row[f"ratio to {name}"] = round(seconds / times["ours"], 2) if seconds else "-"
    row["floor ms"] = round(floor * 1e3, 4)
    row["times the floor"] = round(times["ours"] / floor, 2)
    row["our error"] = f"{_error(workload, inputs, y):.0e}"
    return row


@lru_cache(maxsize=1)
def _clock() -> tuple[CudaClock, float]:
    clock = CudaClock()
    return clock, clock.copy_speed()


def _median(call: Call, clock: CudaClock, rounds: int) -> float:
    for _ in range(3):
        call()
    return float(np.median([clock.seconds(call) for _ in range(rounds)])) / _CALLS


def _ours(workload: Workload, dtype: str) -> bytes:
    nodes = [
        roiops.export.make_roi_align_node(
            f"X_{i % _SETS}",
            "boxes",
            "batch",
            f"Y_{i}",
            output_size=workload.output,
            spatial_scale=workload.spatial_scale,
            sampling_ratio=workload.sampling_ratio,
            aligned=workload.aligned,
            batch_format="batch_indices",
        )
        for i in range(_CALLS)
    ]
    return _model(nodes, dtype, "float64" if dtype == "float64" else "float32")


def _builtin(workload: Workload, dtype: str) -> bytes:
    nodes = [
        helper.make_node(
            "RoiAlign",
            [f"X_{i % _SETS}", "boxes", "batch"],
            [f"Y_{i}"],
            output_height=workload.output,
            output_width=workload.output,
            spatial_scale=float(workload.spatial_scale),
            sampling_ratio=max(workload.sampling_ratio, 0),
            coordinate_transformation_mode="half_pixel" if workload.aligned else "output_half_pixel",
        )
        for i in range(_CALLS)
    ]
    return _model(nodes, dtype, dtype)


def _model(nodes: list, dtype: str, box_dtype: str) -> bytes:
    inputs = [(f"X_{i}", ONNX_TYPES[dtype], [None] * 4) for i in range(_SETS)]
    inputs += [("boxes", ONNX_TYPES[box_dtype], [None, 4]), ("batch", TensorProto.INT64, [None])]
    outputs = [(f"Y_{i}", ONNX_TYPES[dtype], [None] * 4) for i in range(_CALLS)]
    graph = helper.make_graph(
        nodes,
        "repeated",
        [helper.make_tensor_value_info(*value) for value in inputs],
        [helper.make_tensor_value_info(*value) for value in outputs],
    )
    imports = [helper.make_opsetid("", 16), helper.make_opsetid(roiops.export.DOMAIN, roiops.export.VERSION)]
    return helper.make_model(graph, opset_imports=imports, ir_version=8).SerializeToString()


def _session_call(
    model: bytes, inputs: dict[str, np.ndarray], workload: Workload, clock: CudaClock
) -> tuple[Call, np.ndarray]:
    """Return a function that enqueues the model's calls, and the result of one of them."""
    options = roiops.register(onnxruntime.SessionOptions())
    options.log_severity_level = 4
    options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    provider = ("CUDAExecutionProvider", {"user_compute_stream": str(clock.stream)})
    session = onnxruntime.InferenceSession(model, options, providers=[provider])
    binding = session.io_binding()
    for i in range(_SETS):
        binding.bind_ortvalue_input(f"X_{i}", _on_device(inputs["X"]))
    for name in ("boxes", "batch"):
        binding.bind_ortvalue_input(name, _on_device(inputs[name]))
    poison = np.full(workload.output_shape, np.nan, inputs["X"].dtype)
    values = [_on_device(poison) for _ in range(_SETS)]
    for i in range(_CALLS):
        binding.bind_ortvalue_output(f"Y_{i}", values[i % _SETS])
    run_options = onnxruntime.RunOptions()
    run_options.add_run_config_entry("disable_synchronize_execution_providers", "1")
    session.run_with_iobinding(binding)
    return lambda: session.run_with_iobinding(binding, run_options), values[-1].numpy()


def _builtin_call(
    workload: Workload, dtype: str, inputs: dict[str, np.ndarray], clock: CudaClock
) -> Call | None:
    inputs = {**inputs, "boxes": inputs["boxes"].astype(dtype)}  # the standard operator has one type
    try:
        return _session_call(_builtin(workload, dtype), inputs, workload, clock)[0]
    except Exception as error:  # ONNX Runtime's own classes derive from nothing narrower
        print(f"ONNX Runtime's CUDA RoiAlign does not run here: {error}")
        return None


def _torchvision_seconds(workload: Workload, inputs: dict[str, np.ndarray], rounds: int) -> float | None:
    try:
        import torch
        from torchvision.ops import roi_align
    except ImportError:
        return None
    if not torch.cuda.is_available():
        return None
    xs = [torch.from_numpy(inputs["X"]).cuda() for _ in range(_SETS)]
    rois = np.concatenate([inputs["batch"][:, None].astype(inputs["boxes"].dtype), inputs["boxes"]], 1)
    rois = torch.from_numpy(rois).cuda().to(xs[0].dtype)
    size = (workload.output, workload.output)
    start, stop = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    times = []
    for _ in range(rounds + 3):
        start.record()
        for i in range(_CALLS):
            roi_align(
                xs[i % _SETS],
                rois,
                size,
                workload.spatial_scale,
                max(workload.sampling_ratio, 0),
                workload.aligned,
            )
        stop.record()
        stop.synchronize()
        times.append(start.elapsed_time(stop) * 1e-3 / _CALLS)
    return float(np.median(times[3:]))


def _on_device(array: np.ndarray) -> onnxruntime.OrtValue:
    return onnxruntime.OrtValue.ortvalue_from_numpy(array, "cuda", 0)


def _error(workload: Workload, inputs: dict[str, np.ndarray], y: np.ndarray) -> float:
    some = np.linspace(0, workload.boxes - 1, min(_CHECKED_BOXES, workload.boxes)).astype(int)
    expected = reference.roi_align(
        inputs["X"],
        inputs["boxes"][some],
        inputs["batch"][some],
        workload.output,
        workload.spatial_scale,
        workload.sampling_ratio,
        workload.aligned,
        batch_format="batch_indices",
    )
    largest = np.abs(inputs["X"].astype(np.float64)).max()
    return float(np.abs(y[some].astype(np.float64) - expected).max() / largest)
