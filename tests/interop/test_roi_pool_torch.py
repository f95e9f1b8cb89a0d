"""RoiPool against torchvision's."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
torchvision = pytest.importorskip("torchvision")

from roi_pool_cases import case, rois  # noqa: E402

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
