"""Tensors of more than 2**31 elements on a GPU."""

from __future__ import annotations

import numpy as np
import pytest
from cuda_sessions import cuda_session, needs_cuda, on_device
from onnx import TensorProto, helper
from support import one_node_model

from roiops import export

pytestmark = needs_cuda

_KINDS = [
    ("X", TensorProto.FLOAT16, [None] * 4),
    ("boxes", TensorProto.FLOAT, [None, 4]),
    ("batch", TensorProto.INT64, [None]),
]


def run(session, feeds, y):
    binding = session.io_binding()
    try:
        values = [(name, on_device(array)) for name, array in feeds.items()]
        for name, value in values:
            binding.bind_ortvalue_input(name, value)
        binding.bind_ortvalue_output("Y", y)
        session.run_with_iobinding(binding)
    except Exception as error:
        if "memory" in str(error).lower() or "alloc" in str(error).lower():
            pytest.skip(f"needs 10 GB of device memory: {error}")
        raise
    return y.numpy()


def test_features_beyond_2_to_the_31():
    node = export.make_roi_align_node(
        "X", "boxes", "batch", "Y", output_size=2, sampling_ratio=2, batch_format="batch_indices"
    )
    session = cuda_session(one_node_model([node], _KINDS, [("Y", TensorProto.FLOAT16, [None] * 4)]))
    x = np.zeros((2, 33, 8192, 8192), np.float16)
    x[1, -1, 8000:, 8000:] = 3
    feeds = {"X": x, "boxes": np.array([[8010, 8010, 8090, 8100]], np.float32), "batch": np.array([1])}
    y = run(session, feeds, on_device(np.full((1, 33, 2, 2), np.nan, np.float16)))
    assert np.all(y[:, :-1] == 0)
    assert np.all(y[:, -1] == 3)


def test_outputs_beyond_2_to_the_31():
    """The graph keeps the last box, so that only a little has to leave the device."""
    nodes = [
        export.make_roi_align_node(
            "X", "boxes", "batch", "y", output_size=32, sampling_ratio=1, batch_format="batch_indices"
        ),
        helper.make_node("Slice", ["y", "begin", "end", "axis"], ["Y"]),
    ]
    kinds = [*_KINDS, *((name, TensorProto.INT64, [1]) for name in ("begin", "end", "axis"))]
    session = cuda_session(one_node_model(nodes, kinds, [("Y", TensorProto.FLOAT16, [None] * 4)]))
    count, channels = 2100, 1024
    x = np.broadcast_to(np.arange(channels, dtype=np.float16)[None, :, None, None], (1, channels, 8, 8))
    feeds = {
        "X": np.ascontiguousarray(x),
        "boxes": np.tile(np.array([1, 1, 6, 6], np.float32), (count, 1)),
        "batch": np.zeros(count, np.int64),
        "begin": np.array([count - 1]),
        "end": np.array([count]),
        "axis": np.array([0]),
    }
    assert count * channels * 32 * 32 > 2**31
    y = run(session, feeds, on_device(np.full((1, channels, 32, 32), np.nan, np.float16)))
    np.testing.assert_array_equal(y[0, :, 0, 0], np.arange(channels, dtype=np.float16))
    np.testing.assert_array_equal(y.reshape(channels, -1).min(axis=1), y.reshape(channels, -1).max(axis=1))
