"""Portable models refuse the inputs that the kernel refuses, with and without the plugin."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto
from support import one_node_model, run

from roiops import export
from roiops.export import add_function_bodies

PLUGIN = pytest.mark.parametrize("plugin", [False, True], ids=["body", "plugin"])


def one_box(model, plugin, **feeds):
    x = np.ones((2, 1, 8, 8), np.float32)
    defaults = {"boxes": np.array([[1, 1, 4, 4], [2, 2, 6, 6]], np.float32), "batch": np.array([1, 1])}
    names = {i.name for i in model.graph.input}
    maps = {name: x for name in names if name.startswith("X")}
    return run(model, {**maps, **defaults, **feeds}, plugin=plugin)


@PLUGIN
@pytest.mark.parametrize("counts", [[1, 0], [2, 1], [3, -1], [-1, 3], [4, -2], [2], [1, 1, 0]], ids=str)
def test_wrong_counts_are_errors(counts, plugin):
    model = add_function_bodies(export.make_roi_align_model(output_size=2))
    assert one_box(model, plugin).shape == (2, 1, 2, 2)
    with pytest.raises(Exception, match="RoiAlign|Reshape|Cast"):
        one_box(model, plugin, batch=np.array(counts))


@PLUGIN
@pytest.mark.parametrize(
    "wrong",
    [
        {"batch": np.array([0, 2])},
        {"batch": np.array([-1, 0])},
        {"batch": np.array([0, -2])},
        {"batch": np.array([0])},
        {"boxes": np.array([[1, 1, 4, 4], [1, np.nan, 4, 4]], np.float32)},
        {"boxes": np.array([[1, 1, np.inf, 4], [1, 1, 4, 4]], np.float32)},
        {"boxes": np.ones((2, 5), np.float32)},
    ],
    ids=str,
)
def test_wrong_boxes_and_images_are_errors(wrong, plugin):
    model = export.make_roi_align_model(output_size=2, batch_format="batch_indices")
    with pytest.raises(Exception, match="RoiAlign|box_not_finite|Reshape|MatMul|dimension"):
        one_box(add_function_bodies(model), plugin, **wrong)


def two_poolers_model():
    """A pooler of two maps that has to share the body of one with four."""
    nodes = [
        export.make_multiscale_roi_align_node(
            "boxes",
            "batch",
            f"levels{n}",
            ["X"] * n,
            f"Y{n}",
            output_size=5,
            spatial_scales=[1] * n,
            name=f"pooler{n}",
        )
        for n in (2, 4)
    ]
    inputs = [
        ("boxes", TensorProto.FLOAT, ["K", 4]),
        ("batch", TensorProto.INT64, "N"),
        ("X", TensorProto.FLOAT, "NCHW"),
    ]
    inputs += [(f"levels{n}", TensorProto.INT64, "K") for n in (2, 4)]
    return one_node_model(nodes, inputs, [(f"Y{n}", TensorProto.FLOAT, None) for n in (2, 4)])


@PLUGIN
@pytest.mark.parametrize("levels", [[0, 2], [-1, 0], [0], [0, 3]], ids=str)
def test_wrong_levels_are_errors_with_a_deeper_body_too(levels, plugin):
    model = add_function_bodies(two_poolers_model())
    good, bad = np.array([0, 1]), np.array(levels)
    feeds = {"batch": np.array([1, 1]), "levels4": good}
    assert one_box(model, plugin, levels2=good, **feeds).shape == (2, 1, 5, 5)
    with pytest.raises(Exception, match="pooler2|box_not_finite|Reshape"):
        one_box(model, plugin, levels2=bad, **feeds)
