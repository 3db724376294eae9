"""Secrets that change while a node runs: nothing kept is refused, nothing dropped is taken."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretBytes

from rooms import Connection, NewRoom, Room, Unauthorized
from spectator.embedded import EmbeddedStore
from spectator.manager import Manager
from spectator.manager.local import (
    add_secret,
    drop_old_secrets,
    local_key,
    local_secrets,
    write_secrets,
)
from spectator.manager.rotation import secrets_of
from spectator.settings import Settings, SettingsError
from tests.harness.waiting import eventually


@pytest_asyncio.fixture
async def manager(store: EmbeddedStore, connection: Connection, tmp_path: Path) -> AsyncIterator[Manager]:
    opened = await Manager.open(Settings(data_dir=tmp_path), store.url)
    await opened.start()
    yield opened
    await opened.stop()


async def room_of(manager: Manager) -> Room:
    caller = await manager.rooms.caller(local_key(manager.settings.data_dir))
    return (await manager.create(caller, NewRoom.read({}))).room


async def role(manager: Manager, token: str, room: Room) -> str | None:
    return await manager.rooms.role(await manager.rooms.caller(token), room)


def nothing() -> None:
    """The test looks itself."""


async def test_a_new_secret_signs_and_the_old_ones_tokens_are_good(manager: Manager) -> None:
    room = await room_of(manager)
    old = manager.rooms.owner_token(room)
    assert add_secret(manager.settings.data_dir, nothing) == 1
    await manager.rotation.look()
    fresh = manager.rooms.owner_token(room)
    assert fresh != old
    assert [await role(manager, token, room) for token in (old, fresh)] == ["owner", "owner"]


async def test_a_secret_that_no_node_has_seen_is_not_taken_alone(manager: Manager) -> None:
    room = await room_of(manager)
    old = manager.rooms.owner_token(room)
    add_secret(manager.settings.data_dir, nothing)
    assert drop_old_secrets(manager.settings.data_dir) == 1
    # Both steps between two looks: the one that is left is known to nobody.
    await manager.rotation.look()
    assert await role(manager, old, room) == "owner"


async def test_step_by_step_an_old_secret_is_dropped(manager: Manager) -> None:
    room = await room_of(manager)
    old = manager.rooms.owner_token(room)
    add_secret(manager.settings.data_dir, nothing)
    await manager.rotation.look()
    drop_old_secrets(manager.settings.data_dir)
    await manager.rotation.look()
    with pytest.raises(Unauthorized):
        await manager.rooms.caller(old)
    assert await role(manager, manager.rooms.owner_token(room), room) == "owner"


async def test_a_node_that_was_asleep_takes_what_the_others_have(
    manager: Manager, store: EmbeddedStore, tmp_path: Path
) -> None:
    other = await Manager.open(Settings(data_dir=tmp_path), store.url)
    try:
        room = await room_of(manager)
        old = other.rooms.owner_token(room)
        add_secret(tmp_path, nothing)
        await manager.rotation.look()
        drop_old_secrets(tmp_path)
        await other.rotation.look()  # it has missed the step between
        with pytest.raises(Unauthorized):
            await other.rooms.caller(old)
        assert await role(other, manager.rooms.owner_token(room), room) == "owner"
    finally:
        await other.stop()


async def test_a_node_looks_by_itself(manager: Manager) -> None:
    room = await room_of(manager)
    old = manager.rooms.owner_token(room)
    add_secret(manager.settings.data_dir, nothing)
    await eventually(lambda: manager.rooms.owner_token(room) != old, deadline=60)


async def test_all_nodes_know_a_secret_before_one_signs_by_it(
    manager: Manager, store: EmbeddedStore, tmp_path: Path
) -> None:
    """The file in between: every node verifies with the new secret, none signs with it yet."""
    other = await Manager.open(Settings(data_dir=tmp_path), store.url)
    await other.rotation.start()
    try:
        room = await room_of(manager)
        before = manager.rooms.owner_token(room)
        between = []
        add_secret(tmp_path, lambda: between.append(local_secrets(tmp_path)))
        final = local_secrets(tmp_path)
        assert between == [(final[1], final[0])]
        write_secrets(tmp_path, between[0])
        await manager.rotation.look()
        await other.rotation.look()
        assert manager.rooms.owner_token(room) == before
        write_secrets(tmp_path, final)
        await manager.rotation.look()
        fresh = manager.rooms.owner_token(room)
        assert fresh != before
        assert await role(other, fresh, room) == "owner"  # though it has not seen the last step
    finally:
        await other.stop()


@pytest.mark.parametrize("text", ["", "a\tshort 1\n", "another secret that nobody knows\n"])
async def test_what_cannot_be_used_changes_nothing(
    manager: Manager, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    room = await room_of(manager)
    token = manager.rooms.owner_token(room)
    (manager.settings.data_dir / "secret").write_text(text)
    await manager.rotation.look()
    assert manager.rooms.owner_token(room) == token
    assert "stay as they were" in caplog.text
    assert text.strip() == "" or text.strip() not in caplog.text


async def test_a_file_that_is_gone_changes_nothing_and_is_not_made_anew(manager: Manager) -> None:
    room = await room_of(manager)
    token = manager.rooms.owner_token(room)
    (manager.settings.data_dir / "secret").unlink()
    await manager.rotation.look()
    assert manager.rooms.owner_token(room) == token
    assert not (manager.settings.data_dir / "secret").exists()


async def test_a_dropped_secret_is_forgotten_by_the_store(
    manager: Manager, store: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Else a machine that was left with it alone would start and sign what all others refuse."""
    (old,) = local_secrets(manager.settings.data_dir)
    add_secret(manager.settings.data_dir, nothing)
    await manager.rotation.look()
    drop_old_secrets(manager.settings.data_dir)
    await manager.rotation.look()
    behind = Settings(data_dir=tmp_path_factory.mktemp("behind"), secret_keys=(SecretBytes(old),))
    with pytest.raises(Exception, match="secret") as refused:
        await Manager.open(behind, store.url)
    assert type(refused.value).__name__ == "SecretsUnknown"


def test_secrets_of_the_settings_win(tmp_path: Path) -> None:
    both = (SecretBytes(b"a newer one of the settings"), SecretBytes(b"an older one of the settings"))
    assert secrets_of(Settings(data_dir=tmp_path, secret_keys=both)) == [
        one.get_secret_value() for one in both
    ]
    assert not list(tmp_path.iterdir())


def test_not_more_than_can_be_tried(tmp_path: Path) -> None:
    local_secrets(tmp_path)
    for _ in range(7):
        add_secret(tmp_path, nothing)
    with pytest.raises(SettingsError, match="drop the old ones first"):
        add_secret(tmp_path, nothing)


def test_a_folder_without_secrets_has_none_to_change(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no server has been started"):
        add_secret(tmp_path, nothing)
    with pytest.raises(SettingsError, match="no folder"):
        drop_old_secrets(tmp_path / "nowhere")
