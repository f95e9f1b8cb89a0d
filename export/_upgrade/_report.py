"""What was found in a model and what was done about it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

REPLACED = "replaced"
FUSED = "fused"
REPAIRED = "repaired"
LEFT = "left alone"
WARNING = "warning"


@dataclass
class Entry:
    """One finding.

    Attributes:
        name: name of the node (of the last node of a cluster).
        what: "RoiAlign", or "cluster of L levels".
        action: "replaced", "fused", "repaired", "left alone" or "warning".
        reason: why, or details; may be empty.
        parameters: what the operator computes (output size, scales, sampling ratio, aligned, mode).
    """

    name: str
    what: str
    action: str
    reason: str = ""
    parameters: dict[str, object] = field(default_factory=dict)


@dataclass
class Report:
    """Every RoI operator and cluster of a model, in graph order, and the differences that ``verify`` measured.

    Attributes:
        entries: the findings.
        removed: number of nodes that nothing needed any more.
        differences: per output the largest absolute difference between the original and the upgraded model and
            the largest magnitude of the original, as (difference, magnitude); None when not verified.
    """

    entries: list[Entry] = field(default_factory=list)
    removed: int = 0
    differences: dict[str, tuple[float, float]] | None = None

    def add(self, name: str, what: str, action: str, reason: str = "", **parameters: object) -> None:
        """Append an entry."""
        self.entries.append(Entry(name, what, action, reason, parameters))

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
        from rich.table import Table

        table = Table("node", "what", "parameters", "action", "reason", title="RoI operators")
        for entry in self.entries:
            parameters = ", ".join(f"{name}={value}" for name, value in entry.parameters.items())
            table.add_row(entry.name, entry.what, parameters, entry.action, entry.reason)
        lines = [f"{self.removed} nodes removed"]
        for output, (difference, magnitude) in (self.differences or {}).items():
            lines.append(f"{output}: largest difference {difference:.3g}, largest value {magnitude:.3g}")
        return Group(table, *lines)
