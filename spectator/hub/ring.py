"""The newest packets of a room, ready to be sent again, up to a number of bytes. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from spectator.hub.packets import Packet

Mark = tuple[int, bytes]
"""The end of an entry: number of its last event, and its tag."""


class Ring:
    """Packets by their place: places count up as packets come and never change; a viewer's cursor is one.

    Place ``end`` is where the next packet will be; a viewer that stands there has everything.

    Args:
        capacity: bytes of events that are kept.
        base: the end of the entry before the first packet.
    """

    def __init__(self, capacity: int, base: Mark) -> None:
        self.capacity = capacity
        self.base = base
        self.start = 0
        self._packets: list[Packet] = []
        self._before: list[int] = []  # bytes of all packets before each, from an arbitrary origin
        self._total = 0  # the same for the packet to come

    def __len__(self) -> int:
        return len(self._packets)

    @property
    def end(self) -> int:
        """Place of the next packet to come."""
        return self.start + len(self._packets)

    @property
    def size(self) -> int:
        """Bytes of the events that are kept."""
        return self._total - self._before[0] if self._before else 0

    def __getitem__(self, place: int) -> Packet:
        """The packet at ``place``; IndexError when it is not kept."""
        if not self.start <= place < self.end:
            raise IndexError(place)
        return self._packets[place - self.start]

    def between(self, start: int, end: int) -> list[Packet]:
        """The packets from place ``start`` up to, not including, ``end``."""
        return self._packets[start - self.start : end - self.start]

    def append(self, packet: Packet) -> None:
        """Add the newest; what no longer fits falls out at the old end (the newest always stays)."""
        self._packets.append(packet)
        self._before.append(self._total)
        self._total += packet.size
        while self.size > self.capacity and len(self._packets) > 1:
            self.base = self._packets[0].marks[-1]
            del self._packets[0], self._before[0]
            self.start += 1

    def extend_back(self, packets: Sequence[Packet], base: Mark) -> None:
        """Add older packets; those that do not fit stay out, the oldest first.

        Args:
            packets: in order, the last of them ends where the oldest begins.
            base: the end of the entry before the first of them.
        """
        for index in range(len(packets) - 1, -1, -1):
            packet = packets[index]
            if self.size + packet.size > self.capacity:
                return
            oldest = self._before[0] if self._before else self._total
            self._packets.insert(0, packet)
            self._before.insert(0, oldest - packet.size)
            self.start -= 1
            self.base = packets[index - 1].marks[-1] if index else base

    def clear(self, base: Mark) -> None:
        """Forget everything: no place that was handed out so far is kept, nor is it the end."""
        self.start = self.end + 1
        self.base = base
        self._packets.clear()
        self._before.clear()

    def lag(self, place: int) -> int:
        """Bytes of events that a viewer at ``place`` (kept, or the end) misses."""
        return self._total - self._before[place - self.start] if place < self.end else 0

    def after(self, seq: int) -> int:
        """The place of the first packet that is not wholly covered by the events up to ``seq``."""
        return self.start + bisect_right(self._packets, seq, key=lambda packet: packet.last)

    def locate(self, mark: Mark) -> tuple[int, bool] | None:
        """Where a viewer stands that has everything up to the end of the entry ``mark``.

        Returns:
            (place, whole): the packet it needs next, and whether it needs all of it; None when that entry is
            not kept, or is another one than is meant.
        """
        if mark == self.base:
            return self.start, True
        index = bisect_left(self._packets, mark[0], key=lambda packet: packet.last)
        if index == len(self._packets) or mark not in self._packets[index].marks:
            return None
        if self._packets[index].last == mark[0]:
            return self.start + index + 1, True
        return self.start + index, False
