"""The detector that comes with the package: one model from the bytes of a JPEG to boxes."""

from __future__ import annotations

import io
import re
from pathlib import Path

import evaluate
import numpy as np
import onnx
import onnxruntime
import onnxruntime_extensions
import pytest
from PIL import Image, ImageFilter
from scenes import CLASSES, draw_scene

import roiops
from roiops._detector.model import MODEL, Detections, Detector, iou
from roiops._detector.picture import SAMPLE, read_jpeg, sample_truth


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector()


@pytest.fixture(scope="module")
def portable() -> Detector:
    """The same file where roiops is not registered."""
    return Detector(plugin=False)


@pytest.fixture(scope="module")
def sample() -> Image.Image:
    return Image.open(SAMPLE).convert("RGB")


def encode(image: Image.Image, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **{"quality": 95, **options})
    return buffer.getvalue()


def sure(found: Detections) -> Detections:
    return found.above(0.5)


def check_same(found: Detections, expected: Detections, scale: float = 1.0, overlap: float = 0.85) -> None:
    """Assert that two detections show the same objects, in pictures of which one is maybe larger."""
    found, expected = sure(found), sure(expected)
    assert len(expected.boxes) > 0
    assert sorted(found.names) == sorted(expected.names)
    overlaps = iou(found.boxes, expected.boxes * scale)
    assert overlaps.max(axis=1).min() > overlap
    best = overlaps.argmax(axis=1)
    assert [expected.names[i] for i in best] == found.names


def test_it_finds_what_is_in_the_sample(detector):
    truth = sample_truth()
    check_same(detector(SAMPLE.read_bytes()), truth, overlap=0.6)


@pytest.mark.slow
def test_precision_on_held_out_scenes(detector):
    mean, precisions = evaluate.evaluate(detector, 40)
    assert set(precisions) == set(CLASSES)
    assert mean > 0.8


def test_the_same_boxes_with_and_without_the_plugin(detector, portable):
    for jpeg in [SAMPLE.read_bytes(), *(draw_scene(evaluate.FIRST_SEED + i).jpeg for i in range(6))]:
        found, expected = detector(jpeg), portable(jpeg)
        assert found.names == expected.names
        np.testing.assert_allclose(found.boxes, expected.boxes, atol=1e-2)
        np.testing.assert_allclose(found.scores, expected.scores, atol=1e-4)


def test_the_model_pools_with_one_node_and_has_a_body_for_it():
    model = onnx.load(MODEL)
    ours = [node for node in model.graph.node if node.domain == "roiops"]
    assert [node.op_type for node in ours] == ["MultiScaleRoiAlign"]
    assert [node.op_type for node in model.graph.node if node.domain == "com.microsoft.extensions"] == [
        "DecodeImage"
    ]
    assert [(function.domain, function.name) for function in model.functions] == [
        ("roiops", "MultiScaleRoiAlign")
    ]
    everything = [*model.graph.node, *model.functions[0].node]
    assert not {"RoiAlign", "ScatterElements"} & {node.op_type for node in everything}
    assert MODEL.stat().st_size < 1.6e6


def test_a_picture_without_objects_gives_no_boxes_all_the_way(detector):
    """Not one proposal reaches the pooler either, so this is its path for no boxes."""
    model = onnx.load(MODEL)
    pooled = next(node for node in model.graph.node if node.domain == "roiops").output[0]
    model.graph.output.append(onnx.helper.make_tensor_value_info(pooled, onnx.TensorProto.FLOAT, None))
    empty = np.frombuffer(encode(Image.new("RGB", (300, 200), (90, 120, 90))), np.uint8)
    for plugin in (True, False):
        options = onnxruntime.SessionOptions()
        options.register_custom_ops_library(onnxruntime_extensions.get_library_path())
        if plugin:
            roiops.register(options)
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        boxes, labels, scores, pooled = session.run(None, {"jpeg": empty})
        assert boxes.shape == (0, 4) and labels.shape == scores.shape == (0,)
        assert pooled.shape == (0, 32, 7, 7)
    assert detector(empty.tobytes()).names == []


