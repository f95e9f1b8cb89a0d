"""Sizes that are known to be equal, and contents of shape vectors."""

from __future__ import annotations

import onnx
import onnx_ir as ir
import pytest

from roiops.export.upgrader.facts.dims import Dim, Equalities
from roiops.export.upgrader.facts.facts import Facts

A, B, C = ((1, 0),), ((2, 0),), ((3, 0),)


def facts(nodes: str, inputs: str = "float[N, 4] boxes, float[?, 1] images") -> tuple[Facts, dict]:
    text = f'<ir_version: 8, opset_import: ["" : 16]> g ({inputs}) => (float y) {{ {nodes} }}'
    graph = ir.from_proto(onnx.parser.parse_model(text)).graph
    values = {v.name: v for v in [*graph.inputs, *(v for node in graph for v in node.outputs)]}
    return Facts(graph), values


def test_what_is_equated_resolves_to_the_one_that_says_most():
    equal = Equalities()
    assert equal.equate([Dim(0, A), Dim(0, B)]) == equal.resolve(Dim(0, B)) == equal.resolve(Dim(0, A))
    equal.equate([Dim(0, B), Dim(0, ("N",))])
    assert equal.resolve(Dim(0, A)) == Dim(0, ("N",))
    equal.equate([Dim(0, C), Dim(2, ("N",))])
    assert equal.resolve(Dim(1, C)) == Dim(3, ("N",))
    equal.equate([Dim(7), Dim(0, ("N",))])
    assert equal.resolve(Dim(0, C)) == Dim(9)


def test_nothing_is_defined_by_itself():
    equal = Equalities()
    equal.equate([Dim(0, A), Dim(0, A + B)])
    assert equal.resolve(Dim(0, A)) in (Dim(0, A), Dim(0, A + B))
    equal.equate([Dim(0, A), Dim(0, B)])
    equal.equate([Dim(0, B), Dim(0, A)])
    assert equal.resolve(Dim(0, A)) == equal.resolve(Dim(0, B))


def test_concat_proves_the_other_sizes_equal():
    found, values = facts("y = Concat<axis = 1>(images, boxes)")
    assert found.shape(values["images"])[0] == found.shape(values["boxes"])[0] == Dim(0, ("N",))


def test_a_branch_that_may_not_run_proves_nothing():
    then = "g1 () => (float z) { z = Concat<axis = 1>(images, boxes) }"
    other = "g2 () => (float w) { w = Identity(boxes) }"
    nodes = f"y = If (choice) <then_branch = {then}, else_branch = {other}>"
    found, values = facts(nodes, "float[N, 4] boxes, float[?, 1] images, bool choice")
    assert found.shape(values["images"])[0] != found.shape(values["boxes"])[0]


SIZES = "s = Shape(boxes) one = Constant<value_ints = [1]>() minus = Constant<value_int = -1>()"


@pytest.mark.parametrize(
    ("nodes", "items"),
    [
        ("y = Concat<axis = 0>(one, s)", (Dim(1), Dim(0, ("N",)), Dim(4))),
        ("n, y = Split<axis = 0>(s, both) both = Constant<value_ints = [1, 1]>()", (Dim(4),)),
        ("r = Shape(s) y = ConstantOfShape<value = int64[1] {3}>(r)", (Dim(3), Dim(3))),
        ("y = Mul(one, minus)", (Dim(-1),)),
        ("y = Mul(s, minus)", None),
        ("y = Equal(s, minus)", (Dim(0), Dim(0))),
        ("y = Equal(s, one)", None),
        ("no = Equal(s, minus) y = Where(no, one, s)", (Dim(0, ("N",)), Dim(4))),
        ("no = Equal(s, one) y = Where(no, one, s)", None),
    ],
)
def test_contents(nodes, items):
    order = SIZES + (" both = Constant<value_ints = [1, 1]>() " if "both" in nodes else " ")
    nodes = nodes.replace(" both = Constant<value_ints = [1, 1]>()", "")
    found, values = facts(order + nodes)
    assert found.items(values["y"]) == items
