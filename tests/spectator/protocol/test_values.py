from __future__ import annotations

import argparse
import datetime as dt
import enum
import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, List

import pytest

from spectator.protocol.values import (
    DEEPEST,
    LONGEST_LIST,
    LONGEST_TEXT,
    clean,
    described,
    jsonable,
    number,
    sequence,
    text,
    utc,
)


class Tensor:
    """What numpy, torch and jax arrays have in common."""

    def __init__(self, *values: Any) -> None:
        self.values = list(values)

    def item(self) -> Any:
        if len(self.values) != 1:
            raise RuntimeError("a Tensor with many elements cannot be converted to Scalar")
        return self.values[0]

    def tolist(self) -> List[Any]:
        return self.values


class Eager:
    """What has only a float in it, as some frameworks' values."""

    def __float__(self) -> float:
        return 1.5


class Broken:
    """A value whose library gives up on it."""

    def item(self) -> Any:
        raise KeyError("deleted buffer")

    def tolist(self) -> Any:
        raise OSError("device lost")


class Level(enum.Enum):
    LOW = 1


class Phase(enum.Enum):
    WARM = "warm"
    ODD = None


class Rude:
    def __str__(self) -> str:
        raise ValueError("not with me")


@dataclass
class Config:
    lr: float
    where: Path


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3),
        (True, 1),
        (2.5, 2.5),
        (-(2**53), -(2**53)),
        (2**53 + 1, float(2**53)),
        (10**400, math.inf),
        (-(10**400), -math.inf),
        (Decimal("0.5"), 0.5),
        (Fraction(1, 4), 0.25),
        (dt.timedelta(minutes=1), 60.0),
        (Level.LOW, 1),
        (Tensor(2.5), 2.5),
        (Tensor(7), 7),
        (Eager(), 1.5),
        (Tensor(1, 2), None),
        (Tensor("a"), None),
        (Tensor(1j), None),
        ("3", None),
        (b"3", None),
        (None, None),
        ([1], None),
        (1j, None),
        (Phase.WARM, None),
    ],
)
def test_number(value: Any, expected: Any) -> None:
    found = number(value)
    assert found == expected
    assert type(found) is type(expected)


def test_not_a_number_is_a_number_here() -> None:
    found = number(Tensor(math.nan))
    assert isinstance(found, float)
    assert math.isnan(found)
    signalling = number(Decimal("sNaN"))
    assert signalling is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x", "x"),
        (Phase.WARM, "warm"),
        (Phase.ODD, "ODD"),
        (Path("/a/b"), "/a/b"),
        (dt.date(2024, 1, 15), "2024-01-15"),
        (3, None),
        (None, None),
        (["x"], None),
    ],
)
def test_text(value: Any, expected: Any) -> None:
    assert text(value) == expected


def test_times_travel_in_utc() -> None:
    plus_two = dt.timezone(dt.timedelta(hours=2))
    assert utc(dt.datetime(2024, 1, 15, 12, 30, tzinfo=plus_two)) == "2024-01-15T10:30:00.000000Z"
    naive = dt.datetime(2024, 1, 15, 12, 30)  # noqa: DTZ001 - naive is the point
    assert utc(naive) == utc(naive.astimezone())


def test_jsonable_takes_everything() -> None:
    told = jsonable(
        {
            "none": None,
            "yes": True,
            1: [1, (2.5, "x")],
            "set": {3},
            "tensor": Tensor(1, 2),
            "config": Config(0.1, Path("/x")),
            "namespace": argparse.Namespace(a=Level.LOW),
            "object": Rude(),
            "type": Config,
        }
    )
    assert told == {
        "none": None,
        "yes": True,
        "1": [1, [2.5, "x"]],
        "set": [3],
        "tensor": [1, 2],
        "config": {"lr": 0.1, "where": "/x"},
        "namespace": {"a": 1},
        "object": "<Rude>",
        "type": str(Config),
    }


def test_jsonable_comes_to_an_end() -> None:
    loop: List[Any] = []
    loop.append(loop)
    told: Any = jsonable(loop)
    for _ in range(DEEPEST):
        told = told[0]
    assert isinstance(told, str)
    assert len(jsonable(list(range(LONGEST_LIST * 2)))) == LONGEST_LIST


def test_a_value_that_cannot_be_read_raises_nowhere() -> None:
    assert number(Broken()) is None
    assert sequence(Broken()) is None
    assert str(jsonable({"x": Broken()})["x"]).startswith("<")


def test_sequences() -> None:
    assert sequence((1, 2)) == [1, 2]
    assert sequence(range(2)) == [0, 1]
    assert sequence(Tensor(1)) == [1]
    for other in ("ab", b"ab", {"a": 1}, 5, None):
        assert sequence(other) is None


def test_text_is_made_fit_to_travel() -> None:
    assert clean("a\ud800b\u00e4") == "a?b\u00e4"
    assert len(clean("x" * LONGEST_TEXT * 2)) == LONGEST_TEXT + 1
    assert described(object()).startswith("<object")
