"""What was sent, acknowledged, stored and shown, and the judgement on it. Pure.

A test writes down what happened, in its own order, and asks ``judge``. An event is known by its *mark*, which
the publisher chose (any hashable; None for events that nobody counts), and by its place ``(epoch, seq)``.
Promised is: a viewer sees the events in order, none twice, and every one it does not see is declared, by a
conflated message, a skip or a whole snapshot; and what was acknowledged is stored, unless the store lost its
tail and said so by a new epoch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Mark = Hashable
Numbered = tuple[int, Mark]
"""(seq, mark) of one event."""
Told = tuple[str, dict[str, Any]]
"""One message to a viewer: its kind, and what it said."""


@dataclass(frozen=True)
class Verdict:
    """The counts, and what is wrong in words; ``condemned`` when a promise was broken.

    ``sent``, ``acked``, ``stored``: marked events. ``delivered``: marked events shown, summed over viewers.
    ``lost``: acknowledged and not stored. ``duplicated``: stored or shown twice. ``out_of_order``: stored or
    shown before one that was sent, or numbered, earlier. ``declared_gaps``: how often a viewer was told that
    it does not get everything. ``silent_gaps``: how often it was not told. ``epochs``: how many were seen.
    """

    sent: int
    acked: int
    stored: int
    delivered: int
    lost: int
    duplicated: int
    out_of_order: int
    declared_gaps: int
    silent_gaps: int
    epochs: int
    findings: tuple[str, ...] = ()

    @property
    def condemned(self) -> bool:
        return bool(self.findings)

    def __str__(self) -> str:
        counts = " ".join(f"{name}={value}" for name, value in vars(self).items() if isinstance(value, int))
        return "\n  ".join([counts, *self.findings[:20]])


@dataclass
class Findings:
    """Counts what is wrong, and keeps the words."""

    count: Counter[str] = field(default_factory=Counter)
    words: list[str] = field(default_factory=list)

    def add(self, kind: str, words: str, times: int = 1) -> None:
        self.count[kind] += times
        self.words.append(f"{kind.replace('_', ' ')}: {words}")


class View:
    """What one viewer was shown, connection by connection, in the order in which it came.

    Args:
        untold: it is told no epoch (a flat stream); the calls below take any number then.
    """

    def __init__(self, name: str, *, untold: bool = False) -> None:
        self.name = name
        self.untold = untold
        self.told: list[Told] = []
        self.left = False  # it is gone, so it owes nothing at the end

    @property
    def place(self) -> tuple[int, int] | None:
        """(epoch, seq) of the newest that was shown; None before anything was."""
        for kind, what in reversed(self.told):
            if kind != "connected":
                return what["epoch"], what.get("to", what.get("seq", 0))
        return None

    def connected(self, since: tuple[int, int] | None = None) -> None:
        """A connection began, at ``since``: the (epoch, seq) of the cursor it showed, None without one."""
        self._note("connected", since=since)

    def snapshot(self, epoch: int, seq: int) -> None:
        """The whole picture as it was after ``seq``; what lies between is declared missing."""
        self._note("snapshot", epoch=epoch, seq=seq)

    def tick(self, epoch: int, first: int, last: int, events: Sequence[Numbered]) -> None:
        """Events ``first`` to ``last``, none missing, so it says."""
        self._note("tick", epoch=epoch, first=first, to=last, events=list(events))

    def conflated(
        self, epoch: int, first: int, last: int, lost: Mapping[str, int], events: Sequence[Numbered]
    ) -> None:
        """What stands for ``first`` to ``last``; ``lost``: what it says that it leaves out, by class."""
        self._note(
            "conflated", epoch=epoch, first=first, to=last, lost=sum(lost.values()), events=list(events)
        )

    def skip(self, epoch: int, first: int, last: int) -> None:
        """A flat viewer is told that of ``first`` to ``last`` it gets only some, which follow."""
        self._note("skip", epoch=epoch, first=first, seq=first - 1, last=last)

    def opening(self, epoch: int, seq: int) -> None:
        """A flat stream began with the newest of each kind; the newest of all is ``seq``."""
        self._note("snapshot", epoch=epoch, seq=seq)

    def flat(self, epoch: int, seq: int, mark: Mark) -> None:
        """One event of a flat stream."""
        self._note("flat", epoch=epoch, first=seq, to=seq, events=[(seq, mark)])

    def _note(self, kind: str, **what: Any) -> None:
        self.told.append((kind, what))


class History:
    """One room's history.

    Args:
        thinned: marks of events that conflation may leave out if it says so; all others are of class event.
    """

    def __init__(self, thinned: Iterable[Mark] = ()) -> None:
        self.views: list[View] = []
        self.thinned = set(thinned)
        self._sent: dict[str, list[Mark]] = {}
        self._acked: dict[Mark, int | None] = {}
        self._stored: list[Numbered] = []
        self._epoch = 0
        self._before = 0  # events up to here are no longer kept one by one

    def sent(self, marks: Iterable[Mark], producer: str = "") -> None:
        """A publisher handed these in, in this order."""
        self._sent.setdefault(producer, []).extend(marks)

    def sent_by(self, producer: str) -> list[Mark]:
        """What it handed in so far."""
        return list(self._sent.get(producer, ()))

    def acked(self, marks: Iterable[Mark], offset: int | None = None) -> None:
        """These were acknowledged; ``offset``: as the number of the last of them, where it was told."""
        for behind, mark in enumerate(reversed(list(marks))):
            self._acked[mark] = None if offset is None else offset - behind

    def stored(self, events: Iterable[Numbered], epoch: int, before: int = 0) -> None:
        """What the log holds at the end, in its order; up to ``before`` it keeps only what they came to."""
        self._stored = list(events)
        self._epoch = epoch
        self._before = before

    def viewer(self, name: str, *, untold: bool = False) -> View:
        """Begin the record of one viewer."""
        view = View(name, untold=untold)
        self.views.append(view)
        return view

    def judge(self) -> Verdict:
        """Count, and condemn what breaks a promise."""
        found = Findings()
        places = self._judge_store(found)
        # Those who are told no epoch come last: theirs is found by what the others saw.
        for view in sorted(self.views, key=lambda view: view.untold):
            self._judge_view(view, places, found)
        epochs = {epoch for epoch, _ in places} | {self._epoch}
        if len(epochs) == 1:
            self._judge_offsets(places, found)
        kept = {mark for _, mark in self._stored if mark is not None}
        lost = [mark for mark in self._acked if mark not in kept] if not self._before else []
        if lost and len(epochs) == 1:
            found.add("lost", f"{len(lost)} acknowledged events are not stored, the first is {lost[0]!r}")
        return Verdict(
            sent=sum(map(len, self._sent.values())),
            acked=len(self._acked),
            stored=len(kept),
            delivered=sum(
                mark is not None
                for view in self.views
                for _, what in view.told
                for _, mark in what.get("events", ())
            ),
            lost=len(lost),
            duplicated=found.count["duplicated"],
            out_of_order=found.count["out_of_order"],
            declared_gaps=found.count["declared"],
            silent_gaps=found.count["silent_gap"],
            epochs=len(epochs),
            findings=tuple(found.words),
        )

    # ------------------------------------------------------------ the store

    def _judge_store(self, found: Findings) -> dict[tuple[int, int], Mark]:
        """Order and uniqueness in the log; returns which event is at which place, as all have seen it."""
        places: dict[tuple[int, int], Mark] = {}
        times = Counter(mark for _, mark in self._stored if mark is not None)
        for mark, count in times.items():
            if count > 1:
                found.add("duplicated", f"{mark!r} is stored {count} times", count - 1)
        order = {mark: (producer, at) for producer, own in self._sent.items() for at, mark in enumerate(own)}
        newest: dict[str, int] = {}
        expected = self._before
        for seq, mark in self._stored:
            expected += 1
            if seq != expected:
                found.add("silent_gap", f"the log goes from {expected - 1} to {seq}")
                expected = seq
            places[self._epoch, seq] = mark
            producer, at = order.get(mark, ("", -1))
            if mark is not None and 0 <= at < newest.get(producer, -1):
                found.add("out_of_order", f"{mark!r} is stored after one that was sent later")
            if at >= 0:
                newest[producer] = max(at, newest.get(producer, -1))
        return places

    def _judge_offsets(self, places: dict[tuple[int, int], Mark], found: Findings) -> None:
        """Each answer named the number that the log has; after a new epoch the numbers mean others."""
        for mark, offset in self._acked.items():
            stored = places.get((self._epoch, offset)) if offset is not None else None
            if stored is not None and stored != mark:
                found.add("lost", f"{mark!r} was acknowledged as {offset}, where {stored!r} is stored")

    # ------------------------------------------------------------ a viewer

    def _judge_view(self, view: View, places: dict[tuple[int, int], Mark], found: Findings) -> None:
        walk = _Walk(view.name, places, self.thinned, found)
        told = _with_epochs(view.told, places, self._epoch) if view.untold else view.told
        for kind, what in told:
            getattr(walk, f"on_{kind}")(**what)
        head = (self._epoch, self._before + len(self._stored))
        end = walk.end()
        if not view.left and end != head:
            found.add("silent_gap", f"{view.name} ended at {end}, the log at {head}")


def _with_epochs(told: list[Told], places: Mapping[tuple[int, int], Mark], newest: int) -> list[Told]:
    """What a flat viewer was shown, with the epochs it is not told.

    They change with an opening only. From there to the next it is the first epoch, not before the one until
    then, in which the events have the places that they were shown at; the log's where nothing tells.
    """
    epochs = sorted({epoch for epoch, _ in places} | {newest})
    begins = [at for at, (kind, _) in enumerate(told) if kind == "snapshot"]
    found: list[Told] = list(told[: begins[0]]) if begins else list(told)
    epoch = epochs[0]
    for at, end in zip(begins, [*begins[1:], len(told)], strict=True):
        part = told[at:end]
        shown = [event for _, what in part for event in what.get("events", ())]
        fitting = [
            one
            for one in epochs
            if one >= epoch and shown and all(places.get((one, seq)) == mark for seq, mark in shown)
        ]
        epoch = fitting[0] if fitting else max(epoch, newest if not shown else epoch)
        found += [(kind, what if kind == "connected" else {**what, "epoch": epoch}) for kind, what in part]
    return found


class _Walk:
    """Goes through what one viewer was shown."""

    def __init__(
        self, name: str, places: dict[tuple[int, int], Mark], thinned: set[Mark], found: Findings
    ) -> None:
        self.place: tuple[int, int] | None = None  # everything up to here was shown or declared missing
        self._name = name
        self._places = places
        self._thinned = thinned
        self._found = found
        self._shown: set[tuple[int, Mark]] = set()
        self._seen_places: set[tuple[int, int]] = set()
        self._ever: tuple[int, int] | None = None  # the furthest that was ever shown
        self._partial = 0  # up to here a skip said that not everything comes

    def on_connected(self, since: tuple[int, int] | None) -> None:
        """It is where its cursor is; without one it knows nothing until it is shown the whole."""
        self.place = since
        self._partial = 0

    def on_snapshot(self, epoch: int, seq: int) -> None:
        if self._ever is not None and (epoch, seq) != self._ever:
            if (epoch, seq) < self._ever:
                self._found.add(
                    "out_of_order", f"{self._name} was taken back from {self._ever} to {(epoch, seq)}"
                )
            else:
                self._found.count["declared"] += 1
        self._reach(epoch, seq)
        self._partial = 0

    def on_tick(self, epoch: int, first: int, to: int, events: list[Numbered]) -> None:
        if not self._follows(epoch, first, to):
            return
        numbers = [seq for seq, _ in events]
        if numbers != list(range(first, to + 1)):
            missing = to - first + 1 - len(set(numbers))
            self._found.add(
                "silent_gap", f"{self._name}: a tick {first}..{to} without {missing} of its events"
            )
        self._show(epoch, events)
        self._reach(epoch, to)

    def on_conflated(self, epoch: int, first: int, to: int, lost: int, events: list[Numbered]) -> None:
        if not self._follows(epoch, first, to):
            return
        self._in_order([seq for seq, _ in events], first, to)
        shown = {seq for seq, _ in events}
        missing = [seq for seq in range(first, to + 1) if seq not in shown]
        whole = [seq for seq in missing if not self._may_be_thinned(epoch, seq)]
        if whole:
            self._found.add("silent_gap", f"{self._name}: conflated {first}..{to} leaves out {whole[:5]}")
        elif missing and not lost:
            self._found.add("silent_gap", f"{self._name}: conflated {first}..{to} does not say what it lost")
        elif missing:
            self._found.count["declared"] += 1
        self._show(epoch, events)
        self._reach(epoch, to)

    def on_skip(self, epoch: int, first: int, seq: int, last: int) -> None:
        if self._follows(epoch, first, last):
            self._found.count["declared"] += 1
            self._reach(epoch, seq)
            self._partial = last

    def on_flat(self, epoch: int, first: int, to: int, events: list[Numbered]) -> None:
        if first <= self._partial:
            self._left_out(first)
            self._show(epoch, events)
            self._reach(epoch, to)
            return
        self.end()  # what the skip spoke of is over
        self.on_tick(epoch, first, to, events)

    def end(self) -> tuple[int, int] | None:
        """Where the viewer is when nothing more comes: what a skip spoke of is declared to its end."""
        if self.place is not None and self.place[1] < self._partial:
            self._left_out(self._partial + 1)
            self._reach(self.place[0], self._partial)
        return self.place

    def _left_out(self, until: int) -> None:
        assert self.place is not None, "only what follows something is a skip"
        epoch, at = self.place
        for seq in range(at + 1, until):
            if not self._may_be_thinned(epoch, seq):
                self._found.add("silent_gap", f"{self._name}: a skip left out {seq}, of class event")

    def _follows(self, epoch: int, first: int, to: int) -> bool:
        """Whether something that begins with ``first`` can come now; says what is wrong with it."""
        if self.place is None:
            self._found.add("silent_gap", f"{self._name} was shown {first}..{to} before the whole: a part")
            self._reach(epoch, to)
            return False
        at_epoch, at = self.place
        if epoch != at_epoch and not (at == 0 and first == 1):
            what = f"{self._name} went from epoch {at_epoch} to {epoch} without the whole"
            self._found.add("silent_gap" if epoch > at_epoch else "out_of_order", what)
            self._reach(epoch, to)
            return False
        if first > at + 1:
            self._found.add("silent_gap", f"{self._name}: {at + 1}..{first - 1} never came")
        return True

    def _show(self, epoch: int, events: list[Numbered]) -> None:
        newest = self._ever[1] if self._ever is not None and self._ever[0] == epoch else 0
        for seq, mark in events:
            if seq <= newest and (epoch, seq) in self._seen_places:
                self._found.add("duplicated", f"{self._name} was shown {seq} of epoch {epoch} twice")
            elif seq < newest:
                self._found.add("out_of_order", f"{self._name} was shown {seq} after {newest}")
            elif mark is not None and (epoch, mark) in self._shown:
                self._found.add("duplicated", f"{self._name} was shown {mark!r} twice")
            newest = max(newest, seq)
            self._seen_places.add((epoch, seq))
            self._shown.add((epoch, mark))
            known = self._places.setdefault((epoch, seq), mark)
            if known != mark:
                what = f"{self._name} was shown {mark!r} as {seq} of epoch {epoch}, which is {known!r}"
                self._found.add("silent_gap", f"{what}: an epoch was used twice")

    def _in_order(self, numbers: list[int], first: int, to: int) -> None:
        if numbers != sorted(numbers):
            self._found.add("out_of_order", f"{self._name}: conflated {first}..{to} is not in order")

    def _may_be_thinned(self, epoch: int, seq: int) -> bool:
        mark = self._places.get((epoch, seq))
        return mark is None or mark in self._thinned

    def _reach(self, epoch: int, seq: int) -> None:
        self.place = (epoch, seq)
        self._ever = self.place if self._ever is None else max(self._ever, self.place)
