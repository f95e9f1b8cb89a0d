"""What could end a process or spoil it, for processes of their own: `python -m attacks.children NAME`."""

from __future__ import annotations

import gc
import os
import resource
import signal
import sys
import threading

import numpy as np
import onnxruntime as ort
from attacks.hostile import BOXES, INPUTS, errors, model, session, untyped_shape, wrapped
from onnx import TensorProto, helper

import roiops
from roiops import export

FEEDS = INPUTS["RoiAlign"]


def many_boxes(count: int) -> dict[str, np.ndarray]:
    x = np.random.default_rng(0).random((2, 64, 50, 60), np.float32)
    return {"X": x, "boxes": np.tile(BOXES, (count, 1)), "batch": np.array([count, 2 * count])}


def resident_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def address_space_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def out_of_memory() -> None:
    """Allocation fails at varying points: outputs, plans, scratch. Each time it is an error, not a crash."""
    small = session(model("RoiAlign"))
    expected = small.run(None, FEEDS)[0]
    pooler = session(
        model("RoiAlign", mode="max", output_height=7, output_width=7), enable_cpu_mem_arena=False
    )
    wide = {"X": np.ones((1, 1, 2, 2**22), np.float32), "boxes": BOXES, "batch": np.array([3])}
    feeds = [wide, many_boxes(200), many_boxes(2000)]
    refused = 0
    for megabytes in (1, 4, 16, 64, 150, 250, 400):
        limit = address_space_bytes() + megabytes * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
        for feed in feeds:
            try:
                pooler.run(None, feed)
            except (errors.Fail, errors.RuntimeException, errors.InvalidArgument) as error:
                assert "Name:''" in str(error) or "hostile_node" in str(error), error
                refused += 1
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        np.testing.assert_array_equal(small.run(None, FEEDS)[0], expected)
    assert refused >= 5, refused
    for feed in feeds:
        pooler.run(None, feed)


def cancelled_run() -> None:
    """A cancelled run fails; the session goes on."""
    pooler = session(model("RoiAlign"))
    expected = pooler.run(None, FEEDS)[0]
    options = ort.RunOptions()
    options.terminate = True
    try:
        pooler.run(None, FEEDS, options)
    except errors.Fail as error:
        assert "Exiting due to terminate flag" in str(error)
    else:
        raise AssertionError("the run was not cancelled")
    options = ort.RunOptions()
    timer = threading.Timer(0.2, lambda: setattr(options, "terminate", True))
    timer.start()
    feeds = many_boxes(300)
    try:
        while True:
            pooler.run(None, feeds, options)
    except errors.Fail:
        pass
    np.testing.assert_array_equal(pooler.run(None, FEEDS)[0], expected)


def hostile_neighbours() -> None:
    """Runs that fail on a session, and sessions that come and go, do not disturb the others' results."""
    pooler = session(model("RoiAlign"), intra_op_num_threads=2)
    good = [FEEDS, many_boxes(30)]
    expected = [pooler.run(None, feeds)[0] for feeds in good]
    bad = [
        {**FEEDS, "batch": np.array([2**62, 2**62])},
        {**FEEDS, "boxes": BOXES * np.nan},
        {**FEEDS, "X": FEEDS["X"][0]},
    ]
    faults = []

    def attack(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(60):
            which = int(rng.integers(6))
            try:
                if which < 2:
                    np.testing.assert_array_equal(pooler.run(None, good[which])[0], expected[which])
                elif which < 5:
                    try:
                        pooler.run(None, bad[which - 2])
                    except errors.InvalidArgument:
                        continue
                    raise AssertionError("a hostile run passed")
                else:
                    made = session(model("RoiAlign"), intra_op_num_threads=1)
                    np.testing.assert_array_equal(made.run(None, FEEDS)[0], expected[0])
            except BaseException as fault:
                faults.append(fault)

    threads = [threading.Thread(target=attack, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults


def maps_that_share_memory() -> None:
    """Boxes that alternate between a map and its memory in another shape need the scratch of one map."""
    node = export.make_multiscale_roi_align_node(
        "boxes", "batch", "levels", ["X", "Z"], "Y", output_size=1, spatial_scales=[1, 1], sampling_ratio=512
    )
    nodes = [helper.make_node("Reshape", ["X", "shape"], ["Z"]), node]
    boxes = np.tile(np.array([[0, 0, 512, 512], [0, 0, 1024, 256]], np.float32), (1000, 1))
    feeds = {
        "X": np.ones((1, 1, 512, 512), np.float32),
        "boxes": boxes,
        "batch": np.array([2000]),
        "levels": np.arange(2000) % 2,
        "shape": np.array([1, 1, 256, 1024]),
    }
    kinds = {name: helper.np_dtype_to_tensor_dtype(value.dtype) for name, value in feeds.items()}
    infos = [untyped_shape(name, kind) for name, kind in kinds.items()]
    graph = helper.make_graph(nodes, "g", infos, [untyped_shape("Y", TensorProto.FLOAT)])
    pooler = session(wrapped(graph))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    np.testing.assert_allclose(pooler.run(None, feeds)[0], 1, rtol=1e-5)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 100 * 2**10, f"{grown} KiB"


def registered_often() -> None:
    """Registering leaves nothing behind; registering twice with one object is refused."""
    payload = model("RoiAlign").SerializeToString()

    def register(times: int) -> None:
        for _ in range(times):
            options = ort.SessionOptions()
            roiops.register(options, override_standard=True)
            del options
        gc.collect()

    register(500)
    before = resident_bytes()
    register(5000)
    grown = resident_bytes() - before
    assert grown < 2 * 2**20, grown
    options = ort.SessionOptions()
    for _ in range(2):
        options.register_custom_ops_library(roiops.get_library_path())
    try:
        ort.InferenceSession(payload, options, providers=["CPUExecutionProvider"], enable_fallback=0)
    except errors.Fail as error:
        assert "roiops" in str(error) or "already" in str(error)
    else:
        raise AssertionError("registered twice")


def in_child(work) -> None:
    pid = os.fork()
    if pid == 0:
        signal.alarm(60)
        try:
            work()
            os._exit(0)
        except BaseException as fault:
            print(fault, file=sys.stderr, flush=True)
            os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0


def forked() -> None:
    """Workers forked from a process that has loaded the libraries, and one that has a one-thread session."""
    options = ort.SessionOptions()
    roiops.register(options, override_standard=True)
    feeds = many_boxes(50)
    payload = model("RoiAlign").SerializeToString()

    def serve() -> np.ndarray:
        pooler = ort.InferenceSession(payload, options, providers=["CPUExecutionProvider"])
        return pooler.run(None, feeds)[0]

    for _ in range(2):
        in_child(serve)
    early = session(model("RoiAlign"), intra_op_num_threads=1)
    expected = early.run(None, feeds)[0]
    in_child(lambda: np.testing.assert_array_equal(early.run(None, feeds)[0], expected))
    np.testing.assert_array_equal(serve(), expected)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
