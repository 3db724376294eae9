"""The reducer: the state from a checkpoint and the events after it is the state from the start."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spectator.log import Entry
from spectator.state import State, advance, fold
from spectator.state.codec import decode, encode

AT = 1_700_000_000_000

value = st.one_of(st.floats(-1e9, 1e9), st.integers(-5, 5), st.booleans(), st.none(), st.text(max_size=3))
names = st.sampled_from(["reward", "current_reward", "loss", "success", "a", "b", "step", "episode"])
beside = st.fixed_dictionaries(
    {},
    optional={
        "step": st.integers(0, 100),
        "source": st.sampled_from(["w1", "w2"]),
        "agent": st.integers(0, 2),
        "timestamp": st.floats(0, 2e9) | st.just("2024-01-15T10:30:00.5Z"),
    },
)
identifiers = st.integers(0, 3)
kinds = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("training_metrics"), "data": st.dictionaries(names, value, max_size=4)}
    ),
    st.fixed_dictionaries(
        {"type": st.just("episode_metrics"), "metrics": st.dictionaries(names, value, max_size=4)}
    ),
    st.fixed_dictionaries({"type": st.just("metric"), "name": names, "value": st.floats(-10, 10)}),
    st.fixed_dictionaries({"type": st.just("bot_decision"), "selected_action": value}),
    st.fixed_dictionaries({"type": st.just("data"), "stream": names, "data": st.dictionaries(names, value)}),
    st.fixed_dictionaries({"type": st.just("log"), "message": st.text(max_size=5)}),
    st.fixed_dictionaries({"type": st.just("alert"), "alert": st.just({"level": "info", "message": "m"})}),
    st.fixed_dictionaries({"type": st.just("episode_start"), "episode_id": identifiers}),
    st.fixed_dictionaries(
        {
            "type": st.just("episode_steps"),
            "episode_id": identifiers,
            "from": st.just(0),
            "steps": st.just([{}]),
        }
    ),
    st.fixed_dictionaries(
        {"type": st.just("episode_end"), "episode_id": identifiers, "total_reward": st.floats(-9, 9)}
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("training_event"),
            "event": st.sampled_from(["training_started", "training_finished", "training_failed", "stage"]),
        }
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("graph_config"),
            "graphs": st.just([{"graph_id": "g", "metrics": ["a"]}]),
        }
    ),
)
events = st.lists(st.tuples(kinds, beside).map(lambda pair: {**pair[0], **pair[1]}), max_size=40)


def entry(first: int, published: list[dict[str, Any]]) -> Entry:
    raws = [json.dumps(event).encode() for event in published]
    last = first + len(raws) - 1
    return Entry(
        first, last, b"%08x" % last, b"%08x" % (first - 1), AT + last * 10, raws, sum(map(len, raws))
    )


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(events.filter(bool), min_size=1, max_size=5), st.data())
def test_a_checkpoint_anywhere_changes_nothing(
    batches: list[list[dict[str, Any]]], data: st.DataObject
) -> None:
    from_start, from_checkpoint, first = State(), State(), 1
    for batch in batches:
        appended = entry(first, batch)
        first += len(batch)
        if data.draw(st.booleans(), label="checkpoint here"):
            from_checkpoint = decode(encode(from_checkpoint))
        advance(from_start, appended, 3)
        advance(from_checkpoint, appended, 3)
    assert from_checkpoint == from_start


@settings(max_examples=100, deadline=None)
@given(events.filter(bool), st.integers(1, 7))
def test_how_events_were_batched_changes_nothing_but_the_times(
    published: list[dict[str, Any]], size: int
) -> None:
    timed = [{"timestamp": 5, **event} for event in published]
    whole, parts = State(), State()
    advance(whole, entry(1, timed), 3)
    for first in range(0, len(timed), size):
        advance(parts, entry(first + 1, timed[first : first + size]), 3)
    assert parts == whole


@settings(max_examples=100, deadline=None)
@given(events)
def test_folding_again_gives_the_same(published: list[dict[str, Any]]) -> None:
    once, again = State(), State()
    for state in (once, again):
        for seq, event in enumerate(published, 1):
            fold(state, event, seq, AT, size=len(json.dumps(event)))
    assert once == again


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 9000), st.integers(1, 9000))
def test_long_series_go_on_from_a_checkpoint_as_from_the_start(before: int, after: int) -> None:
    state = State()
    for seq in range(1, before + 1):
        fold(state, {"type": "metric", "name": "reward", "value": (seq * 7919) % 1000 / 7}, seq, AT + seq)
    restored = decode(encode(state))
    for seq in range(before + 1, before + after + 1):
        for one in (state, restored):
            fold(one, {"type": "metric", "name": "reward", "value": (seq * 7919) % 1000 / 7}, seq, AT + seq)
    assert restored == state
    assert len(state.series["reward"]) >= min(before + after, 1_000)
