"""A viewer of the tests: aiohttp's client, which acks and remembers nothing by itself."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

PROTOCOL = "spectator.v1"
PATIENCE = 5.0


class Watcher:
    """One socket and what came over it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.seen: list[dict[str, Any]] = []

    async def say(self, **message: Any) -> None:
        await self.socket.send_json(message)

    async def next(self, *kinds: str, patience: float = PATIENCE) -> dict[str, Any]:
        """The next message, or the next of these kinds; ``patience``: seconds for each message."""
        while True:
            message = await self.socket.receive(timeout=patience)
            assert message.type is aiohttp.WSMsgType.TEXT, (message, self.socket.close_code, self.seen[-3:])
            told = json.loads(message.data)
            self.seen.append(told)
            if not kinds or told["type"] in kinds:
                return told

    async def events(self, count: int) -> list[dict[str, Any]]:
        """So many events out of ticks, in order."""
        found: list[dict[str, Any]] = []
        while len(found) < count:
            found += (await self.next("tick"))["events"]
        return found

    async def closed(self) -> int | None:
        """The close code, after all that still came."""
        while True:
            message = await self.socket.receive(timeout=PATIENCE)
            if message.type is aiohttp.WSMsgType.TEXT:
                self.seen.append(json.loads(message.data))
            elif message.type is not aiohttp.WSMsgType.PING:
                return self.socket.close_code


@asynccontextmanager
async def watching(
    site: Any, room: str, *, token: str | None = None, hello: bool = True, header: bool = False, **given: Any
) -> AsyncIterator[Watcher]:
    """Connect by ``spectator.v1`` and say hello."""
    headers = {"Authorization": f"Bearer {token}"} if header else {}
    options = {"protocols": (PROTOCOL,), "autoping": True, "max_msg_size": 0}
    since = {"since": given.pop("since")} if "since" in given else {}
    async with site.session.ws_connect(
        f"{site.url}/ws/rooms/{room}", headers=headers, **options | given
    ) as socket:
        watcher = Watcher(socket)
        if hello:
            await watcher.say(type="hello", **({"token": token} if token and not header else {}), **since)
        yield watcher


@asynccontextmanager
async def flat(site: Any, room: str, *, token: str | None = None, **given: Any) -> AsyncIterator[Watcher]:
    """Connect as ``new WebSocket(url)`` does."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with site.session.ws_connect(f"{site.url}/ws/rooms/{room}", headers=headers, **given) as socket:
        yield Watcher(socket)


def metrics(step: int) -> dict[str, Any]:
    return {"type": "training_metrics", "data": {"step": step, "loss_value": float(step)}}


async def opened(site: Any, **fields: Any) -> tuple[Any, str]:
    """A new room as its creation answered it, and its id."""
    made = await site.create(**fields)
    return made, made["room"]["id"]


async def grant(site: Any, made: Any, name: str = "Ann", **fields: Any) -> str:
    return (await site.join(made["room"]["code"], name, **fields))["token"]
