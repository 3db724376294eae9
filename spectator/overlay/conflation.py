"""What a viewer who fell behind gets instead of every event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from spectator.events import AXES, CLASS_OF, SAMPLED_FIELD, EventClass, state_key
from spectator.overlay.completion import Completed, completed
from spectator.overlay.numbers import finite, values_of

_encode = msgspec.json.Encoder().encode

EPISODE_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Conflated:
    """What is left of a stretch of events: (seq, JSON) in order, and how many were lost, by class.

    ``lost["sample"]`` counts points of series, ``lost["episode"]`` episodes, ``lost["frame"]`` is always 0
    here: frames are no events.
    """

    events: list[tuple[int, bytes]]
    lost: dict[str, int]


def conflate(events: Sequence[Completed], *, episode_bytes: int = EPISODE_BYTES) -> Conflated:
    """Keep class event, the newest of each state key, min / max / last of samples, newest episodes whole.

    Episodes are kept whole, newest first, while together they take no more than ``episode_bytes``; of one
    that began before these events its rest is all there is. A metrics event of which some values were left
    out is written anew with the others, at its own place.
    """
    points = _Points()
    newest: dict[str, int] = {}
    episodes: dict[str, list[int]] = {}
    kept: dict[int, bytes] = {}
    for place, one in enumerate(events):
        held = CLASS_OF.get(one.event["type"], EventClass.EVENT)
        if held is EventClass.EVENT:
            kept[place] = one.completed
        elif held is EventClass.EPISODE:
            episodes.setdefault(_episode(one.event), []).append(place)
        elif held is EventClass.SAMPLE and one.event["type"] != "graph_update":
            points.add(place, one)
        else:
            newest[state_key(one.event)] = place
    kept |= {place: events[place].completed for place in newest.values()}
    kept |= points.remaining(events)
    lost = _keep_episodes(events, episodes, kept, episode_bytes)
    return Conflated(
        [(events[place].seq, kept[place]) for place in sorted(kept)],
        {"sample": points.lost, "frame": 0, "episode": lost},
    )


class _Points:
    """Which values of metrics events remain: of each series the smallest, the largest and the last."""

    def __init__(self) -> None:
        self.lost = 0
        self._count = 0
        self._places: dict[str, list[tuple[int, float]]] = {}
        self._newest: dict[tuple[str, str], int] = {}
        self._whole: dict[str, int] = {}

    def add(self, place: int, one: Completed) -> None:
        """Take in one event. A series is a name and where it comes from."""
        values = values_of(one.event)
        numbers = _points(values)
        self._count += len(numbers)
        key = state_key(one.event)
        self._whole[key] = place
        origin = key if one.event["type"] != "metric" else ""
        for name, value in {**one.derived, **numbers}.items():
            self._mark(f"{origin} {name}", place, value)
        for name in values.keys() - numbers.keys() - AXES:
            self._newest[origin, name] = place

    def _mark(self, series: str, place: int, value: float) -> None:
        marks = self._places.get(series)
        if marks is None:
            self._places[series] = [(place, value)] * 3
            return
        if value < marks[0][1]:
            marks[0] = (place, value)
        if value > marks[1][1]:
            marks[1] = (place, value)
        marks[2] = (place, value)

    def remaining(self, events: Sequence[Completed]) -> dict[int, bytes]:
        """By place, what remains of each event; events of which nothing does are not there."""
        wanted: dict[int, set[str]] = {place: set() for place in self._whole.values()}
        for series, marks in self._places.items():
            for place, _ in marks:
                wanted.setdefault(place, set()).add(series.partition(" ")[2])
        for (_, name), place in self._newest.items():
            wanted.setdefault(place, set()).add(name)
        kept, remaining = {}, 0
        for place, names in wanted.items():
            kept[place], points = _reduced(events[place], names)
            remaining += points
        self.lost = self._count - remaining
        return kept


def _points(values: Mapping[str, Any]) -> dict[str, float]:
    """The numbers that are points of series; where they lie is none."""
    return {name: value for name, value in finite(values).items() if name not in AXES}


def _reduced(one: Completed, names: set[str]) -> tuple[bytes, int]:
    """An event with only these of its values (and where it lies), and how many numbers that leaves."""
    values = values_of(one.event)
    field = SAMPLED_FIELD.get(one.event["type"])
    left: Mapping[str, Any] = {name: value for name, value in values.items() if name in names or name in AXES}
    points = len(_points(left))
    if field is None or (len(left) == len(values) and one.derived.keys() <= names):
        return one.completed, len(_points(values))
    event = {**one.event, field: left}
    derived = {name: value for name, value in one.derived.items() if name in names}
    return completed(one.seq, event, derived, _encode(event)).completed, points


def _episode(event: Mapping[str, Any]) -> str:
    return f"{event.get('episode_id')}@{event.get('source', '')}/{event.get('agent', '')}"


def _keep_episodes(
    events: Sequence[Completed], episodes: Mapping[str, list[int]], kept: dict[int, bytes], most: int
) -> int:
    """Keep the newest episodes that fit, whole; return how many were left out."""
    lost = 0
    for places in sorted(episodes.values(), key=lambda places: places[-1], reverse=True):
        size = sum(len(events[place].completed) for place in places)
        if lost or size > most:
            # Once one did not fit, older ones would only leave holes in the order.
            lost += 1
            continue
        most -= size
        for place in places:
            kept[place] = events[place].completed
    return lost
