"""Sessions straight on a store: the same promises as over a server, on each of the three kinds of store."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

import rooms as access
from spectator import (
    AccessLevel,
    MetricsData,
    Refused,
    RoomAccessControl,
    SpectatorManager,
    SpectatorRoomManager,
    Unreachable,
)
from spectator.client.pending import SAMPLE
from spectator.embedded import EmbeddedStore
from tests.harness.waiting import eventually


@pytest.fixture
def url(
    store_url: str, connection: access.Connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> str:
    """The URL of an empty store, and a data folder of one's own."""
    monkeypatch.setenv("SPECTATOR_DATA_DIR", str(tmp_path / "data"))
    return store_url


@pytest_asyncio.fixture
async def manager(url: str) -> AsyncIterator[SpectatorManager]:
    async with SpectatorManager(url) as manager:
        yield manager


@pytest_asyncio.fixture
async def room_manager(url: str) -> AsyncIterator[SpectatorRoomManager]:
    async with SpectatorRoomManager(url) as manager:
        yield manager


async def history(manager: SpectatorManager, session_id: str, name: str) -> list[float]:
    told = await manager._backend.history(session_id, 10_000)
    values: list[float] = told.get(name, {}).get("value", [])
    return values


async def test_a_session_from_its_begin_to_its_end(manager: SpectatorManager) -> None:
    session = await manager.create_spectator_session("t", password_protected=True, max_spectators=2)
    assert session.room_password
    for episode in range(300):
        await manager.update_training_metrics(
            session.session_id, MetricsData(episode=episode, current_reward=episode * 0.5)
        )
    await eventually(lambda: _count(manager, session.session_id, 300))
    assert await history(manager, session.session_id, "current_reward") == [n * 0.5 for n in range(300)]
    info = await manager.get_session_info(session.session_id)
    assert info is not None
    assert info["has_password"] is True
    assert [one["session_id"] for one in await manager.list_active_sessions()] == [session.session_id]


async def _count(manager: SpectatorManager, session_id: str, count: int) -> bool:
    return len(await history(manager, session_id, "current_reward")) == count


async def test_the_end_waits_for_what_was_published(manager: SpectatorManager) -> None:
    session = await manager.create_spectator_session("t")
    for episode in range(2_500):
        await manager.update_training_metrics(session.session_id, MetricsData(current_reward=float(episode)))
    publisher = manager._publishers[session.session_id]
    await publisher.finish()
    assert len(await history(manager, session.session_id, "current_reward")) == 2_500
    room = await manager._backend.room(session.session_id)
    assert room["run"]["status"] == "finished"


async def test_joining_full_rooms_and_wrong_passwords(manager: SpectatorManager) -> None:
    session = await manager.create_spectator_session("t", password_protected=True, max_spectators=1)
    with pytest.raises(Refused) as refused:
        await manager.join_spectator_session(session.session_id, "Eve", "wrong")
    assert refused.value.code == "wrong_password"
    ada = await manager.join_spectator_session(session.session_id, "Ada", session.room_password)
    with pytest.raises(Refused) as refused:
        await manager.join_spectator_session(session.session_id, "Bob", session.room_password)
    assert refused.value.code == "room_full"
    await manager.leave_spectator_session(session.session_id, ada)
    await manager.join_spectator_session(session.session_id, "Bob", session.room_password)
    await manager.close_session(session.session_id)
    assert await manager.get_session_info(session.session_id) is None


async def test_approval_is_the_creators_to_give(room_manager: SpectatorRoomManager) -> None:
    control = RoomAccessControl(AccessLevel.PUBLIC, require_approval=True, max_spectators=5)
    room = await room_manager.create_spectator_room("t", "boss", control)
    for user in ("u1", "u2", "u3"):
        joined = await room_manager.join_room_request(room.room_code, user, user.upper())
        assert joined["status"] == "pending_approval"
    with pytest.raises(Refused) as refused:
        await room_manager.approve_join_request(room.room_code, "u1", "u2", True)
    assert refused.value.code == "not_allowed"
    assert (await room_manager.approve_join_request(room.room_code, "u1", "boss", True))[
        "status"
    ] == "approved"
    assert (await room_manager.approve_join_request(room.room_code, "u2", "boss", False))[
        "status"
    ] == "denied"
    await room_manager.leave_room(room.room_code, "u3")
    assert await room_manager.get_pending_approvals(room.room_code) == []
    info = await room_manager.get_room_info(room.room_code)
    assert info is not None
    assert [one["user_name"] for one in info["spectator_list"]] == ["U1"]
    assert [one["user_role"] for one in await room_manager.list_user_rooms("u1")] == ["spectator"]
    assert [one["user_role"] for one in await room_manager.list_user_rooms("boss")] == ["creator"]
    await room_manager.leave_room(room.room_code, "u1")
    assert await room_manager.list_user_rooms("u1") == []
    with pytest.raises(Refused):
        await room_manager.close_room(room.room_code, "u1")
    await room_manager.close_room(room.room_code, "boss")
    assert await room_manager.list_user_rooms("boss") == []


