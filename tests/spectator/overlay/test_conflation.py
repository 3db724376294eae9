import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from spectator.overlay import Completed, Figures, completed, conflate, finite, values_of


def stretch(*published: dict[str, Any]) -> list[Completed]:
    figures = Figures()
    events = []
    for seq, event in enumerate(published, 101):
        values = values_of(event)
        derived = figures.complete(finite(values), values) if values else {}
        events.append(completed(seq, event, derived, json.dumps(event).encode()))
    return events


def metrics(step: int, **values: Any) -> dict[str, Any]:
    return {"type": "training_metrics", "timestamp": f"T{step}", "data": {"step": step, **values}}


def remaining(events: list[Completed], **options: int) -> list[dict[str, Any]]:
    return [json.loads(raw) for _, raw in conflate(events, **options).events]


def test_events_of_class_event_all_stay_in_order() -> None:
    published: list[dict[str, Any]] = [
        {"type": "alert", "alert": {"level": "info", "message": str(number)}} for number in range(5)
    ]
    published.insert(2, {"type": "log", "message": "a"})
    published.insert(4, {"type": "training_event", "event": "stage"})
    assert remaining(stretch(*published)) == published
    assert conflate(stretch(*published)).lost == {"sample": 0, "frame": 0, "episode": 0}


def test_the_newest_of_each_state_stays() -> None:
    published: list[dict[str, Any]] = [
        {"type": "bot_decision", "selected_action": "a"},
        {"type": "bot_decision", "selected_action": "a", "agent": "x"},
        {"type": "data", "stream": "s", "data": {}},
        {"type": "data", "stream": "t", "data": {}},
        {"type": "bot_decision", "selected_action": "b"},
        {"type": "data", "stream": "s", "data": {"n": 1}},
    ]
    assert remaining(stretch(*published)) == [published[1], published[3], published[4], published[5]]


def test_of_samples_minimum_maximum_and_last_stay_at_their_places() -> None:
    rewards = [5.0, 3.0, 9.0, 4.0, 1.0, 2.0, 6.0]
    events = stretch(*(metrics(step, x=value) for step, value in enumerate(rewards)))
    left = conflate(events)
    assert [seq for seq, _ in left.events] == [103, 105, 107]
    assert [json.loads(raw)["data"] for _, raw in left.events] == [
        {"step": 2, "x": 9.0},
        {"step": 4, "x": 1.0},
        {"step": 6, "x": 6.0},
    ]
    assert left.lost["sample"] == 4


def test_the_newest_value_of_each_name_stays_though_it_is_old() -> None:
    published = [metrics(0, rare=1.0, algorithm="DQN"), *(metrics(step, x=1.0) for step in range(1, 9))]
    left = remaining(stretch(*published))
    assert left[0]["data"] == {"step": 0, "rare": 1.0, "algorithm": "DQN"}
    assert left[-1]["data"] == {"step": 8, "x": 1.0}


def test_what_was_derived_goes_with_the_points_it_belongs_to() -> None:
    events = stretch(*(metrics(step, reward=float(step % 5), y=float(step)) for step in range(20)))
    for event in remaining(events):
        told = events[event["data"]["step"]]
        assert event.get("derived", {}).items() <= dict(told.derived).items()
        assert event["data"].items() <= told.event["data"].items()


def test_workers_keep_their_own_extremes() -> None:
    published = [{**metrics(step, x=float(step)), "source": f"w{step % 2}"} for step in range(10)]
    kept = {(event["source"], event["data"]["x"]) for event in remaining(stretch(*published))}
    assert kept == {("w0", 0.0), ("w0", 8.0), ("w1", 1.0), ("w1", 9.0)}


def test_metrics_by_name_are_samples_too() -> None:
    published = [{"type": "metric", "name": "m", "value": value} for value in (1.0, 2.0, 0.0, 1.5, 1.0)]
    assert [event["value"] for event in remaining(stretch(*published))] == [2.0, 0.0, 1.0]


def episode(name: str, size: int = 10) -> list[dict[str, Any]]:
    steps = [{"step": number} for number in range(size)]
    return [
        {"type": "episode_start", "episode_id": name},
        {"type": "episode_steps", "episode_id": name, "from": 0, "steps": steps},
        {"type": "episode_end", "episode_id": name},
    ]


def test_episodes_stay_whole_or_not_at_all_newest_first() -> None:
    published = [*episode("a"), *episode("b"), *episode("c")]
    size = sum(len(one.completed) for one in stretch(*episode("a")))
    left = conflate(stretch(*published), episode_bytes=2 * size)
    assert [json.loads(raw) for _, raw in left.events] == published[3:]
    assert left.lost["episode"] == 1


def test_an_episode_that_goes_on_is_the_newest() -> None:
    published = [*episode("a"), *episode("b")[:2]]
    size = sum(len(one.completed) for one in stretch(*published[3:]))
    left = conflate(stretch(*published), episode_bytes=size)
    assert {json.loads(raw)["episode_id"] for _, raw in left.events} == {"b"}


values = st.dictionaries(st.sampled_from("abc"), st.floats(-1e9, 1e9), max_size=3)


@given(st.lists(values, min_size=1, max_size=60))
def test_no_extreme_and_no_newest_value_is_ever_lost(told: list[dict[str, float]]) -> None:
    events = stretch(*(metrics(step, **data) for step, data in enumerate(told)))
    left = conflate(events)
    kept: dict[str, list[float]] = {}
    for _, raw in left.events:
        for name, value in json.loads(raw)["data"].items():
            kept.setdefault(name, []).append(value)
    whole: dict[str, list[float]] = {}
    for data in told:
        for name, value in data.items():
            whole.setdefault(name, []).append(value)
    for name, points in whole.items():
        assert (min(points), max(points), points[-1]) == (min(kept[name]), max(kept[name]), kept[name][-1])
    kept.pop("step")
    counts = [sum(len(points) for points in held.values()) for held in (whole, kept)]
    assert left.lost["sample"] == counts[0] - counts[1]
    assert [seq for seq, _ in left.events] == sorted(seq for seq, _ in left.events)
