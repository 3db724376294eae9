"""How much is measured: the full run of the document, a quick look, or the least that shows that it works."""

from enum import Enum
from typing import TypeVar

T = TypeVar("T")


class Effort(Enum):
    """Each part names its own counts: ``calls = effort.of(tiny=100, quick=1_000, full=5_000)``."""

    TINY = "tiny"
    QUICK = "quick"
    FULL = "full"

    def of(self, *, tiny: T, quick: T, full: T) -> T:
        """Return the one of the three that this run is about."""
        return {Effort.TINY: tiny, Effort.QUICK: quick, Effort.FULL: full}[self]


TINY, QUICK, FULL = Effort.TINY, Effort.QUICK, Effort.FULL
