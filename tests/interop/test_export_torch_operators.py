"""The torch.library operators in eager mode.

Needs torch and torchvision; run as test_export_torch.py says.
"""

from __future__ import annotations

import inspect

import numpy as np
import pytest

pytest.importorskip("torchvision")

import torch

import roiops.export.torch as roiops_torch
from roiops import reference
from roiops.export.torch import boxes_num, multiscale_roi_align, roi_align

torch.manual_seed(0)
X = torch.randn(2, 3, 24, 32)
BOXES = torch.tensor([[1.0, 2, 30, 40], [5, 5, 60, 50], [0, 0, 10, 10]])
COUNTS = torch.tensor([1, 2])
INDICES = torch.tensor([1, 0, 1])
LEVELS = torch.tensor([1, 0, 1])
XS = [X, X[:, :, ::2, ::2]]


@pytest.mark.parametrize("mode", ["avg", "max"])
@pytest.mark.parametrize(("batch_format", "batch"), [("boxes_num", COUNTS), ("batch_indices", INDICES)])
@pytest.mark.parametrize(
    ("dtype", "box_dtype", "tolerance"),
    [
        (torch.float32, torch.float32, 1e-5),
        (torch.float64, torch.float64, 1e-12),
        (torch.float16, torch.float16, 2e-3),
        (torch.bfloat16, torch.float32, 2e-2),
    ],
)
def test_same_as_the_reference(dtype, box_dtype, tolerance, batch_format, batch, mode):
    kind = {"mode": mode, "batch_format": batch_format}
    x, boxes = X.to(dtype), BOXES.to(box_dtype)
    y = roi_align(x, boxes, batch, (3, 5), 0.25, 2, False, **kind)
    exact = (x.double().numpy(), boxes.double().numpy(), batch.numpy())
    assert y.dtype == dtype
    expected = reference.roi_align(*exact, (3, 5), 0.25, 2, False, **kind)
    np.testing.assert_allclose(y.double().numpy(), expected, atol=tolerance)
    xs = [x, x[:, :, ::2, ::2]]
    y = multiscale_roi_align(xs, boxes, batch.int(), LEVELS, 4, [0.25, 0.125], **kind)
    exact = ([x.double().numpy() for x in xs], *exact[1:], LEVELS.numpy())
    expected = reference.multiscale_roi_align(*exact, 4, [0.25, 0.125], **kind)
    np.testing.assert_allclose(y.double().numpy(), expected, atol=tolerance)


SIGNATURES = {
    "fused_heads": "",
    "paste_masks": "masks, boxes, image_size, convention='torchvision', output='soft', threshold=0.5",
    "heatmaps_to_keypoints": "maps, rois, convention='torchvision'",
    "boxes_num": "boxes",
    "fused_poolers": "model",
    "multiscale_roi_align": "xs, boxes, batch, levels, output_size, spatial_scales, sampling_ratio=-1, "
    "aligned=True, *, mode='avg', batch_format='boxes_num'",
    "register_symbolics": "",
    "roi_align": "x, boxes, batch, output_size, spatial_scale=1.0, sampling_ratio=-1, aligned=True, *, "
    "mode='avg', batch_format='boxes_num'",
    "translation_table": "",
    "unregister_symbolics": "",
}


def test_names_and_signatures():
    assert set(roiops_torch.__all__) == set(SIGNATURES)
    for name, expected in SIGNATURES.items():
        parameters = inspect.signature(getattr(roiops_torch, name)).parameters.values()
        bare = [p.replace(annotation=inspect.Parameter.empty) for p in parameters]
        assert str(inspect.Signature(bare)) == f"({expected})"


def test_boxes_num():
    assert boxes_num([BOXES, BOXES[:0], BOXES[:1]]).tolist() == [3, 0, 1]


def test_nothing_to_pool():
    assert roi_align(X, BOXES[:0], 0 * COUNTS, 7).shape == (0, 3, 7, 7)
    assert roi_align(X[:, :0], BOXES, COUNTS, 7).shape == (3, 0, 7, 7)
    assert roi_align(X[:0], BOXES[:0], COUNTS[:0], 7).shape == (0, 3, 7, 7)


SAMPLING = (2, True, "avg", "boxes_num")


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("roi_align", (X, BOXES, COUNTS, [7, 7], 0.25, *SAMPLING)),
        ("multiscale_roi_align", (XS, BOXES, COUNTS, LEVELS, [7, 7], [0.25, 0.125], *SAMPLING)),
        ("heatmaps_to_keypoints", (torch.rand(3, 2, 8, 8), BOXES, "torchvision")),
        ("boxes_num", ([BOXES, BOXES],)),
    ],
)
def test_torch_finds_the_operators_well_made(name, inputs):
    torch.library.opcheck(getattr(torch.ops.roiops, name).default, inputs)


