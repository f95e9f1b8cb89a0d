"""Nodes that a function body can stand for: all attributes written out, batch indices, one number of maps."""

from __future__ import annotations

from typing import Any

import onnx
from onnx import helper

from roiops import _checks
from roiops.export._names import DOMAIN
from roiops.export._nodes import make_multiscale_roi_align_node, make_roi_align_node
from roiops.export._tracer import INT64, UNKNOWN, Tracer

SINGLE, MULTI = "RoiAlign", "MultiScaleRoiAlign"


class PortableError(ValueError):
    """A model that function bodies cannot make portable; the message names the node and the reason."""


def is_roi_node(node: onnx.NodeProto) -> bool:
    """Return whether ``node`` calls one of the operators of domain ``roiops``."""
    return node.domain == DOMAIN and node.op_type in (SINGLE, MULTI)


def maps_of(node: onnx.NodeProto) -> list[str]:
    """Return the names of a node's feature maps."""
    return list(node.input[:1] if node.op_type == SINGLE else node.input[3:])


def describe(node: onnx.NodeProto) -> str:
    """Return what an error message calls the node."""
    return f"node {node.name or ', '.join(node.output)!r} (roiops::{node.op_type})"


def check_inputs(node: onnx.NodeProto) -> None:
    """Check how many inputs and outputs a node has, and that none is left out.

    Raises:
        PortableError: it is not as in the operator's schema.
    """
    few, many = (3, 3) if node.op_type == SINGLE else (4, len(node.input))
    if not few <= len(node.input) <= many or not all(node.input):
        wanted = "X, boxes, batch" if node.op_type == SINGLE else "boxes, batch, levels and at least one map"
        raise PortableError(f"{describe(node)}: inputs: expected {wanted}, got {list(node.input)}")
    if len(node.output) != 1:
        raise PortableError(f"{describe(node)}: outputs: expected Y, got {list(node.output)}")


def portable_nodes(node: onnx.NodeProto, maps: int) -> list[onnx.NodeProto]:
    """Return the node, rewritten for its function body, after the standard nodes that it then needs.

    Args:
        node: a node that `is_roi_node` and passes `check_inputs`.
        maps: number of feature maps of the body of MultiScaleRoiAlign, at least that of the node.

    Raises:
        PortableError: mode="max", a wrong attribute, or one that is not fixed.
    """
    t = Tracer(prefix=f"{node.output[0]}/")
    try:
        attributes = _attributes(node)
        batch_format = attributes.pop("batch_format", "boxes_num")
        counts = _checks.choice(batch_format, "batch_format", _checks.BATCH_FORMATS) == "boxes_num"
        result = (_single if node.op_type == SINGLE else _multi)(t, node, counts, maps, attributes)
    except (TypeError, ValueError) as error:
        raise PortableError(f"{describe(node)}: {error}") from error
    result.name, result.doc_string = node.name, node.doc_string
    return [*t.nodes, result]


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    """Return the attributes as keyword arguments of the node builders."""
    attributes = {}
    for attribute in node.attribute:
        if attribute.ref_attr_name:
            raise ValueError(
                f"{attribute.name}: expected a value, got a reference to the enclosing function's"
            )
        value = helper.get_attribute_value(attribute)
        attributes[attribute.name] = value.decode() if isinstance(value, bytes) else value
    if attributes.get("mode", "avg") == "max":
        raise ValueError('mode: expected "avg", got "max", for which standard operators have no equivalent')
    missing = {"output_height", "output_width"} - attributes.keys()
    if missing:
        raise ValueError(f"{min(missing)}: expected a value, got none")
    attributes["output_size"] = attributes.pop("output_height"), attributes.pop("output_width")
    if attributes.get("aligned") in (0, 1):
        attributes["aligned"] = bool(attributes["aligned"])
    return attributes


def _single(
    t: Tracer, node: onnx.NodeProto, counts: bool, maps: int, attributes: dict[str, Any]
) -> onnx.NodeProto:
    x, boxes, batch = node.input
    if counts:
        batch = image_of_each_box(t, x, boxes, batch)
    return make_roi_align_node(x, boxes, batch, node.output[0], batch_format="batch_indices", **attributes)


def _multi(
    t: Tracer, node: onnx.NodeProto, counts: bool, maps: int, attributes: dict[str, Any]
) -> onnx.NodeProto:
    boxes, batch, levels, *xs = node.input
    scales = list(attributes.pop("spatial_scales", []))
    if len(scales) != len(xs):
        raise ValueError(f"spatial_scales: expected one scale per feature map ({len(xs)}), got {len(scales)}")
    if counts:
        batch = image_of_each_box(t, xs[0], boxes, batch)
    extra = maps - len(xs)
    if extra:
        # The body has more maps; the last one stands in for those, and a level that means one stays an error.
        given = t.value(INT64, levels)
        levels = t.where(given < len(xs), given, -1).name
    return make_multiscale_roi_align_node(
        boxes,
        batch,
        levels,
        xs + xs[-1:] * extra,
        node.output[0],
        spatial_scales=scales + scales[-1:] * extra,
        batch_format="batch_indices",
        **attributes,
    )


def image_of_each_box(t: Tracer, x: str, boxes: str, counts: str) -> str:
    """Trace the image of each box (K,) from the boxes per image (N,); wrong counts give a wrong length.

    ``x`` names any tensor with one row per image.
    """
    box_count = t.value(UNKNOWN, boxes).shape().take(0)
    images = t.value(UNKNOWN, x).shape().slice(0, 1)
    per_image = t.op("Reshape", t.value(UNKNOWN, counts).cast(INT64), images)
    too_many = box_count + 1
    per_image = t.where(per_image < 0, too_many, per_image).reshape(-1, 1)
    belongs = t.arange(too_many) < per_image  # one row per image, with as many ones as it has boxes
    return t.op("NonZero", belongs, dtype=INT64).take(0).name
