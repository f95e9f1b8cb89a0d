"""What an upgrade gained on one picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

_LISTED = 5


@dataclass(frozen=True)
class Profile:
    """What an upgrade gained on one picture.

    Attributes:
        picture: the file.
        before: seconds of the original model, the median of runs that took turns with the other's.
        after: seconds of the upgraded model.
        shares: of each kind of operator in the kernels' time of the upgraded model, largest first.
    """

    picture: str
    before: float
    after: float
    shares: Mapping[str, float]

    def to_dict(self) -> dict[str, object]:
        """Return the profile as plain dictionaries, strings and numbers."""
        return asdict(self)

    def __str__(self) -> str:
        slow = ", ".join(f"{kind} {share:.0%}" for kind, share in list(self.shares.items())[:_LISTED])
        return (
            f"{self.picture}: {self.before * 1e3:.1f} ms before, {self.after * 1e3:.1f} ms after, "
            f"{self.before / self.after:.2f} times as fast; slow now: {slow}"
        )
