"""Nodes of mmdeploy and mmcv as standard operators, checked by running both."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

from roiops.export.upgrader.graph.attributes import get_int, get_ints
from roiops.export.upgrader.graph.emit import Emitter
from roiops.export.upgrader.graph.nodes import required
from roiops.export.upgrader.graph.scopes import Owner, opset_of

# The standard operator that each becomes.
STANDARD = {
    "grid_sampler": "GridSample",
    "MMCVDeformConv2d": "DeformConv",
    "MMCVModulatedDeformConv2d": "DeformConv",
}
_FIRST_OPSET = {"GridSample": 16, "DeformConv": 19}
_NEW_MODES = 20  # GridSample names its modes in another way since
_TOLERANCE = 1e-4


def write_standard(owner: Owner, node: ir.Node, emitter: Emitter) -> None:
    """Write the standard node that a node becomes.

    Raises:
        ValueError: the opset has no such operator, an attribute is wrong, or ONNX Runtime does not give what
            our kernel gives on generated inputs.
    """
    operator, opset = STANDARD[node.op_type], opset_of(owner)
    if opset < _FIRST_OPSET[operator]:
        raise ValueError(f"opset {opset} has no {operator}, {_FIRST_OPSET[operator]} has")
    if operator == "GridSample":
        inputs, attributes = list(node.inputs), _grid_sample(node, opset)
    else:
        inputs, attributes = _deform_conv(node)
    _compare(node, operator, inputs, attributes, opset)
    emitter.add("", operator, inputs, ir.convenience.convert_attributes(attributes))


def _grid_sample(node: ir.Node, opset: int) -> dict[str, Any]:
    modes = ("linear", "nearest", "cubic") if opset >= _NEW_MODES else ("bilinear", "nearest", "bicubic")
    return {
        "mode": _choice(node, "interpolation_mode", modes),
        "padding_mode": _choice(node, "padding_mode", ("zeros", "border", "reflection")),
        "align_corners": _choice(node, "align_corners", (0, 1)),
    }


def _choice(node: ir.Node, name: str, values: tuple[Any, ...]) -> Any:
    index = get_int(node, name, -1)
    if not 0 <= index < len(values):
        raise ValueError(f"{name} is {index}, wanted an int between 0 and {len(values) - 1}")
    return values[index]


def _ints(node: ir.Node, name: str) -> list[int]:
    found = get_ints(node, name)
    if found is None:
        raise ValueError(f"attribute {name} is missing")
    return found


def _deform_conv(node: ir.Node) -> tuple[list[ir.Value | None], dict[str, Any]]:
    stride, padding, dilation = (_ints(node, name) for name in ("stride", "padding", "dilation"))
    if len(padding) == 4 and padding[::2] == padding[1::2]:
        padding = padding[::2]  # mmdeploy writes each of them twice
    for name, pair in (("stride", stride), ("padding", padding), ("dilation", dilation)):
        if len(pair) != 2:
            raise ValueError(f"{name} is {pair}, wanted two integers")
    attributes = {
        "strides": stride,
        "pads": [*padding, *padding],
        "dilations": dilation,
        "group": get_int(node, "groups", 1),
        "offset_group": get_int(node, "deform_groups", 1),
    }
    x, offset = required(node, 0), required(node, 1)
    if node.op_type == "MMCVDeformConv2d":
        return [x, required(node, 2), offset], attributes
    bias = node.inputs[4] if len(node.inputs) > 4 else None
    return [x, required(node, 3), offset, bias, required(node, 2)], attributes


def _compare(
    node: ir.Node, operator: str, inputs: list[ir.Value | None], attributes: dict[str, Any], opset: int
) -> None:
    """Run both nodes alone, on inputs of the shapes that the attributes allow."""
    arrays = _grid_inputs() if operator == "GridSample" else _conv_inputs(node, attributes)
    feeds = {value: arrays[i] for i, value in enumerate(node.inputs) if value is not None}
    try:
        theirs = _run(operator, "", inputs, attributes, feeds, opset)
    except Exception as error:  # the errors of onnxruntime have no common public class
        raise ValueError(
            f"this ONNX Runtime does not run {operator}: {str(error).splitlines()[0]}"
        ) from error
    own = {name: attribute.value for name, attribute in node.attributes.items()}
    ours = _run(node.op_type, node.domain, list(node.inputs), own, feeds, opset)
    difference = float(np.abs(ours - theirs).max(initial=0))
    if not difference <= _TOLERANCE:
        raise ValueError(f"{operator} of this ONNX Runtime differs from the definition, by {difference:.2g}")


def _grid_inputs() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    grid = rng.uniform(-1.5, 1.5, (2, 9, 11, 2)).astype(np.float32)
    return [rng.uniform(-1, 1, (2, 3, 6, 7)).astype(np.float32), grid]


def _conv_inputs(node: ir.Node, attributes: dict[str, Any]) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    plain = node.op_type == "MMCVDeformConv2d"
    kernel = _kernel(required(node, 2 if plain else 3))
    groups, moving = attributes["group"], attributes["offset_group"]
    channels = groups * moving
    spans = [d * (k - 1) + 1 for d, k in zip(attributes["dilations"], kernel)]
    size = [span + 4 for span in spans]
    out = [
        (e + 2 * p - span) // s + 1
        for e, p, span, s in zip(size, attributes["pads"], spans, attributes["strides"])
    ]
    taps = moving * kernel[0] * kernel[1]
    shapes = [(1, channels, *size), (1, 2 * taps, *out), (1, taps, *out)]
    shapes += [(2 * groups, channels // groups, *kernel), (2 * groups,)]
    arrays = [rng.uniform(-1, 1, shape).astype(np.float32) for shape in shapes]
    return [array for i, array in enumerate(arrays) if not plain or i != 2]


def _kernel(weight: ir.Value) -> tuple[int, int]:
    height, width = list(weight.shape)[2:] if weight.shape is not None and len(weight.shape) == 4 else (3, 3)
    return (height, width) if isinstance(height, int) and isinstance(width, int) else (3, 3)


def _run(
    op_type: str,
    domain: str,
    inputs: list[ir.Value | None],
    attributes: dict[str, Any],
    feeds: dict[ir.Value, np.ndarray],
    opset: int,
) -> np.ndarray:
    import onnxruntime
    from onnx import helper

    from roiops import register

    names = {value: f"x{i}" for i, value in enumerate(feeds)}
    node = helper.make_node(
        op_type, ["" if v is None else names[v] for v in inputs], ["y"], domain=domain, **attributes
    )
    given = [helper.make_tensor_value_info(names[v], 1, array.shape) for v, array in feeds.items()]
    graph = helper.make_graph([node], "g", given, [helper.make_tensor_value_info("y", 1, None)])
    imports = [helper.make_opsetid("", opset), *([helper.make_opsetid(domain, 1)] if domain else [])]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        helper.make_model(graph, opset_imports=imports, ir_version=8).SerializeToString(),
        register(options, mmdeploy=True),
        providers=["CPUExecutionProvider"],
    )
    result: np.ndarray = session.run(None, {names[v]: array for v, array in feeds.items()})[0]
    return result
