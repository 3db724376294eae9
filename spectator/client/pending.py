"""What has been logged and not yet sent: bounded, whatever happens, and honest about what it gave up.

When the server is away for long, room is made in this order, each class as gently as it allows:

1. episodes: whole ones, oldest first, beyond a quarter of the room;
2. decisions (state): only the newest stays;
3. metrics (samples): thinned evenly over time; of every stretch each metric keeps its minimum, its maximum
   and its last value, at the steps where they were;
4. notes, then other events, oldest first; the life of the run (started, finished, failed) goes last.

Whatever was given up is counted in ``dropped``.

Making room takes tens of milliseconds. A thread of its own does it, from three quarters of the capacity on
and in slices, so that training waits for none of it; only what is logged faster than that thread can work
makes room in the call that logs.
"""

from __future__ import annotations

import threading
import time as clock
from collections import deque
from typing import AbstractSet, Any, Callable, Deque, Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

EPISODE, SAMPLE, STATE, NOTE, EVENT, LIFE = range(6)  # classes, in the order in which they may be given up

CAPACITY = 40_000  # cells; a cell is one number or 100 characters, some 100 bytes of memory
ENTRY_CELLS = 2  # what an entry costs beside its content
SLICE = 16  # entries looked at before other threads have their turn
REST = 0.0003  # seconds of such a turn
STAY = 30.0  # seconds the thread that makes room waits for more to do
AXES = frozenset({"step", "episode", "total_episodes"})  # they say where a value lies and stay with it


class Entry(NamedTuple):
    """One event on its way: its class, when it happened (epoch seconds), its fields, its size in cells."""

    kind: int
    time: float
    fields: Dict[str, Any]
    cells: int


_entry = tuple.__new__  # what Entry(...) comes to, at a third of the time


