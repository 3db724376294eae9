from math import inf, nan

from spectator.overlay import finite, number, values_of


def test_only_finite_numbers_are_numbers() -> None:
    values = {
        "a": 1,
        "b": 2.5,
        "c": True,
        "d": None,
        "e": "1",
        "f": nan,
        "g": inf,
        "h": -inf,
        "i": [1],
        "j": 10**400,
    }
    assert finite(values) == {"a": 1, "b": 2.5}
    assert [number(value) for value in (1, 2.5, True, None, "1", 10**400, nan)] == [1.0, 2.5, *[None] * 5]


def test_values_are_found_where_each_type_has_them() -> None:
    assert values_of({"type": "training_metrics", "data": {"a": 1}}) == {"a": 1}
    assert values_of({"type": "episode_metrics", "metrics": {"a": 1}}) == {"a": 1}
    assert values_of({"type": "metric", "name": "a", "value": 1}) == {"a": 1}
    for event in ({"type": "system_metrics", "metrics": {"a": 1}}, {"type": 5}, {"type": "metric"}, {}):
        assert values_of(event) == {}
