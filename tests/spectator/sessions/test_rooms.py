from __future__ import annotations

import asyncio
from typing import Any, Coroutine, Optional, TypeVar

import pytest

from spectator.client.errors import Refused
from spectator.protocol.levels import AccessLevel
from spectator.sessions.access import RoomAccessControl
from spectator.sessions.rooms import SpectatorRoomManager
from tests.spectator.client.fake_server import Call, FakeServer, Reply, problem

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


@pytest.fixture
def manager(fake: FakeServer) -> SpectatorRoomManager:
    return SpectatorRoomManager(fake.url, api_key="sk_local_x")


def waiting(user: str = "u2") -> Any:
    return {"id": "q_1", "name": "Bob", "user_id": user, "requested_at": "now", "status": "pending_approval"}


def test_a_room_belongs_to_its_creator(fake: FakeServer, manager: SpectatorRoomManager) -> None:
    control = RoomAccessControl(AccessLevel.PASSWORD, max_spectators=5)
    info = run(manager.create_spectator_room("t", "boss", control, 4, "my-run 2"))
    told = fake.calls[0].json
    assert (told["owner_id"], told["session_duration_hours"], told["custom_code"]) == (
        "boss",
        4.0,
        "my-run 2",
    )
    assert info.creator_id == "boss"
    assert info.access_control.password == "made-for-you"
    assert control.password is None  # the caller's own is left alone
    assert "made-for-you" not in str(info.to_dict())
    assert info.to_dict()["has_password"] is True
    assert info.to_dict()["access_level"] == "password"


def test_anybody_with_the_code_when_nothing_is_said(fake: FakeServer, manager: SpectatorRoomManager) -> None:
    run(manager.create_spectator_room("t", "boss"))
    assert fake.calls[0].json["access_level"] == "public"


def test_a_user_who_is_let_in(fake: FakeServer, manager: SpectatorRoomManager) -> None:
    async def work() -> Any:
        room = await manager.create_spectator_room("t", "boss")
        return await manager.join_room_request(room.room_code, "u1", "Ada", "s3cret", {"why": "curious"})

    joined = run(work())
    assert joined["status"] == "approved"
    assert joined["spectator_info"]["user_metadata"] == {"why": "curious"}
    join = next(call for call in fake.calls if call.path.endswith("/join"))
    assert join.headers["authorization"] == "Bearer id_u1"
    assert join.json == {"display_name": "Ada", "password": "s3cret"}


def test_a_user_who_waits_and_the_answer(fake: FakeServer, manager: SpectatorRoomManager) -> None:
    def waits(call: Call) -> Optional[Reply]:
        if not call.path.endswith("/join"):
            return None
        told = {
            "status": "pending_approval",
            "request_id": "q_1",
            "token": "lo_1",
            "ws_url": "",
            "spectator_id": "p",
        }
        return Reply(202, {**told, "room": {"code": "ABC234"}})

    fake.troubles.append(waits)
    fake.requests.append(waiting())
    joined = run(manager.join_room_request("ABC234", "u2", "Bob", user_metadata={"a": 1}))
    assert (joined["status"], joined["request_id"]) == ("pending_approval", "q_1")
    (pending,) = run(manager.get_pending_approvals("ABC234"))
    assert pending == {
        "request_id": "q_1",
        "user_id": "u2",
        "user_name": "Bob",
        "requested_at": "now",
        "user_metadata": {"a": 1},
    }
    answer = run(manager.approve_join_request("ABC234", "u2", "boss", True))
    assert answer == {"status": "approved", "request_id": "q_1", "user_id": "u2", "user_name": "Bob"}
    settled = next(call for call in fake.calls if call.path.endswith("/approve"))
    assert settled.headers["authorization"] == "Bearer id_boss"  # the server decides what the approver may


def test_a_request_can_be_turned_away_by_its_id(fake: FakeServer, manager: SpectatorRoomManager) -> None:
    fake.requests.append(waiting())
    assert run(manager.approve_join_request("ABC234", "q_1", "boss", approved=False))["status"] == "denied"


def test_nobody_waits_under_that_name(manager: SpectatorRoomManager) -> None:
    with pytest.raises(Refused) as refused:
        run(manager.approve_join_request("ABC234", "u2", "boss", True))
    assert refused.value.code == "request_not_found"


def test_leaving_gives_up_a_seat_or_a_request(fake: FakeServer, manager: SpectatorRoomManager) -> None:
    run(manager.leave_room("ABC234", "stranger"))
    assert not any(call.path.endswith("/leave") for call in fake.calls)
    ada = {"id": "u:local:u1", "name": "Ada", "role": "spectator", "joined_at": ""}
    fake.troubles.append(
        lambda call: Reply(200, {"spectators": [ada]}) if "spectators" in call.path else None
    )
    run(manager.leave_room("ABC234", "u1"))
    assert fake.calls[-1].path.endswith("/leave")


def test_a_room_and_who_is_in(fake: FakeServer, manager: SpectatorRoomManager) -> None:
    async def work() -> Any:
        room = await manager.create_spectator_room("t", "boss")
        return await manager.get_room_info(room.room_code)

    info = run(work())
    assert info["room_status"] == "active"
    assert info["spectator_list"] == [
        {"spectator_id": "v_1", "user_name": "Ada", "role": "spectator", "joined_at": ""}
    ]
    fake.troubles.append(lambda _: problem(404, "room_not_found"))
    assert run(manager.get_room_info("ABC999")) is None


def test_the_rooms_of_a_user(fake: FakeServer, manager: SpectatorRoomManager) -> None:
    async def work() -> Any:
        await manager.create_spectator_room("own", "u1")
        await manager.create_spectator_room("listed", "boss", RoomAccessControl(allowed_users={"u1"}))
        seated = await manager.create_spectator_room("seated", "boss")
        ended = await manager.create_spectator_room("ended", "u1")
        await manager.create_spectator_room("other", "boss")
        fake.created[ended.room_id]["status"] = "ended"
        u1 = {"id": "u:local:u1", "name": "Ada", "role": "spectator", "joined_at": ""}

        def people(call: Call) -> Optional[Reply]:
            return Reply(200, {"spectators": [u1]}) if f"{seated.room_id}/spectators" in call.path else None

        fake.troubles.append(people)
        return await manager.list_user_rooms("u1")

    found = {room["training_session_id"]: room["user_role"] for room in run(work())}
    assert found == {"own": "creator", "listed": "allowed", "seated": "spectator"}


def test_closing_is_the_creators(fake: FakeServer, manager: SpectatorRoomManager) -> None:
    run(manager.close_room("ABC234", "boss"))
    assert fake.calls[-1].headers["authorization"] == "Bearer id_boss"
    fake.troubles.append(lambda call: problem(410, "room_closed") if call.method == "DELETE" else None)
    run(manager.close_room("ABC234", "boss"))
    fake.troubles.append(lambda _: problem(403, "not_allowed"))
    fake.troubles.reverse()
    with pytest.raises(Refused):
        run(manager.close_room("ABC234", "stranger"))


def test_async_with(fake: FakeServer) -> None:
    async def work() -> None:
        async with SpectatorRoomManager(fake.url, api_key="k") as manager:
            await manager.create_spectator_room("t", "boss")

    run(work())
    assert fake.rooms == 1
