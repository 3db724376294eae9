"""How much is measured: the full run of the document, a quick look, or the least that shows that it works."""

from dataclasses import dataclass
from typing import Literal, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Effort:
    """Each part names its own counts: ``calls = effort.of(tiny=100, quick=1_000, full=5_000)``.

    ``peers``: those beside the usual ones that were asked for by name.
    """

    size: Literal["tiny", "quick", "full"]
    peers: tuple[str, ...] = ()

    def of(self, *, tiny: T, quick: T, full: T) -> T:
        """Return the one of the three that this run is about."""
        return {"tiny": tiny, "quick": quick, "full": full}[self.size]


TINY, QUICK, FULL = Effort("tiny"), Effort("quick"), Effort("full")
