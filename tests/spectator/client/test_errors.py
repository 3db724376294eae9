from __future__ import annotations

from spectator.client.errors import NoServer, Refused, SpectatorError, Unreachable, as_clause


def test_one_tree() -> None:
    assert all(issubclass(kind, SpectatorError) for kind in (NoServer, Refused, Unreachable))


def test_a_refusal_tells_what_happened_and_its_name() -> None:
    refused = Refused("room_full", 409, "No seat is free.", retry_after=3.0, field="x", last=4)
    assert str(refused) == "No seat is free. (room_full)"
    assert (refused.code, refused.status, refused.message) == ("room_full", 409, "No seat is free.")
    assert (refused.retry_after, refused.field, refused.last) == (3.0, "x", 4)


def test_a_sentence_goes_on_after_what_happened() -> None:
    assert (
        as_clause(Refused("not_allowed", 403, "It is shut. Ask the operator."))
        == "It is shut. Ask the operator"
    )
    assert as_clause(NoServer("Start one: spectator serve.")) == "Start one: spectator serve"
    assert as_clause(Unreachable("no answer")) == "no answer"
