"""Models that are broken: a clear error that names the node, and the file if there is one."""

from __future__ import annotations

import onnx
import pytest
from onnx import TensorProto, helper
from pyramids import feeds, operators, parse, pyramid
from support import run

from roiops.export import UpgradeError, inspect, upgrade


def broken(*edits) -> onnx.ModelProto:
    """A pooler whose nodes were changed after checking."""
    model = parse(pyramid())
    for edit in edits:
        edit(model.graph)
    return model


def find(graph: onnx.GraphProto, output: str) -> onnx.NodeProto:
    return next(node for node in graph.node if output in node.output)


def missing_input(graph):
    find(graph, "pool1").input[1] = "nowhere"


def cycle(graph):
    find(graph, "mask1").input[0] = "y"


def self_loop(graph):
    find(graph, "rois1").input[0] = "rois1"


def defined_twice(graph):
    find(graph, "rois1").output[0] = "rois0"


def missing_output(graph):
    graph.output[0].name = "nothing"


@pytest.mark.parametrize(
    "edit, message",
    [
        (missing_input, "node RoiAlign -> pool1: nothing defines its input 'nowhere'"),
        (cycle, "the graph has a cycle: "),
        (self_loop, "the graph has a cycle: Gather -> rois1"),
        (defined_twice, "rois0"),
        (missing_output, "nothing defines its output 'nothing'"),
    ],
)
def test_no_graph(edit, message, tmp_path):
    model = broken(edit)
    with pytest.raises(UpgradeError) as caught:
        upgrade(model)
    assert message in str(caught.value)
    path = tmp_path / "detector.onnx"
    onnx.save(model, path)
    for function in (upgrade, inspect):
        with pytest.raises(UpgradeError) as caught:
            function(path)
        assert str(caught.value).startswith(f"{path}: ") and message in str(caught.value)


def test_cycle_names_its_nodes():
    with pytest.raises(UpgradeError, match="Equal -> mask1") as caught:
        upgrade(broken(cycle))
    assert "ScatterND -> y" in str(caught.value) and "pool0" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x08", bytes(range(256))])
def test_not_a_model(content, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(UpgradeError) as caught:
        upgrade(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_missing_file(tmp_path):
    with pytest.raises(UpgradeError, match="there is no such file"):
        upgrade(tmp_path / "nothing.onnx")


def test_another_version_of_our_domain():
    model = parse(pyramid())
    model.opset_import.append(helper.make_opsetid("roiops", 2))
    with pytest.raises(UpgradeError, match="version 2 of domain roiops"):
        upgrade(model)


def half_finished(graph):
    """The merge of the last level is gone."""
    graph.node.remove(find(graph, "y"))
    find(graph, "out1").output[0] = "y"


def no_merge(graph):
    """Every level is an output of its own."""
    for node in [node for node in graph.node if node.op_type == "ScatterND"]:
        graph.node.remove(node)
    del graph.output[:]
    shape = ["P", 2, 3, 3]
    graph.output.extend(helper.make_tensor_value_info(f"pool{i}", TensorProto.FLOAT, shape) for i in range(3))


def wrong_axis(graph):
    find(graph, "rois1").attribute[0].i = 7


def axis_of_wrong_type(graph):
    find(graph, "rois1").attribute[0].CopyFrom(helper.make_attribute("axis", "zero"))


def unknown_attribute(graph):
    find(graph, "out1").attribute.append(helper.make_attribute("color", "red"))


def unknown_operator(graph):
    find(graph, "found1").op_type = "FindThem"


def missing_index(graph):
    del find(graph, "out1").input[1:]


def no_inputs(graph):
    del find(graph, "rois1").input[:]


@pytest.mark.parametrize(
    "edit", [no_merge, wrong_axis, axis_of_wrong_type, unknown_operator, missing_index, no_inputs]
)
def test_damaged_pooler_stays(edit):
    model = broken(edit)
    upgraded, report = upgrade(model)
    assert "roiops::MultiScaleRoiAlign" not in operators(upgraded)
    assert any(entry.action == "left alone" for entry in report)
    assert len(upgraded.graph.node) == len(model.graph.node)


def test_half_finished_pooler_keeps_its_results():
    """Two of three levels are merged: those are a pooler of their own, and the third pooled in vain."""
    model = broken(half_finished)
    upgraded, _ = upgrade(model)
    arrays = feeds(model, (0, 1, 2, 3))
    assert abs(run(upgraded, arrays) - run(model, arrays, plugin=False)).max() < 1e-5
    assert operators(upgraded)["roiops::RoiAlign"] == 1


def test_unsorted_nodes_are_fine():
    model = parse(pyramid())
    nodes = list(reversed(model.graph.node))
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    assert operators(upgrade(model)[0])["roiops::MultiScaleRoiAlign"] == 1
