"""How many series a room may have, watched over before anything is appended."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from rooms import Connection, Script
from spectator.events import AXES, Decoded
from spectator.log import keys

MOST_KNOWN: Final = 200_000
"""Names that are remembered here, of all rooms together, one a room more: some 20 MB; the store knows all."""
_SERIES: Final = Script.load("spectator.log", "scripts/series.lua")


class Names:
    """The series of rooms, as the store has them; names known here cost nothing.

    A new run begins with no series, as the state does.
    """

    def __init__(self, connection: Connection, most: int, most_known: int = MOST_KNOWN) -> None:
        self._connection = connection
        self._most = most
        self._most_known = most_known
        self._known: OrderedDict[str, set[str]] = OrderedDict()  # those used last at the end
        self._count = 0

    async def admit(self, room_id: str, decoded: Decoded) -> Decoded:
        """Return the batch without the events that would begin a series for which the room has no place."""
        anew = any(status == "active" for _, status, _ in decoded.life)
        if not decoded.samples and not anew:
            return decoded
        known = set() if anew else self._used(room_id)
        fresh = self._fresh(decoded, known)
        if not fresh and not anew:
            return decoded
        if len(fresh) > self._most and not anew:
            # Most of so many find no place, and to ask for each of them would keep everybody from the store.
            held = await self._connection.command("SMEMBERS", keys.series(room_id))
            known = known | {name.decode() for name in held}
            fresh = self._fresh(decoded, known)
        asked = fresh[: self._most]
        arguments = (self._most, int(anew), *asked)
        names = await self._connection.run(_SERIES, [keys.series(room_id)], arguments)
        refused = {name.decode() for name in names}
        admitted = known | (set(asked) - refused)
        self._remember(room_id, admitted)
        if not refused and len(asked) == len(fresh):
            return decoded
        late = [
            index
            for index, values in decoded.samples
            if not admitted.issuperset(values) and any(name not in admitted for name in _series(values))
        ]
        return decoded.without(dict.fromkeys(late, "too_many_series"))

    def _fresh(self, decoded: Decoded, known: set[str]) -> list[str]:
        """The names of a batch that are not known, in their order: at most one more than a room may have."""
        found: dict[str, None] = {}
        for _, values in decoded.samples:
            if known.issuperset(values):
                continue
            for name in _series(values):
                if name not in known:
                    found[name] = None
                    if len(found) > self._most:
                        return list(found)
        return list(found)

    def _used(self, room_id: str) -> set[str]:
        known = self._known.get(room_id)
        if known is None:
            return set()
        self._known.move_to_end(room_id)
        return known

    def _remember(self, room_id: str, names: set[str]) -> None:
        before = self._known.pop(room_id, None)
        self._count += len(names) + 1 - (0 if before is None else len(before) + 1)
        self._known[room_id] = names
        while self._count > self._most_known and len(self._known) > 1:
            self._count -= len(self._known.popitem(last=False)[1]) + 1


def _series(values: Mapping[str, Any]) -> Iterator[str]:
    """The names whose values are numbers; only they become series."""
    return (
        name
        for name, value in values.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and name not in AXES
    )
