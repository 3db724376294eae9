import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectator.server.sockets.messages import (
    LONGEST,
    Ack,
    Auth,
    Hello,
    Misunderstood,
    Ping,
    Unknown,
    Visibility,
    read,
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"type":"hello"}', Hello()),
        ('{"type":"hello","token":"t","since":"1.2.x","frames":true}', Hello("t", "1.2.x", True)),
        ('{"type":"hello","colour":"red"}', Hello()),
        ('{"type":"ack","seq":7}', Ack(7)),
        ('{"seq":7,"type":"ack"}', Ack(7)),
        ('{"type":"visibility","hidden":true}', Visibility(True)),
        ('{"type":"auth","token":"t"}', Auth("t")),
        ('{"type":"ping"}', Ping()),
        ('{"type":"tomorrow","x":1}', Unknown("tomorrow")),
    ],
)
def test_what_a_viewer_says(text: str, said: object):
    assert read(text) == said


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "7",
        '"ping"',
        "[]",
        "{}",
        "{",
        '{"type":null}',
        '{"type":["ping"]}',
        '{"type":"ack","seq":"7"}',
        '{"type":"ack","seq":1.5}',
        '{"type":"ack","seq":-1}',
        '{"type":"ack","seq":9007199254740993}',
        '{"type":"visibility"}',
        '{"type":"visibility","hidden":1}',
        '{"type":"auth"}',
        '{"type":"auth","token":""}',
        '{"type":"hello","token":7}',
        '{"type":"hello","frames":"yes"}',
        '{"type":"hello","token":"%s"}' % ("x" * 5000),
        '{"type":"ping","x":"%s"}' % ("é" * 2048),
        '{"type":"ping","\\ud800":1',
        "[" * 3000,
        '{"type":"hello","x":' + "[" * 1900 + "]" * 1900 + "}",
        '{"type":"tomorrow","x":' + "[" * 1900 + "]" * 1900 + "}",
        '{"type":"tomorrow","x":' + '{"x":' * 700 + "1" + "}" * 701,
    ],
)
def test_what_is_no_message(text: str):
    with pytest.raises(Misunderstood):
        read(text)


def test_an_error_does_not_repeat_what_was_sent():
    with pytest.raises(Misunderstood) as refused:
        read('{"type":"auth","token":{"secret":"hush"}}')
    assert "hush" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_the_longest_is_counted_in_bytes():
    frame = '{"type":"ping","x":"%s"}'
    assert read(frame % ("x" * (LONGEST - len(frame) + 2))) == Ping()
    with pytest.raises(Misunderstood):
        read(frame % ("x" * (LONGEST - len(frame) + 3)))


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_nothing_else_ever_comes_out(value: object):
    try:
        read(json.dumps(value))
    except Misunderstood:
        return


@given(st.text())
def test_any_text(text: str):
    with pytest.raises(Misunderstood):
        read(text)
