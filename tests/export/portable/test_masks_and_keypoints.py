"""PasteMasks and HeatmapsToKeypoints without the plugin: the reference's values, and what is refused."""

from __future__ import annotations

from functools import cache

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto
from support import ORT_VERSION, TYPES, one_node_model, run, session

from roiops import export, reference
from roiops.export import PortableError, add_function_bodies

OPSETS = (12, 13, 16, 18, 21) if ORT_VERSION < (1, 20) else (12, 13, 16, 18, 21, 25)
CONVENTIONS = ("torchvision", "detectron2", "mmdetection")
OUTPUTS = ("soft", "bool", "uint8")
DTYPES = [("float32", "float32"), ("float64", "float64"), ("float16", "float16"), ("float16", "float32")]
TOLERANCES = {"float64": 1e-12, "float32": 2e-6, "float16": 1e-3}
PLUGIN = pytest.mark.parametrize("plugin", [False, True], ids=["body", "plugin"])


@cache
def paste_session(convention, output="soft", dtype="float32", box_dtype="float32", opset=17, plugin=False):
    model = export.make_paste_masks_model(
        convention=convention,
        output=output,
        masks_type=TYPES[dtype],
        boxes_type=TYPES[box_dtype],
        opset=opset,
    )
    model = add_function_bodies(model)
    runner = session(model, plugin=plugin)
    del model.graph.input[0].type.tensor_type.shape.dim[:]  # masks have three or four axes, so none is said
    for axis in ("K", "h", "w"):
        model.graph.input[0].type.tensor_type.shape.dim.add(dim_param=axis)
    onnx.checker.check_model(model, full_check=True)
    return runner


def paste(masks, boxes, size, *how, **more):
    feeds = {"masks": masks, "boxes": boxes, "image_size": np.array(size)}
    return paste_session(*how, **more).run(None, feeds)[0]


def masks_and_boxes(seed, count=6, mask=(7, 5), image=(40, 50)):
    """Masks, and boxes in, across and out of the image; some inverted, some of whole pixels."""
    rng = np.random.default_rng(seed)
    corners = rng.uniform(-0.3, 1.1, (count, 2)) * image[::-1]
    sides = rng.uniform(0.02, 0.9, (count, 2)) * image[::-1] * np.where(rng.random((count, 2)) < 0.1, -1, 1)
    boxes = np.concatenate([corners, corners + sides], axis=1)
    boxes[::3] = np.round(boxes[::3])
    return rng.random((count, *mask)), boxes


def assert_pasted(found, masks, boxes, size, convention, output, tolerance):
    wanted = reference.paste_masks(masks, boxes, size, convention)
    if output == "soft":
        np.testing.assert_allclose(found.astype(np.float64), wanted, atol=tolerance, rtol=0)
        return
    exact = reference.paste_masks(masks, boxes, size, convention, output)
    assert found.dtype == exact.dtype
    scaled = wanted * (255 if output == "uint8" else 2)
    assert (np.abs(scaled - np.round(scaled))[found != exact] < 1e-3).all()


@PLUGIN
@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_masks_at_every_opset(convention, opset, plugin):
    for count in (6, 0):
        masks, boxes = (x.astype(np.float32) for x in masks_and_boxes(0, count))
        for shaped in (masks, masks[:, None]):
            found = paste(shaped, boxes, (40, 50), convention, opset=opset, plugin=plugin)
            assert_pasted(found, masks, boxes, (40, 50), convention, "soft", 2e-6)


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("convention", CONVENTIONS)
@settings(max_examples=60, deadline=None)
@given(
    case=st.fixed_dictionaries(
        {
            "seed": st.integers(0, 2**32 - 1),
            "count": st.integers(0, 5),
            "mask": st.tuples(st.integers(1, 8), st.integers(1, 8)) | st.just((28, 28)),
            "image": st.tuples(st.integers(0, 60), st.integers(0, 60)),
        }
    )
)
def test_masks_equal_the_reference(convention, output, case):
    masks, boxes = (x.astype(np.float32) for x in masks_and_boxes(**case))
    found = paste(masks, boxes, case["image"], convention, output)
    assert_pasted(found, masks, boxes, case["image"], convention, output, 2e-6)


