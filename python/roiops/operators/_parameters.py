"""Parameters of operators: what a Python function takes, and the attributes of the node that hold it.

A parameter checks a value and returns its canonical form, writes that as attributes, and reads it back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from roiops import _values


@dataclass(frozen=True)
class Attribute:
    """An attribute of an ONNX node; ``kind`` is the name of its type in ``onnx.AttributeProto``."""

    name: str
    kind: str
    doc: str
    default: int | float | str | None = None
    required: bool = False


@dataclass(frozen=True)
class Parameter:
    """A parameter held by one attribute of its name; subclasses say of which kind and which values it takes.

    Attributes:
        name: the name, in Python and of the attribute.
        doc: a line for the schema, without the default.
        default: the value when it is not given; None where there is none.
        required: it must be given. Otherwise, without a default, None is a value: the attribute is absent.
    """

    name: str
    doc: str
    default: Any = None
    required: bool = False

    kind = ""  # of the attribute

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """The attributes that hold the parameter."""
        default = None if self.default is None else self._stored(self.default)
        return (Attribute(self.name, self.kind, self.doc, default, self.required),)

    def check(self, value: Any) -> Any:
        """Return the canonical form of a value; TypeError or ValueError begin with the parameter's name."""
        if value is None and self.default is None and not self.required:
            return None
        return self._check(value)

    def write(self, value: Any) -> dict[str, Any]:
        """Return the attributes that hold a checked value."""
        return {} if value is None else {self.name: self._stored(value)}

    def read(self, attributes: Mapping[str, Any]) -> Any:
        """Return the checked value from the attributes of a node, the default where they are absent."""
        if self.name not in attributes:
            return absent(self)
        return self._check(self._loaded(attributes[self.name]))

    def _check(self, value: Any) -> Any:
        raise NotImplementedError

    def _stored(self, value: Any) -> Any:
        return value

    def _loaded(self, value: Any) -> Any:
        return value


def absent(parameter: Parameter) -> Any:
    """Return what a parameter is when it is not given."""
    if parameter.required:
        raise ValueError(f"{parameter.name}: expected a value, got none")
    return parameter.default


@dataclass(frozen=True)
class Int(Parameter):
    """An integer in [low, high]."""

    low: int = -_values.INT64_MAX - 1
    high: int = _values.INT64_MAX

    kind = "INT"

    def _check(self, value: Any) -> int:
        return _values.integer(value, self.name, self.low, self.high)


@dataclass(frozen=True)
class Flag(Parameter):
    """A bool; 0 or 1 in the node."""

    kind = "INT"

    def _check(self, value: Any) -> bool:
        return _values.flag(value, self.name)

    def _stored(self, value: bool) -> int:
        return int(value)

    def _loaded(self, value: int) -> Any:
        return bool(_values.integer(value, self.name, 0, 1))


@dataclass(frozen=True)
class Float(Parameter):
    """A finite number, held in float32; greater than ``above`` and at least ``least`` if these are given."""

    above: float | None = None
    least: float | None = None

    kind = "FLOAT"

    def _check(self, value: Any) -> float:
        return _values.float32(value, self.name, self.above, self.least)


@dataclass(frozen=True)
class UnitFloat(Float):
    """A number between 0 and 1, held in float32."""

    def _check(self, value: Any) -> float:
        stored = super()._check(value)
        if not 0 <= stored <= 1:
            raise ValueError(f"{self.name}: expected a number between 0 and 1, got {value}")
        return stored


@dataclass(frozen=True)
class Floats(Parameter):
    """One number, as of `Float`, for each tensor of the variadic input ``per``."""

    above: float | None = None
    per: str = ""

    kind = "FLOATS"

    def _check(self, value: Any) -> tuple[float, ...]:
        if isinstance(value, (str, bytes)) or not isinstance(value, (Sequence, np.ndarray)):
            raise TypeError(f"{self.name}: expected a sequence of numbers, got {type(value).__name__}")
        if len(value) == 0:
            raise ValueError(f"{self.name}: expected one number per {self.per}, got none")
        return tuple(_values.float32(item, f"{self.name}[{i}]", self.above) for i, item in enumerate(value))

    def _loaded(self, value: Any) -> tuple[float, ...]:
        return tuple(value)


@dataclass(frozen=True)
class Choice(Parameter):
    """One of a few strings."""

    choices: tuple[str, ...] = ()

    kind = "STRING"

    def _check(self, value: Any) -> str:
        return _values.choice(value, self.name, self.choices)

    def _loaded(self, value: Any) -> Any:
        return value.decode(errors="replace") if isinstance(value, bytes) else value


@dataclass(frozen=True)
class Size(Parameter):
    """A height and a width, each at least 1: an int for both or a pair in Python, two attributes."""

    height: str = ""
    width: str = ""

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """The height and the width."""
        return (
            Attribute(self.height, "INT", "Bins per column, at least 1.", required=self.required),
            Attribute(self.width, "INT", "Bins per row, at least 1.", required=self.required),
        )

    def write(self, value: tuple[int, int]) -> dict[str, Any]:
        """Return both attributes."""
        return {self.height: value[0], self.width: value[1]}

    def read(self, attributes: Mapping[str, Any]) -> tuple[int, int]:
        """Return (height, width)."""
        sides = []
        for name in (self.height, self.width):
            if name not in attributes:
                raise ValueError(f"{name}: expected a value, got none")
            sides.append(_values.integer(attributes[name], name, 1, _values.INT32_MAX))
        return sides[0], sides[1]

    def _check(self, value: Any) -> tuple[int, int]:
        if isinstance(value, (int, str, bytes)) or not isinstance(value, (Sequence, np.ndarray)):
            side = _values.integer(value, self.name, 1, _values.INT32_MAX)
            return side, side
        if len(value) != 2:
            raise ValueError(f"{self.name}: expected an int or (height, width), got {len(value)} values")
        height, width = (_values.integer(side, self.name, 1, _values.INT32_MAX) for side in value)
        return height, width
