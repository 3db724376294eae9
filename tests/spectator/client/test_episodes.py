from __future__ import annotations

from typing import Any, Dict, List

import pytest

from spectator.client.episodes import Episode
from spectator.client.pending import ENTRY_CELLS, EPISODE, EVENT, Entry, Pending, newest_episodes
from tests.spectator.client.conftest import OpenRoom
from tests.spectator.client.fake_server import FakeServer


def begun(**metadata: Any) -> Any:
    told: List[Dict[str, Any]] = []
    return Episode("7", told.append, metadata or None), told


def test_an_episode_is_begun_walked_and_ended() -> None:
    episode, told = begun(grid={"width": 3})
    episode.step(position=(0, 1), action="up", reward=-0.5)
    episode.steps([{"reward": 1}, {"reward": None, "done": True}])
    episode.end("goal")
    assert told == [
        {"type": "episode_start", "episode_id": "7", "metadata": {"grid": {"width": 3}}},
        {
            "type": "episode_steps",
            "episode_id": "7",
            "from": 0,
            "steps": [{"step": 0, "position": [0, 1], "action": "up", "reward": -0.5}],
        },
        {
            "type": "episode_steps",
            "episode_id": "7",
            "from": 1,
            "steps": [{"step": 1, "reward": 1}, {"step": 2, "reward": None, "done": True}],
        },
        {"type": "episode_end", "episode_id": "7", "total_reward": 0.5, "length": 3, "reason": "goal"},
    ]


def test_no_steps_say_nothing_and_a_second_end_is_ignored() -> None:
    episode, told = begun()
    episode.steps([])
    episode.end(total_reward=4.0)
    episode.end()
    assert [event["type"] for event in told] == ["episode_start", "episode_end"]
    assert told[-1] == {"type": "episode_end", "episode_id": "7", "total_reward": 4.0, "length": 0}


def test_what_has_ended_does_not_go_on() -> None:
    episode, _ = begun()
    episode.end()
    with pytest.raises(ValueError, match="has ended"):
        episode.step(position=[0, 0])


def test_wrong_arguments_are_said_at_once() -> None:
    episode, _ = begun()
    with pytest.raises(TypeError, match="mapping, not int"):
        episode.steps([3])
    with pytest.raises(TypeError, match="metadata"):
        Episode("1", lambda _: None, [1])  # type: ignore[arg-type]  # wrong on purpose


def test_a_room_counts_its_episodes(opened: OpenRoom, fake: FakeServer) -> None:
    room = opened()
    room.episode().end()
    room.episode("warm-up").end()
    room.episode().end()
    room.finish()
    assert [event["episode_id"] for event in fake.of_type("episode_start")] == ["1", "warm-up", "3"]


def entries_of(name: str, steps: int, *, ended: bool = True) -> List[Entry]:
    kinds = ["episode_start", *["episode_steps"] * steps, *(["episode_end"] if ended else [])]
    return [Entry(EPISODE, 0.0, {"type": kind, "episode_id": name}, 10) for kind in kinds]


def test_episodes_go_as_a_whole_oldest_first() -> None:
    other = Entry(EVENT, 0.0, {}, 10)
    entries = [*entries_of("1", 3), other, *entries_of("2", 3), *entries_of("3", 1, ended=False)]
    kept, gone = newest_episodes(entries, 70)
    assert [entry.fields.get("episode_id") for entry in kept] == [None, *["2"] * 5, *["3"] * 2]
    assert gone == set()


def test_one_that_goes_while_it_runs_is_told_as_such() -> None:
    kept, gone = newest_episodes(entries_of("1", 9, ended=False), 50)
    assert (kept, gone) == ([], {"1"})


def test_an_episode_given_up_stays_given_up_and_is_counted() -> None:
    pending = Pending(capacity=200)

    def add(kind: str, name: str) -> None:
        pending.add(EPISODE, 0.0, {"type": kind, "episode_id": name}, 10 - ENTRY_CELLS)

    add("episode_start", "1")
    for _ in range(40):
        add("episode_steps", "1")
    add("episode_end", "1")
    add("episode_start", "2")
    add("episode_end", "2")
    assert [entry.fields["episode_id"] for entry in pending.take(100, 10_000)] == ["2", "2"]
    assert pending.dropped == 42
    assert pending._given_up == set()
