import msgspec
import pytest

from spectator.events.shapes import KIND_OF, NESTED, PLAIN, PLAIN_EVENT, GraphShapes

DEEP = b'"metadata":{"2":{"3":{"4":{"5":{}}}}}'
LARGE = b'"metadata":{"2":[{"3":[9007199254740993]}]}'


def test_plain_shapes_know_every_field_they_take() -> None:
    decoder = msgspec.json.Decoder(PLAIN_EVENT)
    assert KIND_OF[type(decoder.decode(b'{"type":"log","message":"a"}'))] == "log"
    decoder.decode(b'{"type":"log","message":"a","metadata":{"2":{"3":[{"4":9007199254740992}]}}}')
    for further in (b'"more":1', b'"seq":1', DEEP, LARGE, b'"step":9007199254740993'):
        with pytest.raises(msgspec.ValidationError):
            decoder.decode(b'{"type":"log","message":"a",' + further + b"}")


@pytest.mark.parametrize("kind", sorted(PLAIN))
def test_what_a_plain_shape_must_have_its_nested_shape_must_have(kind: str) -> None:
    def required(shape: type[msgspec.Struct]) -> set[str]:
        return {field.encode_name for field in msgspec.structs.fields(shape) if field.required}

    assert required(PLAIN[kind]) == required(NESTED[kind])


def test_graphs_are_bounded() -> None:
    graph = {"graph_id": "g", "metrics": ["a"]}
    assert msgspec.convert([graph], GraphShapes)[0].max_points == 1_000
    for wrong in (
        [graph] * 31,
        [{**graph, "max_points": 0}],
        [{**graph, "metrics": ["a"] * 21}],
        [{**graph, "title": "x" * 129}],
        [{**graph, "more": 1}],
    ):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(wrong, GraphShapes)
