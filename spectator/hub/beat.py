"""When a room that rang is read: at once after silence, else with all others at the next beat. Pure."""

from __future__ import annotations

import math


class Beat:
    """The rooms that rang, and when each is due.

    A room that was quiet for a whole period is due at once, so a single event is not kept waiting. A busy one
    is due at the next multiple of the period; so all busy rooms of a node fall together and are read by one
    pipeline. A room so large that sending takes more than half a period is due at longer intervals: at least
    half of the loop's time stays for all else.

    Args:
        period: seconds.
        longest: the longest interval, in seconds, however long sending takes.
    """

    def __init__(self, period: float, longest: float = 0.5) -> None:
        self.period = period
        self.longest = longest
        self._due: dict[str, float] = {}
        self._read: dict[str, float] = {}
        self._interval: dict[str, float] = {}  # of the rooms that take longer than the period

    def ring(self, room_id: str, now: float) -> None:
        """Note that ``room_id`` has news; ringing again before it is read changes nothing."""
        if room_id in self._due:
            return
        last = self._read.get(room_id)
        interval = self._interval.get(room_id, self.period)
        if last is None or now - last >= interval:
            self._due[room_id] = now
        elif interval > self.period:
            self._due[room_id] = math.ceil((last + interval) / self.period) * self.period
        else:
            self._due[room_id] = (math.floor(now / self.period) + 1) * self.period

    def took(self, room_id: str, seconds: float) -> None:
        """Note how long it took, just now, to bring what was new in ``room_id`` to its viewers."""
        if 2 * seconds > self.period:
            self._interval[room_id] = min(2 * seconds, self.longest)
        else:
            self._interval.pop(room_id, None)

    def take(self, now: float) -> list[str]:
        """The rooms to be read now; they count as read and may ring again."""
        due = [room_id for room_id, when in self._due.items() if when <= now]
        for room_id in due:
            del self._due[room_id]
            self._read[room_id] = now
        return due

    def wait(self, now: float) -> float | None:
        """Seconds until a room is due (0 when one is); None while none rang."""
        if not self._due:
            return None
        return max(0.0, min(self._due.values()) - now)

    def forget(self, room_id: str) -> None:
        """Drop a room that nobody watches any more."""
        self._due.pop(room_id, None)
        self._read.pop(room_id, None)
        self._interval.pop(room_id, None)
