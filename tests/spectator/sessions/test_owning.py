from __future__ import annotations

import asyncio
from typing import Any, Coroutine, List, TypeVar

import pytest

from spectator.client.errors import Refused
from spectator.sessions.access import RoomAccessControl
from spectator.sessions.manager import SpectatorManager
from spectator.sessions.rooms import SpectatorRoomManager
from tests.spectator.client.fake_server import Call, FakeServer, Reply, problem

T = TypeVar("T")

ADA = {"id": "u:local:ada", "name": "Ada", "role": "spectator", "joined_at": "", "user_id": "ada"}
PEOPLE = {"spectators": [ADA], "blocked": [{"id": "v_9x", "name": "Eve", "blocked_at": "then"}]}


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


@pytest.fixture(params=[SpectatorManager, SpectatorRoomManager])
def manager(request: pytest.FixtureRequest, fake: FakeServer) -> Any:
    return request.param(fake.url, api_key="sk_local_x")


def people(fake: FakeServer) -> None:
    fake.troubles.append(lambda call: Reply(200, PEOPLE) if call.path.endswith("/spectators") else None)


def credentials(fake: FakeServer, end: str) -> List[str]:
    return [call.headers["authorization"][7:] for call in fake.calls if call.path.endswith(end)]


def test_who_is_in_and_who_is_blocked(manager: Any, fake: FakeServer) -> None:
    people(fake)
    (ada,) = run(manager.list_spectators("ABC234"))
    assert (ada["spectator_id"], ada["user_id"], ada["user_name"]) == ("u:local:ada", "ada", "Ada")
    assert run(manager.list_blocked("ABC234")) == [
        {"spectator_id": "v_9x", "user_id": None, "user_name": "Eve", "blocked_at": "then"}
    ]


@pytest.mark.parametrize("spectator", ["u:local:ada", "ada", {"spectator_id": "u:local:ada", "token": "x"}])
def test_a_person_is_named_by_id_by_user_or_by_what_a_join_returned(
    manager: Any, fake: FakeServer, spectator: Any
) -> None:
    people(fake)
    done = run(manager.kick_spectator("ABC234", spectator))
    assert done == {"spectator_id": "u:local:ada", "user_name": "Ada", "status": "kicked"}


def test_every_power_with_the_keys_own_right_or_on_behalf_of_a_user(manager: Any, fake: FakeServer) -> None:
    powers = ["kick", "block", "unblock", "promote", "demote"]
    for power in powers:
        run(getattr(manager, f"{power}_spectator")("ABC234", {"spectator_id": "v_1"}, "boss"))
    assert fake.used == [(power, "v_1") for power in powers]
    assert credentials(fake, "/demote") == ["id_boss"]  # the server decides what the user may
    run(manager.kick_spectator("ABC234", {"spectator_id": "v_1"}))
    assert credentials(fake, "/kick") == ["id_boss", "sk_local_x"]


def test_nobody_by_that_name(manager: Any) -> None:
    with pytest.raises(Refused, match="spectator_not_found"):
        run(manager.kick_spectator("ABC234", "v_9"))


def test_a_user_is_vouched_for(manager: Any, fake: FakeServer) -> None:
    assert run(manager.create_identity("ada", "Ada L.", hours=2))["token"] == "id_ada"
    assert fake.calls[-1].json == {"user_id": "ada", "name": "Ada L.", "hours": 2.0}


def test_invitations(manager: Any, fake: FakeServer) -> None:
    made = run(manager.create_invitation("ABC234", uses=2, user_id="ada", note="late", acting_user="boss"))
    assert (made["id"], made["uses"], made["user_id"]) == ("i_1", 2, "ada")
    assert made["url"].endswith("#invite=in_i_1")
    run(manager.withdraw_invitation("ABC234", "i_1"))
    (listed,) = run(manager.list_invitations("ABC234"))
    assert listed["status"] == "withdrawn"
    assert credentials(fake, "/invitations") == ["id_boss", "sk_local_x"]
    with pytest.raises(ValueError, match="uses"):
        run(manager.create_invitation("ABC234", uses=0))


def test_what_lets_people_in_is_replaced(fake: FakeServer) -> None:
    async def work() -> None:
        async with SpectatorManager(fake.url, api_key="sk_local_x") as manager:
            session = await manager.create_spectator_session("t", password_protected=True)
            assert await manager.rotate_access(session.session_id, "code") == "NEW234"
            assert await manager.rotate_access(session.session_id, "password") == "made-anew"
            assert await manager.rotate_access(session.session_id, "key") == "rk_new_1"
            # The session of the manager knows what is new.
            assert (session.room_code, session.room_password) == ("NEW234", "made-anew")
            assert session.join_url == f"{fake.url}/r/NEW234"

    run(work())


