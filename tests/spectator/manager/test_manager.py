"""The domain's verbs, without HTTP."""

import json
from contextlib import ExitStack
from pathlib import Path

import pytest
from pydantic import SecretBytes

from rooms import (
    Actor,
    AuditEntry,
    Connection,
    InvalidRequest,
    NewRoom,
    PayloadTooLarge,
    Room,
    RoomPatch,
    SecretsUnknown,
    SequenceGap,
)
from spectator.embedded import EmbeddedStore
from spectator.manager import Manager
from spectator.manager.local import local_key
from spectator.manager.manager import MOST_WAITS, WAITS_OF_ONE
from spectator.settings import Settings

EVENT = b'{"type":"training_metrics","data":{"step":1,"current_reward":2.5}}'


async def new_room(manager: Manager, **fields: object) -> Room:
    caller = await manager.rooms.caller(local_key(manager.settings.data_dir))
    return (await manager.create(caller, NewRoom.read(fields))).room


async def test_the_key_of_the_folder_manages_the_local_tenant(manager: Manager) -> None:
    caller = await manager.rooms.caller(local_key(manager.settings.data_dir))
    assert (caller.kind, caller.tenant, caller.scopes) == ("api_key", "local", {"publish", "read", "manage"})


async def test_the_store_never_sees_the_key(manager: Manager, connection: Connection) -> None:
    secret = local_key(manager.settings.data_dir).rpartition("_")[2].encode()
    for name in await connection.command("KEYS", "*"):
        assert secret not in name
        kind = await connection.command("TYPE", name)
        if kind == b"string":
            assert secret not in await connection.command("GET", name)


async def test_a_node_without_a_known_secret_does_not_start(
    manager: Manager, store: EmbeddedStore, tmp_path: Path
) -> None:
    stranger = Settings(data_dir=tmp_path, secret_keys=(SecretBytes(b"a secret nobody else knows"),))
    with pytest.raises(SecretsUnknown):
        await Manager.open(stranger, store.url)


async def test_published_events_can_be_looked_back_at(manager: Manager) -> None:
    room = await new_room(manager)
    answer = json.loads(await manager.publish(room, EVENT))
    assert (answer["offset"], answer["accepted"]) == (1, 1)
    course = json.loads(await manager.history(room, names=["current_reward"]))
    assert course["metrics"]["current_reward"]["value"] == [2.5]


async def test_what_the_body_gets_wrong_is_one_of_our_errors(manager: Manager) -> None:
    room = await new_room(manager)
    with pytest.raises(InvalidRequest):
        await manager.publish(room, b"[1,", ndjson=False)
    with pytest.raises(PayloadTooLarge):
        await manager.publish(room, b"{}\n" * 1001)
    with pytest.raises(SequenceGap):
        await manager.publish(room, EVENT, producer="p", sequence=3)


@pytest.mark.parametrize("graphs", [[{}], [{"graph_id": "a"}]])
async def test_wrong_graphs_are_refused_by_place(manager: Manager, graphs: object) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await new_room(manager, graphs=graphs)
    assert caught.value.field is not None
    assert caught.value.field.startswith("graphs[0]")
    room = await new_room(manager)
    with pytest.raises(InvalidRequest):
        await manager.change(room, RoomPatch.read({"graphs": graphs}))


async def test_views_count_who_waits_for_staff_only(manager: Manager) -> None:
    room = await new_room(manager)
    (owner,) = await manager.views([room], "owner")
    (stranger,) = await manager.views([room], None)
    assert owner.model_dump()["waiting"] == 0
    assert "waiting" not in stranger.model_dump()
    assert await manager.views([], "owner") == []


async def test_a_room_for_a_socket_is_ready_for_json(manager: Manager) -> None:
    room = await new_room(manager, name="cart")
    shown = manager.room_view(room, None, "spectator")
    assert json.loads(json.dumps(shown)) == shown
    assert (shown["name"], shown["run"]) == ("cart", None)


def test_patience_is_bounded(manager: Manager) -> None:
    with ExitStack() as held:
        granted = [held.enter_context(manager.patience(f"q_{number}")) for number in range(MOST_WAITS)]
        assert all(granted)
        with manager.patience("q_late") as one_more:
            assert not one_more
    with manager.patience("q_late") as again:
        assert again


def test_one_request_cannot_use_up_the_patience_for_all(manager: Manager) -> None:
    with ExitStack() as held:
        granted = [held.enter_context(manager.patience("q_greedy")) for _ in range(WAITS_OF_ONE + 5)]
        assert granted == [True] * WAITS_OF_ONE + [False] * 5
        with manager.patience("q_other") as other:
            assert other
    with manager.patience("q_greedy") as again:
        assert again


async def test_silence_is_measured_from_the_last_publish(manager: Manager) -> None:
    room = await new_room(manager)
    await manager.publish(room, b"")
    assert manager.silent_for() < 5


async def test_stopping_twice_says_good_bye_once(manager: Manager) -> None:
    await manager.say_goodbye()
    await manager.say_goodbye()
    assert not manager.hub.available


async def test_what_was_noted_last_is_written_at_the_end(
    store: EmbeddedStore, connection: Connection, tmp_path: Path
) -> None:
    opened = await Manager.open(Settings(data_dir=tmp_path), store.url)
    opened.rooms.audit.note(AuditEntry("close", "ok", Actor("operator"), "local"))
    await opened.stop()
    doings = "sp:{audit:local}:doings"
    assert await connection.command("XLEN", doings) == 1
