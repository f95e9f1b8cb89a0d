"""docs/troubleshooting.md: every message on the page is provoked here, and printed as it stands there."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from doc_snippets import DOCS, blocks
from support import ORT_VERSION, session

import roiops
from roiops.export import make_roi_align_model

POOLER = make_roi_align_model(output_size=7)
STANDARD = """<ir_version: 10, opset_import: ["" : 22]>
g (float[1, 1, 8, 8] X, float[K, 4] boxes, int64[K] images) => (float[K, 1, 2, 2] Y) {
  [pool] Y = RoiAlign<output_height = 2, output_width = 2>(X, boxes, images)
}"""


def load(model: onnx.ModelProto, options: ort.SessionOptions | None = None) -> ort.InferenceSession:
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def pool(boxes: list[list[float]]) -> object:
    values = {"X": np.zeros((1, 1, 8, 8)), "boxes": np.array(boxes), "batch": np.array([1])}
    kinds = {"X": np.float32, "boxes": np.float32, "batch": np.int64}
    return session(POOLER).run(None, {name: value.astype(kinds[name]) for name, value in values.items()})


def newer() -> object:
    model = onnx.ModelProto()
    model.CopyFrom(POOLER)
    model.ir_version = 99
    return session(model)


def registered_twice() -> object:
    options = ort.SessionOptions()
    for _ in range(2):
        options.register_custom_ops_library(roiops.get_library_path())
    return load(POOLER, options)


def printed(*arguments: str, **environment: str) -> Callable[[], object]:
    def fail() -> object:
        ran = subprocess.run(
            [sys.executable, *arguments],
            capture_output=True,
            text=True,
            env={**os.environ, **environment},
            timeout=120,
            check=False,
        )
        raise RuntimeError(ran.stderr)

    return fail


_REGISTER = "import onnxruntime, roiops; roiops.register(onnxruntime.SessionOptions())"
_NO_TYPER = "import sys; sys.modules['typer'] = None; import roiops.cli"


def beside_onnxruntime_1_16() -> object:
    """What the library answers to an ONNX Runtime whose API ends at version 16, here of one function."""
    said = []
    create_status = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p)(
        lambda code, message: said.append(message.decode())
    )
    table = (ctypes.c_void_p * 1)(ctypes.cast(create_status, ctypes.c_void_p))
    get_api = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint32)(
        lambda version: None if version > 16 else ctypes.addressof(table)
    )
    text = ctypes.create_string_buffer(b"1.16.3")
    version = ctypes.CFUNCTYPE(ctypes.c_void_p)(lambda: ctypes.addressof(text))
    base = (ctypes.c_void_p * 2)(*(ctypes.cast(function, ctypes.c_void_p) for function in (get_api, version)))
    ctypes.CDLL(roiops.get_library_path()).RegisterCustomOps(None, base)
    raise RuntimeError(*said)


ATTEMPTS: dict[str, Callable[[], object]] = {
    "registered function": lambda: load(POOLER),
    "Failed to load library": lambda: ort.SessionOptions().register_custom_ops_library(
        "/opt/roiops/libroiops.so"
    ),
    "needs ONNX Runtime": beside_onnxruntime_1_16,
    "RoiAlign(22)": lambda: load(onnx.parser.parse_model(STANDARD)),
    "register once": lambda: roiops.register(roiops.register(ort.SessionOptions())),
    "Domain already": registered_twice,
    "IR version": newer,
    "coordinates must be finite": lambda: pool([[0, 0, np.nan, 1]]),
    "the counts sum": lambda: pool([[0, 0, 1, 1]] * 2),
    "ROIOPS_ISA": printed("-c", _REGISTER, ROIOPS_ISA="foo"),
    "typer and rich": printed("-c", _NO_TYPER),
    "nothing.onnx": printed("-m", "roiops.cli", "inspect", "nothing.onnx"),
}


@pytest.mark.parametrize("message", [text for _, text in blocks(DOCS / "troubleshooting.md", "text")])
def test_every_message_of_the_page_is_printed(message: str) -> None:
    (attempt,) = (attempt for part, attempt in ATTEMPTS.items() if part in message)
    if "RoiAlign(22)" in message and ORT_VERSION < (1, 20):
        pytest.skip("ONNX Runtime before 1.20 does not know opset 22")
    with pytest.raises(Exception) as caught:
        attempt()
    assert message.strip() in str(caught.value)


def test_every_attempt_is_on_the_page() -> None:
    page = (DOCS / "troubleshooting.md").read_text()
    assert not [part for part in ATTEMPTS if part not in page]