def test_a_room_is_changed_given_away_and_prolonged(manager: Any, fake: FakeServer) -> None:
    run(manager.update_room("ABC234", max_spectators=7, presence="names", acting_user="boss"))
    run(manager.update_access_control("ABC234", {"require_approval": True}))
    run(manager.update_access_control("ABC234", RoomAccessControl(blocked_users={"eve"})))
    patches = [call.json for call in fake.calls if call.method == "PATCH"]
    assert patches[:2] == [{"max_spectators": 7, "presence": "names"}, {"require_approval": True}]
    assert patches[2]["blocked_users"] == ["eve"]
    run(manager._backend.create({"name": "t"}))
    (room,) = run(manager._backend.rooms())
    assert run(manager.transfer_ownership(room["id"], "grace"))["owner_id"] == "grace"
    assert run(manager.extend_duration(room["id"], 5))["id"] == room["id"]
    with pytest.raises(TypeError, match="colour"):
        run(manager.update_room("ABC234", colour="red"))


def test_users_are_listed_beside_those_who_are(manager: Any, fake: FakeServer) -> None:
    room = run(manager._backend.create({"name": "t", "allowed_users": ["ada", "bob"]})).room
    run(manager.allow_users(room["id"], ["grace"]))
    run(manager.disallow_users(room["id"], {"bob"}))
    patches = [call.json for call in fake.calls if call.method == "PATCH"]
    assert patches == [{"allowed_users": ["ada", "bob", "grace"]}, {"allowed_users": ["ada"]}]


def test_a_run_goes_on_when_somebody_else_replaced_the_key(fake: FakeServer) -> None:
    async def work() -> None:
        async with SpectatorManager(fake.url, api_key="sk_local_x") as manager:
            session = await manager.create_spectator_session("t")
            fake.keys = 1

            def guard(call: Call) -> Any:
                old = call.headers.get("authorization") == "Bearer rk_1"
                return problem(401, "unauthorized") if old else None

            fake.troubles.append(guard)
            await session.overlay.send_bot_decision_data({"left": 1.0}, 0.5, [0.5], "left")

    run(work())
    assert [event["type"] for event in fake.stored][:2] == ["training_event", "bot_decision"]
    assert fake.posts()[-1].headers["authorization"] == "Bearer rk_new_1"


def test_requests_are_answered_by_session(fake: FakeServer) -> None:
    asks = {"id": "q_1", "name": "Bob", "user_id": "u2", "requested_at": "now", "status": "pending_approval"}
    fake.requests.extend([asks, {**asks, "id": "q_2"}, {**asks, "id": "q_3", "status": "expired"}])

    async def work() -> None:
        async with SpectatorManager(fake.url, api_key="sk_local_x") as manager:
            waiting = await manager.get_pending_approvals("ABC234")
            assert [one["request_id"] for one in waiting] == ["q_1", "q_2"]
            done = await manager.approve_join_request("ABC234", "q_1")
            assert (done["status"], done["user_name"]) == ("approved", "Bob")
            done = await manager.deny_join_request("ABC234", "q_2", acting_user="boss")
            assert (done["status"], done["request_id"]) == ("denied", "q_2")

    run(work())
    assert credentials(fake, "/approve") == ["sk_local_x"]
    assert credentials(fake, "/deny") == ["id_boss"]


def test_joining_with_an_invitation(fake: FakeServer) -> None:
    async def work() -> None:
        async with SpectatorManager(fake.url, api_key="sk_local_x") as manager:
            session = await manager.create_spectator_session("t")
            await manager.join_spectator_session(session.session_id, "Ada", invitation="in_1")

    run(work())
    join = next(call for call in fake.calls if call.path.endswith("/join"))
    assert join.json == {"display_name": "Ada", "invitation": "in_1"}


def test_a_moderator_acts_by_the_place_they_have_in_the_room(manager: Any, fake: FakeServer) -> None:
    def guard(call: Call) -> Any:
        identity = call.headers.get("authorization", "").startswith("Bearer id_")
        return problem(403, "not_allowed") if identity and call.path.endswith("/kick") else None

    fake.troubles.append(guard)
    moderator = {**ADA, "role": "moderator"}
    fake.troubles.append(
        lambda call: Reply(200, {"spectators": [moderator]}) if call.path.endswith("/spectators") else None
    )
    run(manager.kick_spectator("ABC234", {"spectator_id": "v_1"}, "ada"))
    assert credentials(fake, "/kick") == ["id_ada", "gr_1"]
    with pytest.raises(Refused, match="not_allowed"):
        run(manager.kick_spectator("ABC234", {"spectator_id": "v_1"}, "eve"))
    assert credentials(fake, "/join") == ["id_ada"]  # nobody is let in by trying
