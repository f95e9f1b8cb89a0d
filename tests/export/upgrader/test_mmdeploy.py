"""Nodes of mmdeploy and mmcv become ours or standard ones, or are reported; their extractors are fused."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from mmdeploy_models import DOMAINS, NODE, model, one_node, session
from onnx import helper
from support import ORT_VERSION

from roiops.export import inspect, upgrade

RNG = np.random.default_rng(0)
POOLING = {"output_height": 3, "output_width": 2, "spatial_scale": 0.5, "sampling_ratio": 2, "aligned": 1}
CONV = {"stride": [2, 1], "padding": [1, 0], "dilation": [1, 1], "groups": 2, "deform_groups": 1}


def uniform(*shape, low=-1.0, high=1.0):
    return RNG.uniform(low, high, shape).astype(np.float32)


def run(made, feeds):
    return session(made).run(None, feeds)


def operators(made: onnx.ModelProto) -> list[str]:
    return [f"{n.domain}::{n.op_type}" if n.domain else n.op_type for n in made.graph.node]


ROTATED = np.hstack([uniform(8, 4, low=2, high=20), uniform(8, 1, low=-3, high=3)])
IMAGES = np.array([[0], [1], [1], [0], [0], [1], [0], [0]], np.float32)
OURS = {
    "NMSRotated": (
        {"boxes": ROTATED[None], "scores": uniform(1, 2, 8, low=0)},
        {"iou_threshold": 0.1, "score_threshold": 0.05},
        "roiops::NmsRotated",
    ),
    "MMCVRoIAlignRotated": (
        {"x": uniform(2, 4, 12, 13), "rois": np.hstack([IMAGES, ROTATED])},
        {**POOLING, "clockwise": 1},
        "roiops::RoiAlignRotated",
    ),
    "MMCVRoiAlign": (
        {"x": uniform(2, 4, 12, 13), "rois": np.hstack([IMAGES, ROTATED[:, :4]])},
        {**POOLING, "mode": "max"},
        "roiops::RoiAlign",
    ),
}


@pytest.mark.parametrize(
    ("operator", "domain"), [(operator, domain) for operator in OURS for domain in DOMAINS[operator]]
)
def test_nodes_that_are_ours_under_another_name(operator, domain):
    feeds, attributes, ours = OURS[operator]
    made = one_node(operator, feeds, domain=domain, **attributes)
    upgraded, report = upgrade(made)
    assert operators(upgraded)[-1] == ours
    assert not any(name.startswith(domain) for name in operators(upgraded))
    (entry,) = report
    assert (entry.name, entry.what, entry.action) == (NODE, f"{domain}::{operator}", "replaced")
    np.testing.assert_array_equal(run(upgraded, feeds)[0], run(made, feeds)[0])


X, OFFSET, MASK = uniform(1, 4, 6, 7), uniform(1, 18, 3, 5), uniform(1, 9, 3, 5)
WEIGHT, BIAS = uniform(6, 2, 3, 3), uniform(6)
SAMPLER = {"interpolation_mode": 2, "padding_mode": 1, "align_corners": 0}
GRID = {"x": X, "grid": uniform(1, 5, 6, 2, low=-1.3, high=1.3)}
PLAIN = {"x": X, "offset": OFFSET, "weight": WEIGHT}
MODULATED = {"x": X, "offset": OFFSET, "mask": MASK, "weight": WEIGHT, "bias": BIAS}
needs_deform_conv = pytest.mark.skipif(ORT_VERSION < (1, 25), reason="ONNX Runtime has no DeformConv yet")


@pytest.mark.parametrize(
    ("operator", "domain", "feeds", "attributes", "opset", "standard"),
    [
        ("grid_sampler", "mmdeploy", GRID, SAMPLER, 16, "GridSample"),
        ("grid_sampler", "mmcv", GRID, {**SAMPLER, "interpolation_mode": 0}, 16, "GridSample"),
        (
            "grid_sampler",
            "mmdeploy",
            GRID,
            {**SAMPLER, "interpolation_mode": 1, "padding_mode": 0},
            16,
            "GridSample",
        ),
        pytest.param(
            "MMCVDeformConv2d",
            "mmdeploy",
            PLAIN,
            {**CONV, "padding": [1, 1, 0, 0]},
            19,
            "DeformConv",
            marks=needs_deform_conv,
        ),
        pytest.param("MMCVDeformConv2d", "mmcv", PLAIN, CONV, 19, "DeformConv", marks=needs_deform_conv),
        pytest.param(
            "MMCVModulatedDeformConv2d", "mmcv", MODULATED, CONV, 19, "DeformConv", marks=needs_deform_conv
        ),
    ],
)
def test_nodes_become_standard_ones_on_request(operator, domain, feeds, attributes, opset, standard):
    made = one_node(operator, feeds, domain=domain, **attributes)
    made.opset_import[0].version = opset
    left, report = upgrade(made)
    assert operators(left) == [f"{domain}::{operator}"]
    assert report.entries[0].action == "left alone"
    assert f"with mmdeploy_standard it becomes {standard}; roiops.register(options, mmdeploy=True)" in str(
        report
    )
    upgraded, report = upgrade(made, mmdeploy_standard=True)
    assert operators(upgraded) == [standard] and report.entries[0].action == "replaced"
    np.testing.assert_allclose(run(upgraded, feeds)[0], run(made, feeds)[0], atol=1e-5)


def test_an_opset_without_the_standard_operator_is_named():
    made = one_node("grid_sampler", GRID, **SAMPLER)
    made.opset_import[0].version = 11
    upgraded, report = upgrade(made, mmdeploy_standard=True)
    assert operators(upgraded) == ["mmdeploy::grid_sampler"]
    assert "opset 11 has no GridSample, 16 has" in report.entries[0].reason


def test_a_standard_kernel_that_differs_is_not_used(monkeypatch):
    from roiops.export.upgrader.rewrites import mmdeploy_standard

    compute = mmdeploy_standard._run
    monkeypatch.setattr(
        mmdeploy_standard, "_run", lambda op, *rest: compute(op, *rest) + (op == "GridSample")
    )
    made = one_node("grid_sampler", GRID, **SAMPLER)
    upgraded, report = upgrade(made, mmdeploy_standard=True)
    assert operators(upgraded) == ["mmdeploy::grid_sampler"]
    assert "GridSample of this ONNX Runtime differs from the definition, by 1;" in report.entries[0].reason


def test_every_node_is_reported_with_what_it_needs():
    nodes = [
        helper.make_node("cummax", ["x"], ["a", "b"], domain="mmcv", dim=1, name="ours to run"),
        helper.make_node("MMCVBorderAlign", ["x", "x"], ["c"], domain="mmcv", name="nobody's"),
        helper.make_node("cummax", ["x"], ["d", "e"], domain="mmdeploy", dim=1, name="never written"),
    ]
    report = inspect(model(nodes, {"x": X}, ["a", "c", "d"]))
    assert report.library == "as it is, a session needs roiops.register(options, mmdeploy=True)"
    found = {entry.name: (entry.what, entry.action, entry.reason) for entry in report}
    no_kernel = "no library has a kernel for it: the model does not run"
    assert found == {
        "ours to run": (
            "mmcv::cummax",
            "left alone",
            "no standard operator computes it; roiops.register(options, mmdeploy=True) runs it",
        ),
        "nobody's": ("mmcv::MMCVBorderAlign", "warning", no_kernel),
        "never written": ("mmdeploy::cummax", "warning", no_kernel),
    }


@pytest.mark.parametrize(
    ("operator", "attributes", "reason"),
    [
        ("NMSRotated", {"iou_threshold": 0.5}, "attribute score_threshold is missing"),
        (
            "NMSRotated",
            {"iou_threshold": 2.0, "score_threshold": 0.1},
            "iou_threshold: expected a number between",
        ),
        ("MMCVRoIAlignRotated", {**POOLING, "clockwise": 3}, "clockwise is 3, wanted 0 or 1"),
        (
            "MMCVRoIAlignRotated",
            {**POOLING, "clockwise": 1, "output_height": 0},
            "output_size: expected an int",
        ),
        ("MMCVRoiAlign", {**POOLING, "mode": "sum"}, "mode: expected one of 'avg', 'max'"),
        ("MMCVRoiAlign", {**POOLING, "mode": 1}, "attribute mode is INT, wanted STRING"),
    ],
)
def test_a_wrong_node_stays(operator, attributes, reason):
    made = one_node(operator, OURS[operator][0], **attributes)
    upgraded, report = upgrade(made)
    assert operators(upgraded) == [f"mmdeploy::{operator}"]
    assert report.entries[0].action == "left alone" and reason in report.entries[0].reason


def extractor(levels=(0, 1, 3), domain="mmdeploy", **changes) -> onnx.ModelProto:
    """mmrotate's rotated RoI extractor as it is traced, where no box was on the other levels of four."""
    text = ""
    for level in (0, 1, 2, 3):
        if level not in levels:
            text += f"""
                sum{level} = ReduceSum<keepdims = 0>(x{level})
                nothing{level} = Mul(sum{level}, zero)
                out{level} = Add(out{level - 1}, nothing{level})"""
            continue
        attributes = {**POOLING, "spatial_scale": 1 / 4 / 2**level, "clockwise": 1, **changes}
        written = ", ".join(f"{name} = {value}" for name, value in attributes.items())
        text += f"""
            level{level} = Constant<value_int = {level}>()
            mask{level} = Equal(levels, level{level})
            found{level} = NonZero(mask{level})
            column{level} = Transpose<perm = [1, 0]>(found{level})
            rows{level} = Squeeze(column{level}, one)
            rois{level} = Gather<axis = 0>(rois, rows{level})
            pool{level} = {domain}.MMCVRoIAlignRotated<{written}>(x{level}, rois{level})
            place{level} = Unsqueeze(rows{level}, one)
            out{level} = ScatterND(out{level - 1}, place{level}, pool{level})"""
    text = text.replace("out-1", "zeros")
    maps = ", ".join(f"float[N,4,H{i},W{i}] x{i}" for i in range(4))
    return onnx.parser.parse_model(
        f"""<ir_version: 8, opset_import: ["" : 16, "{domain}" : 1]>
        extractor (float[K,6] rois, int64[K] levels, {maps}) => (float[K,4,3,2] y)
        <int64[1] one = {{1}}, int64[1] start = {{0}}, float zero = {{0.0}}, int64[2] wide = {{-1, 24}},
         int64[4] shape = {{-1, 4, 3, 2}}>
        {{
            first = Slice(rois, start, one, one)
            spread = Expand(first, expanded)
            count = Shape<start = 0, end = 1>(rois)
            flat = Constant<value_ints = [24]>()
            expanded = Concat<axis = 0>(count, flat)
            square = Reshape(spread, shape)
            zeros = Mul(square, zero)
            {text}
            y = Identity(out3)
        }}""".replace(
            """            spread = Expand(first, expanded)
            count = Shape<start = 0, end = 1>(rois)
            flat = Constant<value_ints = [24]>()
            expanded = Concat<axis = 0>(count, flat)
""",
            """            count = Shape<start = 0, end = 1>(rois)
            flat = Constant<value_ints = [24]>()
            expanded = Concat<axis = 0>(count, flat)
            spread = Expand(first, expanded)
""",
        )
    )


