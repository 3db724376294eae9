from __future__ import annotations

from typing import List

from spectator.client.invitations import Invitation

TOLD = {
    "id": "i_1",
    "note": "the late ones",
    "user_id": None,
    "uses": 3,
    "used": 1,
    "created_at": "2024-01-15T10:30:00.000Z",
    "expires_at": "2024-01-16T10:30:00.000Z",
    "status": "open",
    "url": "http://x/r/ABC234#invite=in_s3cret",
    "token": "in_s3cret",
}


def test_tells_its_link_and_can_be_withdrawn_where_it_stands() -> None:
    asked: List[str] = []

    def withdraw(invitation: str) -> bool:
        asked.append(invitation)
        return True

    invitation = Invitation.read(TOLD, withdraw)
    assert invitation.withdraw()
    assert asked == ["i_1"]
    assert invitation
    assert (invitation.uses, invitation.used, invitation.status) == (3, 1, "open")
    assert str(invitation.url).endswith("#invite=in_s3cret")


def test_what_lets_people_in_is_not_shown_by_accident() -> None:
    assert "s3cret" not in repr(Invitation.read(TOLD, lambda _: True))


def test_one_of_a_list_has_no_link() -> None:
    told = {name: value for name, value in TOLD.items() if name not in {"url", "token"}}
    assert Invitation.read(told, lambda _: True).url is None


def test_one_that_could_not_be_made_is_false_and_does_nothing() -> None:
    none = Invitation.none()
    assert not none
    assert none.url is None
    assert not none.withdraw()
