"""Models that run without the plugin: the roiops nodes of a model get bodies of standard operators."""

from __future__ import annotations

from collections.abc import Mapping, MutableSequence

import onnx
from onnx import helper, version_converter

from roiops.export.portable._bodies import BODIES
from roiops.export.portable._body import Target
from roiops.export.portable._nodes import PortableError, check_inputs, is_roi_node, portable_nodes
from roiops.export.portable._scopes import scopes
from roiops.export.portable._targets import find_targets
from roiops.operators import DOMAIN, VERSION

_OLDEST_OPSET = 12  # the first in which a Constant can be an attribute of the function
_OLDEST_IR_VERSION = 8  # the first with functions
_STANDARD = ("", "ai.onnx")


def add_function_bodies(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy of a model that runs in ONNX Runtime with and without the plugin.

    The operators of domain ``roiops`` get bodies of standard operators as model-local functions, which ONNX
    Runtime uses where the plugin is not registered. Their nodes, also in subgraphs and functions, are
    rewritten to ``batch_format="batch_indices"`` with all attributes written out, as a body sees neither
    defaults nor strings. A model below opset 12 is converted to 12.

    Results equal those of the plugin up to rounding, with one exception: an infinite or NaN pixel spoils all
    bins of the boxes around it, the image of its mask and the keypoint of its heatmap. Wrong boxes, batches,
    levels and image sizes are errors too, in ONNX Runtime's words. Keypoints need memory for the upsampled
    heatmaps of a box.

    Args:
        model: an ONNX model that imports domain ``roiops`` version 1 where it uses it.

    Raises:
        PortableError: a node with mode="max" or a wrong attribute, an operator without a body, or one whose
            nodes differ in the element type of their features or in what a body cannot see (convention and
            output); or an opset that cannot be converted.
    """
    if not any(is_roi_node(node) for scope in scopes(model) for node in scope.nodes):
        return _copy(model)
    model, opset = _with_supported_opset(model)
    found = list(scopes(model))
    for node in (node for scope in found for node in scope.nodes if is_roi_node(node)):
        check_inputs(node)
    targets = find_targets(model, opset)
    for scope in reversed(found):  # inner graphs first: replacing nodes copies the graphs inside them
        _replace(scope.nodes, targets)
    _add_functions(model, [BODIES[name].write(target) for name, target in targets.items()], opset)
    return model


def _copy(model: onnx.ModelProto) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return copy


def _with_supported_opset(model: onnx.ModelProto) -> tuple[onnx.ModelProto, int]:
    """Return a copy of the model, converted if its opset is too old for function bodies, and its opset."""
    opset = next((entry.version for entry in model.opset_import if entry.domain in _STANDARD), None)
    if opset is None:
        raise PortableError("opset_import: expected a version of the standard operators, got none")
    if opset >= _OLDEST_OPSET:
        return _copy(model), opset
    wanted = f"opset_import: expected opset {_OLDEST_OPSET} or later, got {opset}"
    if model.functions or any(
        onnx.external_data_helper.uses_external_data(t) for t in model.graph.initializer
    ):
        raise PortableError(f"{wanted}, and a model with functions or external data cannot be converted")
    try:
        return version_converter.convert_version(model, _OLDEST_OPSET), _OLDEST_OPSET
    except (RuntimeError, version_converter.ConvertError) as error:
        raise PortableError(f"{wanted}, and the conversion failed: {error}") from error


def _replace(nodes: MutableSequence[onnx.NodeProto], targets: Mapping[str, Target]) -> None:
    if not any(map(is_roi_node, nodes)):
        return
    replaced = [
        new
        for node in nodes
        for new in (portable_nodes(node, targets[node.op_type].maps) if is_roi_node(node) else [node])
    ]
    del nodes[:]
    nodes.extend(replaced)


def _add_functions(model: onnx.ModelProto, bodies: list[onnx.FunctionProto], opset: int) -> None:
    others = [function for function in model.functions if function.domain != DOMAIN]
    for function in others:
        if not any(entry.domain in _STANDARD for entry in function.opset_import):
            function.opset_import.append(helper.make_opsetid("", opset))  # for the nodes put in front of ours
    del model.functions[:]
    model.functions.extend([*others, *bodies])
    if not any(entry.domain == DOMAIN for entry in model.opset_import):
        model.opset_import.append(helper.make_opsetid(DOMAIN, VERSION))
    model.ir_version = max(model.ir_version, _OLDEST_IR_VERSION)
