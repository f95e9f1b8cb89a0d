"""Our operator against the RoIAlign of other frameworks: ``python -m benchmarks.peers``.

Needs ``benchmarks/requirements-peers.txt``; a framework that is not there is left out. Each runs in a process
of its own, call by call in turn with ours.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from benchmarks import measure, report, sessions
from benchmarks.workloads import WORKLOADS, Workload

Inputs = dict[str, np.ndarray]
Peer = tuple[
    Callable[[], object], Callable[[object], np.ndarray]
]  # what is timed, and its result as an array


def _onnxruntime(workload: Workload, inputs: Inputs, threads: int) -> Peer:
    call, output = sessions.bound_call(
        sessions.builtin(workload, "float32"), inputs, workload, "float32", threads
    )
    return call, lambda _: output.numpy()


def _mnn(workload: Workload, inputs: Inputs, threads: int) -> Peer:
    """MNN keeps features packed by four channels; the packing is not timed."""
    from MNN import expr

    expr.set_thread_number(threads)
    x = expr.const(inputs["X"].ravel().tolist(), list(inputs["X"].shape), expr.NCHW)
    packed = expr.convert(x, expr.NC4HW4)
    packed.fix_as_const()
    rois = np.concatenate([inputs["batch"][:, None], inputs["boxes"]], 1).astype(np.float32)
    boxes = expr.const(rois.ravel().tolist(), list(rois.shape), expr.NCHW)

    def call() -> object:
        y = expr.roi_align(
            packed,
            boxes,
            workload.output,
            workload.output,
            workload.spatial_scale,
            workload.sampling_ratio,
            workload.aligned,
            expr.AVEPOOL,
        )
        y.ptr  # noqa: B018  (computed when its memory is asked for)
        return y

    return call, lambda y: np.array(expr.convert(y, expr.NCHW).read())


def _ncnn(workload: Workload, inputs: Inputs, threads: int) -> Peer:
    """Ncnn pools one box of one image per call."""
    import ncnn

    net = ncnn.Net()
    net.opt.num_threads = threads
    with tempfile.TemporaryDirectory() as folder:
        param = Path(folder) / "roi_align.param"
        param.write_text(
            "7767517\n3 3\nInput x 0 1 x\nInput box 0 1 box\n"
            f"ROIAlign pool 2 1 x box y 0={workload.output} 1={workload.output} 2={workload.spatial_scale} "
            f"3={max(workload.sampling_ratio, 0)} 4={int(workload.aligned)} 5=1\n"
        )
        net.load_param(str(param))
        net.load_model(ncnn.DataReaderFromEmpty())
    images = [ncnn.Mat(image) for image in inputs["X"]]
    boxes = [ncnn.Mat(box) for box in inputs["boxes"]]

    def call() -> object:
        results = []
        for image, box in zip(inputs["batch"], boxes):
            extractor = net.create_extractor()
            extractor.input("x", images[image])
            extractor.input("box", box)
            results.append(extractor.extract("y")[1])
        return results

    return call, lambda results: np.stack([np.array(result) for result in results])


def _openvino(workload: Workload, inputs: Inputs, threads: int) -> Peer:
    import openvino
    from openvino import opset9

    names = ("X", "boxes", "batch")
    parameters = [opset9.parameter(inputs[name].shape, inputs[name].dtype) for name in names]
    node = opset9.roi_align(
        *parameters,
        workload.output,
        workload.output,
        max(workload.sampling_ratio, 0),
        workload.spatial_scale,
        "avg",
        "half_pixel_for_nn" if workload.aligned else "asymmetric",
    )
    model = openvino.Model([node], parameters, "roi_align")
    options = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
    request = openvino.compile_model(model, "CPU", options).create_infer_request()
    for i, name in enumerate(names):
        request.set_input_tensor(i, openvino.Tensor(inputs[name], shared_memory=True))
    return request.infer, lambda _: request.get_output_tensor(0).data


def _paddle(workload: Workload, inputs: Inputs, threads: int) -> Peer:
    """Paddle uses one thread for this operator, whatever it is told."""
    import paddle
    from paddle.vision.ops import roi_align

    paddle.device.set_device("cpu")
    counts = np.bincount(inputs["batch"], minlength=workload.shape[0]).astype(np.int32)
    x, boxes, boxes_num = (paddle.to_tensor(a) for a in (inputs["X"], inputs["boxes"], counts))

    def call() -> object:
        return roi_align(
            x,
            boxes,
            boxes_num,
            workload.output,
            workload.spatial_scale,
            workload.sampling_ratio,
            workload.aligned,
        )

    return call, lambda y: y.numpy()


PEERS = {
    "onnxruntime": _onnxruntime,
    "MNN": _mnn,
    "ncnn": _ncnn,
    "openvino": _openvino,
    "paddle": _paddle,
}


def compare(peer: str, workload: Workload, threads: int, rounds: int) -> report.Row:
    """Measure one peer on one workload, in this process."""
    inputs = workload.arrays(np.dtype("float32"))
    ours, y = sessions.bound_call(sessions.ours(workload, "float32"), inputs, workload, "float32", threads)
    call, result = PEERS[peer](workload, inputs, threads)
    pair = measure.take_turns(ours, call, rounds)
    low, high = pair.spread
    return {
        "peer": peer,
        "workload": workload.name,
        "ours ms": round(float(np.median(pair.ours)) * 1e3, 3),
        "its ms": round(float(np.median(pair.peer)) * 1e3, 3),
        "ratio": round(pair.ratio, 1),
        "quartiles": f"{low:.1f}–{high:.1f}",
        "difference": f"{np.abs(result(call()) - y.numpy()).max():.0e}",
    }


def _compare_in_child(peer: str, workload: str, threads: int, rounds: int) -> report.Row:
    code = (
        "import json, sys; from benchmarks import peers, workloads; "
        f"row = peers.compare({peer!r}, workloads.WORKLOADS[{workload!r}], {threads}, {rounds}); "
        "print(); print(json.dumps(row))"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if child.returncode:
        raise RuntimeError(f"{peer} on {workload}: status {child.returncode}\n{child.stderr[-2000:]}")
    return json.loads(child.stdout.splitlines()[-1])


def main(
    peers: Annotated[str, typer.Option(help="Names of frameworks, with commas.")] = ",".join(PEERS),
    workloads: Annotated[str, typer.Option(help="Names of workloads, with commas.")] = ",".join(WORKLOADS),
    threads: Annotated[int, typer.Option(min=1, help="Threads of each.")] = 1,
    rounds: Annotated[int, typer.Option(min=1, help="Calls of each operator, at least.")] = 7,
    out: Annotated[Path, typer.Option(help="Folder for the JSON and the table.")] = Path(
        "benchmarks/results"
    ),
) -> None:
    """Measure our operator against those of other frameworks."""
    console = Console()
    for given, known, what in ((peers, PEERS, "peers"), (workloads, WORKLOADS, "workloads")):
        unknown = [name for name in given.split(",") if name not in known]
        if unknown:
            raise typer.BadParameter(f"{what}: {', '.join(unknown)}: must be among {', '.join(known)}")
    installed = [peer for peer in peers.split(",") if importlib.util.find_spec(peer)]
    missing = sorted(set(peers.split(",")) - set(installed))
    if missing:
        console.print(f"not installed: {', '.join(missing)} (benchmarks/requirements-peers.txt)")
    cases = [(peer, workload) for peer in installed for workload in workloads.split(",")]
    rows = [
        _compare_in_child(*case, threads, rounds)
        for case in track(cases, "peers", console=console, transient=True)
    ]
    environment = report.environment(threads) | {
        peer: importlib.metadata.version(peer if peer != "paddle" else "paddlepaddle") for peer in installed
    }
    report.write(out, f"peers-{threads}-threads", environment, rows)
    console.print(report.markdown(rows), markup=False)


if __name__ == "__main__":
    typer.run(main)
