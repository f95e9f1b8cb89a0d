"""``roiops demo`` from the command line's side: exit codes, what it prints, the picture it writes."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from roiops import _demo, reference
from roiops.cli import app


def demo(*arguments: object):
    return CliRunner().invoke(app, ["demo", *map(str, arguments)], env={"COLUMNS": "200", "NO_COLOR": "1"})


@pytest.fixture
def photo(tmp_path):
    """Four quarters: red, green, blue, white; 60 wide, 40 high."""
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:20, :30, 0] = pixels[:20, 30:, 1] = pixels[20:, :30, 2] = pixels[20:, 30:] = 255
    path = tmp_path / "quarters [1].png"
    Image.fromarray(pixels).save(path)
    return path


@pytest.mark.slow
def test_without_arguments_it_pools_the_photograph_that_scikit_image_carries(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = demo()
    assert result.exit_code == 0, result.output
    assert "Eileen Collins, photographed by NASA" in result.output
    assert "boxes (4, 4)" in result.output and "FAIL" not in result.output
    picture = Image.open(tmp_path / "roiops-demo.png")
    assert str(tmp_path / "roiops-demo.png") in result.output
    assert (
        picture.format == "PNG"
        and picture.width > 800
        and len(picture.convert("RGB").getcolors(2**24)) > 10_000
    )


def test_boxes_of_a_photograph_of_ones_own(photo, tmp_path):
    out = tmp_path / "out.png"
    result = demo("--image", photo, "--boxes", "5,5,25,15", "--boxes", "32.5,2,58,19", "--out", out)
    assert result.exit_code == 0, result.output
    assert "X (1, 3, 40, 60), boxes (2, 4)" in result.output and photo.name in result.output
    assert "(2, 3, 96, 96)" in result.output and "(2, 3, 7, 7)" in result.output
    assert Image.open(out).format == "PNG"


def test_the_crops_are_the_pixels_under_the_boxes(photo):
    scene = _demo.load_scene(photo, [(5, 5, 25, 15), (35, 25, 55, 35), (20, 5, 40, 15)])
    crops = _demo.pool(scene, 4).crops
    np.testing.assert_allclose(crops[0], np.array([1, 0, 0])[:, None, None] * np.ones((3, 4, 4)), atol=1e-6)
    np.testing.assert_allclose(crops[1], 1, atol=1e-6)
    np.testing.assert_allclose(crops[2][:, :, 0], [[1] * 4, [0] * 4, [0] * 4], atol=1e-6)
    np.testing.assert_allclose(crops[2][:, :, 3], [[0] * 4, [1] * 4, [0] * 4], atol=1e-6)


def test_a_large_photograph_is_shrunk_and_its_boxes_with_it(tmp_path):
    pixels = np.zeros((300, 2048, 3), np.uint8)
    pixels[:, 1024:] = 255
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    scene = _demo.load_scene(tmp_path / "wide.png", [(100, 100, 900, 200), (1100, 100, 1900, 200)])
    assert scene.pixels.shape == (150, 1024, 3) and scene.scale == 0.5
    crops = _demo.pool(scene, 2).crops
    np.testing.assert_allclose(crops[0], 0, atol=1e-6)
    np.testing.assert_allclose(crops[1], 1, atol=1e-6)


def test_a_result_that_differs_is_a_failure(photo, tmp_path, monkeypatch):
    exact = reference.roi_align
    monkeypatch.setattr(reference, "roi_align", lambda *args: exact(*args) + 1e-4)
    result = demo("--image", photo, "--boxes", "5,5,25,15", "--out", tmp_path / "out.png")
    assert result.exit_code == 1
    assert "differ by more than rounding" in result.output
    assert (tmp_path / "out.png").exists()


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["--boxes", "1,2,3"], 2, "'1,2,3' is not four finite numbers"),
        (["--boxes", "1,2,3,x"], 2, "'1,2,3,x' is not four numbers"),
        (["--boxes", "1,2,nan,4"], 2, "'1,2,nan,4' is not four finite numbers"),
        (["--boxes", "9,9,9999,19"], 1, "must lie within one photograph's size, (60, 40), of it"),
        (["--boxes", "9,9,5,19"], 1, "must have x1 < x2 and y1 < y2"),
        (["--boxes", "1,1,9,9", "--out", "/no/such/folder/x.png"], 1, "/no/such/folder/x.png"),
    ],
)
def test_wrong_arguments_are_named(photo, arguments, exit_code, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = demo("--image", photo, *arguments)
    assert result.exit_code == exit_code, result.output
    assert message in result.output


def test_what_is_no_picture_is_named(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("no picture")
    result = demo("--image", text)
    assert result.exit_code == 1
    assert "cannot identify image file" in result.output and "notes.txt" in result.output
    assert demo("--image", tmp_path / "missing.png").exit_code == 2


def test_a_missing_package_is_named_with_the_extra_that_brings_it(photo, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    result = demo("--image", photo)
    assert result.exit_code == 1
    assert "pip install 'roiops[cpu]'" in result.output


@pytest.mark.parametrize("package", ["skimage", "PIL", "matplotlib.figure"])
def test_a_missing_package_of_the_demo_too(package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    result = demo()
    assert result.exit_code == 1
    assert "pip install 'roiops[demo]'" in result.output
