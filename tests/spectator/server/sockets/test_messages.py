import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectator.hub import Stage, Variant
from spectator.server.sockets import messages
from spectator.server.sockets.messages import (
    LONGEST,
    RULES,
    Ack,
    Auth,
    Hello,
    Misunderstood,
    Ping,
    Unknown,
    Visibility,
    judge_message,
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


class TestTable:
    """Written out once more: what may be said, by whom, when. Everything else is refused."""

    SAID = (Hello(), Ack(1), Visibility(True), Auth("t"), Ping())
    ROLES = ("nobody", "asker", "spectator", "moderator", "owner", "reader")
    MAY = frozenset(
        {
            *(("v1", Stage.NEW, role, "hello") for role in ROLES),
            *(("flat", stage, role, "hello") for role in ROLES for stage in (Stage.NEW, Stage.LIVE)),
            *(("v1", Stage.LIVE, role, "ack") for role in ("spectator", "moderator", "owner", "reader")),
            *(("v1", Stage.LIVE, role, "auth") for role in ("spectator", "moderator", "owner")),
            *(
                ("v1", stage, role, kind)
                for kind in ("visibility", "ping")
                for stage in (Stage.LOBBY, Stage.LIVE)
                for role in ("asker", "spectator", "moderator", "owner", "reader")
            ),
            *(
                ("flat", Stage.LIVE, role, "ping")
                for role in ("asker", "spectator", "moderator", "owner", "reader")
            ),
        }
    )

    def test_every_message_that_is_read_is_in_the_table(self):
        assert {rule.type for rule in RULES} == messages._TYPES
        assert {rule.model for rule in RULES} == {type(one) for one in self.SAID}
        assert all(rule.told.endswith(".") for rule in RULES)

    @pytest.mark.parametrize("stage", [Stage.NEW, Stage.LOBBY, Stage.LIVE])
    @pytest.mark.parametrize("variant", [Variant.V1, Variant.V1_DEFLATED, Variant.FLAT])
    @pytest.mark.parametrize("role", ROLES)
    def test_who_may_say_what_when(self, variant: Variant, stage: Stage, role: str):
        name = "flat" if variant is Variant.FLAT else "v1"
        acted = {
            said.__struct_config__.tag
            for said in self.SAID
            if judge_message(said, variant, stage, role) == "act"
        }
        assert acted == {kind for *place, kind in self.MAY if tuple(place) == (name, stage, role)}

    @pytest.mark.parametrize("variant", [Variant.V1, Variant.FLAT])
    def test_what_nobody_knows_breaks_nothing(self, variant: Variant):
        assert judge_message(Unknown("tomorrow"), variant, Stage.LIVE, "spectator") == "unknown"

    def test_to_a_flat_connection_most_types_are_unknown(self):
        for said in (Ack(1), Visibility(True), Auth("t")):
            assert judge_message(said, Variant.FLAT, Stage.LIVE, "spectator") == "unknown"

    def test_at_the_wrong_time_it_is_misplaced(self):
        assert judge_message(Hello(), Variant.V1, Stage.LIVE, "spectator") == "misplaced"
        assert judge_message(Ack(1), Variant.V1, Stage.LOBBY, "asker") == "misplaced"
        assert judge_message(Auth("t"), Variant.V1, Stage.LIVE, "reader") == "misplaced"
