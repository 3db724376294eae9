"""Real viewers that write down what they are shown: they come back by themselves, as the page does."""

from __future__ import annotations

import asyncio
import json
import random
import socket
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp

from spectator.log import Cursor
from tests.faults.history import Mark, Numbered, View

PROTOCOL = "spectator.v1"
SILENCE_S = 35.0  # the server pings every 25 s; one that says nothing for longer is given up
PAUSE_S = (0.05, 0.4)  # between two attempts; the page waits longer, a test need not
LOST = (aiohttp.ClientError, OSError, TimeoutError, ConnectionError)


def mark_of(event: dict[str, Any]) -> Mark:
    """What a publisher of these tests marked the event with; None for one that is not theirs."""
    if event.get("type") == "training_metrics":
        return event["data"].get("n")
    if event.get("type") == "log":
        return int(event["message"][2:]) if event["message"].startswith("n ") else None
    return None


class Viewer:
    """One that watches until it is told to ``leave``.

    Args:
        urls: of the servers; after each end it tries the next.
        token: its grant; None comes in as a visitor, which a flat one may.
        pace_s: between two messages that it reads; 0 reads at once.
        silence_s: after so long without a word it gives the connection up.
    """

    protocols: Sequence[str] = (PROTOCOL,)

    def __init__(
        self,
        session: aiohttp.ClientSession,
        urls: Sequence[str],
        room: str,
        view: View,
        *,
        token: str | None = None,
        pace_s: float = 0.0,
        silence_s: float = SILENCE_S,
    ) -> None:
        self.view = view
        self.visits = 0  # connections that got as far as a first message
        self.notices: list[str] = []
        self.resumes: Counter[str] = Counter()
        self.codes: Counter[int] = Counter()  # how connections ended
        self.cursor: str | None = None
        self.hurried = asyncio.Event()  # read at once from now on
        self.silence_s = SILENCE_S
        self.away = asyncio.Event()  # set: it stays away after the present connection
        self._session = session
        self._urls = list(urls)
        self._room = room
        self._token = token
        self.pace_s = pace_s
        self._silence_s = silence_s
        self._task: asyncio.Task[None] | None = None

    @property
    def seq(self) -> int:
        """The number of the newest event it was shown, or told to miss."""
        place = self.view.place
        return 0 if place is None else place[1]

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._stay(), name=self.view.name)

    async def leave(self) -> None:
        """End; what went wrong in it is raised here."""
        self.away.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            if not self._task.cancelled():
                self._task.result()

    @property
    def well(self) -> bool:
        """Whether it has not failed by a mistake of its own, which ``leave`` raises."""
        return self._task is not None and not self._task.done()

    async def _stay(self) -> None:
        while not self.away.is_set():
            url = self._urls[0]
            try:
                await self._visit(url)
            except LOST:
                self.codes[0] += 1
            self._urls.append(self._urls.pop(0))
            await asyncio.sleep(random.uniform(*PAUSE_S))

    async def _visit(self, url: str) -> None:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        async with self._session.ws_connect(
            f"{url}/ws/rooms/{self._room}",
            headers=headers,
            protocols=self.protocols,
            max_msg_size=0,
            timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
        ) as socket:
            await self._greet(socket)
            acking = asyncio.get_running_loop().create_task(self._keep_acking(socket))
            try:
                await self._listen(socket)
            finally:
                acking.cancel()
                self.codes[socket.close_code or 0] += 1

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        first = True
        while True:
            message = await socket.receive(timeout=self.silence_s)
            if message.type is not aiohttp.WSMsgType.TEXT:
                return
            if first:
                first = False
                self.visits += 1
            self._take(json.loads(message.data))
            await self._breathe()

    async def _breathe(self) -> None:
        if self.pace_s and not self.hurried.is_set():
            try:
                async with asyncio.timeout(self.pace_s):
                    await self.hurried.wait()
            except TimeoutError:
                return

    async def _greet(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        since = {} if self.cursor is None else {"since": self.cursor}
        await socket.send_json({"type": "hello", "token": self._token, **since})

    async def _keep_acking(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Each second, as the page does; a failure to is noticed where it reads."""
        while not socket.closed:
            await asyncio.sleep(1.0)
            try:
                await socket.send_json({"type": "ack", "seq": self.seq})
            except LOST:
                return

    def _take(self, told: dict[str, Any]) -> None:
        kind = told["type"]
        if kind == "welcome":
            self._welcome(told["resume"])
        elif kind == "notice":
            self.notices.append(told["code"])
        elif kind in {"snapshot", "tick", "conflated"}:
            self._show(kind, told)

    def _welcome(self, resume: str) -> None:
        self.resumes[resume] += 1
        since = None if self.cursor is None else Cursor.parse(self.cursor)
        self.view.connected(None if since is None else (since.epoch, since.seq))

    def _show(self, kind: str, told: dict[str, Any]) -> None:
        self.cursor = told["cursor"]
        epoch = Cursor.parse(told["cursor"]).epoch
        if kind == "snapshot":
            self.view.snapshot(epoch, told["seq"])
        elif kind == "tick":
            events = list(enumerate(map(mark_of, told["events"]), told["from"]))
            self.view.tick(epoch, told["from"], told["to"], events)
        else:
            shown: list[Numbered] = [(event["seq"], mark_of(event)) for event in told["events"]]
            self.view.conflated(epoch, told["from"], told["to"], told["lost"], shown)


class Stalled(Viewer):
    """One that comes in, and then reads nothing until it is hurried.

    Its receive buffer is small: the kernel would swallow megabytes, and the server would not notice.
    """

    @property
    def stalling(self) -> bool:
        return self.view.place is not None

    async def _stay(self) -> None:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(socket_factory=_narrow)) as own:
            self._session = own
            await super()._stay()

    async def _breathe(self) -> None:
        if self.stalling:
            await self.hurried.wait()

    async def _keep_acking(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        await self.hurried.wait()
        await super()._keep_acking(socket)


def _narrow(address: tuple[Any, ...]) -> socket.socket:
    made = socket.socket(address[0], socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.setblocking(False)
    return made


class Sse(Viewer):
    """One whose network blocks WebSockets."""

    async def _visit(self, url: str) -> None:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "text/event-stream"}
        came_with = self.cursor
        if came_with is not None:
            headers["Last-Event-ID"] = came_with
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=self.silence_s * 4)
        async with self._session.get(
            f"{url}/api/v1/rooms/{self._room}/stream", headers=headers, timeout=timeout
        ) as answer:
            if answer.status != 200:
                self.codes[answer.status] += 1
                return
            self.visits += 1
            async for told in _events(answer.content):
                if told["type"] == "bye":
                    self.codes[told["code"]] += 1
                    return
                self._take(told)
                await self._breathe()


async def _events(content: aiohttp.StreamReader) -> AsyncIterator[dict[str, Any]]:
    data: list[str] = []
    async for raw in content:
        line = raw.decode().rstrip("\r\n")
        if line.startswith("data:"):
            data.append(line[5:].strip())
        elif not line and data:
            yield json.loads("\n".join(data))
            data.clear()


class Flat(Viewer):
    """``new WebSocket(url)`` as the seeds do it: a message an event, no cursor, no way back but the whole."""

    protocols: Sequence[str] = ()
    kinds = frozenset({"training_metrics", "log", "training_event", "state", "data", "alert"})
    _opened_at = -1

    async def _greet(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._opened_at = -1
        self.view.connected()

    def _take(self, told: dict[str, Any]) -> None:
        kind = told["type"]
        if (
            kind == "graph_config"
        ):  # what a flat stream begins with; it carries the number of the newest event
            self._opened_at = told["seq"]
            self.view.opening(0, told["seq"])
        elif kind == "skip":
            self.view.skip(0, told["from"], told["to"])
        elif kind in self.kinds and told["seq"] > self._opened_at:
            self.view.flat(0, told["seq"], mark_of(told))
