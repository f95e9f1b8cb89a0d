"""roiops::PasteMasks: the oracle over random cases, one test for each rule of docs/masks-and-keypoints.md."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ml_dtypes import bfloat16
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument
from support import ORT_VERSION, run, session

import roiops
from roiops import export, reference

CONVENTIONS = ("torchvision", "detectron2", "mmdetection")
SAMPLED = ("detectron2", "mmdetection")
OUTPUTS = ("soft", "bool", "uint8") if ORT_VERSION >= (1, 19) else ("soft",)
THRESHOLDS = {"soft": None, "bool": 0.5, "uint8": -1}
TOLERANCES = {"float64": 1e-13, "float32": 5e-7, "float16": 1e-3, "bfloat16": 8e-3}
needs_types_by_attribute = pytest.mark.skipif(ORT_VERSION < (1, 19), reason="output other than soft")

cases = st.fixed_dictionaries(
    {
        "count": st.integers(0, 4),
        "side": st.sampled_from([1, 2, 3, 7, 28]),
        "image": st.tuples(st.integers(0, 70), st.integers(0, 70)),
        "size": st.sampled_from([0.3, 4.0, 40.0, 200.0]),
        "integers": st.booleans(),
        "dtype": st.sampled_from(sorted(TOLERANCES)),
        "seed": st.integers(0, 2**32 - 1),
    }
)


def masks_and_boxes(case) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(case["seed"])
    dtype = bfloat16 if case["dtype"] == "bfloat16" else np.dtype(case["dtype"])
    masks = rng.random((case["count"], case["side"], case["side"])).astype(dtype)
    centres = rng.uniform(-20, 90, (case["count"], 2))
    halves = case["size"] * rng.uniform(0.05, 0.6, (case["count"], 2))
    boxes = np.concatenate([centres - halves, centres + halves], axis=1)
    return masks, np.round(boxes) if case["integers"] else boxes


def paste(mask, box, image_size=(8, 8), convention="torchvision", **arguments) -> np.ndarray:
    """One mask in one image."""
    masks = np.asarray(mask, np.float32)[None]
    return roiops.paste_masks(masks, np.array([box], np.float32), image_size, convention, **arguments)[0]


@pytest.mark.parametrize("convention", CONVENTIONS)
@settings(max_examples=60, deadline=None)
@given(case=cases)
def test_masks_equal_the_oracle(convention, case):
    masks, boxes = masks_and_boxes(case)
    wanted = reference.paste_masks(masks, boxes, case["image"], convention)
    for output in OUTPUTS:
        found = roiops.paste_masks(masks, boxes, case["image"], convention, THRESHOLDS[output])
        if output == "soft":
            assert found.dtype == masks.dtype
            np.testing.assert_allclose(
                found.astype(np.float64), wanted, atol=TOLERANCES[case["dtype"]], rtol=0
            )
            continue
        exact = reference.paste_masks(masks, boxes, case["image"], convention, output)
        assert found.dtype == exact.dtype
        scaled = wanted * (255 if output == "uint8" else 2)
        assert (np.abs(scaled - np.round(scaled))[found != exact] < 1e-3).all()


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_many_masks_on_several_threads(convention):
    masks, boxes = masks_and_boxes(
        {"count": 40, "side": 28, "size": 200.0, "integers": False, "dtype": "float32", "seed": 3}
    )
    size = (300, 407)  # larger than what is kept in the cache, rows that end within a cache line
    found = roiops.paste_masks(masks, boxes, size, convention)
    np.testing.assert_allclose(found, reference.paste_masks(masks, boxes, size, convention), atol=5e-7)


def test_wide_images_are_pasted_row_by_row():
    mask = np.random.default_rng(0).random((5, 5)).astype(np.float32)
    box = np.array([[10.5, 0.2, 29990.5, 2.8]], np.float32)
    for convention in CONVENTIONS:
        found = roiops.paste_masks(mask[None], box, (3, 30000), convention)
        wanted = reference.paste_masks(mask[None], box, (3, 30000), convention)
        np.testing.assert_allclose(found, wanted, atol=5e-7)


# Rules that are no table of values: see tests/semantics


@needs_types_by_attribute
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_nan_stays_where_its_pixel_reaches_and_is_below_every_threshold(convention):
    mask = np.ones((8, 8))
    mask[3, 3] = np.nan
    soft = paste(mask, [0, 0, 16, 16], (16, 16), convention)
    assert np.isnan(soft[7, 7]) and not np.isnan(soft[12, 12])
    binary = paste(mask, [0, 0, 16, 16], (16, 16), convention, threshold=0.0)
    assert (binary == ~np.isnan(soft)).all()


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_masks_need_not_be_square(convention):
    mask = np.random.default_rng(1).random((1, 3, 6)).astype(np.float32)
    box = np.array([[2, 3, 17.5, 30]], np.float32)
    found = roiops.paste_masks(mask, box, (40, 30), convention)
    np.testing.assert_allclose(found, reference.paste_masks(mask, box, (40, 30), convention), atol=5e-7)


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("corner", [1e20, -1e20, 3.4e38, -3.4e38])
def test_huge_boxes_are_bounded_by_the_image(convention, corner):
    for box in ([corner, 2, corner / 2, 5], [-3.4e38, -3.4e38, 3.4e38, 3.4e38], [0, 0, abs(corner), 5]):
        mask = np.ones((1, 4, 4), np.float32)
        found = roiops.paste_masks(mask, np.array([box], np.float32), (8, 8), convention)
        wanted = reference.paste_masks(mask, np.array([box], np.float32), (8, 8), convention)
        np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_labels_choose_a_mask():
    masks = np.random.default_rng(2).random((3, 5, 4, 4)).astype(np.float32)
    boxes = np.tile(np.array([[1, 1, 7, 7]], np.float32), (3, 1))
    labels = np.array([4, 0, 2])
    found = roiops.paste_masks(masks, boxes, (8, 8), labels=labels)
    np.testing.assert_array_equal(found, roiops.paste_masks(masks[[0, 1, 2], labels], boxes, (8, 8)))


# Errors

MASKS, BOXES = np.ones((2, 1, 3, 3), np.float32), np.array([[0, 0, 4, 4]] * 2, np.float32)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"masks": np.ones((2, 1, 3, 3), int)}, TypeError, "masks: expected dtype"),
        ({"masks": np.ones((2, 2, 3, 3))}, ValueError, "masks: expected shape"),
        ({"masks": np.ones((2, 0, 3))}, ValueError, "masks: expected masks of at least one pixel"),
        ({"masks": np.ones((3, 3, 3))}, ValueError, "masks: expected one mask per box"),
        ({"boxes": BOXES[:, :3]}, ValueError, "boxes: expected shape"),
        ({"boxes": BOXES * np.nan}, ValueError, "boxes: expected finite"),
        ({"image_size": 5}, TypeError, "image_size: expected"),
        ({"image_size": (5,)}, ValueError, "image_size: expected"),
        ({"image_size": (5, -1)}, ValueError, "image_size: expected an int between"),
        ({"image_size": (5.0, 1)}, TypeError, "image_size: expected an int"),
        ({"image_size": (2**62, 2**62)}, ValueError, "image_size: 2 images of"),
        ({"convention": "mmdet"}, ValueError, "convention: expected one of"),
        ({"threshold": np.nan}, ValueError, "threshold: expected a finite number"),
        ({"threshold": "0.5"}, TypeError, "threshold: expected a number"),
        ({"labels": np.array([0, 1])}, ValueError, "labels: expected values between 0 and 0"),
        ({"labels": np.array([0])}, ValueError, "labels: expected shape"),
        (
            {"masks": np.ones((2, 3, 3)), "labels": np.array([0, 0])},
            ValueError,
            "masks: expected shape .* labels",
        ),
    ],
)
def test_wrong_arguments_are_named(changed, error, message):
    arguments = {"masks": MASKS, "boxes": BOXES, "image_size": (8, 8), **changed}
    with pytest.raises(error, match=f"^{message}"):
        roiops.paste_masks(**arguments)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"masks": np.ones((2, 2, 3, 3), np.float32)},
            r"'masks' has shape \(2, 2, 3, 3\); it must be \(2, h",
        ),
        ({"masks": np.ones((3, 3, 3), np.float32)}, r"'masks' has shape \(3, 3, 3\); it must be \(2, h"),
        ({"masks": np.ones((2, 3), np.float32)}, r"'masks' has shape \(2, 3\)"),
        ({"masks": np.ones((2, 0, 3), np.float32)}, r"'masks' has shape \(2, 0, 3\); masks must have 1 to"),
        ({"boxes": BOXES[:, :3]}, r"'boxes' has shape \(2, 3\); it must be \(number of boxes, 4\)"),
        ({"boxes": np.full_like(BOXES, np.inf)}, r"'boxes': box 0 is \(.*\); coordinates must be finite"),
        ({"image_size": np.array([4])}, r"'image_size' has shape \(1\); it must be \(2\)"),
        ({"image_size": np.array([4, -1])}, r"'image_size' is \(4, -1\); it must not be negative"),
        ({"image_size": np.array([2**62, 2**62])}, r"'image_size' is \(.*\); output 0 would have shape"),
    ],
)
def test_wrong_inputs_of_a_node_are_named(changed, message):
    model = export.make_paste_masks_model(name="paste")
    for value in model.graph.input:
        value.type.tensor_type.ClearField("shape")
    feeds = {"masks": MASKS, "boxes": BOXES, "image_size": np.array([8, 8]), **changed}
    with pytest.raises(InvalidArgument, match=f"paste.*{message}"):
        run(model, feeds)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("convention", "mmdet", '"mmdet"; it must be "torchvision", "detectron2" or "mmdetection"'),
        ("output", "float", '"float"; it must be "soft", "bool" or "uint8"'),
        ("threshold", -0.5, "-0.5; it must be finite and at least 0"),
        ("threshold", float("nan"), "nan; it must be finite and at least 0"),
    ],
)
def test_wrong_attributes_of_a_node_are_named(name, value, message):
    model = export.make_paste_masks_model(name="paste")
    attribute = next(a for a in model.graph.node[0].attribute if a.name == name)
    if isinstance(value, str):
        attribute.s = value.encode()
    else:
        attribute.f = value
    with pytest.raises(Exception, match=f"PasteMasks node 'paste': attribute '{name}' is {message}"):
        session(model)


@pytest.mark.skipif(ORT_VERSION >= (1, 19), reason="the output may have any type")
def test_old_onnx_runtime_refuses_other_outputs():
    with pytest.raises(Exception, match="tensor\\(bool\\)"):
        session(export.make_paste_masks_model(output="bool"))
