"""One room's events as its viewers get them: the state, the ring of ready packets, and what stands for them.

Pure: entries go in, shared messages come out. Between two calls the end of the ring and the state are at the
same event, so a snapshot and the packets after it never overlap and never leave a gap.
"""

from __future__ import annotations

from collections.abc import Sequence

from spectator.hub import packets
from spectator.hub.packets import Message, Packet, Pieces, Several
from spectator.hub.policy import Policy
from spectator.hub.ring import Mark, Ring
from spectator.hub.viewer import Variant
from spectator.log import Cursor, Entry
from spectator.overlay import DEFAULT_GRAPHS, Completed, Graph, conflate, graph_update
from spectator.state import State, advance, opening, snapshot
from spectator.stats import Stats


class Feed:
    """What one room shows.

    Args:
        state: where it begins; changed in place from then on.
        passed: the newest entries that led to ``state``, with their events, in order: they fill the ring.
        stats: where it counts what is encoded and what is conflated.
    """

    def __init__(
        self,
        state: State,
        policy: Policy,
        now: float,
        *,
        passed: Sequence[tuple[Entry, list[Completed]]] = (),
        graphs: Sequence[Graph] = DEFAULT_GRAPHS,
        stats: Stats | None = None,
    ) -> None:
        self.stats = stats or Stats()
        self.state = state
        self.policy = policy
        self.graphs = graphs
        base = (passed[0][0].first - 1, passed[0][0].previous) if passed else _mark(state.cursor)
        self.ring = Ring(policy.ring_bytes, base)
        self._open: list[Completed] = []
        self._marks: list[Mark] = []
        self._open_size = 0
        self._picture: tuple[Message, int, float] | None = None
        self._opening: tuple[Several, int] | None = None
        self._window = (self.ring.end, now)
        self._conflated: dict[tuple[int, int, bool], tuple[Message | Several, dict[str, int]]] = {}
        for entry, events in passed:
            if self._collect(entry, events):
                self._seal(self._cursor_at(entry), now)
        if self._open:
            self._seal(self.cursor, now)

    @property
    def cursor(self) -> Cursor:
        """Where the room stands: everything up to here is in the state and, as far as kept, in the ring."""
        return self.state.cursor

    def extend(self, entries: Sequence[Entry], epoch: int, now: float) -> list[Packet]:
        """Fold entries that follow the cursor and make packets of them; returns these."""
        start = self.ring.end
        for entry in entries:
            if self._collect(entry, advance(self.state, entry, epoch)):
                self._seal(self.cursor, now)
        if self._open:
            self._seal(self.cursor, now)
        return self.ring.between(max(start, self.ring.start), self.ring.end)

    def extend_back(self, entries: Sequence[Entry], base: Mark, now: float) -> None:
        """Put entries from before the ring's oldest packet into it, without what the overlay would add.

        Averages and bests depend on the state of that time, which is gone: these events go out as published.
        """
        older = []
        for entry in entries:
            if entry.last > self.ring.base[0]:
                break
            events = [Completed(seq, {}, {}, raw, raw) for seq, raw in enumerate(entry.events, entry.first)]
            cursor = self._cursor_at(entry).text
            older.append(
                Packet(events, ((entry.last, entry.tag),), cursor, now, self._derive, self.stats.encodes)
            )
        if older and older[-1].marks[-1] == self.ring.base:
            self.ring.extend_back(older, base)

    def configure(self, graphs: Sequence[Graph]) -> bool:
        """Show other graphs from now on; tells whether anything changed."""
        if tuple(graphs) == tuple(self.graphs):
            return False
        self.graphs = graphs
        self._picture = self._opening = None
        return True

    def picture(self, now: float) -> tuple[Message, int]:
        """The snapshot and the place of the first packet after it; shared as long as it is fresh."""
        if self._picture is not None:
            message, place, made_at = self._picture
            fresh = now - made_at <= self.policy.snapshot_s
            if place >= self.ring.start and (
                place == self.ring.end or (fresh and self.ring.lag(place) <= self.policy.packet_bytes)
            ):
                return message, place
        content = snapshot(self.state, graphs=self.graphs, limit=self.policy.snapshot_bytes)
        message = packets.plain(content, self.cursor.text)
        self.stats.encodes["snapshot"] += 1
        self._picture = (message, self.ring.end, now)
        return message, self.ring.end

    def opening(self) -> tuple[Several, int]:
        """What a flat stream begins with, and the place of the first packet after it."""
        if self._opening is None or self._opening[1] != self.ring.end:
            events = opening(self.state, graphs=self.graphs)
            messages = [packets.numbered(seq, packets.encode(event)) for seq, event in events]
            self._opening = (Several(messages), self.ring.end)
            self.stats.encodes["snapshot"] += 1
        return self._opening

    def window(self, now: float) -> int:
        """The place up to which conflated viewers are served now; moves twice a second, for all at once."""
        if now - self._window[1] >= self.policy.conflate_s and self._window[0] != self.ring.end:
            self._window = (self.ring.end, now)
            self._conflated.clear()
        return self._window[0]

    def conflated(self, start: int, end: int, variant: Variant) -> Pieces | None:
        """What stands for the packets from ``start`` up to ``end``; made once for all who ask for it.

        None when it would be dearer than the whole picture: too much to go through, or too many viewers that
        each stopped somewhere else within one window.
        """
        flat = variant.flat
        known = self._conflated.get((start, end, flat))
        if known is None:
            long = self.ring.lag(start) - self.ring.lag(end) > self.policy.conflate_bytes
            if long or len(self._conflated) >= self.policy.conflations:
                return None
            known = self._conflated[start, end, flat] = self._conflate(start, end, flat=flat)
            self.stats.encodes["conflated"] += 1
        self.stats.catchups["conflated"] += 1
        for lost, count in known[1].items():
            self.stats.conflated[lost] += count
        return known[0].pieces(variant)

    def skip(self, first: int, last: int, lost: dict[str, int]) -> bytes:
        """The flat message that says what a viewer does not get."""
        return packets.encode({"type": "skip", "from": first, "to": last, "lost": lost})

    def _conflate(self, start: int, end: int, *, flat: bool) -> tuple[Message | Several, dict[str, int]]:
        span = self.ring.between(start, end)
        first, last, cursor = span[0].first, span[-1].last, span[-1].cursor
        events = [event for packet in span for event in packet.completed()]
        if flat:
            published = [Completed(e.seq, e.event, {}, e.raw, e.raw) for e in events]
            rest = conflate(published)
            messages = [packets.numbered(seq, event) for seq, event in rest.events]
            return Several([self.skip(first, last, rest.lost), *messages]), rest.lost
        rest = conflate(events)
        return packets.conflated(first, last, cursor, rest.lost, rest.events), rest.lost

    def _collect(self, entry: Entry, events: list[Completed]) -> bool:
        """Add an entry to the open packet; True when the packet is long enough to be closed."""
        self._open += events
        self._marks.append((entry.last, entry.tag))
        self._open_size += entry.size
        return self._open_size >= self.policy.packet_bytes

    def _seal(self, cursor: Cursor, now: float) -> None:
        self.ring.append(
            Packet(self._open, tuple(self._marks), cursor.text, now, self._derive, self.stats.encodes)
        )
        self._open, self._marks, self._open_size = [], [], 0

    def _cursor_at(self, entry: Entry) -> Cursor:
        return Cursor(self.cursor.epoch, entry.last, entry.tag)

    def _derive(self, event: Completed) -> bytes | None:
        update = graph_update(event.event, event.derived, self.graphs)
        return None if update is None else packets.numbered(event.seq, packets.encode(update))


def _mark(cursor: Cursor) -> Mark:
    return cursor.seq, cursor.tag
