"""A storm folds into few entries and costs little; what owners did is never its victim."""

import pytest

from rooms.audit import CROWD, HELD, MARKS, TENANTS, TEXT, Actor, AuditEntry, Buffer, actor_of, plain
from rooms.models import Caller
from tests.harness.hostile import TEXTS

NOW = 1_700_000_000_000


def entry(what: str = "join", outcome: str = "ok", at_ms: int = NOW, **fields: object) -> AuditEntry:
    plainly: dict[str, object] = {"actor": Actor("anonymous"), "tenant": "local", "room": "r_1"}
    return AuditEntry(what, outcome, at_ms=at_ms, **(plainly | fields))  # type: ignore[arg-type]  # by name


def taken(buffer: Buffer) -> list[AuditEntry]:
    return [one for one, _ in buffer.take(NOW).entries]


def test_refusals_that_repeat_within_a_second_are_one() -> None:
    buffer = Buffer()
    for _ in range(1000):
        buffer.add(entry(outcome="wrong_password", client="192.0.2.1"))
    buffer.add(entry(outcome="wrong_password", client="192.0.2.2"))
    buffer.add(entry(outcome="wrong_password", client="192.0.2.1", at_ms=NOW + 1000))
    buffer.add(entry(outcome="blocked", client="192.0.2.1"))
    buffer.add(entry(outcome="wrong_password", client="192.0.2.1", room="r_2"))
    assert [one.count for one in taken(buffer)] == [1000, 1, 1, 1, 1]


def test_people_who_come_in_together_stay_apart() -> None:
    buffer = Buffer()
    for number in range(40):
        buffer.add(entry(actor=Actor("anonymous", f"v_{number}", f"student {number}"), client="192.0.2.1"))
    assert len({one.actor.name for one in taken(buffer)}) == 40


def test_a_crowd_is_one_entry_beyond_its_first() -> None:
    buffer = Buffer()
    for number in range(5000):
        buffer.add(
            entry(actor=Actor("anonymous", f"v_{number}", "x"), client=f"192.0.{number >> 8}.{number & 255}")
        )
    found = taken(buffer)
    assert len(found) == CROWD + 1
    assert sum(one.count for one in found) == 5000
    assert (found[-1].actor, found[-1].client, found[-1].count) == (Actor("several"), None, 5000 - CROWD)


def test_no_storm_takes_the_place_of_a_doing() -> None:
    buffer = Buffer()
    for number in range(3 * HELD):
        buffer.add(entry(outcome="wrong_password", room=f"r_{number}"))
    buffer.add(entry("rotate"))
    found = taken(buffer)
    assert [one for one in found if one.what == "rotate"]
    assert len(found) == HELD + 2
    (missed,) = [one for one in found if one.what == "missed"]
    assert (missed.outcome, missed.tenant, missed.count) == ("busy", "local", 2 * HELD)


def test_what_is_missed_is_counted_for_a_bounded_number_of_tenants() -> None:
    buffer = Buffer()
    for number in range(HELD + 2 * TENANTS):
        buffer.add(entry(tenant=f"t{number}", room=f"r_{number}"))
    missed = [one for one in taken(buffer) if one.what == "missed"]
    assert len(missed) == TENANTS + 1
    assert sum(one.count for one in missed) == 2 * TENANTS


def test_a_take_leaves_nothing() -> None:
    buffer = Buffer()
    buffer.add(entry())
    assert buffer.mark("k 1", entry("key_address"))
    assert len(buffer) == 2
    assert len(taken(buffer)) == 1
    assert len(buffer) == 0
    assert taken(buffer) == []


def test_marks_are_bounded_and_say_so() -> None:
    buffer = Buffer()
    assert all(buffer.mark(f"k {number}", entry()) for number in range(MARKS))
    assert not buffer.mark("k more", entry())
    assert buffer.mark("k 1", entry())


def test_a_code_that_leads_nowhere_is_not_held() -> None:
    buffer = Buffer()
    buffer.add(entry(outcome="room_not_found", room=None), ref="ABC234")
    buffer.add(entry(outcome="too_many_attempts", room=None), ref="ABC234")
    buffer.add(entry(outcome="wrong_password", room=None), ref="ABC234")
    assert [ref for _, ref in buffer.take(NOW).entries] == [None, None, "ABC234"]


@pytest.mark.parametrize(
    ("what", "outcome", "lasting"),
    [
        ("kick", "ok", True),
        ("key_create", "ok", True),
        ("missed", "busy", False),
        ("kick", "not_allowed", False),
        ("join", "ok", False),
        ("identity", "ok", False),
        ("key_address", "ok", False),
    ],
)
def test_what_lasts(what: str, outcome: str, lasting: bool) -> None:
    assert entry(what, outcome).lasting is lasting


def test_who_it_was() -> None:
    assert actor_of(Caller("anonymous")) == Actor("anonymous")
    key = Caller("api_key", tenant="local", key_id="k_1", name="ci", person="never")
    assert actor_of(key) == Actor("api_key", "k_1", "ci")
    assert actor_of(Caller("grant", person="v_1", name="Ann", grant_id="g_1")) == Actor("grant", "v_1", "Ann")


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_texts_are_short_and_of_one_line(text: str) -> None:
    shown = plain(text)
    assert shown is None or (shown.isprintable() and len(shown) <= TEXT)


def test_a_long_text_is_cut() -> None:
    assert plain("x" * 1000) == "x" * TEXT
    assert plain("") is None
    assert plain(None) is None
