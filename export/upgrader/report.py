"""What was found in a model and what was done about it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Group

    from roiops.export.upgrader.profile import Profile
    from roiops.export.upgrader.verdict import Verification

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
    """Every RoI operator and multi-level pooler of a model, and the verdict of ``verify``.

    Printed, it has a line per finding and a summary as the last line.

    Attributes:
        entries: the findings.
        removed: number of nodes that nothing needed any more.
        planned: whether this is what ``upgrade`` would do; nothing was done.
        library: what a session needs to run the model as it was given.
        verification: the verdicts on all outputs; None when not verified.
        profile: what was gained on a picture; None when not timed.
    """

    entries: list[Entry] = field(default_factory=list)
    removed: int = 0
    planned: bool = False
    library: str = ""
    verification: Verification | None = None
    profile: Profile | None = None

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

    @property
    def changed(self) -> bool:
        """Whether the upgraded model is another than the original."""
        return any(entry.action in (REPLACED, FUSED, REPAIRED) for entry in self.entries)

    def action(self, entry: Entry) -> str:
        """What was done about an entry, or would be."""
        done = entry.action in (REPLACED, FUSED, REPAIRED)
        return f"would be {entry.action}" if self.planned and done else entry.action

    @property
    def summary(self) -> str:
        """One line."""
        if not self.entries:
            return "no region operator in this model" + ("" if self.planned else ": nothing changed")
        counts = [
            f"{self.count(action)} {action}"
            for action in (REPLACED, FUSED, REPAIRED, PRESENT, LEFT, WARNING)
            if self.count(action)
        ]
        counts += [f"{self.removed} nodes removed"] if self.removed else []
        if not self.changed:
            start = "upgrade would change nothing" if self.planned else "nothing changed"
        else:
            start = "upgrade would give" if self.planned else "upgraded"
        return f"{start}: {', '.join(counts)}"

    def to_dict(self) -> dict[str, object]:
        """Return the report as plain dictionaries, lists, strings and numbers."""
        verification = None if self.verification is None else self.verification.to_dict()
        return {
            "entries": [{**asdict(entry), "action": self.action(entry)} for entry in self.entries],
            "removed": self.removed,
            "planned": self.planned,
            "library": self.library,
            "verification": verification,
            "profile": None if self.profile is None else self.profile.to_dict(),
            "summary": self.summary,
        }

    def to_json(self) -> str:
        """Return the report as JSON text."""
        return json.dumps(self.to_dict(), indent=2)

    def __str__(self) -> str:
        lines = []
        for entry in self.entries:
            shown = ", ".join(f"{name}={value}" for name, value in entry.parameters.items())
            line = f"{self.action(entry)}: {entry.what} {entry.name}" + (f" ({shown})" if shown else "")
            lines.append(line + (f": {entry.reason}" if entry.reason else ""))
        lines += [f"library: {self.library}"] if self.library else []
        lines.append(self.summary)
        lines += [str(part) for part in (self.verification, self.profile) if part is not None]
        return "\n".join(lines)

    def __rich__(self) -> Group:
        """Return a rich table; ``rich.print(report)`` shows it."""
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        parts: list[Table | Text] = []
        if self.entries:
            table = Table(title="RoI operators")
            for heading in ("node", "what", "parameters", "action", "reason"):
                table.add_column(heading, overflow="fold")
            for entry in self.entries:
                shown = ", ".join(f"{name}={value}" for name, value in entry.parameters.items())
                cells = (entry.name, entry.what, shown, self.action(entry), entry.reason)
                table.add_row(*map(Text, cells))
            parts.append(table)
        parts += [Text(f"library: {self.library}")] if self.library else []
        parts.append(Text(self.summary))
        parts += [Text(str(part)) for part in (self.verification, self.profile) if part is not None]
        return Group(*parts)
