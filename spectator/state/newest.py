"""The newest event of each key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from spectator.events import SAMPLED_FIELD
from spectator.state.recent import Kept

MOST_KEYS: Final = 256
MOST_BYTES: Final = 1024 * 1024
MOST_NAMES: Final = 600
"""Names in the joined newest values of a metrics event."""
LONG: Final = 1_024
"""A value that is no number and longer than this stays out of the joined values."""


class Newest:
    """For each state key the newest event, in the order in which they came; bounded in number and length.

    Metrics events are joined: what stands here holds the newest value of every name, because training code
    logs different names in different calls, and a late joiner wants them all.
    """

    __slots__ = ("_kept", "_size")

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}
        self._size = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Newest) and list(self._kept.items()) == list(other._kept.items())

    __hash__ = None  # type: ignore[assignment] # changes with every event

    def items(self) -> list[tuple[str, Kept]]:
        """(key, event) of all, the one that changed last at the end."""
        return list(self._kept.items())

    def get(self, key: str) -> Kept | None:
        """The newest event of this key."""
        return self._kept.get(key)

    def put(self, key: str, kept: Kept) -> None:
        """Put an event in the place of the one before it."""
        before = self._kept.pop(key, None)
        self._kept[key] = kept
        self._size += kept.size - (before.size if before else 0)
        while len(self._kept) > MOST_KEYS or (self._size > MOST_BYTES and len(self._kept) > 1):
            oldest = self._kept.pop(next(iter(self._kept)))
            self._size -= oldest.size

    def join(self, key: str, kept: Kept) -> None:
        """Put a metrics event in the place of the one before it, with the values that it does not name."""
        field = SAMPLED_FIELD[kept.event["type"]]
        before = self._kept.get(key)
        values: dict[str, Any] = before.event[field] if before else {}
        names = len(values)
        fresh = kept.event[field]
        texts = [name for name, value in fresh.items() if type(value) not in _PLAIN]
        joinable = _joinable(values, fresh, texts)
        other = any(values.get(name) != fresh[name] for name in texts)
        values.update(joinable)
        size = max(kept.size, before.size if before else 0)
        if before and (other or len(values) > names):
            size = max(kept.size, _length(values))
        self.put(key, Kept(kept.seq, {**kept.event, field: values}, size))

    def clear(self, *, but: str) -> None:
        """Forget all but one key."""
        kept = self._kept.get(but)
        self._kept = {} if kept is None else {but: kept}
        self._size = 0 if kept is None else kept.size


def _length(values: Mapping[str, Any]) -> int:
    """About how long these values are as JSON: what was joined of many events is longer than each of them."""
    texts = (
        len(value if type(value) is str else str(value))
        for value in values.values()
        if type(value) not in _PLAIN
    )
    return sum(map(len, values)) + 24 * len(values) + sum(texts)


def _joinable(values: Mapping[str, Any], fresh: Mapping[str, Any], texts: list[str]) -> Mapping[str, Any]:
    """Those of the fresh values that may be kept beside the others; ``texts``: which are no plain numbers."""
    short = all(len(str(fresh[name])) <= LONG for name in texts)
    if short and len(values) + len(fresh) <= MOST_NAMES:
        return fresh
    room = MOST_NAMES - len(values)
    joinable = {}
    for name, value in fresh.items():
        if name not in values:
            if room <= 0:
                continue
            room -= 1
        if type(value) in _PLAIN or len(str(value)) <= LONG:
            joinable[name] = value
    return joinable


_PLAIN: Final = frozenset((float, int, bool, type(None)))
