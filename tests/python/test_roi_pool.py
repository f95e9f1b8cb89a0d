"""How roi_pool may be called."""

from __future__ import annotations

import numpy as np
import pytest

import roiops
from roiops import reference

X = np.random.default_rng(0).standard_normal((2, 3, 8, 9)).astype(np.float32)
BOXES = np.array([[0, 0, 4, 4], [1, 1, 5, 6], [2, 0, 7, 7]], np.float32)
ROIS = np.hstack([[[0], [1], [1]], BOXES]).astype(np.float32)
EXPECTED = reference.roi_pool(X, BOXES, [1, 2], (2, 3), 0.5)


@pytest.mark.parametrize(
    ("arguments", "keywords"),
    [
        ((X, ROIS, (2, 3)), {}),
        ((X, ROIS), {"output_size": (2, 3)}),
        ((X, ROIS, None, (2, 3)), {}),
        ((X, [BOXES[:1], BOXES[1:]], (2, 3)), {}),
        ((X, BOXES, [1, 2], (2, 3)), {}),
        ((X, BOXES), {"boxes_num": [1, 2], "output_size": (2, 3)}),
        ((X, BOXES, None, (2, 3)), {"batch_indices": [0, 1, 1]}),
        ((X, BOXES, (2, 3)), {"batch_indices": [0, 1, 1]}),
    ],
)
def test_every_way_to_call_it(arguments, keywords):
    np.testing.assert_array_equal(roiops.roi_pool(*arguments, **keywords, spatial_scale=0.5), EXPECTED)


def test_the_scale_by_position_and_a_name():
    np.testing.assert_array_equal(roiops.roi_pool(X, BOXES, [1, 2], (2, 3), 0.5, "pool"), EXPECTED)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ((X, ROIS), TypeError, "^output_size: expected an int, got NoneType"),
        ((X, BOXES, 7), ValueError, r"^boxes: without boxes_num and batch_indices expected shape \(K, 5\)"),
        ((X, ROIS, [1, 2], 7), ValueError, r"^boxes: expected shape \(K, 4\), got \(3, 5\)"),
        ((X, ROIS, 7, 0.25), TypeError, "^output_size: expected an int, got float"),
        ((X, BOXES, [1, 1], 7), ValueError, "^boxes_num: expected a sum of 3"),
        ((X, BOXES, [1, 2], 7, 0.0), ValueError, "^spatial_scale: "),
        ((X, BOXES, [1, 2], 7, 1.0, 5), TypeError, "^name: "),
    ],
)
def test_wrong_calls_are_refused_by_name(arguments, kind, message):
    with pytest.raises(kind, match=message):
        roiops.roi_pool(*arguments)
