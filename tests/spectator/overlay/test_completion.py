import json

from spectator.overlay import completed


def test_what_was_derived_stands_beside_what_was_published() -> None:
    raw = b'{"type":"training_metrics","data":{"reward":1.0}}'
    one = completed(3, json.loads(raw), {"current_reward": 1.0}, raw)
    assert one.raw is raw
    assert json.loads(one.completed) == {**json.loads(raw), "derived": {"current_reward": 1.0}}


def test_nothing_is_copied_where_nothing_was_derived() -> None:
    raw = b'{"type":"log","message":"a"}'
    assert completed(3, json.loads(raw), {}, raw).completed is raw
