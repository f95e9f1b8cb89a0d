"""The operators that mmdeploy and mmcv write, which take float32 alone, in each of their domains."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import mmdeploy_oracle as oracle
import numpy as np
from mmdeploy_models import DOMAINS, one_node
from platforms.cases.common import MMDEPLOY, TOLERANCE, Case, batches, boxes, features
from platforms.cases.rotated import rotated_boxes

from roiops import reference


def case(operator: str, domain: str, inputs, outputs, tolerance=0.0, label="", **attributes) -> Case:
    """A case of one node; its outputs are called y0, y1, ..."""
    built = one_node(operator, inputs, len(outputs), domain, **attributes)
    named = {f"y{i}": (np.asarray(value), tolerance) for i, value in enumerate(outputs)}
    return Case(f"{domain}_{operator}{label}", built, inputs, named, library=MMDEPLOY)


def pooling() -> Iterator[Case]:
    rng = np.random.default_rng(12)
    x = features(rng, (2, 19, 13, 17), "float32")
    indices = batches(rng, 2, 40)["batch_indices"]
    size = {"output_height": 3, "output_width": 4}
    rule = {"spatial_scale": 0.5, "sampling_ratio": 2, "aligned": 1}
    for domain, mode in itertools.product(DOMAINS["MMCVRoiAlign"], ["avg", "max"]):
        rois = boxes(rng, 40, 17 / 0.5, "float32")
        inputs = {"x": x, "rois": np.column_stack([indices, rois]).astype("f")}
        expected = reference.roi_align(
            x, rois, indices, (3, 4), 0.5, 2, True, mode=mode, batch_format="batch_indices"
        )
        yield case(
            "MMCVRoiAlign",
            domain,
            inputs,
            [expected],
            TOLERANCE["float32"],
            f"_{mode}",
            mode=mode,
            **size,
            **rule,
        )
    for domain, clockwise in itertools.product(DOMAINS["MMCVRoIAlignRotated"], [0, 1]):
        rois = rotated_boxes(rng, 40, 17 / 0.5, "float32")
        inputs = {"x": x, "rois": np.column_stack([indices, rois]).astype("f")}
        expected = reference.roi_align_rotated(
            x, rois, indices, (3, 4), 0.5, 2, True, clockwise=bool(clockwise), batch_format="batch_indices"
        )
        yield case(
            "MMCVRoIAlignRotated",
            domain,
            inputs,
            [expected],
            5 * TOLERANCE["float32"],
            f"_{clockwise}",
            clockwise=clockwise,
            **size,
            **rule,
        )


def grid_sampler() -> Iterator[Case]:
    rng = np.random.default_rng(13)
    modes = ("interpolation_mode", "padding_mode", "align_corners")
    for domain, *values in itertools.product(DOMAINS["grid_sampler"], range(3), range(3), range(2)):
        x = features(rng, (2, 21, 7, 9), "float32")
        grid = rng.uniform(-1.6, 1.6, (2, 6, 8, 2)).astype("f")
        expected = oracle.grid_sampler(x, grid, *values)
        label = "".join(map(str, ["_", *values]))
        yield case(
            "grid_sampler",
            domain,
            {"x": x, "grid": grid},
            [expected],
            TOLERANCE["float32"],
            label,
            **dict(zip(modes, values)),
        )
    inputs = {"x": x, "grid": grid[:1]}
    rule = dict.fromkeys(modes, 0)
    yield Case(
        "grid_sampler_images", one_node("grid_sampler", inputs, **rule), inputs, {}, "'grid'", MMDEPLOY
    )


def suppression() -> Iterator[Case]:
    rng = np.random.default_rng(14)
    corners = rng.integers(0, 40, (2, 50, 2))  # whole pixels, so that no rounding decides
    rois = np.concatenate([corners, corners + rng.integers(1, 24, corners.shape)], -1).astype("f")
    scores = (np.stack([rng.permutation(50) for _ in range(6)]).reshape(2, 3, 50) / 64).astype("f")
    one = {"boxes": rois[0], "scores": scores[0, 0]}
    yield case(
        "NonMaxSuppression", "mmcv", one, [oracle.nms(*one.values(), 0.3, 1)], iou_threshold=0.3, offset=1
    )
    soft = {"iou_threshold": 0.3, "sigma": 0.5, "min_score": 0.01, "method": 1, "offset": 0}
    expected = oracle.soft_nms(*one.values(), **soft)
    yield case("SoftNonMaxSuppression", "mmcv", one, expected, 1e-6, **soft)
    thresholds = {"iou_threshold": np.array([0.3], "f"), "score_threshold": np.array([0.1], "f")}
    inputs = {"boxes": rois, "scores": scores, **thresholds}
    expected = oracle.nms_match(rois, scores, *(float(value[0]) for value in thresholds.values()))
    yield case("NMSMatch", "mmdeploy", inputs, [expected])
    turned = rotated_boxes(rng, 80, 90, "float32").reshape(2, 40, 5)
    inputs = {"boxes": turned, "scores": scores[:, :, :40]}
    expected = reference.nms_rotated(*inputs.values(), 0.3, score_threshold=0.1)
    yield case("NMSRotated", "mmdeploy", inputs, [expected], iou_threshold=0.3, score_threshold=0.1)


def cumulative() -> Iterator[Case]:
    x = np.random.default_rng(15).integers(-9, 9, (2, 5, 30, 40)).astype("f")
    for operator, dim in itertools.product(("cummax", "cummin"), (-1, 2)):
        expected = oracle.running_extreme(x, dim, operator == "cummax")
        yield case(operator, "mmcv", {"x": x}, expected, label=f"_{dim}", dim=dim)
    for mode in range(4):
        expected = oracle.corner_pool(x, mode)
        yield case("MMCVCornerPool", "mmcv", {"x": x}, [expected], label=f"_{mode}", mode=mode)


def deformable() -> Iterator[Case]:
    rng = np.random.default_rng(16)
    x, weight = features(rng, (2, 12, 7, 9), "float32"), features(rng, (8, 6, 3, 3), "float32")
    offset, mask = 3 * features(rng, (2, 36, 7, 9), "float32"), features(rng, (2, 18, 7, 9), "float32")
    inputs = {"x": x, "offset": offset, "mask": mask, "weight": weight}
    pairs = {"stride": [1, 1], "dilation": [1, 1]}
    groups = {"groups": 2, "deform_groups": 2}
    modulated = oracle.deform_conv(*inputs.values(), None, padding=[1, 1], **pairs, **groups)
    plain = oracle.deform_conv(x, offset, None, weight, None, padding=[1, 1], **pairs, **groups)
    tolerance = 10 * TOLERANCE["float32"]
    for domain in DOMAINS["MMCVDeformConv2d"]:
        rule = {**pairs, **groups, "padding": [1, 1]}
        yield case("MMCVModulatedDeformConv2d", domain, inputs, [modulated], tolerance, **rule)
        if domain == "mmdeploy":  # which writes each padding twice
            rule["padding"] = [1, 1, 1, 1]
        without = {name: value for name, value in inputs.items() if name != "mask"}
        yield case("MMCVDeformConv2d", domain, without, [plain], tolerance, **rule)


def attention() -> Iterator[Case]:
    rng = np.random.default_rng(17)
    inputs = {
        "value": features(rng, (2, 16, 3, 21), "float32"),
        "spatial_shapes": np.array([[3, 4], [2, 2]], np.int64),
        "level_start_index": np.array([0, 12], np.int64),
        "sampling_locations": rng.uniform(-0.3, 1.3, (2, 17, 3, 2, 4, 2)).astype("f"),
        "attention_weights": rng.uniform(0, 0.1, (2, 17, 3, 2, 4)).astype("f"),
    }
    expected = oracle.deformable_attention(*inputs.values())
    name = "MMCVMultiScaleDeformableAttention"
    yield case(name, "mmdeploy", inputs, [expected], TOLERANCE["float32"], im2col_step=64)


def alignment() -> Iterator[Case]:
    rng = np.random.default_rng(18)
    x = features(rng, (2, 21, 8, 9), "float32")
    rois = rng.uniform(-3, 50, (2, 8, 9, 5)).astype("f")
    rois[..., 4] /= 8
    for points in (1, 5):
        expected = oracle.rotated_feature_align(x, rois, 0.25, points)
        yield case(
            "MMCVRotatedFeatureAlign",
            "mmcv",
            {"features": x, "best_rbboxes": rois},
            [expected],
            5 * TOLERANCE["float32"],
            f"_{points}",
            spatial_scale=0.25,
            points=points,
        )
