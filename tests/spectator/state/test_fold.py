import json
from typing import Any

import pytest

from spectator.log import Cursor, Entry
from spectator.series import Series
from spectator.state import Run, State, advance, fold
from spectator.state.state import MOST_SERIES

AT = 1_700_000_000_000


def state_of(*events: dict[str, Any]) -> State:
    state = State()
    for seq, event in enumerate(events, 1):
        fold(state, event, seq, AT + seq, size=len(json.dumps(event)))
    return state


def metrics(**values: Any) -> dict[str, Any]:
    return {"type": "training_metrics", "data": values}


def life(event: str, **data: Any) -> dict[str, Any]:
    return {"type": "training_event", "event": event, "data": data}


def lasts(state: State) -> dict[str, float | None]:
    return {name: series.last for name, series in state.series.items()}


def test_every_finite_number_gets_a_series_but_places_do_not() -> None:
    state = state_of(
        metrics(step=5, episode=2, total_episodes=9, loss_value=0.5, algorithm="DQN", done=True, x=None)
    )
    assert lasts(state) == {"loss_value": 0.5}
    assert state.series["loss_value"].buckets()["step"] == [5]
    assert state.series["loss_value"].buckets()["episode"] == [2]


def test_a_place_beside_the_values_counts_first() -> None:
    state = state_of({**metrics(step=5, x=1), "step": 7}, {**metrics(step=5, x=1), "step": None})
    assert state.series["x"].buckets()["step"] == [7, 5]


@pytest.mark.parametrize(
    ("timestamp", "time"),
    [
        ("2024-01-15T10:30:00.250Z", 1705314600.25),
        ("2024-01-15T10:30:00", 1705314600),
        (1634567890.123, 1634567890.123),
        (None, (AT + 1) / 1000),
        ("nonsense", (AT + 1) / 1000),
        (-5, (AT + 1) / 1000),
    ],
)
def test_points_lie_at_their_own_time(timestamp: Any, time: float) -> None:
    state = state_of({**metrics(x=1), "timestamp": timestamp})
    assert state.series["x"].buckets()["time"] == [time]


def test_the_overlay_gets_series_under_the_graphs_names() -> None:
    state = state_of(metrics(reward=1.0), metrics(reward=3.0))
    assert lasts(state) == {"reward": 3.0, "current_reward": 3.0, "average_reward": 2.0, "best_reward": 3.0}


def test_workers_have_series_of_their_own_and_figures_in_common() -> None:
    state = state_of({**metrics(reward=1.0), "source": "a"}, {**metrics(reward=3.0), "source": "b"})
    assert lasts(state)["reward@a"] == 1.0
    assert lasts(state)["reward@b"] == 3.0
    assert lasts(state)["average_reward"] == 2.0


def test_metrics_by_name_and_episode_figures_count_too() -> None:
    state = state_of(
        {"type": "metric", "name": "fps", "value": 60},
        {"type": "episode_metrics", "metrics": {"episode": 4, "reward": 2.0, "success": True}},
        {"type": "graph_update", "graphs": [{"graph_id": "g", "data_points": {"mine": 5, "bad": None}}]},
    )
    assert lasts(state).items() >= {"fps": 60, "steps_per_second": 60, "win_rate": 1.0, "mine": 5}.items()
    assert state.series["win_rate"].buckets()["episode"] == [4]


def test_newest_values_of_metrics_are_joined_over_calls() -> None:
    state = state_of(
        metrics(step=1, loss=0.5, algorithm="DQN"), metrics(step=2, reward=1.0), {**metrics(z=1), "agent": 1}
    )
    kept = state.newest.get("training_metrics")
    assert kept is not None
    assert kept.event["data"] == {"step": 2, "loss": 0.5, "algorithm": "DQN", "reward": 1.0}
    assert kept.seq == 2
    assert state.newest.get("training_metrics/1") is not None


def test_folding_leaves_the_event_alone() -> None:
    first, second = metrics(a=1), metrics(b=2)
    state_of(first, second)
    assert (first, second) == (metrics(a=1), metrics(b=2))


