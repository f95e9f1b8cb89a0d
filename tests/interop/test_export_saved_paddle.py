"""Saved Paddle models, and what cannot be exported."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

paddle = pytest.importorskip("paddle")
pytest.importorskip("paddle2onnx")

from paddle_heads import PLAIN, PYRAMID, Branch, Older, inputs_of, roi_operators  # noqa: E402
from save_paddle_heads import BOXES_NUM  # noqa: E402
from support import session  # noqa: E402

from roiops.export.paddle import PaddleExportError, export  # noqa: E402

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the saved models "json/..." of Paddle 3's format and "pdmodel/..." of Paddle 2's."""
    folder = tmp_path_factory.mktemp("saved")
    for name, flag in (("json", "1"), ("pdmodel", "0")):
        (folder / name).mkdir()
        command = [sys.executable, "-W", "ignore", str(HERE / "save_paddle_heads.py"), str(folder / name)]
        environment = {"PYTHONPATH": os.pathsep.join(sys.path), "FLAGS_enable_pir_api": flag}
        subprocess.run(command, check=True, env={**os.environ, **environment})
    return folder


@pytest.mark.parametrize("kind, suffix", [("json", ""), ("pdmodel", ".pdmodel")])
@pytest.mark.parametrize("name", ["variants", "pooler", "pool", "pool_aligned"])
def test_saved_model(folder, kind, suffix, name):
    prefix = folder / kind / name
    model, report = export(f"{prefix}{suffix}")
    inputs = inputs_of(PYRAMID if name == "pooler" else PLAIN, BOXES_NUM)
    expected = np.load(f"{prefix}.npz")
    results = session(model).run(None, inputs)
    assert len(results) == len(expected.files)
    for result, want in zip(results, expected.values()):
        np.testing.assert_allclose(result, want, rtol=0, atol=1e-5)
    count = {"variants": 6, "pooler": 2}.get(name, 1)
    kind = "MultiScaleRoiAlign" if name == "pooler" else "RoiAlign"
    assert roi_operators(model) == {f"roiops::{kind}": count}


def test_no_such_model(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"model: .*nothing\.json or .*nothing\.pdmodel"):
        export(tmp_path / "nothing")


@pytest.mark.parametrize("suffix", [".json", ".pdmodel"])
def test_missing_parameters(folder, tmp_path, suffix):
    shutil.copy(folder / suffix[1:] / f"variants{suffix}", tmp_path)
    message = r"variants\.\w+: its parameters are incomplete: variants.pdiparams has 0 bytes"
    with pytest.raises(PaddleExportError, match=message):
        export(tmp_path / "variants")


@pytest.mark.parametrize("suffix", [".json", ".pdmodel", ".pdiparams"])
def test_file_that_ends_early(folder, tmp_path, suffix):
    source = folder / ("pdmodel" if suffix == ".pdmodel" else "json")
    for file in source.glob("variants.*"):
        shutil.copy(file, tmp_path)
    damaged = tmp_path / f"variants{suffix}"
    damaged.write_bytes(damaged.read_bytes()[: int(0.9 * damaged.stat().st_size)])
    message = (
        "variants.*: its parameters are incomplete"
        if suffix == ".pdiparams"
        else "not a readable Paddle program"
    )
    with pytest.raises(PaddleExportError, match=message):
        export(tmp_path / "variants")


@pytest.mark.parametrize("text", ["", '{"base_code": 3}'])
def test_file_that_is_no_program(tmp_path, text):
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(PaddleExportError, match="model.json: not a readable Paddle program"):
        export(tmp_path / "model.json")


def test_operators_that_end_the_process_of_paddle2onnx():
    with pytest.raises(PaddleExportError, match=r"does not convert all of its operators \(relu, roi_pool\)"):
        export(Older(), PLAIN)


def test_pooling_in_a_branch():
    with pytest.raises(PaddleExportError, match="roi_align inside of if cannot be exported"):
        export(Branch(), PLAIN)


@pytest.mark.parametrize(
    "arguments, options, error, message",
    [
        ((3,), {}, TypeError, "model: expected a paddle.nn.Layer or a path, got int"),
        (("model", PLAIN), {}, TypeError, "input_spec: expected None"),
        (
            ("model",),
            {"opset_version": 13},
            ValueError,
            "opset_version: expected an int between 14 and 19, got 13",
        ),
        (("model",), {"opset_version": 17.0}, TypeError, "opset_version: expected an int"),
    ],
)
def test_wrong_arguments(arguments, options, error, message):
    with pytest.raises(error, match=message):
        export(*arguments, **options)
