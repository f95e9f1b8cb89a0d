"""The NumPy functions take torch tensors of the CPU, and say what to do with others."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import roiops  # noqa: E402
from roiops import levels  # noqa: E402

X = torch.from_numpy(np.random.default_rng(0).standard_normal((2, 3, 8, 9)).astype(np.float32))
BOXES = torch.tensor([[0.0, 0, 4, 4], [1, 1, 5, 6], [2, 0, 7, 7]])
COUNTS = torch.tensor([1, 2])
EXPECTED = roiops.roi_align(X.numpy(), BOXES.numpy(), COUNTS.numpy(), 2)


@pytest.mark.parametrize(
    ("boxes", "boxes_num"),
    [
        (BOXES, COUNTS),
        (torch.cat([torch.tensor([[0.0], [1], [1]]), BOXES], dim=1), None),
        ([BOXES[:1], BOXES[1:]], None),
    ],
    ids=["counts", "rois", "list"],
)
def test_tensors_in_every_form(boxes, boxes_num):
    y = roiops.roi_align(X, boxes, boxes_num, 2)
    assert isinstance(y, np.ndarray)
    np.testing.assert_array_equal(y, EXPECTED)


def test_pyramids_and_levels():
    one = roiops.multiscale_roi_align([X, X], BOXES, COUNTS, levels.torchvision(BOXES), 2, [1.0, 0.5])
    np.testing.assert_array_equal(one, EXPECTED)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": X.clone().requires_grad_()}, r"^x: .*requires grad.*pass x\.detach\(\)"),
        ({"boxes": BOXES.clone().requires_grad_()}, r"^boxes: .*pass boxes\.detach\(\)"),
        ({"x": X.bfloat16()}, r"^x: NumPy has no bfloat16; pass x\.float\(\)"),
        ({"x": X.to("meta")}, r"^x: expected a tensor on the CPU, got meta; pass x\.cpu\(\)"),
        ({"boxes_num": COUNTS.float()}, r"^boxes_num: .*float32"),
    ],
)
def test_tensors_without_an_array_are_refused(change, message):
    right = {"x": X, "boxes": BOXES, "boxes_num": COUNTS, "output_size": 2}
    with pytest.raises(TypeError, match=message):
        roiops.roi_align(**{**right, **change})