def test_a_new_run_begins_with_empty_charts_and_keeps_what_was_said() -> None:
    graphs = {"type": "graph_config", "graphs": [{"graph_id": "g", "metrics": ["a"]}]}
    alert = {"type": "alert", "alert": {"level": "info", "message": "m"}}
    state = state_of(
        graphs,
        metrics(reward=9.0),
        alert,
        {"type": "episode_start", "episode_id": 1},
        life("training_started"),
    )
    assert state.series == {}
    assert state.episodes == {}
    assert [key for key, _ in state.newest.items()] == ["graph_config"]
    assert [kept.event for kept in state.alerts] == [alert]
    assert state.run == Run("run-5", AT + 5)
    fold(state, metrics(reward=1.0), 6, AT)
    assert lasts(state)["best_reward"] == 1.0


def test_the_world_of_the_newest_episode_stays() -> None:
    started = {"type": "episode_start", "episode_id": 2, "metadata": {"grid": [[0, 1]]}}
    state = state_of(
        {"type": "episode_start", "episode_id": 1}, started, {"type": "episode_end", "episode_id": 2}
    )
    kept = state.newest.get("episode_start")
    assert kept is not None
    assert kept.event == started


def test_the_life_of_a_run() -> None:
    state = state_of(metrics(a=1))
    assert state.run == Run("run-1", AT + 1)
    state = state_of(
        life("training_started", run_id="abc"), metrics(a=1), life("training_finished"), metrics(a=2)
    )
    assert state.run == Run("abc", AT + 1, "finished", AT + 3)
    assert state_of(life("training_failed")).run == Run("run-1", AT + 1, "failed", AT + 1)
    assert len(state.life) == 2


def test_series_are_bounded_and_what_is_refused_is_counted() -> None:
    state = State()
    for seq in range(MOST_SERIES + 20):
        fold(state, metrics(**{f"n{seq}": 1.0}), seq + 1, AT)
    assert len(state.series) == MOST_SERIES
    assert state.refused == 20
    fold(state, metrics(reward=1.0), 9999, AT)
    assert lasts(state)["average_reward"] == 1.0, "what the overlay derives has its place"


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"type": None},
        {"type": ["log"]},
        {"type": "of the next version", "data": 5},
        {"type": "training_metrics"},
        {"type": "training_metrics", "data": 5},
        {"type": "training_metrics", "data": {"a": float("nan"), "b": float("inf")}},
        {"type": "training_metrics", "data": {"a": 1}, "step": "x", "episode": []},
        {"type": "training_metrics", "data": {"a": 10**400, "step": 10**400, "reward": -(10**400)}},
        {"type": "metric"},
        {"type": "graph_update", "graphs": [None, {"data_points": 5}]},
        {"type": "episode_steps", "steps": 5},
        {"type": "episode_end", "episode_id": {}, "reason": 5, "total_reward": "x"},
        {"type": "training_event"},
        {"type": "training_event", "event": []},
        {"type": "alert"},
        {"type": "bot_decision", "timestamp": {"a": 1}},
    ],
    ids=json.dumps,
)
def test_nothing_an_event_holds_can_stop_the_fold(event: dict[str, Any]) -> None:
    fold(State(), event, 1, AT)


def test_a_whole_entry_moves_the_cursor_and_says_what_it_derived() -> None:
    raw = json.dumps(metrics(reward=2.0)).encode()
    state = State()
    events = advance(state, Entry(4, 5, b"0000000b", b"0000000a", AT, [raw, raw], 2 * len(raw)), 77)
    assert state.cursor == Cursor(77, 5, b"0000000b")
    assert [event.seq for event in events] == [4, 5]
    assert events[0].raw is raw
    assert json.loads(events[1].completed)["derived"] == {
        "current_reward": 2.0,
        "average_reward": 2.0,
        "best_reward": 2.0,
    }
    assert isinstance(state.series["reward"], Series)
