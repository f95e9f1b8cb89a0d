"""The operator against the float64 oracle, the built-in operator and ONNX's own test cases."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx.backend.test.case.node import collect_testcases
from support import ORT_VERSION, TYPES, boxes_of_sides, builtin, one_node_model, run, session

from roiops import export, reference

ml_dtypes = pytest.importorskip("ml_dtypes")
DTYPES = {
    "float16": np.dtype(np.float16),
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
    "float32": np.dtype(np.float32),
    "float64": np.dtype(np.float64),
}
# Error of one rounding to the result's dtype, relative to the result, and of subnormal results.
ROUNDING = {"float16": (2.0**-11, 2.0**-25), "bfloat16": (2.0**-8, 0.0), "float32": (0, 0), "float64": (0, 0)}


def operator(x, boxes, batch, output_size, scale, ratio, aligned, mode="avg", batch_format="boxes_num"):
    """The operator by itself; bfloat16 goes through casts in the model."""
    attributes = {
        "output_size": output_size,
        "spatial_scale": scale,
        "sampling_ratio": ratio,
        "aligned": aligned,
        "mode": mode,
        "batch_format": batch_format,
    }
    if x.dtype.name != "bfloat16":
        model = export.make_roi_align_model(
            x_type=TYPES[x.dtype.name],
            boxes_type=TYPES[boxes.dtype.name],
            batch_type=onnx.helper.np_dtype_to_tensor_dtype(batch.dtype),
            **attributes,
        )
        return run(model, {"X": x, "boxes": boxes, "batch": batch})
    model = bfloat16_model(TYPES[boxes.dtype.name], batch.dtype, attributes)
    feeds = {"X": x.astype(np.float32), "boxes": boxes.astype(np.float32), "batch": batch}
    return run(model, feeds).astype(x.dtype)


def bfloat16_model(boxes_type, batch_dtype, attributes):
    float32, bfloat16 = onnx.TensorProto.FLOAT, onnx.TensorProto.BFLOAT16
    make_node = onnx.helper.make_node
    nodes = [
        make_node("Cast", ["X"], ["X16"], to=bfloat16),
        make_node("Cast", ["boxes"], ["B"], to=boxes_type),
        export.make_roi_align_node("X16", "B", "batch", "Y16", **attributes),
        make_node("Cast", ["Y16"], ["Y"], to=float32),
    ]
    batch_type = onnx.helper.np_dtype_to_tensor_dtype(batch_dtype)
    inputs = [("X", float32, [None] * 4), ("boxes", float32, [None, 4]), ("batch", batch_type, [None])]
    return one_node_model(nodes, inputs, [("Y", float32, [None] * 4)])


def assert_close_to_oracle(y, expected, x, farthest=0.0):
    """Bound: 2e-5 (float64: 1e-12) of the largest feature, plus one rounding of the result to its dtype.

    A box that reaches ``farthest`` pixels has positions that are off by a few roundings of that number.
    """
    largest = float(np.abs(x.astype(np.float64)).max(initial=0.0))
    coordinates = min(16 * np.finfo(np.float64).eps * farthest, 1e-3)
    bound = ((1e-12 if x.dtype == np.float64 else 2e-5) + coordinates) * largest
    relative, absolute = ROUNDING[x.dtype.name]
    error = np.abs(y.astype(np.float64) - expected)
    allowed = bound + absolute + relative * np.abs(expected)
    worst = np.unravel_index(np.argmax(error - allowed), error.shape) if error.size else None
    assert (error <= allowed).all(), f"at {worst}: got {y[worst]}, oracle {expected[worst]}"


@st.composite
def axis_interval(draw, extent):
    """Where a box lies along one axis of a map of ``extent`` pixels."""
    kind = draw(st.sampled_from(["inside", "partly", "outside", "zero", "inverted", "huge", "whole pixels"]))
    unit = st.floats(0, 1, width=32)
    if kind == "inside":
        low = draw(unit) * extent
        return low, low + draw(unit) * (extent - low)
    if kind == "partly":
        return draw(unit) * extent * 1.5 - extent, draw(unit) * extent + extent / 2
    if kind == "outside":
        low = extent + 2 + draw(unit) * 10
        return (low, low + 3) if draw(st.booleans()) else (-low, 3 - low)
    if kind == "zero":
        low = draw(unit) * extent
        return low, low
    if kind == "inverted":
        return draw(unit) * extent + 1, draw(unit) * extent / 2
    if kind == "huge":
        size = 10.0 ** draw(st.integers(3, 38))
        return -size * draw(unit), size * draw(unit)
    return float(draw(st.integers(-2, extent))), float(draw(st.integers(0, extent + 2)))


@st.composite
def cases(draw):
    dtype = draw(st.sampled_from(sorted(DTYPES)))
    images, channels = draw(st.integers(1, 3)), draw(st.integers(1, 20))
    height, width = draw(st.integers(1, 17)), draw(st.integers(1, 17))
    scale = draw(st.sampled_from([1.0, 0.5, 0.0625, 0.3, 2.0]))
    count = draw(st.integers(0, 5))
    rows = []
    for _ in range(count):
        x1, x2 = draw(axis_interval(width))
        y1, y2 = draw(axis_interval(height))
        rows.append([x1, y1, x2, y2])
    half_boxes = dtype in ("float16", "bfloat16") and draw(st.booleans())
    box_dtype = DTYPES[dtype] if half_boxes or dtype == "float64" else np.dtype(np.float32)
    limit = float(ml_dtypes.finfo(box_dtype).max)
    boxes = np.clip(np.array(rows).reshape(-1, 4) / scale, -limit, limit).astype(box_dtype)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = rng.standard_normal((images, channels, height, width)).astype(DTYPES[dtype])
    indices = rng.integers(0, images, count)
    batch_format = draw(st.sampled_from(["boxes_num", "batch_indices"]))
    batch = np.bincount(indices, minlength=images) if batch_format == "boxes_num" else indices
    return {
        "x": x,
        "boxes": boxes,
        "batch": batch.astype(draw(st.sampled_from([np.int32, np.int64]))),
        "output_size": (draw(st.integers(1, 5)), draw(st.integers(1, 5))),
        "scale": scale,
        "ratio": draw(st.sampled_from([-1, 0, 1, 2, 3, 7])),
        "aligned": draw(st.booleans()),
        "mode": draw(st.sampled_from(["avg", "max"])),
        "batch_format": batch_format,
    }


@pytest.mark.slow
@settings(max_examples=400, deadline=None, derandomize=True)
@given(cases())
def test_matches_the_oracle(case):
    y = operator(**case)
    expected = reference.roi_align(
        *list(case.values())[:7], mode=case["mode"], batch_format=case["batch_format"]
    )
    assert y.dtype == case["x"].dtype and y.shape == expected.shape
    farthest = float(np.abs(case["boxes"].astype(np.float64)).max(initial=0.0)) * case["scale"]
    assert_close_to_oracle(y, expected, case["x"], farthest)


def random_configuration(seed):
    rng = np.random.default_rng(seed)
    images, channels, count = rng.integers(1, 4), rng.integers(1, 9), rng.integers(1, 9)
    height, width = rng.integers(4, 48, 2)
    scale = float(rng.choice([1.0, 0.25, 0.0625, 0.37]))
    x = rng.standard_normal((images, channels, height, width))
    boxes = boxes_of_sides(rng, count, height / scale, width / scale)
    indices = np.sort(rng.integers(0, images, count))
    output_size = (int(rng.integers(1, 8)), int(rng.integers(1, 8)))
    return x, boxes, indices, output_size, scale, int(rng.choice([-1, 0, 1, 2, 3])), bool(rng.integers(2))


@pytest.mark.parametrize("block", range(10))
def test_300_random_configurations_are_within_the_promised_error(block):
    for seed in range(30 * block, 30 * block + 30):
        x64, boxes64, indices, *rest = random_configuration(seed)
        for name, dtype in DTYPES.items():
            x, boxes = x64.astype(dtype), boxes64.astype(np.float64 if name == "float64" else np.float32)
            expected = reference.roi_align(x, boxes, indices, *rest, batch_format="batch_indices")
            y = operator(x, boxes, indices, *rest, batch_format="batch_indices")
            assert_close_to_oracle(y, expected, x)
            if name == "float32":
                builtin_error = np.abs(builtin(x, boxes, indices, *rest) - expected).max()
                assert np.abs(y - expected).max() <= 2 * builtin_error + 1e-6, f"seed {seed}"


@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize("ratio", [-1, 2])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_decisions_on_a_knifes_edge_are_those_of_the_reference(dtype, ratio, aligned):
    """Box sides within rounding of a whole number of samples, samples within rounding of the border."""
    rng = np.random.default_rng(11)
    count, extent = 400, 6
    scale = float(np.float32(0.3))
    low = rng.choice([-1.0, -0.5, 0.0, 1.0, 5.0, 6.0], (count, 2)) + (0.5 if aligned else 0.0)
    side = rng.integers(1, 5, (count, 2)) * 2.0
    low -= rng.choice([0.0, 0.25, 0.5, 1.0], (count, 2)) * side / 2
    boxes = (np.hstack([low, low + side]) / scale).astype(dtype)
    for _ in range(2):
        boxes = np.nextafter(boxes, rng.choice([-np.inf, 0, np.inf], boxes.shape).astype(dtype))
    x = rng.uniform(1, 2, (1, 1, extent, extent)).astype(dtype)
    arguments = (x, boxes, np.array([count]), (2, 2), scale, ratio, aligned)
    assert_close_to_oracle(operator(*arguments), reference.roi_align(*arguments), x)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("ratio", [0, 1, 3])
@pytest.mark.parametrize("aligned", [True, False])
def test_agrees_with_the_builtin_operator(dtype, ratio, aligned):
    rng = np.random.default_rng(5)
    x = rng.standard_normal((2, 5, 30, 41)).astype(dtype)
    inside = boxes_of_sides(rng, 40, 60, 82)
    degenerate = [[3, 4, 3, 4], [9, 9, 5, 2], [500, 500, 600, 600], [-40, -40, -30, -30], [0, 0, 82, 60]]
    boxes = np.vstack([inside, degenerate]).astype(dtype)
    indices = rng.integers(0, 2, len(boxes))
    arguments = (x, boxes, indices, (4, 7), 0.5, ratio, aligned)
    y = operator(*arguments, batch_format="batch_indices")
    np.testing.assert_allclose(y, builtin(*arguments), atol=1e-4 if dtype == np.float32 else 1e-12)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # from building the cases of the other operators
@pytest.mark.parametrize("name", ["test_roialign_aligned_false", "test_roialign_aligned_true"])
def test_onnx_backend_case(name):
    (case,) = [case for case in collect_testcases("RoiAlign") if case.name == name]
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in case.model.graph.node[0].attribute}
    (x, boxes, indices), (expected,) = case.data_sets[0]
    mode = attributes.get("coordinate_transformation_mode", b"half_pixel")
    model = export.make_roi_align_model(
        output_size=(attributes["output_height"], attributes["output_width"]),
        spatial_scale=attributes["spatial_scale"],
        sampling_ratio=attributes["sampling_ratio"],
        aligned=mode == b"half_pixel",
        batch_format="batch_indices",
    )
    y = run(model, {"X": x, "boxes": boxes, "batch": indices})
    np.testing.assert_allclose(y, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.skipif(ORT_VERSION < (1, 23), reason="this ONNX Runtime cannot carry bfloat16 in an OrtValue")
def test_bfloat16_by_ort_value():
    import onnxruntime as ort

    bfloat16 = onnx.TensorProto.BFLOAT16
    rng = np.random.default_rng(2)
    x = rng.standard_normal((2, 3, 9, 9)).astype(DTYPES["bfloat16"])
    boxes = boxes_of_sides(rng, 4, 9, 9).astype(np.float32)
    batch = np.array([1, 3])
    run_session = session(export.make_roi_align_model(output_size=3, x_type=bfloat16))
    feeds = {
        "X": ort.OrtValue.ortvalue_from_numpy_with_onnx_type(x.view(np.uint16), bfloat16),
        "boxes": ort.OrtValue.ortvalue_from_numpy(boxes),
        "batch": ort.OrtValue.ortvalue_from_numpy(batch),
    }
    y = np.empty((4, 3, 3, 3), np.uint16)
    binding = run_session.io_binding()
    for name, value in feeds.items():
        binding.bind_ortvalue_input(name, value)
    binding.bind_output("Y", "cpu", 0, bfloat16, y.shape, y.ctypes.data)
    run_session.run_with_iobinding(binding)
    assert_close_to_oracle(y.view(x.dtype), reference.roi_align(x, boxes, batch, 3), x)


@pytest.mark.parametrize("dtype", sorted(DTYPES))
@pytest.mark.parametrize("shape", [(2, 3, 5, 5), (0, 3, 5, 5), (2, 0, 5, 5), (2, 3, 0, 5), (2, 3, 5, 0)])
@pytest.mark.parametrize("mode", ["avg", "max"])
def test_empty_inputs(shape, dtype, mode):
    count = 3 if shape[0] else 0
    x, boxes = np.ones(shape, DTYPES[dtype]), np.zeros((count, 4), np.float32) + [0, 0, 3, 3]
    boxes = boxes.astype(np.float64 if dtype == "float64" else np.float32)
    y = operator(x, boxes, np.array([3, 0][: shape[0]], np.int64), (2, 2), 1.0, -1, True, mode)
    assert y.shape == (count, shape[1], 2, 2)
    if 0 in shape:
        assert not y.astype(np.float32).any()
    none = operator(x, boxes[:0], np.zeros(shape[0], np.int64), (2, 2), 1.0, -1, True, mode)
    assert none.shape == (0, shape[1], 2, 2)


def test_absent_attributes_have_the_documented_defaults():
    model = export.make_roi_align_model(output_size=2)
    node = model.graph.node[0]
    required = [a for a in node.attribute if a.name.startswith("output_")]
    del node.attribute[:]
    node.attribute.extend(required)
    x, boxes = np.random.default_rng(0).standard_normal((1, 2, 6, 6)), [[0.5, 0.5, 5.0, 4.0]]
    y = run(model, {"X": x.astype(np.float32), "boxes": np.float32(boxes), "batch": np.array([1])})
    np.testing.assert_allclose(y, reference.roi_align(x.astype(np.float32), boxes, [1], 2), atol=1e-6)


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize(("side", "ratio"), [(1e6, -1), (1e9, -1), (1e38, -1), (4.0, 2**31), (4.0, 2**62)])
def test_work_is_bounded_by_the_map(side, ratio, mode):
    x = np.random.default_rng(0).standard_normal((1, 2, 8, 8)).astype(np.float32)
    boxes = np.array([[4 - side / 2, 4 - side / 2, 4 + side / 2, 4 + side / 2]], np.float32)
    y = operator(x, boxes, np.array([1]), (3, 3), 1.0, ratio, True, mode)
    # So many samples of a small box come close to what 250 give.
    expected = reference.roi_align(x, boxes, [1], 3, 1.0, min(ratio, 250), True, mode=mode)
    np.testing.assert_allclose(y, expected, atol=2e-5 if ratio < 0 else {"avg": 1e-3, "max": 3e-2}[mode])


def test_one_thread_and_many_give_the_same():
    rng = np.random.default_rng(0)
    x, boxes = rng.standard_normal((2, 33, 20, 20)).astype(np.float32), boxes_of_sides(rng, 100, 20, 20)
    feeds = {"X": x, "boxes": boxes.astype(np.float32), "batch": np.array([40, 60])}
    model = export.make_roi_align_model(output_size=7)
    np.testing.assert_array_equal(
        run(model, feeds, intra_op_num_threads=1), run(model, feeds, intra_op_num_threads=4)
    )