def extractor_feeds(count=40):
    rng = np.random.default_rng(1)
    sides = np.exp(rng.uniform(1, 5, (count, 2)))
    boxes = [
        rng.integers(0, 2, (count, 1)),
        rng.uniform(0, 160, (count, 2)),
        sides,
        rng.uniform(-3, 3, (count, 1)),
    ]
    return {
        "rois": np.hstack(boxes).astype(np.float32),
        "levels": rng.integers(0, 4, count),
        **{f"x{i}": rng.uniform(-1, 1, (2, 4, 40 >> i, 40 >> i)).astype(np.float32) for i in range(4)},
    }


@pytest.mark.parametrize("domain", ["mmdeploy", "mmcv"])
@pytest.mark.parametrize("levels", [(0, 1, 2, 3), (0, 1, 2), (0, 1, 3), (0, 3), (1, 2)])
def test_a_rotated_extractor_becomes_one_node(levels, domain):
    made = extractor(levels, domain)
    upgraded, report = upgrade(made)
    names = operators(upgraded)
    assert names.count("roiops::MultiScaleRoiAlignRotated") == 1
    assert not {"ScatterND", f"{domain}::MMCVRoIAlignRotated", "roiops::RoiAlignRotated"} & set(names)
    assert report.count("fused") == len(levels) + 1 and report.count("left alone") == 0
    onnx.checker.check_model(upgraded)
    for count in (0, 1, 40):
        feeds = extractor_feeds(count)
        found, wanted = run(upgraded, feeds)[0], run(made, feeds)[0]
        np.testing.assert_allclose(found, wanted, atol=1e-6)
        missing = ~np.isin(feeds["levels"], levels)
        assert not found[missing].any() and found[~missing].any() == (~missing).any()


def test_a_rotated_extractor_of_levels_that_differ_stays():
    made = extractor()
    pool = next(node for node in made.graph.node if node.op_type == "MMCVRoIAlignRotated")
    next(a for a in pool.attribute if a.name == "clockwise").i = 0
    upgraded, report = upgrade(made)
    assert operators(upgraded).count("roiops::RoiAlignRotated") == 3
    assert any("clockwise differs" in entry.reason for entry in report)
