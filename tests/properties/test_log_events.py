"""Whatever is sent: the fast and the careful way agree, and what is accepted harms nobody further on."""

import json
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spectator.events import CLASS_OF, decode, parse
from spectator.events.walk import Refused, Walked
from spectator.log import Entry
from spectator.overlay import conflate, graph_update
from spectator.overlay.graphs import DEFAULT_GRAPHS
from spectator.state import State, advance, opening, snapshot
from spectator.state.codec import decode as decode_state
from spectator.state.codec import encode as encode_state

NOW = 1_700_000_000_000

numbers = st.one_of(
    st.integers(-(2**70), 2**70), st.floats(), st.sampled_from([2**53, 2**53 + 1, 0, -1, 1e308, float("nan")])
)
scalars = st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=5))
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
names = st.sampled_from(
    ["reward", "loss", "current_reward", "step", "episode", "success", "x" * 129, "", "a"]
)
objects = st.one_of(
    st.dictionaries(st.sampled_from(["reward", "a", "step"]), numbers, max_size=3),
    st.dictionaries(names | st.text(max_size=4), anything, max_size=5),
)
labels = st.one_of(st.text(max_size=4), st.integers(), anything)
times = st.one_of(
    st.sampled_from(["2024-01-15T10:30:00Z", "2024-01-15T10:30:00+02:00", "2024"]), numbers, scalars
)

FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "data": objects,
    "metrics": objects,
    "name": names | labels,
    "value": numbers | scalars,
    "metadata": objects | anything,
    "action_probabilities": st.dictionaries(names, numbers, max_size=3) | anything,
    "selected_action": anything,
    "state_values": anything,
    "q_values": st.lists(numbers, max_size=3) | anything,
    "graphs": st.lists(
        st.fixed_dictionaries(
            {"graph_id": names}, optional={"metrics": st.lists(names, max_size=2), "data_points": objects}
        ),
        max_size=2,
    )
    | anything,
    "episode_id": labels,
    "from": numbers,
    "steps": st.lists(objects, max_size=3) | anything,
    "total_reward": numbers | scalars,
    "reason": scalars,
    "alert": st.fixed_dictionaries(
        {"level": st.sampled_from(["info", "error", "loud"]), "message": scalars},
        optional={"category": scalars},
    )
    | anything,
    "event": st.sampled_from(["training_started", "training_finished", "stage"]) | scalars,
    "stream": names | scalars,
    "message": scalars,
    "level": names | scalars,
    "state": objects | anything,
    "timestamp": times,
    "step": numbers | scalars,
    "episode": numbers | scalars,
    "source": labels,
    "agent": labels,
    "seq": numbers,
    "more": anything,
}
OF_TYPE = {
    "training_metrics": ["data"],
    "episode_metrics": ["metrics"],
    "system_metrics": ["metrics"],
    "metric": ["name", "value"],
    "bot_decision": ["action_probabilities"],
    "graph_config": ["graphs"],
    "graph_update": ["graphs"],
    "episode_start": ["episode_id"],
    "episode_steps": ["episode_id", "from", "steps"],
    "episode_end": ["episode_id"],
    "alert": ["alert"],
    "training_event": ["event"],
    "data": ["stream", "data"],
    "log": ["message"],
    "state": ["state"],
}


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(sorted(CLASS_OF)) | st.text(max_size=3))
    wanted = OF_TYPE.get(kind, [])
    further = draw(st.lists(st.sampled_from(sorted(FIELDS)), max_size=3, unique=True))
    return {"type": kind, **{name: draw(FIELDS[name]) for name in dict.fromkeys([*wanted, *further])}}


lines = st.one_of(
    events().map(lambda event: json.dumps(event).encode()),
    events().map(lambda event: json.dumps(event, ensure_ascii=False).encode("utf-8", "surrogatepass")),
    anything.map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=30).filter(lambda line: b"\n" not in line and b"\r" not in line),
)


def carefully(line: bytes) -> tuple[str, dict[str, Any] | None]:
    """What the careful way alone says of a line: its code, or the event without the time it was given."""
    try:
        walked = Walked(line.strip())
        event = parse(walked.encode())
    except Refused as refused:
        return refused.code, None
    return "", event


@settings(
    max_examples=400, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None
)
@given(lines)
def test_the_fast_way_accepts_what_the_careful_way_accepts(line: bytes) -> None:
    decoded = decode(line, NOW)
    code, event = carefully(line)
    if not line.strip():
        assert (decoded.events, decoded.rejected) == ([], [])
    elif event is None:
        assert decoded.rejected == [(1, code)]
    else:
        assert decoded.rejected == []
        stored = parse(decoded.events[0])
        assert {"timestamp": stored["timestamp"], **event} == stored


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(events(), max_size=12))
def test_what_is_accepted_goes_all_the_way(published: list[dict[str, Any]]) -> None:
    body = "\n".join(json.dumps(event) for event in published).encode()
    decoded = decode(body, NOW)
    assert len(decoded.events) + len(decoded.rejected) == len(published)
    assert all(b"\n" not in raw and b"\r" not in raw for raw in decoded.events)
    if not decoded.events:
        return
    state = State()
    entry = Entry(1, len(decoded.events), b"0000000a", b"", NOW, decoded.events, 0)
    folded = advance(state, entry, 1)
    for one in folded:
        strict(msgspec.json.encode(graph_update(one.event, one.derived, DEFAULT_GRAPHS)))
        strict(one.completed)
    left = conflate(folded)
    assert all(lost >= 0 for lost in left.lost.values())
    for _, raw in left.events:
        strict(raw)
    message = msgspec.json.encode(snapshot(state))
    assert len(message) <= 128 * 1024
    strict(message)
    strict(msgspec.json.encode(opening(state)))
    assert decode_state(encode_state(state)) == state


def strict(text: bytes) -> None:
    """Read JSON as a browser does: no NaN, no Infinity, no number beyond a double."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    json.loads(text.decode(), parse_constant=refuse)
