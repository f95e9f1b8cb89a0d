"""Subgraphs, model-local functions, external data, and the command line."""

from __future__ import annotations

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from pyramids import feeds, operators, parse, pyramid, save_with_weights
from support import run, session
from typer.testing import CliRunner

from roiops.cli import app
from roiops.export import upgrade

BOOL = helper.make_tensor_value_info("choice", TensorProto.BOOL, [])


def in_branch(model: onnx.ModelProto) -> onnx.ModelProto:
    """The pooler as the then-branch of an If; the else-branch pools nothing."""
    graph = model.graph
    then = helper.make_graph(list(graph.node), "then", [], [graph.output[0]], list(graph.initializer))
    empty = helper.make_node("Constant", [], ["none"], value=helper.make_tensor("t", 1, [0, 2, 3, 3], []))
    other = helper.make_graph([empty], "else", [], [helper.make_tensor_value_info("none", 1, [0, 2, 3, 3])])
    node = helper.make_node("If", ["choice"], ["result"], "maybe", then_branch=then, else_branch=other)
    result = helper.make_tensor_value_info("result", TensorProto.FLOAT, ["M", 2, 3, 3])
    outer = helper.make_graph([node], "outer", [*graph.input, BOOL], [result])
    return helper.make_model(outer, opset_imports=model.opset_import, ir_version=8)


def in_function(model: onnx.ModelProto, opset: int = 16) -> onnx.ModelProto:
    """The pooler as a model-local function, constants inside."""
    graph = model.graph
    constants = [helper.make_node("Constant", [], [t.name], value=t) for t in graph.initializer]
    names = [value.name for value in graph.input]
    imports = [helper.make_opsetid("", opset)]
    function = helper.make_function("local", "Pool", names, ["y"], [*constants, *graph.node], imports)
    node = helper.make_node("Pool", names, ["y"], "call", domain="local")
    outer = helper.make_graph([node], "outer", graph.input, graph.output)
    imports = [helper.make_opsetid("", 16), helper.make_opsetid("local", 1)]
    return helper.make_model(outer, opset_imports=imports, ir_version=8, functions=[function])


