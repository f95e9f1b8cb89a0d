"""What was found in a model and what was done about it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

PRESENT = "already roiops"
REPLACED = "replaced"
FUSED = "fused"
REPAIRED = "repaired"
LEFT = "left alone"
WARNING = "warning"


@dataclass
class Entry:
    """One finding.

    Attributes:
        name: name of the node (of the last node of a pooler).
        what: "RoiAlign", or "pooler of L levels".
        action: "already roiops", "replaced", "fused", "repaired", "left alone" or "warning".
        reason: why, or details; may be empty.
        parameters: what the operator computes (output size, scales, sampling ratio, aligned, mode).
    """

    name: str
    what: str
    action: str
    reason: str = ""
    parameters: dict[str, object] = field(default_factory=dict)


_SHORT = {
    "output_size": "size",
    "spatial_scale": "scale",
    "spatial_scales": "scale",
    "sampling_ratio": "ratio",
}


def describe(arguments: Mapping[str, Any]) -> dict[str, object]:
    """The parameters of one of our nodes as an entry shows them, from its checked arguments."""
    shown: dict[str, object] = {}
    for name, value in arguments.items():
        if name == "output_size":
            value = "x".join(map(str, value))
        elif isinstance(value, tuple):
            value = ", ".join(f"{item:g}" for item in value)
        shown[_SHORT.get(name, name)] = value
    shown.pop("batch_format", None)
    return shown


@dataclass
class UpgradeReport:
    """Every RoI operator and multi-level pooler of a model, and the differences that ``verify`` measured.

    Attributes:
        entries: the findings.
        removed: number of nodes that nothing needed any more.
        differences: per output (largest absolute difference between the original and the upgraded model,
            largest magnitude of the original); None when not verified.
    """

    entries: list[Entry] = field(default_factory=list)
    removed: int = 0
    differences: dict[str, tuple[float, float]] | None = None

    def add(self, name: str, what: str, action: str, reason: str = "", **parameters: object) -> Entry:
        """Append an entry and return it."""
        self.entries.append(Entry(name, what, action, reason, parameters))
        return self.entries[-1]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def count(self, action: str) -> int:
        """Number of entries with this action."""
        return sum(entry.action == action for entry in self.entries)

    @property
    def warnings(self) -> list[Entry]:
        """Known-wrong patterns for which no choice was given."""
        return [entry for entry in self.entries if entry.action == WARNING]

    def to_dict(self) -> dict[str, object]:
        """Return the report as plain dictionaries, lists, strings and numbers."""
        return asdict(self)

    def to_json(self) -> str:
        """Return the report as JSON text."""
        return json.dumps(self.to_dict(), indent=2)

    def __rich__(self):
        """Return a rich table; ``rich.print(report)`` shows it."""
        from rich.console import Group
        from rich.markup import escape
        from rich.table import Table

        table = Table("node", "what", "parameters", "action", "reason", title="RoI operators")
        for entry in self.entries:
            parameters = ", ".join(f"{name}={value}" for name, value in entry.parameters.items())
            cells = (entry.name, entry.what, parameters, entry.action, entry.reason)
            table.add_row(*map(escape, cells))
        lines = [f"{self.removed} nodes removed"]
        for output, (difference, magnitude) in (self.differences or {}).items():
            lines.append(
                f"{escape(output)}: largest difference {difference:.3g}, largest value {magnitude:.3g}"
            )
        return Group(table, *lines)
