import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectator.series import CAPACITY, COLUMNS, Series, thin

values = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=300)


def made_of(count: int) -> Series:
    series = Series()
    for number in range(count):
        series.add(math.sin(number) * number, number, number // 10, number * 1000)
    return series


def test_a_short_series_is_exact() -> None:
    series = made_of(1000)
    assert series.exact
    columns = series.buckets()
    assert columns["step"] == list(range(1000))
    assert columns["time"] == list(range(1000))
    assert columns["min"] == columns["max"] == columns["last"]


@pytest.mark.parametrize("count", [2047, 2048, 2049, 3000, 4096, 10_001, 70_000])
def test_a_thousand_points_and_every_extreme_stay(count: int) -> None:
    series = made_of(count)
    told = [math.sin(number) * number for number in range(count)]
    columns = series.buckets()
    assert 1_000 <= len(series) <= CAPACITY
    assert min(columns["min"]) == min(told)  # type: ignore[type-var] # no value of a series is None
    assert max(columns["max"]) == max(told)  # type: ignore[type-var] # as above
    assert columns["last"][-1] == series.last == told[-1]
    assert columns["step"][-1] == count - 1
    assert all(len(columns[name]) == len(series) for name in COLUMNS)


def test_buckets_are_even_over_the_whole_run() -> None:
    steps = made_of(50_000).buckets()["step"]
    widths = {after - before for before, after in pairwise(steps[:-1])}  # type: ignore[operator] # none is None
    assert widths == {32}


def test_unknown_places_are_none() -> None:
    series = Series()
    series.add(1.5, math.nan, 3, 0)
    assert series.buckets()["step"] == [None]
    assert series.buckets()["episode"] == [3]


def test_whole_numbers_travel_without_a_point_while_they_are_exact() -> None:
    series = Series()
    for value in (3.0, 2.0**60, -0.5):
        series.add(value, 1, 1, 0)
    assert [repr(value) for value in series.buckets()["last"]] == ["3", "1.152921504606847e+18", "-0.5"]


@given(values, st.integers(1, 400))
def test_fewer_buckets_lose_no_extreme_and_no_last(told: list[float], most: int) -> None:
    series = Series()
    for number, value in enumerate(told):
        series.add(value, number, math.nan, number)
    columns = series.buckets(most)
    assert len(columns["last"]) <= most
    assert min(columns["min"]) == min(told)  # type: ignore[type-var] # no value of a series is None
    assert max(columns["max"]) == max(told)  # type: ignore[type-var] # as above
    assert columns["last"][-1] == told[-1]
    assert all(
        low <= last <= high  # type: ignore[operator] # as above
        for low, last, high in zip(columns["min"], columns["last"], columns["max"], strict=True)
    )


@pytest.mark.parametrize("count", [0, 1, 100, 2048, 2050, 9_999])
def test_what_was_dumped_goes_on_as_if_nothing_had_happened(count: int) -> None:
    series = made_of(count)
    loaded = Series.load(series.dump())
    assert loaded == series
    for other in (series, loaded):
        for number in range(5_000):
            other.add(number, number, math.nan, number)
    assert loaded == series


@given(values, st.integers(1, 350))
def test_a_thinned_curve_keeps_extremes_and_last(told: list[float], most: int) -> None:
    places = thin(told, most)
    assert len(places) <= most
    assert places == sorted(set(places))
    kept = [told[place] for place in places]
    assert kept[-1] == told[-1]
    if most >= 3 or len(told) <= most:
        assert min(kept) == min(told)
        assert max(kept) == max(told)


def test_points_are_what_a_bucket_knows() -> None:
    series = made_of(CAPACITY)
    points = series.points()
    assert {point.time for point in points} == {float(place * 1000) for place in range(1, CAPACITY, 2)}
    assert max(point.value for point in points) == max(math.sin(n) * n for n in range(CAPACITY))
    assert points[-1].value == series.last