def test_shapes_without_values():
    x, boxes, counts, levels = (tensor.to("meta") for tensor in (X, BOXES, COUNTS, LEVELS))
    assert roi_align(x, boxes, counts, (2, 3)).shape == (3, 3, 2, 3)
    y = multiscale_roi_align([x, x.double().float()], boxes, counts, levels, 2, [1.0, 0.5])
    assert y.shape == (3, 3, 2, 2) and y.is_meta and y.dtype == torch.float32
    assert boxes_num([boxes, boxes]).shape == (2,)


def test_in_a_compiled_function():
    compiled = torch.compile(
        lambda x, boxes: roi_align(x, boxes, COUNTS, 7) + 1, backend="eager", fullgraph=True
    )
    torch.testing.assert_close(compiled(X, BOXES), roi_align(X, BOXES, COUNTS, 7) + 1)


def test_gradients_are_refused():
    x = X.clone().requires_grad_()
    for y in (
        roi_align(x, BOXES, COUNTS, 7),
        multiscale_roi_align([x, x], BOXES, COUNTS, LEVELS, 7, [1.0, 0.5]),
    ):
        with pytest.raises(NotImplementedError, match="no gradients"):
            y.sum().backward()
    assert x.grad is None


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"x": X.numpy()}, TypeError, "^x: expected a torch.Tensor, got ndarray"),
        ({"x": X[0]}, ValueError, r"^x: expected shape \(N, C, H, W\), got \(3, 24, 32\)"),
        ({"x": X.int()}, TypeError, "^x: expected torch.float16 .* got torch.int32"),
        ({"boxes": BOXES.double()}, TypeError, "^boxes: expected torch.float32, got torch.float64"),
        ({"boxes": BOXES[:, :3]}, ValueError, r"^boxes: expected shape \(K, 4\), got \(3, 3\)"),
        ({"boxes": BOXES / 0}, ValueError, "^boxes: expected finite"),
        ({"batch": [1, 2]}, TypeError, "^batch: expected a torch.Tensor, got list"),
        (
            {"batch": COUNTS.float()},
            TypeError,
            "^batch: expected torch.int32 or torch.int64, got torch.float32",
        ),
        ({"batch": COUNTS + 1}, ValueError, r"^boxes_num: expected a sum of 3 \(boxes\), got 5"),
        ({"batch_format": "batch_indices"}, ValueError, r"^batch_indices: expected shape \(3,\)"),
        ({"batch_format": "rows"}, ValueError, "^batch_format: expected one of"),
        ({"mode": "min"}, ValueError, "^mode: expected one of 'avg', 'max', got 'min'"),
        ({"output_size": 0}, ValueError, "^output_size: expected an int between 1"),
        ({"spatial_scale": 0.0}, ValueError, "^spatial_scale: expected a finite number > 0"),
        ({"sampling_ratio": 1.5}, TypeError, "^sampling_ratio: expected an int"),
        ({"aligned": 1}, TypeError, "^aligned: expected a bool"),
    ],
)
def test_wrong_arguments(changed, error, message):
    with pytest.raises(error, match=message):
        roi_align(**{"x": X, "boxes": BOXES, "batch": COUNTS, "output_size": 7, **changed})


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"xs": []}, ValueError, r"^xs: expected one feature map per spatial scale \(2\), got 0"),
        ({"xs": [X, X, X]}, ValueError, r"^xs: expected one feature map per spatial scale \(2\), got 3"),
        ({"xs": X}, ValueError, r"^xs\[0\]: expected shape \(N, C, H, W\)"),
        ({"xs": [X, X.double()]}, TypeError, r"^xs\[1\]: expected torch.float32, got torch.float64"),
        ({"xs": [X, X[:, :2]]}, ValueError, r"^xs\[1\]: expected N, C = \(2, 3\)"),
        ({"levels": LEVELS + 1}, ValueError, "^levels: expected values between 0 and 1, levels.0. is 2"),
        ({"levels": LEVELS.int()}, TypeError, "^levels: expected torch.int64, got torch.int32"),
        ({"levels": LEVELS[:2]}, ValueError, r"^levels: expected shape \(3,\)"),
        ({"spatial_scales": []}, ValueError, "^spatial_scales: expected one number per feature map"),
    ],
)
def test_wrong_arguments_of_several_maps(changed, error, message):
    right = {"xs": XS, "boxes": BOXES, "batch": COUNTS, "levels": LEVELS, "spatial_scales": [1.0, 0.5]}
    with pytest.raises(error, match=message):
        multiscale_roi_align(**{**right, "output_size": 7, **changed})


@pytest.mark.parametrize(
    ("boxes", "error", "message"),
    [
        ([], ValueError, "^boxes: expected one tensor per image, got none"),
        (BOXES, ValueError, r"^boxes\[0\]: expected shape \(K, 4\), got \(4,\)"),
        ([BOXES, [0]], TypeError, r"^boxes\[1\]: expected a torch.Tensor, got list"),
    ],
)
def test_wrong_boxes_to_count(boxes, error, message):
    with pytest.raises(error, match=message):
        boxes_num(boxes)
