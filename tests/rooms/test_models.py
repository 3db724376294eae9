import pytest

from rooms import AccessLevel, Admitted, Created, Waiting
from spectator.protocol import AccessLevel as ProtocolLevel
from tests.rooms.made import NOW, a_request, a_room


def test_the_levels_are_those_of_the_protocol() -> None:
    assert {level.name: level.value for level in AccessLevel} == {
        level.name: level.value for level in ProtocolLevel
    }


@pytest.mark.parametrize(
    ("status", "expires", "active"),
    [
        ("active", NOW + 1, True),
        ("active", NOW, False),
        ("paused", NOW + 1, True),
        ("ended", NOW + 1, False),
    ],
)
def test_a_room_is_active_until_it_ends_or_its_time_is_over(status: str, expires: int, active: bool) -> None:
    assert a_room(status=status, expires_at_ms=expires).is_active(NOW) is active


def test_no_repr_shows_a_credential() -> None:
    room = a_room()
    shown = [
        Admitted(room, "v_1", "spectator", "Ann", "TOKEN", NOW, "VISITOR"),
        Waiting(room, a_request(), "TOKEN", "VISITOR"),
        Created(room, "TOKEN", "PASSWORD"),
    ]
    assert not [one for one in shown if any(word in repr(one) for word in ("TOKEN", "VISITOR", "PASSWORD"))]


def test_a_wait_is_known_by_its_request() -> None:
    waiting = Waiting(a_room(), a_request(id="q_7"), "token")
    assert (waiting.request_id, waiting.status) == ("q_7", "pending_approval")
