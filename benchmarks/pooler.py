"""A four-level pooler as PyTorch exports it, against the same model upgraded to one MultiScaleRoiAlign."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime

import roiops
import roiops.export
from benchmarks import measure

_GRAPHS = Path(__file__).parent / "graphs"
_IMAGE = (800, 1344)
_STRIDES = (4, 8, 16, 32)


def compare(exporter: str, boxes: int, threads: int, rounds: int) -> dict[str, object]:
    """Measure the graph of one exporter, "torchscript" or "dynamo"."""
    original = onnx.load(_GRAPHS / f"{exporter}.onnx")
    upgraded, _ = roiops.export.upgrade(original)
    inputs = _inputs(boxes)
    ours, y = _bound_call(upgraded, inputs, threads)
    peer, peer_y = _bound_call(original, inputs, threads)
    pair = measure.take_turns(ours, peer, rounds)
    low, high = pair.spread
    return {
        "pooler": exporter,
        "nodes": f"{len(original.graph.node)} → {len(upgraded.graph.node)}",
        "upgraded ms": round(float(np.median(pair.ours)) * 1e3, 2),
        "original ms": round(float(np.median(pair.peer)) * 1e3, 2),
        "ratio": round(pair.ratio, 1),
        "quartiles": f"{low:.1f}–{high:.1f}",
        "difference": f"{np.abs(y.numpy() - peer_y.numpy()).max():.0e}",
    }


def _inputs(count: int) -> dict[str, np.ndarray]:
    """Return a pyramid and boxes whose sizes spread evenly over its levels."""
    rng = np.random.default_rng(0)
    height, width = _IMAGE
    maps = {
        f"p{i + 2}": rng.standard_normal((1, 256, height // s, width // s), np.float32)
        for i, s in enumerate(_STRIDES)
    }
    size = 56 * 2 ** rng.uniform(0, 3.5, (count, 1)) * 2 ** rng.normal(0, 0.35, (count, 2))
    size = np.minimum(size, (width, height))
    corner = rng.uniform(size=(count, 2)) * (np.array([width, height]) - size)
    return {**maps, "boxes": np.concatenate([corner, corner + size], 1).astype(np.float32)}


def _bound_call(model, inputs, threads):
    options = roiops.register(onnxruntime.SessionOptions())
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    binding = session.io_binding()
    for name, array in inputs.items():
        binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(array))
    shape = (len(inputs["boxes"]), 256, 7, 7)
    output = onnxruntime.OrtValue.ortvalue_from_numpy(np.zeros(shape, np.float32))
    binding.bind_ortvalue_output(session.get_outputs()[0].name, output)
    return lambda: session.run_with_iobinding(binding), output