class Pending:
    """The queue between the threads that log and the one that sends."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        """Hold at most ``capacity`` cells."""
        self.dropped = 0  # events given up, or not deliverable
        self._capacity = capacity
        self._begin = capacity * 3 // 4  # from here on room is made
        self._given_up: Set[str] = set()  # episodes that go on without being told: whole or not at all
        self._empty()

    def __len__(self) -> int:
        """The number of events that wait."""
        return len(self._entries) + len(self._aside)

    def add(self, kind: int, time: float, fields: Dict[str, Any], cells: int) -> None:
        """Queue one event, making room when there is none. Never waits for anything but other adds."""
        cells += ENTRY_CELLS
        with self._lock:
            if kind == EPISODE and self._is_given_up(fields):
                self.dropped += 1
                return
            self._entries.append(_entry(Entry, (kind, time, fields, cells)))
            self._cells += cells
            if self._cells > self._begin:
                self._grow_full()

    def take(self, events: int, cells: int) -> List[Entry]:
        """Remove and return the oldest entries: at most ``events`` of them, ``cells`` large together."""
        taken: List[Entry] = []
        size = 0
        with self._whole:
            while self._aside:  # the oldest are being thinned: a matter of milliseconds
                self._whole.wait()
            while self._entries and len(taken) < events and size < cells:
                entry = self._entries.popleft()
                size += entry.cells
                taken.append(entry)
            self._cells -= size
        return taken

    def put_back(self, entries: Sequence[Entry]) -> None:
        """Return entries to the front: they were taken, but not sent."""
        with self._whole:
            while self._aside:
                self._whole.wait()
            self._entries.extendleft(reversed(entries))
            self._cells += sum(entry.cells for entry in entries)

    def lost(self, events: int = 1) -> None:
        """Count events that could not be delivered."""
        with self._lock:
            self.dropped += events

    def clear(self) -> None:
        """Give everything up, uncounted: in a forked child it is the parent's to send."""
        self._given_up.clear()
        self._empty()

    def _empty(self) -> None:
        self._cells = 0  # of all that waits
        self._entries: Deque[Entry] = deque()
        self._aside: List[Entry] = []  # the older ones, while room is made among them
        self._aside_cells = 0
        # Re-entrant: a signal handler may log while its own thread is in here. New in a forked child, where
        # another thread of the parent may have held the old one.
        self._lock = threading.RLock()
        self._whole = threading.Condition(self._lock)  # nothing is aside
        self._full = threading.Event()
        self._maker: Optional[threading.Thread] = None

    def _is_given_up(self, fields: Dict[str, Any]) -> bool:
        name = fields["episode_id"]
        if name not in self._given_up:
            return False
        if fields["type"] == "episode_end":
            self._given_up.discard(name)
        return True

    def _grow_full(self) -> None:
        """See to it that room is made; called with the lock held, for each event from now on."""
        if not self._full.is_set():
            if self._maker is None:
                maker = threading.Thread(target=self._make_room, name="spectator-room", daemon=True)
                try:
                    maker.start()
                    self._maker = maker
                except RuntimeError:  # the interpreter is shutting down
                    pass
            self._full.set()
        aside, aim = self._aside_cells, self._capacity // 16 if self._aside else self._capacity // 2
        if self._cells - aside > (2 * aim if self._aside else self._capacity * 7 // 8):  # too quick for it
            begun = {entry.fields["episode_id"] for entry in self._aside if entry.kind == EPISODE}
            kept, gone = fitted(list(self._entries), aim, begun=begun)
            self._given_up |= gone
            self._hold(kept, len(self._entries), aside)

    def _make_room(self) -> None:
        """What the thread does: bring the queue down to half its capacity whenever it grows full."""
        while self._full.wait(STAY) or not self._leave():
            with self._lock:
                self._aside, self._aside_cells = list(self._entries), self._cells
                self._entries = deque()
            kept, gone = self._aside, set()  # type: List[Entry], Set[str]
            try:
                kept, gone = fitted(self._aside, self._capacity // 2, _rest)
            finally:
                with self._whole:
                    self._given_up |= gone
                    before = len(self)
                    late = [e for e in self._entries if e.kind != EPISODE or not self._is_given_up(e.fields)]
                    self._aside, self._aside_cells = [], 0
                    self._hold(kept + late, before, 0)
                    self._full.clear()
                    self._whole.notify_all()

    def _leave(self) -> bool:
        """Whether the thread may end, as there was nothing to do for long; the next one is started anew."""
        with self._lock:
            if self._full.is_set():
                return False
            self._maker = None
            return True

    def _hold(self, entries: List[Entry], of: int, aside: int) -> None:
        """Let these, which are left ``of`` so many, be what waits beside ``aside`` cells."""
        self.dropped += of - len(entries)
        self._entries = deque(entries)
        self._cells = aside + sum(entry.cells for entry in entries)


def _rest() -> None:
    clock.sleep(REST)


def _go_on() -> None:
    pass


def fitted(
    entries: List[Entry],
    aim: int,
    rest: Callable[[], None] = _go_on,
    begun: AbstractSet[str] = frozenset(),
) -> Tuple[List[Entry], Set[str]]:
    """Return what stays of ``entries`` to fit into ``aim`` cells, and the episodes given up half-way.

    Args:
        entries: oldest first.
        aim: in cells.
        rest: called every few entries; gives other threads a turn.
        begun: episodes whose beginning is elsewhere, and so is what becomes of them.
    """
    kept, gone = newest_episodes(entries, aim // 4, begun)
    rest()
    kept = newest_states(kept)
    others = sum(entry.cells for entry in kept if entry.kind != SAMPLE)
    rest()
    kept = thin(kept, max(aim - others, aim // 4), rest)
    rest()
    return oldest_out(kept, aim), gone


def newest_episodes(
    entries: List[Entry], aim: int, begun: AbstractSet[str] = frozenset()
) -> Tuple[List[Entry], Set[str]]:
    """Return ``entries`` without the oldest episodes, so that those left fit into ``aim`` cells.

    An episode goes as a whole, so those that have ``begun`` elsewhere stay. Also returned: the ids of those
    that go and have not ended yet.
    """
    sizes: Dict[str, int] = {}
    ended: Set[str] = set()
    for entry in entries:
        if entry.kind == EPISODE:
            name = entry.fields["episode_id"]
            sizes[name] = sizes.get(name, 0) + entry.cells
            if entry.fields["type"] == "episode_end":
                ended.add(name)
    size = sum(sizes.values())
    gone: Set[str] = set()
    for name, cells in sizes.items():  # in the order in which they began
        if size <= aim:
            break
        if name in begun:
            continue
        gone.add(name)
        size -= cells
    kept = [entry for entry in entries if entry.kind != EPISODE or entry.fields["episode_id"] not in gone]
    return kept, gone - ended


def newest_states(entries: List[Entry]) -> List[Entry]:
    """Return ``entries`` with only the newest of class state."""
    last: Optional[Entry] = None
    for entry in entries:
        if entry.kind == STATE:
            last = entry
    return [entry for entry in entries if entry.kind != STATE or entry is last]


def thin(entries: List[Entry], aim: int, rest: Callable[[], None] = _go_on) -> List[Entry]:
    """Return ``entries`` with the samples thinned so that they fit into ``aim`` cells, if that can be.

    The time they span is cut into equal stretches. Of each stretch every metric keeps its minimum, its
    maximum and its last value, each in the event where it was. So the very last sample stays whole.
    """
    samples = [entry for entry in entries if entry.kind == SAMPLE]
    if not samples or sum(entry.cells for entry in samples) <= aim:
        return entries
    names: Set[str] = set()
    for entry in samples:
        names.update(entry.fields["data"])
    rest()
    # At worst all extremes of a stretch lie in different events.
    stretches = max(1, aim // (3 * len(names) + (2 * len(names) + 1) * (ENTRY_CELLS + len(AXES & names))))
    start, end = samples[0].time, samples[-1].time
    width = max((end - start) / stretches, 1e-6)
    keep: Dict[int, Set[str]] = {}  # the names that stay, by the identity of their entry
    first = 0
    for index in range(1, len(samples) + 1):
        if index == len(samples) or _stretch(samples[index], start, width) != _stretch(
            samples[first], start, width
        ):
            _extremes(samples[first:index], keep)
            first = index
        if index % SLICE == 0:
            rest()
    found = []
    for number, entry in enumerate(entries, 1):
        reduced = _reduced(entry, keep)
        if reduced is not None:
            found.append(reduced)
        if number % (4 * SLICE) == 0:
            rest()
    return found


def oldest_out(entries: List[Entry], aim: int) -> List[Entry]:
    """Return ``entries`` without the oldest of the least important classes, until ``aim`` cells are left."""
    size = sum(entry.cells for entry in entries)
    gone: Set[int] = set()
    for kind in (NOTE, EVENT, SAMPLE):
        for entry in entries:
            if size <= aim:
                break
            if entry.kind == kind:
                gone.add(id(entry))
                size -= entry.cells
    return [entry for entry in entries if id(entry) not in gone] if gone else entries


def _stretch(entry: Entry, start: float, width: float) -> int:
    return int((entry.time - start) / width)


def _extremes(samples: List[Entry], keep: Dict[int, Set[str]]) -> None:
    """Note in ``keep`` the names of each sample whose values are a minimum, a maximum or the last."""
    low: Dict[str, Tuple[float, Entry]] = {}
    high: Dict[str, Tuple[float, Entry]] = {}
    last: Dict[str, Entry] = {}
    for entry in samples:
        for name, value in entry.fields["data"].items():
            last[name] = entry
            if name in AXES or isinstance(value, str) or value != value:  # noqa: PLR0124 - NaN, quickly
                continue
            if name not in low or value < low[name][0]:
                low[name] = (value, entry)
            if name not in high or value > high[name][0]:
                high[name] = (value, entry)
    for found in (low, high):
        for name, (_, entry) in found.items():
            keep.setdefault(id(entry), set()).add(name)
    for name, entry in last.items():
        keep.setdefault(id(entry), set()).add(name)


def _reduced(entry: Entry, keep: Dict[int, Set[str]]) -> Optional[Entry]:
    if entry.kind != SAMPLE:
        return entry
    names = keep.get(id(entry))
    if not names:
        return None
    data = entry.fields["data"]
    names |= AXES & set(data)
    if len(names) == len(data):
        return entry
    fields = dict(entry.fields, data={name: value for name, value in data.items() if name in names})
    return Entry(SAMPLE, entry.time, fields, ENTRY_CELLS + len(names))
