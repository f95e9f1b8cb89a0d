"""Deformable convolution as mmdeploy writes it beside a plain loop and ONNX Runtime's DeformConv: one thread.

    python -m benchmarks.mmdeploy [runs]

256 to 256 channels, 3 x 3, a map of 50 x 68: a stage of a detector with such convolutions. Prints medians
of runs that take turns, their ratio, and the quartiles of the ratio by turn.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper

import roiops
from benchmarks import measure

CHANNELS, HEIGHT, WIDTH, KERNEL = 256, 50, 68, 3
RUNS = 9


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    feeds = inputs()
    session, found = bound(ours(), feeds)
    for name, make in (("a plain loop", plain_loop), ("ONNX Runtime's DeformConv", onnxruntime)):
        peer, wanted = make(feeds)
        pair = measure.take_turns(session, peer, runs)
        np.testing.assert_allclose(found, wanted, atol=1e-3)
        own, other = np.median(pair.ours) * 1e3, np.median(pair.peer) * 1e3
        low, high = pair.spread
        print(f"ours {own:.1f} ms, {name} {other:.1f} ms, {pair.ratio:.2f}x ({low:.2f} to {high:.2f})")


def inputs() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    taps = KERNEL * KERNEL
    shapes = {
        "x": (1, CHANNELS, HEIGHT, WIDTH),
        "offset": (1, 2 * taps, HEIGHT, WIDTH),
        "mask": (1, taps, HEIGHT, WIDTH),
        "weight": (CHANNELS, CHANNELS, KERNEL, KERNEL),
        "bias": (CHANNELS,),
    }
    feeds = {name: rng.uniform(-1, 1, shape).astype(np.float32) for name, shape in shapes.items()}
    feeds["offset"] *= 4
    feeds["weight"] /= 16
    return feeds


def ours():
    attributes = {"stride": [1, 1], "padding": [1, 1], "dilation": [1, 1], "groups": 1, "deform_groups": 1}
    names = ["x", "offset", "mask", "weight", "bias"]
    return model(helper.make_node("MMCVModulatedDeformConv2d", names, ["y"], domain="mmdeploy", **attributes))


def onnxruntime(feeds):
    names = ["x", "weight", "offset", "bias", "mask"]
    return bound(model(helper.make_node("DeformConv", names, ["y"], pads=[1] * 4)), feeds)


def model(node):
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, value.shape)
        for name, value in inputs().items()
    ]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, CHANNELS, HEIGHT, WIDTH])
    # Weights are constants, as in a real model.
    constant = [
        helper.make_tensor(n, TensorProto.FLOAT, v.shape, v.tobytes(), raw=True) for n, v in weights()
    ]
    graph = helper.make_graph([node], "g", values[:3], [output], constant)
    imports = [helper.make_opsetid("", 19), helper.make_opsetid("mmdeploy", 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=9)


def weights():
    return [(name, value) for name, value in inputs().items() if name in ("weight", "bias")]


def bound(made, feeds):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(
        made.SerializeToString(), roiops.register(options, mmdeploy=True), providers=["CPUExecutionProvider"]
    )
    output = np.empty((1, CHANNELS, HEIGHT, WIDTH), np.float32)
    binding = session.io_binding()
    for given in session.get_inputs():
        binding.bind_ortvalue_input(given.name, ort.OrtValue.ortvalue_from_numpy(feeds[given.name]))
    binding.bind_output("y", "cpu", 0, np.float32, output.shape, output.ctypes.data)
    return (lambda: session.run_with_iobinding(binding)), output


def plain_loop(feeds):
    source = Path(__file__).with_name("deform_conv_loop.cc")
    library = Path(tempfile.mkdtemp()) / "deform_conv_loop.so"
    subprocess.run(["c++", "-std=c++17", "-O3", "-fPIC", "-shared", source, "-o", library], check=True)
    loop = ctypes.CDLL(str(library)).DeformConvLoop
    output = np.empty((1, CHANNELS, HEIGHT, WIDTH), np.float32)
    pointers = [value.ctypes.data_as(ctypes.c_void_p) for value in feeds.values()]
    sizes = [ctypes.c_int64(size) for size in (CHANNELS, HEIGHT, WIDTH, CHANNELS, KERNEL)]
    result = output.ctypes.data_as(ctypes.c_void_p)
    return (lambda: loop(*pointers, *sizes, result)), output


if __name__ == "__main__":
    main()
