"""Shapes and types of outputs from those of inputs; sizes may be numbers, symbols or expressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from roiops.operators._operator import ByAttribute, Input, Operator, Shape, resolve


def text(shape: Shape | ByAttribute) -> str:
    """Return a shape as messages write it: "(K, 4)", "(N or K)"."""
    if isinstance(shape, ByAttribute):
        choices = zip(*shape.cases.values())
        return f"({', '.join(' or '.join(dict.fromkeys(map(str, axis))) for axis in choices)})"
    axes = ", ".join(str(axis).removesuffix("_l") for axis in shape)
    return f"({axes}{',' if len(shape) == 1 else ''})"


def sizes_of(
    operator: Operator, shapes: Mapping[str, Sequence[Any] | None], attributes: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the size of every symbol, from the first input that has it.

    Args:
        operator: the operator.
        shapes: the shape of inputs by name, that of a variadic input's first tensor; None or no entry where
            it is not known. A size that is not known is None.
        attributes: integer and string attributes of the node that are known, defaults included.

    Raises:
        ValueError: a shape that an input can never have; the message starts with its name.
    """
    sizes: dict[str, Any] = {a.name: attributes.get(a.name) for a in operator.attributes if a.kind == "INT"}
    for given in operator.inputs:
        found, wanted = shapes.get(given.name), resolve(given.shape, attributes)
        if found is None or wanted is None:
            continue
        check_shape(given, found, given.name)
        for symbol, size in zip(wanted, found):
            if isinstance(symbol, str) and sizes.get(symbol) is None:
                sizes[symbol] = size
    return sizes


def check_shape(given: Input, shape: Sequence[Any], name: str | None = None) -> None:
    """Raise ValueError, which starts with ``name``, for a shape that the input can never have."""
    if given.shape is None:
        return
    choices = given.shape.cases.values() if isinstance(given.shape, ByAttribute) else [given.shape]
    fits = any(_fits(each, shape) for each in choices)
    if not fits:
        raise ValueError(f"{name or given.argument}: expected shape {text(given.shape)}, got {tuple(shape)}")


def _fits(wanted: Shape, found: Sequence[Any]) -> bool:
    # Sizes of other types, symbols of an exporter among them, are not compared: that could fix them.
    if len(wanted) != len(found):
        return False
    for axis, size in zip(wanted, found):
        if isinstance(axis, int) and isinstance(size, int) and axis != size:
            return False
    return True


def output_shapes(
    operator: Operator, sizes: Mapping[str, Any], attributes: Mapping[str, Any]
) -> list[tuple[Any, ...] | None]:
    """Return the shape of every output, None where an unknown attribute decides its rank.

    Args:
        operator: the operator.
        sizes: what `sizes_of` returns.
        attributes: as for `sizes_of`.
    """
    shapes = (resolve(output.shape, attributes) for output in operator.outputs)
    return [
        None if shape is None else tuple(sizes.get(axis) if isinstance(axis, str) else axis for axis in shape)
        for shape in shapes
    ]


def element_types(operator: Operator, types: Mapping[str, str], attributes: Mapping[str, Any]) -> list[str]:
    """Return the element type of every output where the type variables and attributes are all known."""
    return [name for name in output_types(operator, types, attributes) if name is not None]


def output_types(
    operator: Operator, types: Mapping[str, str], attributes: Mapping[str, Any]
) -> list[str | None]:
    """Return the element type of every output, None where it is not known.

    Args:
        operator: the operator.
        types: the element types of the type variables that are known.
        attributes: as for `sizes_of`.
    """
    variables = {variable.name for variable in operator.types}
    names = (resolve(o.type_by, attributes) if o.type_by is not None else o.type for o in operator.outputs)
    return [types.get(name) if name in variables else name for name in names]
