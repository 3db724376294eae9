from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest

from spectator.client.logged import Reading, decision_fields, measure, metric_name, read_step


class Scalar:
    """What numpy, torch and jax scalars have in common."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def item(self) -> Any:
        return self.value


class Array:
    """What their arrays have in common."""

    def __init__(self, *values: Any) -> None:
        self.values = list(values)
        self.shape = (len(values),)

    def item(self) -> Any:
        if len(self.values) != 1:
            raise ValueError("only one element tensors can be converted")
        return self.values[0]

    def tolist(self) -> List[Any]:
        return self.values

    def __len__(self) -> int:
        return len(self.values)


class Level(enum.Enum):
    LOW = 1


class Phase(enum.Enum):
    WARM = "warm"


def read(data: Dict[Any, Any]) -> Reading:
    reading = Reading()
    reading.read(data)
    return reading


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1, 1),
        (1.5, 1.5),
        (True, 1),
        (Scalar(2.5), 2.5),
        (Scalar(True), 1),
        (Array(3.5), 3.5),
        (Decimal("0.25"), 0.25),
        (Level.LOW, 1),
        (dt.timedelta(seconds=90), 90.0),
        (2**60, float(2**60)),
    ],
)
def test_numbers_of_many_kinds(value: Any, number: Any) -> None:
    reading = read({"x": value})
    assert reading.numbers == {"x": number}
    assert type(reading.numbers["x"]) is type(number)


def test_nested_mappings_become_paths_and_short_lists_their_items() -> None:
    reading = read({"loss": {"actor": 1.0, "critic": {"a": 2.0}}, "w": [1, 2], "p": Array(0.5, 0.5), 3: 4})
    assert reading.numbers == {
        "loss/actor": 1.0,
        "loss/critic/a": 2.0,
        "w/0": 1,
        "w/1": 2,
        "p/0": 0.5,
        "p/1": 0.5,
        "3": 4,
    }


def test_text_is_kept_apart_and_what_belongs_to_the_figures_stays() -> None:
    when = dt.datetime(2024, 1, 15, 10, 30, tzinfo=dt.timezone.utc)
    reading = read({"phase": Phase.WARM, "path": Path("/x"), "at": when, "algorithm": "DQN", "none": None})
    assert reading.words == {"phase": "warm", "path": "/x", "at": "2024-01-15T10:30:00.000000Z"}
    assert reading.numbers == {"algorithm": "DQN"}
    assert reading.unreadable == []


def test_what_cannot_be_shown_is_named_with_its_kind() -> None:
    reading = read({"frame": Array(*range(100)), "fn": object(), "raw": b"xy"})
    assert reading.unreadable == [("frame", "Array of shape (100,)"), ("fn", "object"), ("raw", "bytes")]


def test_a_dict_that_holds_itself_comes_to_an_end() -> None:
    loop: Dict[str, Any] = {}
    loop["again"] = loop
    assert read(loop).numbers == {}


def test_names_are_bounded_and_clean() -> None:
    assert len(metric_name("", "x" * 500)) == 128
    assert metric_name("a/", "\ud800") == "a/?"


def test_a_metric_without_a_name_gets_one_so_that_the_others_are_not_refused_with_it() -> None:
    reading = Reading()
    reading.read({"": 1.5, "loss": 0.5})
    assert reading.numbers == {"unnamed": 1.5, "loss": 0.5}
    assert decision_fields({"": 1.0}, labels=None, action="", value=None, q_values=None)[
        "action_probabilities"
    ] == {"unnamed": 1.0}


@pytest.mark.parametrize(("step", "number"), [(5, 5), (5.0, 5), (Scalar(7), 7), (True, 1)])
def test_steps(step: Any, number: int) -> None:
    assert read_step(step) == number


@pytest.mark.parametrize("step", [1.5, "5", None, [], float("nan")])
def test_what_is_no_step(step: Any) -> None:
    with pytest.raises(TypeError, match="step must be a whole number"):
        read_step(step)


def test_a_decision_by_names() -> None:
    fields = decision_fields({"left": 0.25, "right": Scalar(0.75)}, None, "right", Scalar(0.82), [1, 2])
    assert fields == {
        "type": "bot_decision",
        "action_probabilities": {"left": 0.25, "right": 0.75},
        "selected_action": "right",
        "state_values": 0.82,
        "q_values": [1, 2],
    }


@pytest.mark.parametrize(
    ("arguments", "names", "chosen"),
    [
        (([0.2, 0.8], ["l", "r"], 1), ["l", "r"], "r"),
        (([0.2, 0.8], None, 1), ["0", "1"], "1"),
        ((Array(0.2, 0.8), ("l", "r"), Scalar(0)), ["l", "r"], "l"),
        (({0: 0.2, 1: 0.8}, None, 1), ["0", "1"], "1"),
        (([0.2, 0.8], [Phase.WARM, "b"], Phase.WARM), ["warm", "b"], "warm"),
    ],
)
def test_a_decision_by_place(arguments: Tuple[Any, ...], names: List[str], chosen: str) -> None:
    probabilities, labels, action = arguments
    fields = decision_fields(probabilities, labels, action, None, None)
    assert list(fields["action_probabilities"]) == names
    assert fields["selected_action"] == chosen


def test_q_values_by_name_take_the_order_of_the_actions() -> None:
    assert decision_fields({"a": 0.1, "b": 0.9}, None, None, None, {"b": 2, "a": 1})["q_values"] == [1, 2]


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        (({"a": 1.0}, ["a"], None, None, None), TypeError, "labels"),
        (([1.0], ["a", "b"], None, None, None), ValueError, "2 labels do not fit 1"),
        ((7, None, None, None, None), TypeError, "probabilities"),
        (({"a": "much"}, None, None, None, None), TypeError, "probability of a"),
        (([1.0], None, 3, None, None), ValueError, "action 3"),
        (([1.0], None, None, "high", None), TypeError, "value"),
        (([1.0], None, None, None, 7), TypeError, "q_values"),
        (({"a": 1.0}, None, None, None, {"b": 1}), ValueError, "'a'"),
    ],
)
def test_a_decision_that_does_not_fit_together(arguments: Tuple[Any, ...], error: Any, match: str) -> None:
    with pytest.raises(error, match=match):
        decision_fields(*arguments)


def test_sizes_follow_the_content() -> None:
    assert measure(1.0) == 1
    assert measure("x" * 250) == 3
    assert measure({"a": [1, 2, 3], "b": None}) == 6