@pytest.mark.parametrize(("dtype", "box_dtype"), DTYPES)
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_element_types_of_masks(convention, dtype, box_dtype):
    masks, boxes = masks_and_boxes(1)
    masks, boxes = masks.astype(dtype), boxes.astype(box_dtype)
    found = paste(masks, boxes, (40, 50), convention, dtype=dtype, box_dtype=box_dtype)
    assert found.dtype == dtype
    assert_pasted(found, masks, boxes, (40, 50), convention, "soft", TOLERANCES[dtype])


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_boxes_of_no_size_huge_and_outside(convention, output):
    boxes = [
        [3, 1, 3, 5],
        [1, 3, 5, 3],
        [3, 3, 3, 3],
        [-3e38, -3e38, 3e38, 3e38],
        [0, 0, 1e20, 5],
        [1e20, 2, 5e19, 5],
        [20, 2, 30, 4],
        [6, 6, 2, 2],
    ]
    boxes = np.array(boxes, np.float32)
    masks = np.random.default_rng(2).random((len(boxes), 4, 4)).astype(np.float32)
    found = paste(masks, boxes, (8, 9), convention, output)
    assert_pasted(found, masks, boxes, (8, 9), convention, output, 1e-5)


@PLUGIN
@pytest.mark.parametrize(
    "wrong",
    [
        {"boxes": np.array([[0, 0, 4, 4], [0, np.nan, 4, 4]], np.float32)},
        {"boxes": np.array([[0, 0, np.inf, 4], [0, 0, 4, 4]], np.float32)},
        {"boxes": np.ones((3, 4), np.float32)},
        {"boxes": np.ones((2, 5), np.float32)},
        {"masks": np.ones((2, 2, 3, 3), np.float32)},
        {"image_size": np.array([4])},
        {"image_size": np.array([4, -1])},
        {"image_size": np.array([-1, 4])},
    ],
    ids=str,
)
def test_wrong_masks_boxes_and_sizes_are_errors(wrong, plugin):
    model = export.make_paste_masks_model(name="paste")
    for value in model.graph.input:
        value.type.tensor_type.ClearField("shape")
    feeds = {
        "masks": np.ones((2, 1, 3, 3), np.float32),
        "boxes": np.array([[0, 0, 4, 4]] * 2, np.float32),
        "image_size": np.array([5, 6]),
    }
    assert run(add_function_bodies(model), feeds, plugin=plugin).shape == (2, 5, 6)
    with pytest.raises(Exception, match="paste|box_not_finite|Reshape|MatMul|dimension"):
        run(add_function_bodies(model), {**feeds, **wrong}, plugin=plugin)


@cache
def keypoint_session(convention, dtype="float32", box_dtype="float32", opset=17, plugin=False):
    model = export.make_heatmaps_to_keypoints_model(
        convention=convention, maps_type=TYPES[dtype], rois_type=TYPES[box_dtype], opset=opset
    )
    model = add_function_bodies(model)
    onnx.checker.check_model(model, full_check=True)
    return session(model, plugin=plugin)


def maps_and_rois(seed, count=4, keypoints=3, sides=(9, 7), largest=60):
    rng = np.random.default_rng(seed)
    corners = rng.uniform(-50, 300, (count, 2))
    rois = np.concatenate([corners, corners + rng.uniform(-0.1, 1, (count, 2)) * largest], axis=1)
    return rng.standard_normal((count, keypoints, *sides)), rois


