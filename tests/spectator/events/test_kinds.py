import pytest

from spectator.events import CLASS_OF, EventClass, run_name, samples, state_key
from spectator.events.shapes import NESTED, PLAIN


def test_every_type_has_a_class_and_a_shape() -> None:
    assert set(CLASS_OF) == set(PLAIN) == set(NESTED)


@pytest.mark.parametrize(
    ("event", "key"),
    [
        ({"type": "bot_decision"}, "bot_decision"),
        ({"type": "bot_decision", "agent": "a"}, "bot_decision/a"),
        ({"type": "training_metrics", "source": 1, "agent": 2}, "training_metrics@1/2"),
        ({"type": "data", "stream": "s"}, "data:s"),
        ({"type": "metric", "name": "loss", "source": "w"}, "metric:loss@w"),
    ],
)
def test_a_newer_event_takes_the_place_of_its_own_kind_only(event: dict[str, object], key: str) -> None:
    assert state_key(event) == key


def test_samples_survive_anything_in_place_of_values() -> None:
    for event in (
        {"type": "training_metrics", "data": 5},
        {"type": "metric", "name": 5, "value": 1},
        {"type": "graph_update", "graphs": [5, {"data_points": 5}]},
        {"type": "graph_update", "graphs": None},
        {"type": None},
        {},
    ):
        assert samples(event) == {}


def test_what_is_lost_first_is_as_the_product_says() -> None:
    lost = {kind for kind, held in CLASS_OF.items() if held is EventClass.EVENT}
    assert lost == {"alert", "training_event", "log"}


def test_a_run_is_named_by_text_of_some_length() -> None:
    assert run_name({"run_id": "abc"}) == "abc"
    for data in (None, {}, {"run_id": 5}, {"run_id": "x" * 129}):
        assert run_name(data) == ""
