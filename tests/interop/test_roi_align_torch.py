"""roiops.roi_align against torchvision's, in float32 and float64."""

from __future__ import annotations

import numpy as np
import pytest
from support import boxes_of_sides

import roiops

torch = pytest.importorskip("torch")
from torchvision.ops import roi_align  # noqa: E402  (only once torch is known to be there)


@pytest.mark.parametrize("boxes_num", [[7], [3, 0, 5]])
@pytest.mark.parametrize("ratio", [-1, 1, 2])
@pytest.mark.parametrize("aligned", [True, False])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2e-5), ("float64", 1e-12)])
def test_same_as_torchvision(dtype, tolerance, aligned, ratio, boxes_num):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((len(boxes_num), 5, 24, 31)).astype(dtype)
    boxes = boxes_of_sides(rng, sum(boxes_num), 96, 124).astype(dtype)
    ours = roiops.roi_align(x, boxes, np.array(boxes_num), (3, 5), 0.25, ratio, aligned)
    per_image = torch.split(torch.from_numpy(boxes), boxes_num)
    theirs = roi_align(torch.from_numpy(x), list(per_image), (3, 5), 0.25, ratio, aligned).numpy()
    np.testing.assert_allclose(ours, theirs, atol=tolerance * np.abs(x).max())
