"""The scenes that the detector learns from and is measured on."""

from __future__ import annotations

import io
import json
import math
import sys

import numpy as np
import pytest
import scenes
from PIL import Image

SEEDS = range(12)


def test_a_seed_names_a_scene():
    first, again, other = scenes.draw_scene(3), scenes.draw_scene(3), scenes.draw_scene(4)
    assert first.jpeg == again.jpeg and first.jpeg != other.jpeg
    np.testing.assert_array_equal(first.boxes, again.boxes)


def test_boxes_and_labels_are_in_range():
    drawn = [scenes.draw_scene(seed) for seed in SEEDS]
    assert len({len(scene.boxes) for scene in drawn}) > 3
    assert {label for scene in drawn for label in scene.labels} == set(range(len(scenes.CLASSES)))
    for scene in drawn:
        image = Image.open(io.BytesIO(scene.jpeg))
        assert image.format == "JPEG" and image.mode == "RGB"
        assert scene.boxes.dtype == np.float32 and scene.boxes.shape == (len(scene.labels), 4)
        x1, y1, x2, y2 = scene.boxes.T
        assert (x1 >= 0).all() and (x1 < x2).all() and (x2 <= image.width).all()
        assert (y1 >= 0).all() and (y1 < y2).all() and (y2 <= image.height).all()


@pytest.mark.parametrize("name", scenes.CLASSES)
def test_the_area_of_a_shape_is_that_of_its_outlines(name):
    whole = 0
    for seed in range(20):
        mask, area = scenes._mask(np.random.default_rng(seed), name, 200, 300)
        assert mask.sum() < 1.1 * area  # what is off the picture is missing in the mask
        if not np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]]).any():
            whole += 1
            assert mask.sum() == pytest.approx(area, rel=0.1)  # Pillow draws outlines half a pixel outwards
    assert whole > 5


def test_outlines_lie_in_the_unit_circle():
    rng = np.random.default_rng(0)
    for name in scenes.CLASSES:
        corners = np.concatenate([outline for outline, _ in scenes._outlines(rng, name)])
        assert np.hypot(*corners.T).max() == pytest.approx(1, abs=1e-9)
    assert abs(scenes._signed_area(scenes._polygon(4))) == pytest.approx(2)
    assert abs(scenes._signed_area(scenes._polygon(48))) == pytest.approx(math.pi, rel=0.01)


def test_the_command_writes_the_picture_and_what_is_in_it(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["scenes.py", "3", str(tmp_path / "scene.jpg")])
    scenes.main()
    scene = scenes.draw_scene(3)
    truth = json.loads((tmp_path / "scene.json").read_text())
    assert (tmp_path / "scene.jpg").read_bytes() == scene.jpeg
    assert truth["boxes"] == scene.boxes.tolist()
    assert truth["names"] == [scenes.CLASSES[label] for label in scene.labels]
