"""The newest few of something that there is no end of."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple


class Kept(NamedTuple):
    """An event the state holds: its number, what was published, and its length in bytes."""

    seq: int
    event: dict[str, Any]
    size: int


class Recent:
    """The newest events of one kind, as many as fit into a count and a length in bytes."""

    __slots__ = ("_kept", "_most", "_most_bytes", "_size")

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._kept: deque[Kept] = deque()
        self._size = 0

    def __iter__(self) -> Iterator[Kept]:
        """Oldest first."""
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Recent) and self._kept == other._kept

    __hash__ = None  # type: ignore[assignment] # changes with every event

    def add(self, kept: Kept) -> None:
        """Take in the newest one and let the oldest go."""
        self._kept.append(kept)
        self._size += kept.size
        while len(self._kept) > self._most or (self._size > self._most_bytes and len(self._kept) > 1):
            self._size -= self._kept.popleft().size
