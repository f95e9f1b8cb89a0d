"""The context manager that fuses poolers, and the areas that stand for level rules.

Needs torch and torchvision; run as test_export_torch.py says.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest

pytest.importorskip("torchvision")

import torch
from torch import nn
from torch_frameworks import Boxes, ROIPooler, SingleRoIExtractor
from torch_poolers import STRIDES, TorchvisionPooler, boxes, export_torchscript, feature_maps
from torchvision.ops import MultiScaleRoIAlign
from torchvision.ops.poolers import LevelMapper

from roiops import export as roiops_export
from roiops.export.torch import (
    fused_poolers,
    register_symbolics,
    roi_align,
    unregister_symbolics,
)
from roiops.export.torch._boundaries import _bisect, level_boundaries
from roiops.export.torch._forwards import _levels

SCALES = [1 / stride for stride in STRIDES]


def is_fused(module: nn.Module) -> bool:
    return "forward" in vars(module)


def test_every_pooler_is_found_at_any_depth_and_shared_ones_once():
    shared = TorchvisionPooler()
    model = nn.ModuleDict({"a": nn.Sequential(shared), "b": shared, "c": ROIPooler(7, SCALES, 0, "ROIAlign")})
    with fused_poolers(model) as names:
        assert names == ["a.0.pool", "c"]
        assert is_fused(shared.pool) and is_fused(model["c"])
    assert not is_fused(shared.pool) and not is_fused(model["c"])


def test_a_pooler_itself_is_a_model():
    pooler = MultiScaleRoIAlign(["0"], 7, 2)
    with fused_poolers(pooler) as names:
        assert names == [""] and is_fused(pooler)


def test_an_error_inside_leaves_the_model_as_it_was():
    model = TorchvisionPooler()
    with pytest.raises(KeyError, match="mine"), fused_poolers(model):
        raise KeyError("mine")
    assert not is_fused(model.pool)


def test_an_error_on_the_way_in_leaves_the_model_as_it_was():
    model = nn.ModuleList([TorchvisionPooler(), ROIPooler(7, SCALES, 0, "ROIAlignRotated")])
    with pytest.raises(
        ValueError, match=r"^1\.level_poolers\[0\]: expected a RoIAlign layer, got ROIAlignRotated"
    ):
        fused_poolers(model).__enter__()
    assert not is_fused(model[0].pool)


def test_contexts_nest():
    model = TorchvisionPooler()
    with fused_poolers(model):
        with fused_poolers(model.pool):
            assert is_fused(model.pool)
        assert is_fused(model.pool)
    assert not is_fused(model.pool)


def test_a_forward_set_on_the_module_comes_back():
    pooler = MultiScaleRoIAlign(["0"], 7, 2)
    pooler.forward = mine = lambda *_: None
    with fused_poolers(pooler):
        assert pooler.forward is not mine
    assert pooler.forward is mine


def test_a_subclass_with_its_own_forward_is_left_alone():
    class Other(MultiScaleRoIAlign):
        def forward(self, *inputs):
            return super().forward(*inputs) + 1

    class Same(MultiScaleRoIAlign):
        pass

    with fused_poolers(nn.ModuleList([Other(["0"], 7, 2), Same(["0"], 7, 2)])) as names:
        assert names == ["1"]


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        ("model.pt", TypeError, "model: expected a torch.nn.Module, got str"),
        (
            nn.Linear(2, 2),
            ValueError,
            "model: expected a module with a pooler .*MultiScaleRoIAlign.* got a Linear",
        ),
    ],
)
def test_models_without_poolers(model, error, message):
    with pytest.raises(error, match=message):
        fused_poolers(model).__enter__()


def test_layers_that_differ():
    pooler = ROIPooler(7, SCALES, 2, "ROIAlign")
    pooler.level_poolers[3].sampling_ratio = 1
    with pytest.raises(
        ValueError, match=r"^ROIPooler\.level_poolers\[3\]: expected .*'sampling_ratio': 2.* got .*: 1,"
    ):
        fused_poolers(pooler).__enter__()


def test_maps_of_one_size():
    # As in torchvision's detectors with a MobileNet: no box ever reaches the second map.
    pooler = MultiScaleRoIAlign(["0", "1"], 7, 2)
    inputs = ({"0": torch.rand(1, 3, 8, 8), "1": torch.rand(1, 3, 8, 8)}, [boxes(9)], [(256, 256)])
    with fused_poolers(pooler):
        found = pooler(*inputs)
    torch.testing.assert_close(found, pooler(*inputs), atol=1e-5, rtol=0)


def test_maps_that_are_no_pyramid():
    pooler = MultiScaleRoIAlign(["0", "1"], 7, 2)
    with fused_poolers(pooler):
        with pytest.raises(ValueError, match=r"a map for each level .* got scales \[0.25, 0.0625\]"):
            pooler({"0": torch.rand(1, 3, 64, 64), "1": torch.rand(1, 3, 16, 16)}, [boxes(3)], [(256, 256)])
        with pytest.raises(ValueError, match=r"x: expected maps named \['0', '1'\], got \['p2'\]"):
            pooler({"p2": torch.rand(1, 3, 64, 64)}, [boxes(3)], [(256, 256)])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_eager_results_inside_are_those_outside(dtype):
    modules = {
        TorchvisionPooler(2): lambda m, x, b: m(*x, *b),
        TorchvisionPooler(2, levels=1): lambda m, x, b: m(x[0], *b),
        SingleRoIExtractor({"type": "RoIAlign", "output_size": 3}, 3, STRIDES): lambda m, x, b: m(
            x, torch.cat([torch.zeros(len(b[0]), 1), b[0]], 1).to(dtype), 1.3
        ),
    }
    for module, call in modules.items():
        x, b = [x.to(dtype) for x in feature_maps(2)], [boxes(9).to(dtype), boxes(4, 1).to(dtype)]
        expected = call(module, x, b)
        with fused_poolers(module):
            found = call(module, x, b)
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


def test_boxes_at_powers_of_two():
    pooler = ROIPooler(7, SCALES, 2, "ROIAlignV2", canonical_box_size=56)
    sides = torch.tensor([14.0, 28, 56, 112, 224])
    where = [Boxes(torch.stack([0 * sides, 0 * sides, sides, sides], 1))]
    expected = pooler(feature_maps(), where)
    with fused_poolers(pooler):
        found = pooler(feature_maps(), where)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


def test_mmdetection_scales_no_boxes_of_a_single_map():
    extractor = SingleRoIExtractor({"type": "RoIAlign", "output_size": 3}, 3, STRIDES[:1])
    inputs = (feature_maps()[:1], torch.cat([torch.zeros(5, 1), boxes(5)], 1), 1.5)
    with fused_poolers(extractor):
        found = extractor(*inputs)
    torch.testing.assert_close(found, extractor(*inputs), atol=1e-5, rtol=0)


def test_half_precision_maps_keep_float32_boxes():
    x, where = feature_maps()[0].half(), torch.tensor([[0.0, 3.3, 4.7, 1033.3, 1044.4]])
    layer = {"type": "RoIAlign", "output_size": 3}
    extractor = SingleRoIExtractor(layer, 3, STRIDES[:1])
    with fused_poolers(extractor):
        found = extractor([x], where)
    expected = roi_align(x.float(), where[:, 1:], torch.tensor([1]), 3, 0.25, 0)
    torch.testing.assert_close(found.float(), expected, atol=2e-3, rtol=0)


def test_strict_exports():
    module = TorchvisionPooler(2)
    with fused_poolers(module):
        program = torch.export.export(module, (*feature_maps(2), boxes(5), boxes(6)), strict=True)
    called = [str(node.target) for node in program.graph.nodes]
    assert called.count("roiops.multiscale_roi_align.default") == 1


def test_dynamic_image_sizes_once_the_scales_are_known():
    module = TorchvisionPooler()
    inputs = (*feature_maps(), boxes(5))
    module(*inputs)  # torchvision infers the scales in its first run
    model = None
    with fused_poolers(module):
        free = torch.export.Dim.DYNAMIC
        shapes = tuple({2: free, 3: free} if x.ndim == 4 else {0: free} for x in inputs)
        model = torch.export.export(module, inputs, dynamic_shapes=(shapes,))
    larger = [torch.rand(1, 3, 2 * x.shape[2], 3 * x.shape[3]) for x in inputs[:-1]] + [boxes(7)]
    torch.testing.assert_close(model.module()(*larger), module(*larger), atol=1e-4, rtol=0)


def test_registering_twice_and_unregistering_twice():
    def domains():
        model = export_torchscript(TorchvisionPooler(), 1, 16)
        return {node.domain for node in model.graph.node if node.op_type == "RoiAlign"}

    register_symbolics()
    register_symbolics()
    assert domains() == {"roiops"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        unregister_symbolics()
        unregister_symbolics()
    assert domains() == {""}


RULES = {
    "torchvision": (roiops_export.make_torchvision_level_nodes, {"min_level": 2, "max_level": 5}),
    "detectron2": (
        roiops_export.make_detectron2_level_nodes,
        {"min_level": 3, "max_level": 6, "canonical_size": 200},
    ),
    "mmdet": (roiops_export.make_mmdet_level_nodes, {"num_levels": 4, "finest_scale": 50}),
}


def levels_by_boundaries(name: str, sides: np.ndarray) -> np.ndarray:
    make_nodes, rule = RULES[name]
    area = (sides[:, 0] * sides[:, 1]).astype(np.float32)
    return np.searchsorted(np.array(level_boundaries(make_nodes, 4, **rule), np.float32), area, side="right")


FORMULAS = {
    "torchvision": lambda s: np.floor(4 + np.log2(s / 224) + 1e-6) - 2,
    "detectron2": lambda s: np.floor(4 + np.log2(s / 200 + 1e-8)) - 3,
    "mmdet": lambda s: np.floor(np.log2(s / 50 + 1e-6)),
}


@pytest.mark.parametrize("name", RULES)
def test_boundaries_are_those_of_the_formula(name):
    sides = np.exp(np.random.default_rng(0).uniform(0, 8, (100_000, 2)))
    expected = np.clip(FORMULAS[name](np.sqrt(sides.prod(axis=1))), 0, 3)
    np.testing.assert_array_equal(levels_by_boundaries(name, sides), expected)


def test_boundaries_at_powers_of_two_are_torchvisions():
    sides = np.array(
        [[a * 2.0**i, a * 2.0 ** (i + j)] for a in (7, 3.5, 14) for i in range(9) for j in (0, 2, -2)]
    )
    corners = torch.cat([torch.zeros(len(sides), 2), torch.from_numpy(sides).float()], 1)
    expected = LevelMapper(2, 5)([corners]).numpy()
    assert set(expected) == {0, 1, 2, 3}
    np.testing.assert_array_equal(levels_by_boundaries("torchvision", sides), expected)


@pytest.mark.parametrize("name", RULES)
def test_an_area_at_a_boundary_has_reached_it(name):
    make_nodes, rule = RULES[name]
    reached = np.array(level_boundaries(make_nodes, 4, **rule), np.float32)
    for area, expected in ((reached, [1, 2, 3]), (np.nextafter(reached, np.float32(0)), [0, 1, 2])):
        corners = torch.zeros(3, 4)
        corners[:, 2], corners[:, 3] = torch.from_numpy(area), 1
        assert _levels(corners, make_nodes, 4, **rule).tolist() == expected


def test_boundaries_where_integers_are_of_32_bits(monkeypatch):
    # As those of NumPy 1 under Windows are by default.
    make_nodes, rule = RULES["torchvision"]
    expected = level_boundaries(make_nodes, 4, **rule)
    full = np.full

    def full_of_32_bits(shape, value, dtype=None):
        return full(shape, value, np.int32 if dtype is None and isinstance(value, int) else dtype)

    monkeypatch.setattr(np, "full", full_of_32_bits)
    _bisect.cache_clear()
    assert level_boundaries(make_nodes, 4, **rule) == expected


def test_levels_that_no_box_reaches():
    make_nodes = roiops_export.make_torchvision_level_nodes
    assert level_boundaries(make_nodes, 1, min_level=2, max_level=2) == ()
    assert level_boundaries(make_nodes, 2, min_level=80, max_level=81) == (np.inf,)