def check(model: onnx.ModelProto, upgraded: onnx.ModelProto, arrays: dict[str, np.ndarray]) -> None:
    expected = run(model, arrays, plugin=False)
    np.testing.assert_allclose(run(upgraded, arrays), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("merge", ["nd", "elements", "restore"])
def test_pooler_in_a_branch(merge):
    model = in_branch(parse(pyramid(merge)))
    upgraded, _ = upgrade(model)
    found = operators(upgraded)
    assert found["roiops::MultiScaleRoiAlign"] == 1 and "NonZero" not in found and found["If"] == 1
    arrays = feeds(parse(pyramid(merge)))
    for choice in (True, False):
        check(model, upgraded, {**arrays, "choice": np.array(choice)})


def test_boxes_from_outside_the_branch():
    """What the branch no longer needs dies outside of it too, what others need stays."""
    text = pyramid()
    model = in_branch(parse(text))
    then = next(a.g for a in model.graph.node[0].attribute if a.name == "then_branch")
    moved = [node for node in then.node if node.output[0].startswith(("mask", "found"))]
    for node in moved:
        then.node.remove(node)
    constants = [tensor for tensor in then.initializer if tensor.name.startswith("c")]
    for tensor in constants:
        then.initializer.remove(tensor)
    model.graph.initializer.extend(constants)
    model.graph.node.insert(0, moved[-1])
    for node in reversed(moved[:-1]):
        model.graph.node.insert(0, node)
    upgraded, _ = upgrade(model)
    assert [node.op_type for node in upgraded.graph.node] == ["If"]
    check(model, upgraded, {**feeds(parse(text)), "choice": np.array(True)})


def test_names_stay_unique_across_scopes():
    model = in_branch(parse(pyramid()))
    model.graph.initializer.append(helper.make_tensor("roiops/Less/output_0", 1, [], [0.0]))
    upgraded, _ = upgrade(model)
    onnx.checker.check_model(upgraded)
    assert len({tensor.name for tensor in upgraded.graph.initializer} & {"roiops/Less/output_0"}) == 1
    session(upgraded)


def test_single_nodes_in_a_function():
    model = in_function(parse(pyramid()))
    upgraded, report = upgrade(model)
    found = operators(upgraded)
    assert found["roiops::RoiAlign"] == 3
    assert ("roiops", 1) in [(i.domain, i.version) for i in upgraded.functions[0].opset_import]
    assert "roiops" in [i.domain for i in upgraded.opset_import]
    check(model, upgraded, feeds(parse(pyramid())))


def test_function_of_another_meaning_stays():
    model = in_function(parse(pyramid()), opset=15)
    assert "disputed" in upgrade(model)[1].entries[0].reason
    assert "RoiAlign" in operators(upgrade(model)[0])


def test_attribute_of_a_function_stays():
    model = in_function(parse(pyramid()))
    function = model.functions[0]
    function.attribute.append("size")
    node = next(node for node in function.node if node.op_type == "RoiAlign")
    height = next(a for a in node.attribute if a.name == "output_height")
    height.ClearField("i")
    height.ref_attr_name = "size"
    model.graph.node[0].attribute.append(helper.make_attribute("size", 3))
    upgraded, report = upgrade(model)
    assert report.entries[0].action == "left alone" and "refers to an attribute" in report.entries[0].reason
    check(model, upgraded, feeds(parse(pyramid())))


def cli(*arguments: str):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_external_data(tmp_path):
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    out.mkdir()
    model = save_with_weights(source / "pooler.onnx")
    arrays = feeds(model)
    check(model, upgrade(source / "pooler.onnx")[0], arrays)
    result = cli("upgrade", source / "pooler.onnx", out / "better.onnx")
    assert result.exit_code == 0, result.output
    assert {path.name for path in out.iterdir()} == {"better.onnx", "better.onnx.data"}
    assert (out / "better.onnx").stat().st_size < 8192
    check(model, onnx.load(out / "better.onnx"), arrays)


def test_in_place(tmp_path):
    path = tmp_path / "pooler.onnx"
    model = save_with_weights(path)
    refused = cli("upgrade", path, path)
    assert refused.exit_code == 1 and "--force" in refused.output
    assert cli("upgrade", path, path, "--force").exit_code == 0
    check(model, onnx.load(path), feeds(model))


def test_missing_external_data(tmp_path):
    save_with_weights(tmp_path / "pooler.onnx")
    (tmp_path / "pooler.weights").unlink()
    result = cli("upgrade", tmp_path / "pooler.onnx", tmp_path / "out.onnx")
    assert result.exit_code == 1 and "pooler.weights" in result.output
    assert not (tmp_path / "out.onnx").exists()


def test_commands(tmp_path):
    path, out, report = tmp_path / "pooler.onnx", tmp_path / "out.onnx", tmp_path / "report.json"
    onnx.save(parse(pyramid()), path)
    shown = cli("inspect", path)
    assert shown.exit_code == 0 and "pooler" in shown.output and "fused" in shown.output
    done = cli("upgrade", path, out, "--report", report, "--verify")
    assert done.exit_code == 0, done.output
    assert operators(onnx.load(out))["roiops::MultiScaleRoiAlign"] == 1
    written = json.loads(report.read_text())
    assert [entry["action"] for entry in written["entries"]] == ["fused"] * 4
    (verdict,) = written["verification"]["verdicts"]
    assert verdict["output"] == "y" and verdict["verdict"] == "equal" and verdict["magnitude"] > 0
    assert verdict["difference"] <= 1e-5 * verdict["magnitude"]


def test_command_fails_clearly(tmp_path):
    (tmp_path / "bad.onnx").write_bytes(b"bad")
    for arguments in (["inspect"], ["upgrade", tmp_path / "out.onnx"]):
        result = cli(arguments[0], tmp_path / "bad.onnx", *arguments[1:])
        assert result.exit_code == 1 and f"error: {tmp_path}/bad.onnx: " in result.output.replace("\n", "")
    assert not (tmp_path / "out.onnx").exists()
