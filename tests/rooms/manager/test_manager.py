import asyncio
import inspect
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from rooms import Caller, JoinAsk, NewRoom, RoomManager, RoomPatch, StoreUnavailable
from tests.rooms.servers import own_store
from tests.rooms.world import KEY, World, world_on


async def test_every_call_says_in_time_that_the_store_hangs(tmp_path: Path) -> None:
    with own_store(tmp_path) as store:
        async with world_on(store.url) as world:
            created = await world.room(password="s3cret", require_approval=True)
            waiting = await world.wait(created.room.code, password="s3cret")
            lobby = await world.manager.caller(waiting.token)
            grant = Caller("grant", room_id=created.room.id, person="v_1", grant_id="g_1")
            with store.paused():
                calls = every_call(world, created.room, waiting.request_id, lobby, grant)
                took = await asyncio.gather(*(timed(call) for call in calls.values()))
            assert {name for name, s in zip(calls, took, strict=True) if s > 2.5} == set()
            assert (await world.manager.glance(created.room.id)) is not None
            assert await world.manager.people(created.room.id) == []


async def timed(call: Awaitable[Any]) -> float:
    """How long a call took to say that the store cannot be reached, in seconds."""
    started = time.monotonic()
    try:
        await call
    except StoreUnavailable:
        return time.monotonic() - started
    raise AssertionError("answered although the store hangs")


def every_call(
    world: World, room: Any, request_id: str, lobby: Caller, grant: Caller
) -> dict[str, Awaitable[Any]]:
    manager, nobody = world.manager, Caller("anonymous")
    return {
        "check_secrets": manager.check_secrets(),
        "ensure_key": manager.ensure_key(KEY, "local", frozenset({"read"}), "x"),
        "caller": manager.caller("sk_local_cccccccccccccccccccccccc"),
        "role": manager.role(grant, room),
        "claim": manager.claim(room),
        "create": manager.create(world.owner, NewRoom()),
        "create with reuse": manager.create(world.owner, NewRoom(name="n", reuse=True)),
        "find": manager.find(room.code),
        "look": manager.look(room.code, nobody, "192.0.2.1"),
        "list_rooms": manager.list_rooms("local"),
        "lobby": manager.lobby(),
        "change": manager.change(room, RoomPatch.read({"name": "b"})),
        "extend": manager.extend(room, 1),
        "close_room": manager.close_room(room),
        "join": manager.join(room.code, nobody, JoinAsk(password="s3cret"), "192.0.2.1"),
        "join with a wrong code": manager.join("ZZZZZZ", nobody, JoinAsk(), "192.0.2.1"),
        "leave": manager.leave(room.id, "v_1"),
        "requests": manager.requests(room.id),
        "request": manager.request(room.id, request_id),
        "requests_by_id": manager.requests_by_id(room.id, [request_id]),
        "answer": manager.answer(room.id, request_id, True),
        "answer_all": manager.answer_all(room.id),
        "withdraw": manager.withdraw(room.id, request_id),
        "redeem_request": manager.redeem_request(lobby),
        "people": manager.people(room.id),
        "glance": manager.glance(room.id),
        "glances": manager.glances([room.id]),
        "renew": manager.renew([(room.id, "v_1")]),
        "sweep": manager.sweep(),
    }


def test_every_verb_says_what_it_does() -> None:
    verbs = [one for name, one in inspect.getmembers(RoomManager, inspect.isfunction) if name[0] != "_"]
    assert len(verbs) > 25
    assert all(one.__doc__ for one in verbs)
