"""All operators, each in every domain that it was ever written in, as the nodes of one model."""

from __future__ import annotations

import numpy as np
from mmdeploy_models import DOMAINS, model, run, session
from onnx import helper

RNG = np.random.default_rng(0)
POOLING = {"output_height": 3, "output_width": 2, "spatial_scale": 0.5, "sampling_ratio": 2, "aligned": 1}
CONV = {"stride": [1, 1], "padding": [1, 1], "dilation": [1, 1], "groups": 1, "deform_groups": 1}


def uniform(*shape, low=-1.0, high=1.0):
    return RNG.uniform(low, high, shape).astype(np.float32)


X, OFFSET, WEIGHT = uniform(1, 4, 6, 7), uniform(1, 18, 6, 7), uniform(5, 4, 3, 3)
FIRST = uniform(1, 20, 2, high=30)
BOXES = np.concatenate([FIRST, FIRST + uniform(1, 20, 2, low=1, high=20)], -1)
ROTATED = np.concatenate([uniform(1, 20, 4, low=1, high=20), uniform(1, 20, 1, low=-3, high=3)], -1)
SCORES = uniform(1, 2, 20, low=0)
IMAGE = np.zeros((20, 1), np.float32)

# Inputs, number of outputs, attributes.
CASES = {
    "NMSRotated": ([ROTATED, SCORES], 1, {"iou_threshold": 0.3, "score_threshold": 0.1}),
    "MMCVRoIAlignRotated": ([X, np.hstack([IMAGE, ROTATED[0]])], 1, {**POOLING, "clockwise": 1}),
    "MMCVRoiAlign": ([X, np.hstack([IMAGE, BOXES[0]])], 1, {**POOLING, "mode": "avg"}),
    "grid_sampler": (
        [X, uniform(1, 5, 4, 2)],
        1,
        {"interpolation_mode": 2, "padding_mode": 1, "align_corners": 0},
    ),
    "NMSMatch": ([BOXES, SCORES, np.array([0.3], np.float32), np.array([0.1], np.float32)], 1, {}),
    "NonMaxSuppression": ([BOXES[0], SCORES[0, 0]], 1, {"iou_threshold": 0.3, "offset": 0}),
    "SoftNonMaxSuppression": (
        [BOXES[0], SCORES[0, 0]],
        2,
        {"iou_threshold": 0.3, "sigma": 0.5, "min_score": 0.05, "method": 1, "offset": 0},
    ),
    "cummax": ([X], 2, {"dim": -1}),
    "cummin": ([X], 2, {"dim": 1}),
    "MMCVCornerPool": ([X], 1, {"mode": 2}),
    "MMCVDeformConv2d": ([X, OFFSET, WEIGHT], 1, CONV),
    "MMCVModulatedDeformConv2d": ([X, OFFSET, uniform(1, 9, 6, 7, low=0), WEIGHT, uniform(5)], 1, CONV),
    "MMCVMultiScaleDeformableAttention": (
        [
            uniform(1, 14, 2, 8),
            np.array([[3, 4], [1, 2]]),
            np.array([0, 12]),
            uniform(1, 5, 2, 2, 3, 2, low=0),
        ]
        + [uniform(1, 5, 2, 2, 3)],
        1,
        {"im2col_step": 64},
    ),
    "MMCVRotatedFeatureAlign": ([X, uniform(1, 6, 7, 5, high=8)], 1, {"spatial_scale": 0.5, "points": 5}),
}


def test_all_nodes_run_in_one_graph():
    assert CASES.keys() == DOMAINS.keys()
    nodes, feeds, wanted = [], {}, {}
    for operator, (arrays, outputs, attributes) in CASES.items():
        given = {f"{operator}_{i}": array for i, array in enumerate(arrays)}
        feeds.update(given)
        for domain in DOMAINS[operator]:
            names = [f"{domain}_{operator}_y{i}" for i in range(outputs)]
            nodes.append(helper.make_node(operator, list(given), names, domain=domain, **attributes))
            found = run(operator, given, outputs, domain=domain, **attributes)
            wanted.update(zip(names, found if outputs > 1 else [found]))
    assert len(nodes) == 19
    found = session(model(nodes, feeds, list(wanted))).run(list(wanted), feeds)
    for name, array in zip(wanted, found):
        assert array.size, name
        np.testing.assert_array_equal(array, wanted[name], err_msg=name)
