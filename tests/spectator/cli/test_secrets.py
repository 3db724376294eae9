"""``spectator secret rotate`` beside a server that people watch."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.harness.servers import ServerProcess
from tests.harness.terminal import spectator_command, spectator_json
from tests.harness.waiting import eventually


async def rotate(server: ServerProcess, *more: str) -> Any:
    return await asyncio.to_thread(spectator_json, server.data_dir, "secret", "rotate", *more)


async def called(server: ServerProcess, *call: Any, **given: Any) -> tuple[int, dict[str, Any]]:
    return await asyncio.to_thread(server.call, *call, **given)


async def watch(
    session: aiohttp.ClientSession, server: ServerProcess, room: str, token: str, **since: str
) -> Any:
    url = f"{server.url.replace('http', 'ws', 1)}/ws/rooms/{room}"
    socket = await session.ws_connect(url, protocols=("spectator.v1",))
    await socket.send_json({"type": "hello", "token": token, **since})
    return socket


async def told(socket: Any, kind: str) -> dict[str, Any]:
    while True:
        message = await socket.receive(timeout=20)
        assert message.type is aiohttp.WSMsgType.TEXT, (message.type, socket.close_code)
        if (said := json.loads(message.data))["type"] == kind:
            return said


@pytest.mark.may_block("a server is started before it")
async def test_viewers_stay_and_what_the_old_secret_signed_is_good_until_it_is_dropped(
    fresh_server: ServerProcess,
) -> None:
    server = fresh_server
    _, made = await called(server, "POST", "/rooms", {})
    room, owner = made["room"]["id"], made["owner_token"]
    _, joined = await called(
        server, "POST", f"/rooms/{made['room']['code']}/join", {"display_name": "Ann"}, token=None
    )
    event = {"type": "log", "level": "info", "message": "hello"}

    async def publish(token: str) -> int:
        return (await called(server, "POST", f"/rooms/{room}/events", event, token=token))[0]

    async with aiohttp.ClientSession() as session:
        ann = await watch(session, server, room, joined["token"])
        await told(ann, "snapshot")

        assert await rotate(server) == {"kept": 1}
        assert await publish(owner) == 200  # signed by the old one
        cursor = (await told(ann, "tick"))["cursor"]
        again = await watch(session, server, room, joined["token"], since=cursor)
        assert (await told(again, "welcome"))["resume"] == "exact"

        async def signed_anew() -> str | None:
            _, found = await called(
                server, "POST", f"/rooms/{room}/join", {"display_name": "x"}, token="api_key"
            )
            return found["token"] if found["token"] != owner else None

        fresh = await eventually(signed_anew, deadline=60)
        assert await rotate(server, "--drop-old") == {"dropped": 1}

        async def refused() -> bool:
            return await publish(owner) == 401

        await eventually(refused, deadline=60)
        assert await publish(fresh) == 200
        await told(ann, "tick")  # the socket that stood all the time
        late = await watch(session, server, room, joined["token"], since=cursor)
        await told(late, "bye")
        assert (await late.receive(timeout=10)).data == 4501
        await asyncio.gather(ann.close(), again.close(), late.close())


def test_secrets_of_the_environment_are_not_the_folders(tmp_path: Path) -> None:
    done = spectator_command(
        tmp_path, "secret", "rotate", SPECTATOR_SECRET_KEYS="a secret of the environment and long enough"
    )
    assert done.returncode == 2
    assert "OLD,NEW" in done.stderr
    assert "long enough" not in done.stderr


def test_without_a_server_ever_there_is_nothing_to_rotate(tmp_path: Path) -> None:
    done = spectator_command(tmp_path, "secret", "rotate")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no server has been started" in done.stderr


def test_it_says_how_long_the_old_one_matters_and_never_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("the first secret of this folder\n")
    (tmp_path / "secret").chmod(0o600)
    done = spectator_command(tmp_path, "secret", "rotate")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("A new secret signs from now on; 1 older still count.\n")
    assert "--drop-old" in done.stdout
    lines = (tmp_path / "secret").read_text().split("\n")
    assert lines[1:] == ["the first secret of this folder", ""]
    assert not any(line and line in done.stdout for line in lines)
