"""``roiops demo --detector`` from the command line's side: exit codes, what it prints and draws."""

from __future__ import annotations

import sys

import pytest
from PIL import Image
from typer.testing import CliRunner

from roiops._detector.picture import SAMPLE, sample_truth
from roiops.cli import app


def demo(*arguments: object):
    environment = {"COLUMNS": "200", "NO_COLOR": "1"}
    return CliRunner().invoke(app, ["demo", "--detector", *map(str, arguments)], env=environment)


def rows(output: str) -> list[list[str]]:
    """Cells of the table's body."""
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in output.splitlines() if "│" in line]


def test_without_arguments_it_finds_the_objects_of_its_sample(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = demo()
    assert result.exit_code == 0, result.output
    assert "roiops::MultiScaleRoiAlign" in result.output and "onnxruntime-extensions" in result.output
    objects = rows(result.output)
    assert sorted(row[0] for row in objects) == sorted(sample_truth().names)
    assert all(row[0] == row[6] and float(row[7]) > 0.5 <= float(row[1]) for row in objects)
    picture = Image.open(tmp_path / "roiops-demo.png")
    assert picture.format == "PNG" and picture.width == 1000  # two panels


def test_a_picture_of_ones_own_has_no_truth_beside_it(tmp_path):
    mine = tmp_path / "my [scene].jpg"
    mine.write_bytes(SAMPLE.read_bytes())
    out = tmp_path / "out.png"
    result = demo("--image", mine, "--out", out)
    assert result.exit_code == 0, result.output
    assert mine.name in result.output and "ground truth" not in result.output
    assert sorted(row[0] for row in rows(result.output)) == sorted(sample_truth().names)
    assert Image.open(out).width == 500


def test_a_picture_without_objects(tmp_path):
    Image.new("RGB", (64, 48), "grey").save(tmp_path / "empty.jpg")
    result = demo("--image", tmp_path / "empty.jpg", "--out", tmp_path / "out.png")
    assert result.exit_code == 0, result.output
    assert "0 objects" in result.output and rows(result.output) == []
    assert Image.open(tmp_path / "out.png").format == "PNG"


def test_wrong_arguments_are_named(tmp_path):
    text = tmp_path / "notes.jpg"
    text.write_text("no picture")
    result = demo("--image", text)
    assert result.exit_code == 1 and "notes.jpg: expected a JPEG file" in result.output
    result = demo("--boxes", "1,2,3,4")
    assert result.exit_code == 2 and "--boxes is not for --detector" in result.output
    result = demo("--out", "/no/such/folder/x.png")
    assert result.exit_code == 1 and "/no/such/folder/x.png" in result.output


@pytest.mark.parametrize("package", ["onnxruntime_extensions", "matplotlib.figure", "PIL"])
def test_a_missing_package_is_named_with_the_extra_that_brings_it(package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    result = demo()
    assert result.exit_code == 1
    assert "pip install 'roiops[demo]'" in result.output
