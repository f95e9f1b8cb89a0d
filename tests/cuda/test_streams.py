"""The operator among other work of a GPU: neighbours in the graph, bound tensors, CUDA graphs, threads."""

from __future__ import annotations

import ctypes
import threading

import numpy as np
import pytest
from cuda_sessions import cuda_session, needs_cuda, on_device
from onnx import TensorProto, helper
from support import one_node_model

from roiops import export, reference

pytestmark = needs_cuda

SHAPE = (2, 64, 50, 68)
ATTRIBUTES = {"output_size": 7, "spatial_scale": 0.25, "sampling_ratio": 2}


def inputs(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 150, (100, 2))
    boxes = np.hstack([corner, corner + rng.uniform(4, 100, (100, 2))]).astype(np.float32)
    return {"X": rng.standard_normal(SHAPE, np.float32), "boxes": boxes, "batch": np.array([60, 40])}


def pooled(feeds: dict[str, np.ndarray]) -> np.ndarray:
    some = reference.roi_align(
        feeds["X"][:, :2], feeds["boxes"], feeds["batch"], 7, spatial_scale=0.25, sampling_ratio=2
    )
    return some.astype(np.float32)


def test_neighbours_on_the_device():
    """Producers of features and boxes and a consumer of the result run on the same stream, in order."""
    nodes = [helper.make_node("Identity", ["X"], ["x0"])]
    for i in range(40):  # long enough that a kernel on another stream would read features too early
        nodes.append(helper.make_node("Neg", [f"x{i}"], [f"x{i + 1}"]))
    nodes += [
        helper.make_node("Add", ["boxes", "boxes"], ["twice"]),
        helper.make_node("Mul", ["twice", "half"], ["b"]),
        export.make_roi_align_node("x40", "b", "batch", "y", **ATTRIBUTES),
        helper.make_node("Neg", ["y"], ["Y"]),
    ]
    kinds = [
        ("X", TensorProto.FLOAT, [None] * 4),
        ("boxes", TensorProto.FLOAT, [None, 4]),
        ("half", TensorProto.FLOAT, []),
        ("batch", TensorProto.INT64, [None]),
    ]
    session = cuda_session(one_node_model(nodes, kinds, [("Y", TensorProto.FLOAT, [None] * 4)]))
    for seed in range(20):
        feeds = inputs(seed)
        y = session.run(None, {**feeds, "half": np.array(0.5, np.float32)})[0]
        np.testing.assert_allclose(y[:, :2], -pooled(feeds), atol=1e-5)


def bound(session, feeds, y):
    binding = session.io_binding()
    values = {name: on_device(array) for name, array in feeds.items()}
    for name, value in values.items():
        binding.bind_ortvalue_input(name, value)
    binding.bind_ortvalue_output("Y", y)
    return binding, values


@pytest.mark.parametrize("graph", ["0", "1"])
def test_bound_tensors_and_captured_graphs(graph):
    session = cuda_session(export.make_roi_align_model(**ATTRIBUTES), enable_cuda_graph=graph)
    feeds = inputs(0)
    y = on_device(np.full((100, SHAPE[1], 7, 7), np.nan, np.float32))
    binding, values = bound(session, feeds, y)
    for seed in range(6):  # a graph is captured within the first runs and replayed by the others
        feeds = inputs(seed)
        for name, value in values.items():
            value.update_inplace(feeds[name])
        binding.synchronize_inputs()
        session.run_with_iobinding(binding)
        binding.synchronize_outputs()
        np.testing.assert_allclose(y.numpy()[:, :2], pooled(feeds), atol=1e-5)


def device_count() -> int:
    driver, count = ctypes.CDLL("libcuda.so.1"), ctypes.c_int()
    driver.cuInit(0)
    driver.cuDeviceGetCount(ctypes.byref(count))
    return count.value


def test_another_device():
    """Sessions on two devices take turns in one thread."""
    if device_count() < 2:
        pytest.skip("there is one GPU")
    model = export.make_roi_align_model(**ATTRIBUTES)
    sessions = [cuda_session(model, device_id=str(i)) for i in (1, 0)]
    for seed in range(4):
        feeds = inputs(seed)
        y = sessions[seed % 2].run(None, feeds)[0]
        np.testing.assert_allclose(y[:, :2], pooled(feeds), atol=1e-5)


def test_two_sessions_on_two_streams():
    """Each session has a stream of its own; their kernels run at the same time and do not meet."""
    model = export.make_roi_align_model(**ATTRIBUTES)
    problems = []

    def work(first_seed):
        session = cuda_session(model)
        for seed in range(first_seed, first_seed + 20):
            feeds = inputs(seed)
            y = session.run(None, feeds)[0]
            if not np.allclose(y[:, :2], pooled(feeds), atol=1e-5):
                problems.append(seed)

    threads = [threading.Thread(target=work, args=(100 * i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
