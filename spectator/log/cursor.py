"""A place in a room's log."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

_TEXT = re.compile(r"(\d{1,16})\.(\d{1,16})\.([0-9a-f]{8})?", re.ASCII)


class InvalidCursor(ValueError):
    """The text is no cursor of ours."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The end of an entry: every event up to ``seq`` has been seen, none after it.

    A log that lost its tail and grew again has the same numbers with other events behind them. Two things
    betray it: ``tag``, eight hex digits drawn at random for each entry and repeated in the entry after it;
    and ``epoch``, raised by whoever finds such a loss. With a number alone, a resume after a failover would
    skip events and not know it.
    """

    epoch: int
    seq: int
    tag: bytes

    START: ClassVar[Cursor]
    """Before the first event of any room."""

    @property
    def text(self) -> str:
        """The form that travels; opaque to everyone else."""
        return f"{self.epoch}.{self.seq}.{self.tag.decode('ascii')}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read the form that travelled. Raises InvalidCursor."""
        match = _TEXT.fullmatch(text) if len(text) <= 48 else None
        if match is None:
            raise InvalidCursor("This is not a cursor of this server; connect without one.")
        return cls(int(match[1]), int(match[2]), (match[3] or "").encode("ascii"))


Cursor.START = Cursor(0, 0, b"")
