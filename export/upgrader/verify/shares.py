"""Where the time of a model goes, by kind of operator, in ONNX Runtime's profile."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from roiops import register

# A node of these takes the time of the nodes in its bodies, which are listed themselves.
_CONTROL = ("If", "Loop", "Scan")
MATRICES = ("Conv", "ConvTranspose", "FusedConv", "FusedGemm", "FusedMatMul", "Gemm", "MatMul")


def shares(model: str | bytes, inputs: Mapping[str, Any], threads: int = 0) -> dict[str, float]:
    """Return the share of each kind of operator in the kernels' time of a model's second run, largest first.

    Args:
        model: a model or its file.
        inputs: arrays by the names of its inputs.
        threads: of the session; 0 lets ONNX Runtime choose.
    """
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        options = register(onnxruntime.SessionOptions())
        options.intra_op_num_threads, options.log_severity_level = threads, 4
        options.enable_profiling, options.profile_file_prefix = True, str(Path(folder) / "profile")
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        for _ in range(2):
            session.run(None, dict(inputs))
        events = json.loads(Path(session.end_profiling()).read_text())
    runs = [event["ts"] for event in events if event.get("name") == "model_run"]
    times: Counter[str] = Counter()
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time") and event["ts"] >= max(runs):
            times[event["args"]["op_name"]] += event["dur"]
    for kind in _CONTROL:
        del times[kind]
    total = sum(times.values()) or 1
    return {kind: time / total for kind, time in times.most_common()}
