import pytest

from rooms import presence


@pytest.mark.parametrize(("ends", "held"), [(None, False), (999, False), (1000, False), (1001, True)])
def test_a_seat_is_held_until_its_lease_ends(ends: int | None, held: bool) -> None:
    assert presence.is_held(ends, 1000) is held


def test_the_times_are_those_of_the_contract() -> None:
    assert presence.SEAT_MS == 30_000
    assert presence.RESERVED_MS == presence.REFUSED_MS == 60_000
    assert presence.CLAIM_MS == 15_000
    assert presence.LINK_MS == 600_000
    assert presence.GRANT_MS == 3_600_000
    assert presence.ROOM_KEPT_MS == 7 * presence.CODE_KEPT_MS
