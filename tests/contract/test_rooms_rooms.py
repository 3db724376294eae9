"""What making, finding, changing and ending rooms promises, on every kind of store."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from redis.crc import key_slot

from rooms import (
    CodeTaken,
    Created,
    InvalidRequest,
    NewRoom,
    RoomClosed,
    RoomPatch,
    SecretsUnknown,
    Unauthorized,
    channel_of,
)
from rooms.manager import RoomManager
from rooms.presence import CLAIM_MS, CODE_KEPT_MS, LINK_MS, ROOM_KEPT_MS
from rooms.store import keys
from rooms.tokens import Secrets
from tests.contract.test_rooms_joins import code_of
from tests.harness.waiting import eventually
from tests.rooms.world import ALL_SCOPES, HOUR, OTHER_KEY, SECRET, World, world_on


@pytest_asyncio.fixture
async def world(store_url: str) -> AsyncIterator[World]:
    async with world_on(store_url) as opened:
        yield opened


async def ttl(world: World, key: str) -> int:
    found: int = await world.connection.command("PTTL", key)
    return found


async def reopened(world: World, **fields: object) -> Created:
    new = NewRoom.read({"name": "cartpole", "reuse": True, "idle_hours": 24, **fields})
    return await world.manager.create(world.owner, new)


class TestCreate:
    async def test_a_room_is_found_by_id_and_by_code_as_typed(self, world: World) -> None:
        room = (await world.room(name="exam", config={"lr": 3e-4}, metadata={"a": [1]})).room
        for ref in (room.id, room.code, room.code.lower(), f" {room.code[:3]}-{room.code[3:]} "):
            assert await world.manager.find(ref) == room
            assert await world.manager.find(ref, fresh=False) == room
        assert await world.manager.find("ZZZZZZ") is None
        assert await world.manager.find("r_zzzzzzzzzzzzzzzz") is None
        assert (room.config, room.metadata, room.name) == ({"lr": 3e-4}, {"a": [1]}, "exam")

    async def test_what_was_made_stays(self, world: World) -> None:
        room = (await world.room()).room
        assert await ttl(world, keys.of_room(room.id, "room")[0]) == -1
        assert await ttl(world, keys.code(room.code)) == -1

    async def test_a_custom_code_is_had_by_one_room(self, world: World) -> None:
        outcomes = await asyncio.gather(
            *(world.room(custom_code="abc-def") for _ in range(5)), return_exceptions=True
        )
        made = [one for one in outcomes if isinstance(one, Created)]
        assert [one.room.code for one in made] == ["ABCDEF"]
        assert sum(isinstance(one, CodeTaken) for one in outcomes) == 4

    async def test_a_repeat_with_the_same_key_is_the_same_room(self, world: World) -> None:
        new = NewRoom.read({"name": "once"})
        outcomes = await asyncio.gather(*(world.manager.create(world.owner, new, "key-1") for _ in range(4)))
        assert len({one.room.id for one in outcomes}) == 1
        assert len(await world.manager.list_rooms("local")) == 1
        other = await world.manager.create(world.owner, new, "key-2")
        assert other.room.id != outcomes[0].room.id
        with pytest.raises(InvalidRequest) as caught:
            await world.manager.create(world.owner, NewRoom.read({"name": "twice"}), "key-1")
        assert caught.value.field == "Idempotency-Key"

    async def test_a_repeat_answers_a_new_generated_password(self, world: World) -> None:
        new = NewRoom.read({"password_protected": True})
        first = await world.manager.create(world.owner, new, "key-1")
        again = await world.manager.create(world.owner, new, "key-1")
        assert first.room.id == again.room.id
        assert again.password not in {None, first.password}
        assert await code_of(world.ask(first.room.code, password=first.password)) == "wrong_password"
        assert await code_of(world.ask(first.room.code, password=again.password)) == "in"

    async def test_no_password_lies_in_the_store(self, world: World) -> None:
        new = NewRoom.read({"name": "exam", "password": "hunter2-in-plain"})
        room = (await world.manager.create(world.owner, new, "key-1")).room
        document = await world.connection.command("HGET", *keys.of_room(room.id, "room"), "doc")
        assert b"hunter2" not in document
        assert b"$argon2id$" in document


class TestReuse:
    async def test_the_same_name_is_the_same_room_once_its_publisher_is_gone(self, world: World) -> None:
        first = await reopened(world)
        world.clock.push(CLAIM_MS)
        second = await reopened(world)
        assert (second.room.id, second.room.code, second.reused) == (first.room.id, first.room.code, True)
        assert second.owner_token == first.owner_token

    async def test_a_live_publisher_keeps_its_room(self, world: World) -> None:
        names = [(await reopened(world)).room.name for _ in range(3)]
        assert names == ["cartpole", "cartpole-2", "cartpole-3"]

    async def test_scripts_that_start_at_once_get_a_room_each(self, world: World) -> None:
        outcomes = await asyncio.gather(*(reopened(world) for _ in range(6)))
        assert len({one.room.id for one in outcomes}) == 6
        assert len({one.room.name for one in outcomes}) == 6
        world.clock.push(CLAIM_MS)
        again = await asyncio.gather(*(reopened(world) for _ in range(6)))
        assert {one.room.id for one in again} == {one.room.id for one in outcomes}
        assert all(one.reused for one in again)

    async def test_a_repeat_after_a_lost_answer_is_not_its_own_rival(self, world: World) -> None:
        new = NewRoom.read({"name": "cartpole", "reuse": True})
        first = await world.manager.create(world.owner, new, "key-1")
        again = await world.manager.create(world.owner, new, "key-1")
        assert again.room.id == first.room.id

    async def test_an_ended_room_is_replaced(self, world: World) -> None:
        first = await reopened(world)
        await world.manager.close_room(first.room)
        second = await reopened(world)
        assert second.room.id != first.room.id
        assert (second.room.name, second.reused) == ("cartpole", False)

    async def test_what_is_given_changes_the_room_and_a_generated_password_stays(self, world: World) -> None:
        first = await reopened(world, password_protected=True, listed=True)
        world.clock.push(CLAIM_MS)
        second = await reopened(world, password_protected=True, max_spectators=7)
        assert (second.room.max_spectators, second.room.listed, second.password) == (7, True, None)
        assert await code_of(world.ask(first.room.code, password=first.password)) == "in"

    async def test_a_refused_request_does_not_hold_the_name(self, world: World) -> None:
        await world.room(custom_code="ABCDEF")
        with pytest.raises(CodeTaken):
            await reopened(world, custom_code="ABCDEF")
        assert (await reopened(world)).room.name == "cartpole"

    async def test_another_key_has_rooms_of_its_own(self, world: World) -> None:
        mine = await reopened(world)
        world.clock.push(CLAIM_MS)
        await world.manager.ensure_key(OTHER_KEY, "other", ALL_SCOPES, "another")
        theirs = await world.manager.create(
            await world.manager.caller(OTHER_KEY), NewRoom.read({"name": "cartpole", "reuse": True})
        )
        assert theirs.room.id != mine.room.id
        assert [room.id for room in await world.manager.list_rooms("other")] == [theirs.room.id]


class TestChange:
    async def test_it_is_seen_by_everybody_at_once(self, world: World) -> None:
        room = (await world.room(config={"lr": 1})).room
        assert (await world.manager.glance(room.id)) is not None
        changed = await world.manager.change(
            room, RoomPatch.read({"name": "b", "listed": True, "max_spectators": 3})
        )
        assert (changed.room.name, changed.room.listed, changed.room.max_spectators) == ("b", True, 3)
        assert changed.room.config == {"lr": 1}
        glance = await world.manager.glance(room.id)
        assert glance is not None
        assert glance.room == changed.room
        assert [one.id for one in await world.manager.lobby()] == [room.id]

    async def test_changes_at_once_lose_nothing(self, world: World) -> None:
        room = (await world.room()).room
        patches: list[dict[str, object]] = [
            {"name": "b"},
            {"max_spectators": 3},
            {"listed": True},
            {"metadata": {"a": 1}},
        ]
        await asyncio.gather(*(world.manager.change(room, RoomPatch.read(patch)) for patch in patches))
        found = await world.manager.find(room.id)
        assert found is not None
        assert (found.name, found.max_spectators, found.listed, found.metadata) == ("b", 3, True, {"a": 1})

    async def test_a_new_code_leads_to_the_room_and_the_old_one_nowhere(self, world: World) -> None:
        room = (await world.room()).room
        await world.manager.change(room, RoomPatch.read({"custom_code": "ABCDEFGH"}))
        assert await world.manager.find(room.code) is None
        found = await world.manager.find("abcdefgh")
        assert found is not None
        assert found.id == room.id
        assert await ttl(world, keys.code("ABCDEFGH")) == -1
        assert 0 < await ttl(world, keys.code(room.code)) <= CODE_KEPT_MS
        with pytest.raises(CodeTaken):
            await world.room(custom_code=room.code)

    async def test_extending_moves_the_end(self, world: World) -> None:
        fixed = (await world.room(session_duration_hours=2)).room
        longer = await world.manager.extend(fixed, 5)
        assert longer.expires_at_ms == longer.absolute_at_ms == fixed.expires_at_ms + 5 * HOUR
        silent = (await world.room(idle_hours=2)).room
        longer = await world.manager.extend(silent, 1)
        assert (longer.idle_ms, longer.expires_at_ms) == (3 * HOUR, silent.expires_at_ms + HOUR)
        assert await code_of(world.manager.extend(fixed, 0)) == "invalid_request"
        assert await code_of(world.manager.extend(fixed, float("nan"))) == "invalid_request"

    async def test_an_ended_room_takes_no_changes(self, world: World) -> None:
        room = (await world.room()).room
        await world.manager.close_room(room)
        with pytest.raises(RoomClosed):
            await world.manager.change(room, RoomPatch.read({"name": "b"}))
        with pytest.raises(RoomClosed):
            await world.manager.extend(room, 1)


class TestEnd:
    async def test_closing_keeps_the_room_7_days_and_its_code_24_hours(self, world: World) -> None:
        room = (await world.room(listed=True)).room
        await world.enter(room.code)
        closed = await world.manager.close_room(room)
        assert (closed.status, closed.end_reason) == ("ended", "closed")
        assert await world.manager.close_room(room) == closed
        assert await world.manager.find(room.id) == closed
        assert await world.manager.lobby() == []
        assert [one.id for one in await world.manager.list_rooms("local")] == [room.id]
        for part in ("room", "members", "seats"):
            assert 0 < await ttl(world, keys.of_room(room.id, part)[0]) <= ROOM_KEPT_MS
        assert 0 < await ttl(world, keys.code(room.code)) <= CODE_KEPT_MS
        with pytest.raises(CodeTaken):
            await world.room(custom_code=room.code)

    async def test_a_room_whose_time_is_over_is_ended_by_the_sweep(self, world: World) -> None:
        room = (await world.room(session_duration_hours=1)).room
        world.clock.push(HOUR)
        assert await world.manager.sweep() == 1
        found = await world.manager.find(room.id)
        assert found is not None
        assert (found.status, found.end_reason) == ("ended", "expired")
        assert await world.manager.sweep() == 0

    async def test_a_room_that_goes_on_is_not(self, world: World) -> None:
        room = (await world.room(idle_hours=1)).room
        world.clock.push(HOUR)
        later = world.clock.now_ms() + HOUR
        await world.connection.command("HSET", *keys.of_room(room.id, "room"), "expires_at", later)
        await world.manager.sweep()
        found = await world.manager.find(room.id)
        assert found is not None
        assert found.status == "active"

    async def test_a_room_the_store_forgot_leaves_no_row(self, world: World) -> None:
        room = (await world.room(listed=True)).room
        await world.manager.close_room(room)
        await world.connection.command("DEL", *keys.of_room(room.id, "room"))
        await world.connection.command("HSET", *keys.of_room(room.id, "crowd"), "a", "b")
        world.clock.push(ROOM_KEPT_MS + HOUR)
        assert await world.manager.sweep() == 1
        for key in (keys.DUE, keys.LISTED, keys.tenant_rooms("local"), keys.tenant_active("local")):
            assert await world.connection.command("EXISTS", key) == 0
        assert await world.connection.command("EXISTS", *keys.of_room(room.id, "crowd")) == 0


class TestNodesThatDie:
    async def test_a_room_that_was_never_confirmed_vanishes_with_its_rows(self, world: World) -> None:
        room = (await world.room()).room
        key = keys.of_room(room.id, "room")[0]
        await world.connection.command("PEXPIRE", key, 50)
        world.clock.push(HOUR)
        await world.manager.sweep()
        assert await world.connection.command("PTTL", key) != -1
        await eventually(lambda: _gone(world, key))
        world.clock.push(HOUR)
        await world.manager.sweep()
        assert await world.connection.command("EXISTS", keys.DUE) == 0

    async def test_a_name_that_was_not_made_permanent_is_mended(self, world: World) -> None:
        created = await reopened(world)
        await world.connection.command("DEL", keys.code(created.room.code))
        world.clock.push(60_000)
        await world.manager.sweep()
        assert await ttl(world, keys.code(created.room.code)) == -1
        found = await world.manager.find(created.room.code)
        assert found is not None
        assert found.id == created.room.id

    async def test_a_name_that_leads_to_nothing_is_taken_over(self, world: World) -> None:
        created = await reopened(world)
        await world.connection.command("DEL", *keys.of_room(created.room.id, "room"))
        again = await reopened(world)
        assert (again.room.name, again.reused) == ("cartpole", False)


async def _gone(world: World, key: str) -> bool:
    return bool(await world.connection.command("EXISTS", key) == 0)


class TestCredentials:
    async def test_a_claim_is_good_once_for_ten_minutes(self, world: World) -> None:
        created = await world.room()
        link = await world.manager.claim(created.room)
        outcomes = await asyncio.gather(
            *(world.manager.redeem_claim(link) for _ in range(5)), return_exceptions=True
        )
        good = [one for one in outcomes if not isinstance(one, BaseException)]
        assert good == [(created.room, created.owner_token)]
        assert sum(isinstance(one, Unauthorized) for one in outcomes) == 4
        late = await world.manager.claim(created.room)
        world.clock.push(LINK_MS)
        assert await code_of(world.manager.redeem_claim(late)) == "unauthorized"

    async def test_a_claim_is_no_credential_by_itself(self, world: World) -> None:
        created = await world.room()
        link = await world.manager.claim(created.room)
        assert await code_of(world.manager.caller(link)) == "unauthorized"
        assert await code_of(world.manager.redeem_claim(created.owner_token)) == "unauthorized"

    async def test_a_node_with_other_secrets_does_not_start(self, world: World) -> None:
        await world.manager.check_secrets()
        await world.manager.check_secrets()
        strange = RoomManager(world.connection, Secrets([b"another secret, long enough"]))
        with pytest.raises(SecretsUnknown):
            await strange.check_secrets()
        rotated = RoomManager(world.connection, Secrets([b"another secret, long enough", SECRET]))
        await rotated.check_secrets()
        await strange.check_secrets()
        await strange.close()
        await rotated.close()


async def test_every_key_of_a_room_is_in_its_slot(world: World) -> None:
    room = (await world.room()).room
    slots = {key_slot(key.encode()) for key in keys.every_part(room.id)}
    slots.add(key_slot(channel_of(room.id).encode()))
    assert len(slots) == 1
