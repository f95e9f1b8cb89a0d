"""A whole detector with nodes of mmdeploy runs as it is; upgraded, it has one pooler and one suppression."""

from __future__ import annotations

from collections import Counter

import numpy as np
import onnx
import pytest
import torch
from mmdeploy_models import session
from torch_mmrotate import OrientedRCNN, export, picture

from roiops.export import inspect, upgrade

pytestmark = pytest.mark.filterwarnings("ignore")  # of the tracer, about what the traced picture decides


def operators(model: onnx.ModelProto) -> Counter:
    return Counter(f"{node.domain}::{node.op_type}" for node in model.graph.node if node.domain)


@pytest.fixture(params=[11, 16], scope="module")
def exported(request) -> onnx.ModelProto:
    return export(request.param, contrast=0.01)


def test_the_model_runs_and_is_pytorchs(exported):
    image = picture(0.01, seed=1)
    dets, labels = session(exported).run(None, {"image": image})
    with torch.no_grad():
        wanted, names = OrientedRCNN().eval()(torch.from_numpy(image))
    assert len(dets) > 5
    np.testing.assert_array_equal(labels, names)
    np.testing.assert_allclose(dets, wanted, rtol=1e-4, atol=1e-3)


def test_levels_without_a_box_in_the_traced_picture_are_missing(exported):
    assert operators(exported) == {"mmdeploy::MMCVRoIAlignRotated": 3, "mmdeploy::NMSRotated": 1}
    assert "roiops.register(options, mmdeploy=True)" in inspect(exported).library


def test_upgraded_it_has_one_pooler_and_gives_the_same(exported):
    upgraded, report = upgrade(exported)
    assert operators(upgraded) == {"roiops::MultiScaleRoiAlignRotated": 1, "roiops::NmsRotated": 1}
    assert report.count("left alone") == report.count("warning") == 0
    before, after = session(exported), session(upgraded)
    for contrast in (0.01, 3.0, 30.0):  # in the last one boxes are on the missing level, too
        feeds = {"image": picture(contrast, seed=2)}
        (dets, labels), (found, names) = before.run(None, feeds), after.run(None, feeds)
        np.testing.assert_array_equal(names, labels)
        np.testing.assert_allclose(found, dets, rtol=1e-4, atol=1e-3)
