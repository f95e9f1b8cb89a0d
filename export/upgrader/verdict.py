"""What a comparison of two models says."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

EQUAL = "equal"
UNPROVED = "unproved"
MISMATCH = "mismatch"
# From the weakest to the strongest: what one set of inputs proves, another need not prove again.
_STRENGTH = (UNPROVED, EQUAL, MISMATCH)
_STATUS = {EQUAL: 0, MISMATCH: 1, UNPROVED: 3}


@dataclass(frozen=True)
class Verdict:
    """The verdict on one output.

    Attributes:
        output: its name.
        verdict: "equal", "unproved" (equal, but it proves little) or "mismatch".
        difference: largest absolute difference; infinite where shapes or types differ.
        magnitude: largest absolute value of the original.
        allowed: largest difference that would have been equal.
        reason: why not equal, or what was allowed; may be empty.
        inputs: which inputs it is about.
    """

    output: str
    verdict: str
    difference: float
    magnitude: float
    allowed: float = 0.0
    reason: str = ""
    inputs: str = ""

    def __str__(self) -> str:
        text = (
            f"{self.verdict} {self.output}: largest difference {self.difference:.3g} "
            f"(allowed {self.allowed:.3g}), largest value {self.magnitude:.3g}"
        )
        return text + (f"; {self.reason}" if self.reason else "")


@dataclass
class Verification:
    """The verdicts on all outputs, each the strongest of those on several sets of inputs.

    Attributes:
        verdicts: one per output, in order.
        tolerance: what was allowed, relative to the largest value of an output; None: by what it holds.
        notes: what could not be run, and the like.
    """

    tolerance: float | None
    verdicts: list[Verdict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, verdicts: list[Verdict]) -> None:
        """Take in the verdicts on another set of inputs."""
        found = {verdict.output: verdict for verdict in self.verdicts}
        for verdict in verdicts:
            old = found.get(verdict.output)
            if old is None or _STRENGTH.index(verdict.verdict) > _STRENGTH.index(old.verdict):
                found[verdict.output] = verdict
        self.verdicts = list(found.values())

    @property
    def status(self) -> int:
        """0: every output was compared and is equal; 1: a mismatch; 3: equal, but something unproved."""
        found = {verdict.verdict for verdict in self.verdicts}
        worst = MISMATCH if MISMATCH in found else UNPROVED if UNPROVED in found or not found else EQUAL
        return _STATUS[worst]

    @property
    def summary(self) -> str:
        """One line."""
        counts = [sum(v.verdict == kind for v in self.verdicts) for kind in (EQUAL, UNPROVED, MISMATCH)]
        allowed = "" if self.tolerance is None else f" (tolerance {self.tolerance:g} of the largest value)"
        words = {0: "the models agree", 1: "the models differ", 3: "no difference, but not all is proved"}
        return (
            f"{words[self.status]}: {counts[0]} of {len(self.verdicts)} outputs equal, {counts[1]} unproved, "
            f"{counts[2]} different{allowed}"
        )

    def to_dict(self) -> dict[str, object]:
        """Return plain dictionaries, lists, strings and numbers."""
        return {**asdict(self), "status": self.status, "summary": self.summary}

    def __str__(self) -> str:
        return "\n".join([*map(str, self.verdicts), *self.notes, self.summary])