@pytest.mark.parametrize("factor", [0.7, 2, 5])
def test_boxes_are_in_pixels_of_the_jpeg(detector, sample, factor):
    resized = sample.resize([round(side * factor) for side in sample.size], Image.Resampling.BICUBIC)
    check_same(detector(encode(resized)), detector(encode(sample)), scale=factor)


@pytest.mark.parametrize("size", [(1, 1), (2, 1500), (1500, 2), (5000, 4000)])
def test_pictures_of_any_size(detector, size):
    noise = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    found = detector(encode(Image.fromarray(noise).resize(size)))
    assert (found.boxes >= 0).all() and (found.boxes <= np.tile(size, 2)).all()


def test_boxes_that_end_at_the_edge_end_there(detector, sample):
    expected = sure(detector(encode(sample)))
    x1, y1, x2, y2 = expected.boxes[0]
    width, height = int((x1 + x2) / 2), int(y2) + 20
    found = detector(encode(sample.crop((0, 0, width, height))))
    assert (found.boxes[:, 2] <= width).all() and (found.boxes[:, 3] <= height).all()


def test_a_grey_jpeg_is_as_good_as_the_same_in_colours(detector, sample, tmp_path):
    grey = sample.convert("L")
    (tmp_path / "grey.jpg").write_bytes(encode(grey))
    jpeg = read_jpeg(tmp_path / "grey.jpg")
    assert Image.open(io.BytesIO(jpeg)).mode == "RGB"
    check_same(detector(jpeg), detector(encode(grey.convert("RGB"))))


@pytest.mark.parametrize("mode", ["CMYK", "upside down"])
def test_a_jpeg_that_decoders_read_differently_is_written_anew(detector, sample, tmp_path, mode):
    path = tmp_path / "other.jpg"
    if mode == "CMYK":
        path.write_bytes(encode(sample.convert("CMYK")))
    else:
        exif = Image.Exif()
        exif[0x0112] = 3
        path.write_bytes(encode(sample.transpose(Image.Transpose.ROTATE_180), exif=exif))
    check_same(detector(read_jpeg(path)), detector(encode(sample)))


def test_an_ordinary_jpeg_is_passed_on_as_it_is(tmp_path):
    assert read_jpeg(SAMPLE) == SAMPLE.read_bytes()
    progressive = encode(Image.open(SAMPLE), progressive=True)
    (tmp_path / "progressive.jpg").write_bytes(progressive)
    assert read_jpeg(tmp_path / "progressive.jpg") == progressive


def test_the_snippet_of_its_page_runs(monkeypatch):
    page = Path(evaluate.__file__).with_name("README.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(MODEL.parent)
    values = {}
    exec(compile(code, "snippet", "exec"), values)
    assert values["boxes"].shape == (len(values["scores"]), 4) and max(values["scores"]) > 0.5


def not_jpegs() -> dict[str, bytes]:
    noise = Image.effect_noise((90, 70), 60).filter(ImageFilter.SMOOTH).convert("RGB")
    png = io.BytesIO()
    noise.save(png, "PNG")
    jpeg = encode(noise)
    return {
        "text": b"no picture",
        "empty": b"",
        "png": png.getvalue(),
        "cut short": jpeg[: len(jpeg) // 2],
        "header only": jpeg[:100],
        "garbage": b"\xff\xd8\xff\xe0" + b"garbage" * 9,
    }


@pytest.mark.parametrize("what", not_jpegs())
def test_what_is_no_jpeg_is_an_error_that_names_the_file(tmp_path, what):
    path = tmp_path / "picture.jpg"
    path.write_bytes(not_jpegs()[what])
    with pytest.raises(ValueError, match="picture.jpg: expected a JPEG file"):
        read_jpeg(path)


def test_a_picture_too_large_for_pillow_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(ValueError, match="expected a JPEG file that can be decoded, got: Image size"):
        read_jpeg(SAMPLE)
