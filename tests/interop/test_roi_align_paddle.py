"""roiops.roi_align against Paddle's own roi_align, called with the same arguments."""

from __future__ import annotations

import numpy as np
import pytest
from support import boxes_of_sides

import roiops

paddle = pytest.importorskip("paddle")
from paddle.vision import ops  # noqa: E402  (only once paddle is known to be there)

HEIGHT, WIDTH, SCALE = 24, 31, 0.25


def case(boxes_num, dtype, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((len(boxes_num), 5, HEIGHT, WIDTH)).astype(dtype)
    boxes = boxes_of_sides(rng, sum(boxes_num), HEIGHT / SCALE, WIDTH / SCALE).astype(dtype)
    return x, boxes, np.array(boxes_num, np.int32)


def by_paddle(x, boxes, boxes_num, *args, **kwargs):
    tensors = [paddle.to_tensor(array) for array in (x, boxes, boxes_num)]
    return ops.roi_align(*tensors, *args, **kwargs).numpy()


@pytest.mark.parametrize("boxes_num", [[7], [3, 0, 5], [1, 2, 3, 4]])
@pytest.mark.parametrize("ratio", [-1, 0, 1, 3])
@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2e-5), ("float64", 1e-11)])
def test_same_as_paddle(dtype, tolerance, aligned, ratio, boxes_num):
    arrays = case(boxes_num, dtype)
    arguments = {"spatial_scale": SCALE, "sampling_ratio": ratio, "aligned": aligned}
    ours = roiops.roi_align(*arrays, (3, 5), **arguments)
    theirs = by_paddle(*arrays, (3, 5), **arguments)
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, atol=tolerance * np.abs(arrays[0]).max())


def test_the_defaults_are_paddles():
    arrays = case([4, 2], "float32")
    np.testing.assert_allclose(roiops.roi_align(*arrays, 7), by_paddle(*arrays, 7), atol=1e-4)


def test_the_layer_is_paddles():
    arrays = case([4, 2], "float32")
    layer = ops.RoIAlign(output_size=3, spatial_scale=SCALE)
    theirs = layer(*[paddle.to_tensor(array) for array in arrays]).numpy()
    np.testing.assert_allclose(roiops.RoIAlign(3, SCALE)(*arrays), theirs, atol=1e-4)


def test_example_of_paddles_documentation():
    rng = np.random.default_rng(0)
    x = rng.random((1, 256, 32, 32), np.float32)
    boxes = rng.random((3, 4), np.float32)
    boxes[:, 2] += boxes[:, 0] + 3
    boxes[:, 3] += boxes[:, 1] + 4
    boxes_num = np.array([3], np.int32)
    ours = roiops.roi_align(x, boxes, boxes_num, output_size=3)
    assert ours.shape == (3, 256, 3, 3)
    np.testing.assert_allclose(ours, by_paddle(x, boxes, boxes_num, 3), atol=1e-5)
