from __future__ import annotations

import pytest

from spectator.client.address import Address
from spectator.client.api import Api
from spectator.client.errors import Refused
from spectator.client.opened import Opened
from spectator.client.rekeying import renewed
from tests.spectator.client.fake_server import FakeServer, Reply, problem


@pytest.fixture
def opened(fake: FakeServer) -> Opened:
    api = Api(Address.parse(fake.url), "sk_local_x")
    room = api.create_room({"name": "a run"})["room"]
    return Opened(api.address, room, "rk_old", f"{fake.url}/r/{room['code']}", password="s3cret")


def test_a_key_that_may_manage_gets_the_rooms_present_one(fake: FakeServer, opened: Opened) -> None:
    fake.created[opened.id]["name"] = "renamed"
    fake.keys = 4
    new = renewed(Api(opened.address, "sk_local_x"), opened)
    assert (new.owner_token, new.room["name"], new.password) == ("rk_new_4", "renamed", "s3cret")
    claim, redemption = fake.calls[-2:]
    assert claim.headers["authorization"] == "Bearer sk_local_x"
    assert redemption.json == {"claim": "fresh2"}
    assert "authorization" not in redemption.headers  # what a claim is good for needs nothing else


def test_a_key_that_may_only_publish_is_shown_itself(fake: FakeServer, opened: Opened) -> None:
    fake.troubles.append(lambda call: problem(403, "not_allowed") if "claims" in call.path else None)
    assert renewed(Api(opened.address, "sk_local_x"), opened).owner_token == "sk_local_x"


def test_a_revoked_key_is_told_with_what_to_do_and_not_repeated(fake: FakeServer, opened: Opened) -> None:
    fake.troubles.append(lambda _: problem(401, "unauthorized"))
    with pytest.raises(Refused, match="spectator login") as refused:
        renewed(Api(opened.address, "sk_local_x"), opened)
    assert refused.value.status == 401
    assert "sk_local_x" not in str(refused.value)


@pytest.mark.parametrize("reply", [problem(404, "room_not_found"), problem(410, "room_closed")])
def test_a_room_that_is_gone_stays_gone(fake: FakeServer, opened: Opened, reply: Reply) -> None:
    fake.troubles.append(lambda _: reply)
    with pytest.raises(Refused) as refused:
        renewed(Api(opened.address, "sk_local_x"), opened)
    assert refused.value.status == reply.status
