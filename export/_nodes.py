"""Nodes of the operators, written and read by the table: attributes are checked before they reach a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import onnx
from onnx import AttributeProto, helper

from roiops import _values
from roiops.operators import Operator
from roiops.operators._parameters import Floats


def make_node(
    operator: Operator,
    inputs: Mapping[str, str | Sequence[str] | None],
    outputs: Mapping[str, str],
    arguments: Mapping[str, Any],
    name: str | None = None,
) -> onnx.NodeProto:
    """Build a node of an operator of the table.

    Args:
        operator: the operator.
        inputs: value names by the inputs' names in Python, a sequence for a variadic one; None or no entry
            for an optional one that is left out.
        outputs: value names of the outputs in their order, by the names that messages give them.
        arguments: the operator's checked arguments.
        name: node name.

    Raises:
        TypeError, ValueError: a wrong value name; the message starts with the argument's name.
    """
    names: list[str] = []
    for given in operator.inputs:
        value = inputs.get(given.argument)
        if given.variadic:
            names += _variadic_names(operator, given.argument, value, arguments)
        elif value is None and given.optional:
            names.append("")
        else:
            names.append(_values.value_name(value, given.argument))
    while names and not names[-1]:
        names.pop()
    results = [_values.value_name(value, argument) for argument, value in outputs.items()]
    attributes = operator.write(arguments)
    return helper.make_node(operator.name, names, results, name=name, domain=operator.domain, **attributes)


def node_arguments(operator: Operator, node: onnx.NodeProto) -> dict[str, Any]:
    """Return the checked arguments of a node, defaults where attributes are absent.

    Raises:
        ValueError: a wrong attribute, or one that refers to the enclosing function's; the message starts with
            its name.
    """
    attributes = {}
    for attribute in node.attribute:
        if attribute.ref_attr_name:
            raise ValueError(
                f"{attribute.name}: expected a value, got a reference to the enclosing function's"
            )
        kind = AttributeProto.AttributeType.Name(attribute.type)
        attributes[attribute.name] = (kind, helper.get_attribute_value(attribute))
    return operator.read(attributes)


def _variadic_names(operator: Operator, argument: str, value: Any, arguments: Mapping[str, Any]) -> list[str]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ValueError(f"{argument}: expected a sequence of value names, got {value!r}")
    for parameter in operator.parameters:
        if isinstance(parameter, Floats) and len(arguments[parameter.name]) != len(value):
            wanted = len(arguments[parameter.name])
            raise ValueError(f"{argument}: expected one value name per scale ({wanted}), got {value!r}")
    return [_values.value_name(item, f"{argument}[{i}]") for i, item in enumerate(value)]
