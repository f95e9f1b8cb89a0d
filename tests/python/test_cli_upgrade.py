"""inspect, upgrade and verify as a user meets them, on files good and bad."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
import onnx
import pytest
from pyramids import feeds, parse, pyramid
from support import run

from roiops.cli import app

NOTHING = '<ir_version: 8, opset_import: ["" : 16]> g (float[N] x) => (float[N] y) { y = Neg(x) }'
# Scores are the level numbers, so that a picture or noise gives detections or none.
DETECTOR = """<ir_version: 8, opset_import: ["" : 16]>
g (float[1, 3, H, W] image) => (float[K, 4] boxes, float[K] scores)
<float[4] two = {{0.5, 0.5, 0.5, 0.5}}, float least = {{{least}}}, int64[1] k = {{1}}, int64[1] flat = {{-1}}>
{{
  brightest = ReduceMax<keepdims = 0>(image)
  some = Greater(brightest, least)
  count = Cast<to = 7>(some)
  counted = Reshape(count, flat)
  box = Mul(brightest, two)
  row = Reshape(box, shape)
  shape = Constant<value_ints = [1, 4]>()
  columns = Constant<value_ints = [4]>()
  size = Concat<axis = 0>(counted, columns)
  boxes = Expand(row, size)
  one = Reshape(brightest, flat)
  scores = Expand(one, counted)
}}"""


def roiops(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command in this process."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        app([str(argument) for argument in arguments])
    return subprocess.CompletedProcess(arguments, ended.value.code, out.getvalue(), err.getvalue())


def process(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, as from a shell."""
    return subprocess.run(
        [sys.executable, "-m", "roiops.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=120,
        check=False,
    )


@pytest.fixture
def pooler(tmp_path: Path) -> Path:
    onnx.save(parse(pyramid()), tmp_path / "pooler.onnx")
    return tmp_path / "pooler.onnx"


def test_inspect_says_what_upgrade_would_do(pooler):
    lines = roiops("inspect", pooler).stdout.splitlines()
    assert len(lines) == 5 and lines[-1] == "upgrade would give: 4 fused, 26 nodes removed"
    assert lines[3].startswith(
        "would be fused: pooler of 3 levels ScatterND -> y (size=3x3, scale=1, 0.5, 0.25"
    )


def test_inspect_sees_what_is_ours(pooler, tmp_path):
    assert roiops("upgrade", pooler, tmp_path / "better.onnx").returncode == 0
    shown = roiops("inspect", tmp_path / "better.onnx").stdout
    assert "already roiops: MultiScaleRoiAlign" in shown and "size=3x3, scale=1, 0.5, 0.25" in shown
    assert "a session needs roiops.register(options)" in shown
    assert shown.splitlines()[-1] == "upgrade would change nothing: 1 already roiops"
    assert roiops("upgrade", pooler, tmp_path / "both.onnx", "--portable").returncode == 0
    assert "function bodies are embedded" in roiops("inspect", tmp_path / "both.onnx").stdout


def test_a_model_without_region_operators(tmp_path):
    onnx.save(onnx.parser.parse_model(NOTHING), tmp_path / "none.onnx")
    assert roiops("inspect", tmp_path / "none.onnx").stdout == "no region operator in this model\n"
    done = roiops("upgrade", tmp_path / "none.onnx", tmp_path / "out.onnx")
    assert done.stdout == "no region operator in this model: nothing changed\n"


def test_output_for_machines(pooler):
    found = json.loads(roiops("inspect", pooler, "--format", "json").stdout)
    assert found["summary"].startswith("upgrade would give") and len(found["entries"]) == 4
    ascii_only = process("inspect", pooler, LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert ascii_only.returncode == 0 and ascii_only.stdout.isascii()
    named = parse(pyramid())
    named.graph.node[-1].name = "résumé"
    onnx.save(named, pooler)
    shown = process("inspect", pooler, LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert shown.returncode == 0 and "r\\xe9sum\\xe9" in shown.stdout


def test_version_and_help():
    assert process("--version").stdout.startswith("roiops ")
    for command in ("demo", "doctor", "inspect", "upgrade", "verify"):
        assert "bool" not in roiops(command, "--help").stdout


def test_verify_finds_a_wrong_edit(pooler, tmp_path):
    model = parse(pyramid())
    node = next(n for n in model.graph.node if n.op_type == "RoiAlign")
    next(a for a in node.attribute if a.name == "spatial_scale").f *= 1.01
    onnx.save(model, tmp_path / "wrong.onnx")
    right = roiops("verify", pooler, pooler)
    wrong = roiops("verify", pooler, tmp_path / "wrong.onnx")
    assert right.returncode == 0 and right.stdout.splitlines()[-1].startswith("the models agree: 1 of 1")
    assert wrong.returncode == 1 and wrong.stdout.startswith("mismatch y: ")
    assert "Traceback" not in wrong.stderr


def test_verify_says_what_is_unproved_until_it_gets_a_picture(tmp_path):
    pytest.importorskip("PIL")
    from PIL import Image

    path = tmp_path / "detector.onnx"
    text = DETECTOR.format(least=0.9999999).replace("  row =", "ROW").replace("\n  shape =", "\n  SHAPE =")
    text = text.replace("ROW", "  row =").replace("SHAPE", "shape")
    lines = text.splitlines()
    constant = next(line for line in lines if line.startswith("  shape ="))
    lines.remove(constant)
    lines.insert(lines.index("  brightest = ReduceMax<keepdims = 0>(image)"), constant)
    model = onnx.parser.parse_model("\n".join(lines))
    onnx.save(model, path)
    Image.fromarray(np.full((20, 30, 3), 255, np.uint8)).save(tmp_path / "white.png")
    nothing = roiops("verify", path, path)
    assert nothing.returncode == 3, nothing.stdout + nothing.stderr
    assert "0 detections: this proves nothing about the boxes; give --input" in nothing.stdout
    assert roiops("verify", path, path, "--input", tmp_path / "white.png").returncode == 0
    image = np.ones((1, 3, 8, 8), np.float32)
    np.savez(tmp_path / "image.npz", image=image)
    assert roiops("verify", path, path, "--input", tmp_path / "image.npz").returncode == 0
    np.savez(tmp_path / "other.npz", picture=image)
    wrong = roiops("verify", path, path, "--input", tmp_path / "other.npz")
    assert wrong.returncode == 1 and "no input 'picture'; its inputs are image" in wrong.stderr


def test_upgrade_verifies(pooler, tmp_path):
    arrays = feeds(parse(pyramid()))
    np.savez(tmp_path / "feeds.npz", **arrays)
    out = tmp_path / "out.onnx"
    done = roiops("upgrade", pooler, out, "--verify", "--input", tmp_path / "feeds.npz")
    assert done.returncode == 0 and done.stdout.splitlines()[-1].startswith("the models agree")
    np.testing.assert_allclose(
        run(onnx.load(out), arrays), run(parse(pyramid()), arrays, plugin=False), atol=1e-5
    )


def test_upgrade_times_both_models_on_a_picture(pooler, tmp_path):
    out, report = tmp_path / "out.onnx", tmp_path / "report.json"
    np.savez(tmp_path / "feeds.npz", **feeds(parse(pyramid())))
    done = roiops("upgrade", pooler, out, "--profile", tmp_path / "feeds.npz", "--report", report)
    assert done.returncode == 0 and "times as fast; slow now:" in done.stdout
    found = json.loads(report.read_text())["profile"]
    assert found["before"] > 0 and found["after"] > 0 and sum(found["shares"].values()) == pytest.approx(1)
    assert "MultiScaleRoiAlign" in found["shares"]


def test_a_profile_needs_a_picture_and_the_original(pooler, tmp_path):
    missing = roiops("upgrade", pooler, tmp_path / "out.onnx", "--profile", tmp_path / "none.jpg")
    assert missing.returncode == 1 and "none.jpg: there is no such file" in missing.stderr
    kept = roiops("upgrade", pooler, pooler, "--force", "--profile", tmp_path / "none.jpg")
    assert kept.returncode == 1 and "--profile needs the original" in kept.stderr


@pytest.mark.parametrize("choice", ["--aligned", "--no-aligned"])
def test_a_requested_repair_is_verified_against_the_repaired_original(tmp_path, choice):
    text = pyramid().replace('coordinate_transformation_mode = "half_pixel", ', "")
    text = text.replace('["" : 16]', '["" : 15]').replace(
        "Shape<start = 0, end = 1>(levels)", "Shape(levels)"
    )
    onnx.save(parse(text), tmp_path / "old.onnx")
    out = tmp_path / "out.onnx"
    done = roiops("upgrade", tmp_path / "old.onnx", out, choice, "--verify")
    assert done.returncode == 0, done.stdout + done.stderr
    plain = roiops("verify", tmp_path / "old.onnx", out)
    assert plain.returncode == (1 if choice == "--aligned" else 0)
    assert roiops("verify", tmp_path / "old.onnx", out, choice).returncode == 0


BAD = {
    "folder": "not a file",
    "missing.onnx": "no such file",
    "picture.onnx": "not a readable ONNX model",
    "cut.onnx": "not a readable ONNX model",
    "empty.onnx": "not an ONNX model",
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("command", ["inspect", "upgrade", "verify"])
def test_errors_of_one_line_name_the_file(pooler, tmp_path, name, command):
    (tmp_path / "folder").mkdir()
    (tmp_path / "picture.onnx").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    (tmp_path / "cut.onnx").write_bytes(pooler.read_bytes()[:1500])
    (tmp_path / "empty.onnx").write_bytes(b"")
    path = tmp_path / name
    others = {"inspect": [], "upgrade": [tmp_path / "out.onnx"], "verify": [pooler]}[command]
    failed = roiops(command, path, *others)
    assert failed.returncode == 1 and failed.stdout == ""
    assert failed.stderr.startswith(f"error: {path}: ") and failed.stderr.count("\n") == 1
    assert BAD[name] in failed.stderr
    assert not (tmp_path / "out.onnx").exists()


def test_nothing_is_half_written(pooler, tmp_path):
    out = tmp_path / "out.onnx"
    failed = roiops("upgrade", pooler, out, "--report", tmp_path / "no" / "report.json")
    assert failed.returncode == 1 and "there is no folder" in failed.stderr and not out.exists()
    failed = roiops("upgrade", pooler, tmp_path)
    assert failed.returncode == 1 and "this is a folder" in failed.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"pooler.onnx"}


def test_the_input_is_overwritten_only_when_told(pooler):
    before = pooler.read_bytes()
    refused = roiops("upgrade", pooler, pooler)
    assert refused.returncode == 1 and "--force" in refused.stderr and pooler.read_bytes() == before
    assert roiops("upgrade", pooler, pooler, "--force").returncode == 0
    assert pooler.read_bytes() != before and [p.name for p in pooler.parent.iterdir()] == ["pooler.onnx"]
