"""Rotated boxes: RoiAlignRotated and NmsRotated beside the loops of rotated_loops.cc, on one thread.

    python -m benchmarks.rotated [runs]

Prints the medians of runs that take turns with the loop, their ratio, and the quartiles of the ratio by turn.
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
from roiops import export

RUNS = 9


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    loops = compiled_loops()
    for count in (100, 1000):
        for ratio in (2, 0):
            report(f"RoiAlignRotated, {count} boxes, ratio {ratio}", *pooling(loops, count, ratio), runs)
    report("NmsRotated, 2000 boxes", *suppression(loops, 2000), runs)
    report("NmsRotated, 10000 boxes", *suppression(loops, 10000), max(3, runs // 3))


def compiled_loops() -> ctypes.CDLL:
    source = Path(__file__).with_name("rotated_loops.cc")
    library = Path(tempfile.mkdtemp()) / "rotated_loops.so"
    subprocess.run(["c++", "-std=c++17", "-O3", "-fPIC", "-shared", source, "-o", library], check=True)
    loops = ctypes.CDLL(str(library))
    loops.NmsRotatedLoop.restype = ctypes.c_int64
    return loops


def pooling(loops: ctypes.CDLL, count: int, ratio: int):
    """1 x 256 x 200 x 272, boxes of 16 to 224 pixels with random angles, scale 1/4, 7 x 7 bins."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, 256, 200, 272), np.float32)
    sides = np.exp(rng.uniform(np.log(16), np.log(224), (count, 2)))
    half = np.hypot(*sides.T)[:, None] / 2
    centres = half + rng.random((count, 2)) * np.maximum([1088, 800] - 2 * half, 0)
    boxes = np.column_stack([centres, sides, rng.uniform(-np.pi, np.pi, count)]).astype(np.float32)
    model = export.make_roi_align_rotated_model(output_size=7, spatial_scale=0.25, sampling_ratio=ratio)
    ours, found = bound(model, {"X": x, "boxes": boxes, "batch": np.array([count])}, (count, 256, 7, 7))
    output = np.empty((count, 256, 7, 7), np.float32)
    arguments = (*map(pointer, (x,)), 256, 200, 272, pointer(boxes), count, 0.25, 7, ratio, pointer(output))

    def loop() -> None:
        loops.PoolRotatedLoop(*map(c_value, arguments))

    def check() -> None:
        np.testing.assert_allclose(found, output, atol=1e-3)

    return ours, loop, check


def suppression(loops: ctypes.CDLL, count: int):
    """A scene of objects, each found several times, in an image of 4000 x 4000 pixels."""
    rng = np.random.default_rng(0)
    objects = count // 8
    sides = np.exp(rng.uniform(np.log(12), np.log(150), (objects, 2)))
    scene = np.column_stack([rng.uniform(0, 4000, (objects, 2)), sides, rng.uniform(-1.6, 1.6, objects)])
    boxes = scene[rng.integers(0, objects, count)] + rng.normal(0, [3, 3, 2, 2, 0.05], (count, 5))
    boxes[:, 2:4] = np.maximum(boxes[:, 2:4], 1)
    boxes, scores = boxes.astype(np.float32), rng.random(count).astype(np.float32)
    node = export.make_nms_rotated_node("boxes", "scores", "selected", iou_threshold=0.1)
    kinds = [("boxes", [1, count, 5]), ("scores", [1, 1, count])]
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in kinds],
        [helper.make_tensor_value_info("selected", TensorProto.INT64, [None, 3])],
    )
    imports = [helper.make_opsetid("", 17), helper.make_opsetid(export.DOMAIN, export.VERSION)]
    run = session(helper.make_model(graph, opset_imports=imports, ir_version=8))
    feeds = {"boxes": boxes[None], "scores": scores[None, None]}
    kept = np.empty(count, np.int64)
    results = {}

    def ours() -> None:
        results["ours"] = run.run(None, feeds)[0]

    def loop() -> None:
        results["loop"] = loops.NmsRotatedLoop(
            *map(c_value, (pointer(boxes), pointer(scores), count, 0.1, pointer(kept)))
        )

    def check() -> None:
        ours_kept = results["ours"][:, 2]
        common = np.intersect1d(ours_kept, kept[: results["loop"]]).size
        print(f"  kept {len(ours_kept)}, by the loop in float32 {results['loop']}, by both {common}")

    return ours, loop, check


def session(model) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return ort.InferenceSession(
        model.SerializeToString(), roiops.register(options), providers=["CPUExecutionProvider"]
    )


def bound(model, feeds, shape):
    run = session(model)
    output = np.empty(shape, np.float32)
    binding = run.io_binding()
    values = [ort.OrtValue.ortvalue_from_numpy(array) for array in feeds.values()]
    for name, value in zip(feeds, values):
        binding.bind_ortvalue_input(name, value)
    binding.bind_output("Y", "cpu", 0, np.float32, output.shape, output.ctypes.data)
    return (lambda: run.run_with_iobinding(binding)), output


def pointer(array: np.ndarray) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)


def c_value(value):
    if isinstance(value, ctypes.c_void_p):
        return value
    return ctypes.c_float(value) if isinstance(value, float) else ctypes.c_int64(value)


def report(title: str, ours, loop, check, runs: int) -> None:
    pair = measure.take_turns(ours, loop, runs)
    own, other = np.median(pair.ours) * 1e3, np.median(pair.peer) * 1e3
    low, high = pair.spread
    print(f"{title}: ours {own:.2f} ms, loop {other:.1f} ms, {pair.ratio:.1f}x ({low:.1f} to {high:.1f})")
    check()


if __name__ == "__main__":
    main()
