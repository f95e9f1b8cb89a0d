"""RoiPool against torchvision's."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
torchvision = pytest.importorskip("torchvision")

from pyramids import operators  # noqa: E402
from random_rois import case, rois  # noqa: E402
from torch_exports import EXPORTERS, assert_like_eager, export  # noqa: E402

import roiops  # noqa: E402
from roiops import reference  # noqa: E402


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", range(30))
def test_reference(seed, dtype):
    x, boxes, images, size, scale = case(seed, dtype)
    y = reference.roi_pool(x, boxes, images, size, scale, batch_format="batch_indices")
    expected = torchvision.ops.roi_pool(
        torch.from_numpy(x), torch.from_numpy(rois(images, boxes)), size, scale
    )
    np.testing.assert_array_equal(y, expected.numpy())


@pytest.mark.parametrize("seed", range(10))
def test_operator(seed):
    x, boxes, images, size, scale = case(seed)
    y = roiops.roi_pool(x, rois(images, boxes), size, spatial_scale=scale)
    expected = torchvision.ops.roi_pool(
        torch.from_numpy(x), torch.from_numpy(rois(images, boxes)), size, scale
    )
    np.testing.assert_array_equal(y, expected.numpy())


class Pooler(torch.nn.Module):
    def forward(self, *inputs):
        x, rois = inputs
        return torchvision.ops.roi_pool(x, rois, (3, 2), 0.5)


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_exports(exporter):
    def inputs(seed):
        x, boxes, images, _, _ = case(seed)
        x = np.resize(x, (2, 3, 12, 15)).astype(np.float32)
        return [torch.from_numpy(x), torch.from_numpy(rois(images, boxes))]

    model = export(Pooler(), inputs(0), exporter)
    assert operators(model)["roiops::RoiPool"] == 1 and "MaxRoiPool" not in operators(model)
    for seed in range(5):
        assert_like_eager(Pooler(), model, inputs(seed), tolerance=0)
    assert_like_eager(Pooler(), model, [inputs(0)[0], torch.empty(0, 5)], tolerance=0)
