"""What the table says of an operator. Element types are named as NumPy names them, "bfloat16" included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Union

from roiops.operators._parameters import Attribute, Parameter, absent

DOMAIN = "roiops"
VERSION = 1

FEATURE_TYPES = ("float16", "bfloat16", "float32", "float64")
INDEX_TYPES = ("int32", "int64")


def box_types(feature_type: str) -> tuple[str, ...]:
    """Return the types that boxes may have beside features of one type, the recommended one first.

    The type of the features; with 16-bit features also float32, because float16 has steps of 2 pixels from
    2048 on.
    """
    return ("float32", feature_type) if feature_type in ("float16", "bfloat16") else (feature_type,)


@dataclass(frozen=True)
class ByAttribute:
    """A shape or an element type that depends on the value of a string attribute."""

    attribute: str
    cases: Mapping[str, Any]


# Sizes by axis: a number, the name of an integer attribute, or a symbol which stands for one size wherever it
# occurs. In a variadic input a symbol that ends in "_l" is another size for every tensor.
Shape = tuple[Union[int, str], ...]


@dataclass(frozen=True)
class TypeVariable:
    """The element types that inputs and outputs of this type may have.

    With ``boxes_of``, the name of another variable, they are `box_types` of that one's type.
    """

    name: str
    allowed: tuple[str, ...]
    doc: str
    boxes_of: str | None = None


@dataclass(frozen=True)
class Input:
    """An input of the node.

    Attributes:
        name: in models; a variadic one's tensors are ``name_0``, ``name_1``, ...
        type: an element type, or the name of a `TypeVariable`.
        shape: the `Shape`, or None where any will do.
        doc: a line for the schema.
        role: what it is to checks that several operators share: "features", "boxes", "batch", "levels".
        optional: it may be left out.
        variadic: it is one or more tensors, and the last input.
    """

    name: str
    type: str
    shape: Shape | ByAttribute | None
    doc: str
    role: str = ""
    optional: bool = False
    variadic: bool = False

    @cached_property
    def argument(self) -> str:
        """Its name in Python functions."""
        return f"{self.name.lower()}s" if self.variadic else self.name.lower()


@dataclass(frozen=True)
class Output:
    """An output of the node; its fields are as in `Input`.

    A symbol of its shape that no input has is a size known only afterwards. Where ``type`` is a variable
    that no input has, ``type_by`` says it.
    """

    name: str
    type: str
    shape: Shape | ByAttribute
    doc: str
    type_by: ByAttribute | None = None


@dataclass(frozen=True)
class Operator:
    """An operator of the domain ``roiops``."""

    name: str
    doc: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    parameters: tuple[Parameter, ...]
    types: tuple[TypeVariable, ...] = ()
    domain: str = DOMAIN
    version: int = VERSION

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """The attributes of the node, in the order of the parameters."""
        return tuple(attribute for parameter in self.parameters for attribute in parameter.attributes)

    def check(self, **arguments: Any) -> dict[str, Any]:
        """Return one checked value per parameter, in their order; what is not given has its default.

        Raises:
            TypeError: a value of the wrong kind; the message starts with its name. Or no such parameter.
            ValueError: an impossible or missing value; the message starts with its name.
        """
        checked = {
            p.name: p.check(arguments[p.name]) if p.name in arguments else absent(p) for p in self.parameters
        }
        for name in arguments:
            if name not in checked:
                raise TypeError(f"{name}: {self.name} has no such parameter")
        return checked

    def write(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the attributes of a node for checked arguments, defaults included.

        Defaults too: a function body, the fallback without the library, sees no schema.
        """
        attributes: dict[str, Any] = {}
        for parameter in self.parameters:
            attributes.update(parameter.write(arguments[parameter.name]))
        return attributes

    def read(self, attributes: Mapping[str, tuple[str, Any]]) -> dict[str, Any]:
        """Return the checked arguments from the attributes of a node, each with the kind it has there.

        Raises:
            ValueError: an attribute that is unknown, missing, of another kind or impossible; the message
                starts with its name.
        """
        kinds = {attribute.name: attribute.kind for attribute in self.attributes}
        for name, (kind, _) in attributes.items():
            if name not in kinds:
                raise ValueError(f"{name}: {self.name} has no such attribute")
            if kind != kinds[name]:
                raise ValueError(f"{name}: expected an attribute of type {kinds[name]}, got {kind}")
        return self.read_values({name: value for name, (_, value) in attributes.items()})

    def read_values(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """Return the checked arguments from the values of a node's attributes; others are not looked at."""
        return {parameter.name: parameter.read(attributes) for parameter in self.parameters}

    def index(self, role: str) -> int:
        """Return the position of the first input with a role; ValueError if there is none."""
        return self._roles.index(role)

    @cached_property
    def _roles(self) -> list[str]:
        return [given.role for given in self.inputs]

    def allowed_types(self, name: str, types: Mapping[str, str]) -> tuple[str, ...]:
        """Return the element types of a type variable or fixed type, the first being its default.

        Args:
            name: what stands in ``Input.type`` or ``Output.type``.
            types: the element types of the variables that are known.
        """
        variable = next((v for v in self.types if v.name == name), None)
        if variable is None:
            return (name,)
        if variable.boxes_of is not None and variable.boxes_of in types:
            return box_types(types[variable.boxes_of])
        return variable.allowed


def resolve(choice: Any, attributes: Mapping[str, Any]) -> Any:
    """Return what a `ByAttribute` stands for, None if its attribute is not known; anything else as it is."""
    if isinstance(choice, ByAttribute):
        return choice.cases.get(str(attributes.get(choice.attribute)))
    return choice