async def test_a_private_room_does_not_exist_for_strangers(room_manager: SpectatorRoomManager) -> None:
    control = RoomAccessControl(AccessLevel.PRIVATE, allowed_users={"u1"})
    room = await room_manager.create_spectator_room("t", "boss", control)
    assert (await room_manager.join_room_request(room.room_code, "u1", "Ada"))["status"] == "approved"
    with pytest.raises(Refused) as refused:
        await room_manager.join_room_request(room.room_code, "u2", "Eve")
    assert refused.value.code == "room_not_found"


@pytest.fixture
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedStore]:
    monkeypatch.setenv("SPECTATOR_DATA_DIR", str(tmp_path / "data"))
    opened = EmbeddedStore.start(tmp_path / "store")
    yield opened
    opened.stop()


async def test_a_store_that_is_away_is_said_in_time(own_store: EmbeddedStore) -> None:
    manager = SpectatorManager(own_store.url)
    session = await manager.create_spectator_session("t")
    await asyncio.to_thread(own_store.stop)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    with pytest.raises(Unreachable):
        await manager.join_spectator_session(session.session_id, "Ada")
    assert loop.time() - begun < 5
    publisher = manager._backend.publisher({"id": session.session_id}, None)
    publisher.publish(SAMPLE, {"type": "training_metrics", "data": {"loss": 1.0}})  # waits for nobody
    await manager.cleanup()


async def test_an_owners_powers_straight_on_a_store(manager: SpectatorManager) -> None:
    session = await manager.create_spectator_session("t")
    room = session.session_id
    ada = await manager.join_spectator_session(room, "Ada", user_id="ada")
    bob = await manager.join_spectator_session(room, "Bob")
    assert [one["user_name"] for one in await manager.list_spectators(room)] == ["Ada", "Bob"]
    assert (await manager.promote_spectator(room, "ada"))["status"] == "moderator"
    with pytest.raises(Refused, match="not_allowed"):  # moderators promote nobody
        await manager.promote_spectator(room, bob, acting_user="ada")
    assert (await manager.kick_spectator(room, bob, acting_user="ada"))["status"] == "kicked"
    assert (await manager.block_spectator(room, bob))["status"] == "blocked"
    assert [one["user_name"] for one in await manager.list_blocked(room)] == ["Bob"]
    assert (await manager.unblock_spectator(room, bob))["status"] == "unblocked"
    assert (await manager.demote_spectator(room, ada))["status"] == "spectator"
    assert [one["spectator_id"] for one in await manager.list_spectators(room)] == ["u:local:ada"]
    with pytest.raises(Refused, match="spectator_not_found"):
        await manager.kick_spectator(room, "nobody")


async def test_invitations_straight_on_a_store(manager: SpectatorManager) -> None:
    session = await manager.create_spectator_session("t", access_control={"access_level": "invite_only"})
    room = session.session_id
    made = await manager.create_invitation(room, uses=1, note="late")
    await manager.join_spectator_session(room, "Ada", invitation=made["token"])
    with pytest.raises(Refused, match="invitation_spent"):
        await manager.join_spectator_session(room, "Bob", invitation=made["token"])
    other = await manager.create_invitation(room)
    await manager.withdraw_invitation(room, other["id"])
    listed = await manager.list_invitations(room)
    assert {one["status"] for one in listed} == {"spent", "withdrawn"}
    assert not any("token" in one for one in listed)


async def test_what_lets_people_in_is_replaced_straight_on_a_store(manager: SpectatorManager) -> None:
    session = await manager.create_spectator_session("t")
    room = session.session_id
    await manager.join_spectator_session(room, "Ada")
    old = session.room_code
    assert await manager.rotate_access(room, "code") == session.room_code != old
    assert await manager.list_spectators(room) == []
    password = await manager.rotate_access(room, "password")
    assert session.room_password == password
    with pytest.raises(Refused, match="wrong_password"):
        await manager.join_spectator_session(room, "Ada", "another")
    await manager.join_spectator_session(room, "Ada", password)
    assert (await manager.rotate_access(room, "key")).startswith("rk_")
    # What publishes straight into the store holds no key that could be replaced.
    await manager.update_training_metrics(room, MetricsData(current_reward=1.0))
    await eventually(lambda: _count(manager, room, 1))


async def test_a_user_is_vouched_for_straight_on_a_store(manager: SpectatorManager) -> None:
    made = await manager.create_identity("ada", hours=1)
    assert (made["user_id"], made["name"]) == ("ada", "ada")
    assert made["token"].startswith("id_")
    assert made["expires_at"].endswith("Z")


async def test_a_room_changes_and_changes_hands_straight_on_a_store(
    room_manager: SpectatorRoomManager,
) -> None:
    info = await room_manager.create_spectator_room("t", "boss")
    room = info.room_id
    with pytest.raises(Refused, match="not_allowed"):
        await room_manager.update_room(room, acting_user="ada", max_spectators=3)
    changed = await room_manager.update_room(room, acting_user="boss", max_spectators=3, presence="names")
    assert (changed["max_spectators"], changed["presence"]) == (3, "names")
    assert (await room_manager.allow_users(room, ["ada"]))["allowed_users"] == ["ada"]
    assert (await room_manager.transfer_ownership(room, "ada", acting_user="boss"))["owner_id"] == "ada"
    with pytest.raises(Refused, match="not_allowed"):
        await room_manager.extend_duration(room, 5, acting_user="boss")
    assert (await room_manager.extend_duration(room, 5, acting_user="ada"))["id"] == room