def assert_keypoints(found, maps, rois, convention, tolerance):
    wanted, wanted_scores = reference.heatmaps_to_keypoints(maps, rois, convention)
    points, scores = (values.astype(np.float64) for values in found)
    assert (points.shape, scores.shape) == (wanted.shape, wanted_scores.shape)
    np.testing.assert_allclose(scores, wanted_scores, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(points[..., 2:], wanted[..., 2:], rtol=tolerance, atol=tolerance)
    same = np.isclose(points[..., :2], wanted[..., :2], rtol=max(tolerance, 1e-6), atol=1e-4).all(-1)
    # Two pixels within rounding of each other may change places.
    assert (~same).sum() <= max(1, same.size // 4)


@PLUGIN
@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize("convention", ["torchvision", "detectron2"])
def test_keypoints_at_every_opset(convention, opset, plugin):
    runner = keypoint_session(convention, opset=opset, plugin=plugin)
    for count, keypoints in ((4, 3), (0, 3), (4, 0)):
        maps, rois = (x.astype(np.float32) for x in maps_and_rois(3, count, keypoints))
        assert_keypoints(runner.run(None, {"maps": maps, "rois": rois}), maps, rois, convention, 1e-5)


@pytest.mark.parametrize("convention", ["torchvision", "detectron2"])
@settings(max_examples=60, deadline=None)
@given(
    case=st.fixed_dictionaries(
        {
            "seed": st.integers(0, 2**32 - 1),
            "count": st.integers(0, 3),
            "keypoints": st.integers(0, 3),
            "sides": st.tuples(st.integers(2, 20), st.integers(2, 20)) | st.just((56, 56)),
            "largest": st.sampled_from([1, 5, 40, 150]),
        }
    )
)
def test_keypoints_equal_the_reference(convention, case):
    maps, rois = (x.astype(np.float32) for x in maps_and_rois(**case))
    found = keypoint_session(convention).run(None, {"maps": maps, "rois": rois})
    assert_keypoints(found, maps, rois, convention, 1e-5)


@pytest.mark.parametrize(("dtype", "box_dtype"), DTYPES)
@pytest.mark.parametrize("convention", ["torchvision", "detectron2"])
def test_element_types_of_heatmaps(convention, dtype, box_dtype):
    maps, rois = maps_and_rois(4)
    maps, rois = maps.astype(dtype), rois.astype(box_dtype)
    found = keypoint_session(convention, dtype, box_dtype).run(None, {"maps": maps, "rois": rois})
    assert {values.dtype for values in found} == {np.dtype(box_dtype)}
    tolerance = {"float64": 1e-11, "float32": 1e-5, "float16": 2e-3}[box_dtype]
    assert_keypoints(found, maps, rois, convention, tolerance)


def test_the_first_of_equal_pixels_counts():
    maps = np.ones((1, 1, 4, 4), np.float32)
    found = keypoint_session("torchvision").run(None, {"maps": maps, "rois": np.array([[2, 3, 6, 7.0]], "f")})
    np.testing.assert_allclose(found[0][0, 0], [2.5, 3.5, 1])


@PLUGIN
@pytest.mark.parametrize(
    "wrong",
    [
        {"rois": np.array([[0, 0, 4, 4], [0, np.nan, 4, 4]], np.float32)},
        {"rois": np.array([[0, 0, 4, 4], [0, 0, np.inf, 4]], np.float32)},
        {"rois": np.array([[0, 0, 4, 4], [0, 0, 65537, 4]], np.float32)},
        {"rois": np.array([[0, 0, 4, 65537], [0, 0, 4, 4]], np.float32)},
        {"rois": np.ones((2, 5), np.float32)},
        {"rois": np.ones((1, 4), np.float32)},
        {"maps": np.ones((1, 3, 4, 4), np.float32)},
        {"maps": np.ones((2, 3, 0, 4), np.float32)},
    ],
    ids=str,
)
def test_wrong_maps_and_rois_are_errors(wrong, plugin):
    model = export.make_heatmaps_to_keypoints_model(name="find")
    for value in model.graph.input:
        value.type.tensor_type.ClearField("shape")
    feeds = {"maps": np.ones((2, 3, 4, 4), np.float32), "rois": np.array([[0, 0, 4, 4]] * 2, np.float32)}
    assert run(add_function_bodies(model), feeds, plugin=plugin).shape == (2, 3, 3)
    with pytest.raises(Exception, match="find|box_not_finite|Reshape|MatMul|dimension"):
        run(add_function_bodies(model), {**feeds, **wrong}, plugin=plugin)


# Models that need more than one body


def two_pastes_model(**second):
    """Two nodes; what is given is another value at the second."""
    nodes = [
        export.make_paste_masks_node("masks", "boxes", "size", f"pasted{i}", name=f"paste{i}", **given)
        for i, given in enumerate(({}, second))
    ]
    inputs = [
        ("masks", TensorProto.FLOAT, ["K", 5, 5]),
        ("boxes", TensorProto.FLOAT, ["K", 4]),
        ("size", TensorProto.INT64, [2]),
    ]
    return one_node_model(nodes, inputs, [(f"pasted{i}", TensorProto.FLOAT, None) for i in range(2)])


def test_nodes_of_one_convention_share_a_body():
    assert len(add_function_bodies(two_pastes_model()).functions) == 1


def test_thresholds_may_differ():
    model = two_pastes_model()
    for i, node in enumerate(model.graph.node):
        node.CopyFrom(
            export.make_paste_masks_node(
                "masks", "boxes", "size", f"pasted{i}", output="bool", threshold=0.25 + i / 2
            )
        )
        model.graph.output[i].type.tensor_type.elem_type = TensorProto.BOOL
    masks, boxes = (x.astype(np.float32) for x in masks_and_boxes(5, mask=(5, 5)))
    feeds = {"masks": masks, "boxes": boxes, "size": np.array([40, 50])}
    low, high = session(add_function_bodies(model), plugin=False).run(None, feeds)
    wanted = reference.paste_masks(masks, boxes, (40, 50))
    assert low.sum() > high.sum()
    for found, threshold in ((low, 0.25), (high, 0.75)):
        assert (np.abs(wanted - threshold)[found != (wanted >= threshold)] < 1e-5).all()


@pytest.mark.parametrize(("name", "value"), [("convention", "detectron2"), ("output", "uint8")])
def test_nodes_that_need_different_bodies_are_refused(name, value):
    model = two_pastes_model(**{name: value})
    first = "torchvision" if name == "convention" else "soft"
    message = f"^{name}: .*'{first}' at node 'paste0' .*'{value}' at node 'paste1'"
    with pytest.raises(PortableError, match=message):
        add_function_bodies(model)


def test_operators_may_have_features_of_different_types():
    nodes = [
        export.make_paste_masks_node("masks", "boxes", "size", "pasted"),
        export.make_heatmaps_to_keypoints_node("maps", "rois", "points", "scores"),
    ]
    inputs = [
        ("masks", TensorProto.FLOAT16, ["K", 5, 5]),
        ("boxes", TensorProto.FLOAT, ["K", 4]),
        ("size", TensorProto.INT64, [2]),
        ("maps", TensorProto.DOUBLE, "KPhw"),
        ("rois", TensorProto.DOUBLE, ["K", 4]),
    ]
    outputs = [
        ("pasted", TensorProto.FLOAT16, None),
        ("points", TensorProto.DOUBLE, None),
        ("scores", TensorProto.DOUBLE, None),
    ]
    runner = session(add_function_bodies(one_node_model(nodes, inputs, outputs)), plugin=False)
    masks, boxes = masks_and_boxes(6, count=2, mask=(5, 5))
    maps, rois = maps_and_rois(7, count=2)
    masks, boxes = masks.astype(np.float16), boxes.astype(np.float32)
    feeds = {"masks": masks, "boxes": boxes, "size": np.array([40, 50]), "maps": maps, "rois": rois}
    pasted, *found = runner.run(None, feeds)
    assert_pasted(pasted, masks, boxes, (40, 50), "torchvision", "soft", 1e-3)
    assert_keypoints(found, maps, rois, "torchvision", 1e-11)
