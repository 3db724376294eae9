from __future__ import annotations

import datetime as dt

import pytest

from spectator.sessions.times import read_time


@pytest.mark.parametrize(
    "told", ["2024-01-15T10:30:00.000Z", "2024-01-15T12:30:00.000+02:00", "2024-01-15T10:30:00.000"]
)
def test_times_are_aware(told: str) -> None:
    assert read_time(told) == dt.datetime(2024, 1, 15, 10, 30, tzinfo=dt.timezone.utc)


def test_what_is_no_time() -> None:
    with pytest.raises(ValueError, match="soon"):
        read_time("soon")
