"""Operators of mmdeploy and mmcv that are PyTorch's or torchvision's under another name, against these."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torchvision
from mmdeploy_models import run

MODES = {
    "interpolation_mode": ["bilinear", "nearest", "bicubic"],
    "padding_mode": ["zeros", "border", "reflection"],
}


def uniform(rng, *shape, size=1.0):
    return rng.uniform(-size, size, shape).astype(np.float32)


@pytest.mark.parametrize("align", [0, 1])
@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("mode", [0, 1, 2])
def test_grid_sampler_is_grid_sample(mode, padding, align):
    rng = np.random.default_rng(0)
    x, grid = uniform(rng, 2, 9, 7, 11), uniform(rng, 2, 30, 40, 2, size=2.5)
    grid[:, :5] = rng.integers(-9, 10, grid[:, :5].shape) / 8  # between pixels, and on the borders
    found = run(
        "grid_sampler",
        {"x": x, "grid": grid},
        interpolation_mode=mode,
        padding_mode=padding,
        align_corners=align,
    )
    wanted = torch.nn.functional.grid_sample(
        torch.from_numpy(x),
        torch.from_numpy(grid),
        MODES["interpolation_mode"][mode],
        MODES["padding_mode"][padding],
        bool(align),
    )
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-5)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("deform_groups", [1, 3])
def test_deformable_convolutions_are_deform_conv2d(groups, deform_groups):
    rng = np.random.default_rng(0)
    arrays = {
        "x": uniform(rng, 2, 12, 9, 10),
        "offset": uniform(rng, 2, deform_groups * 12, 5, 12, size=3),
        "mask": uniform(rng, 2, deform_groups * 6, 5, 12),
        "weight": uniform(rng, 8, 12 // groups, 3, 2),
        "bias": uniform(rng, 8),
    }
    pairs = {"stride": [2, 1], "padding": [1, 2], "dilation": [1, 2]}
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    wanted = torchvision.ops.deform_conv2d(
        tensors["x"], tensors["offset"], tensors["weight"], tensors["bias"], mask=tensors["mask"], **pairs
    )
    attributes = {**pairs, "groups": groups, "deform_groups": deform_groups}
    found = run("MMCVModulatedDeformConv2d", arrays, **attributes)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-5)

    del arrays["mask"], arrays["bias"]
    wanted = torchvision.ops.deform_conv2d(tensors["x"], tensors["offset"], tensors["weight"], **pairs)
    found = run("MMCVDeformConv2d", arrays, domain="mmcv", **attributes)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-5)


@pytest.mark.parametrize(("operator", "function"), [("cummax", torch.cummax), ("cummin", torch.cummin)])
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_running_extremes_are_torchs(operator, function, dim):
    rng = np.random.default_rng(0)
    x = rng.integers(-3, 4, (5, 6, 7)).astype(np.float32)
    x[rng.random(x.shape) < 0.05] = np.nan
    values, indices = run(operator, {"x": x}, 2, dim=dim)
    wanted = function(torch.from_numpy(x), dim)
    np.testing.assert_array_equal(values, wanted.values)
    np.testing.assert_array_equal(indices, wanted.indices)


def test_nms_is_torchvisions():
    rng = np.random.default_rng(0)
    first = uniform(rng, 200, 2, size=40)
    boxes = np.hstack([first, first + rng.uniform(1, 30, (200, 2))]).astype(np.float32)
    scores = rng.permutation(200).astype(np.float32)
    found = run("NonMaxSuppression", {"boxes": boxes, "scores": scores}, iou_threshold=0.4, offset=0)
    wanted = torchvision.ops.nms(torch.from_numpy(boxes), torch.from_numpy(scores), 0.4)
    np.testing.assert_array_equal(found, wanted)


def test_attention_is_a_sum_of_grid_samples():
    rng = np.random.default_rng(0)
    shapes, heads, channels, queries, points = np.array([[6, 7], [3, 4]]), 2, 5, 9, 3
    starts, pixels = np.array([0, 42]), 54
    value = uniform(rng, 2, pixels, heads, channels)
    locations = rng.uniform(-0.2, 1.2, (2, queries, heads, 2, points, 2)).astype(np.float32)
    weights = uniform(rng, 2, queries, heads, 2, points)
    wanted = torch.zeros(2 * heads, channels, queries)
    for level, (height, width) in enumerate(shapes):
        part = torch.from_numpy(value[:, starts[level] : starts[level] + height * width])
        maps = part.permute(0, 2, 3, 1).reshape(2 * heads, channels, height, width)
        at = torch.from_numpy(locations[:, :, :, level]).transpose(1, 2).flatten(0, 1)
        share = (
            torch.from_numpy(weights[:, :, :, level]).transpose(1, 2).reshape(2 * heads, 1, queries, points)
        )
        wanted += (torch.nn.functional.grid_sample(maps, 2 * at - 1, align_corners=False) * share).sum(-1)
    feeds = {"v": value, "s": shapes, "i": starts, "l": locations, "w": weights}
    found = run("MMCVMultiScaleDeformableAttention", feeds, im2col_step=64)
    wanted = wanted.reshape(2, heads * channels, queries).transpose(1, 2)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-5)
