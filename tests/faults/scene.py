"""One room with its publishers, its viewers and people who call the API, while something goes wrong."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp

from spectator.log import Cursor
from tests.faults.history import History, Verdict, View
from tests.faults.outcome import Outcome
from tests.faults.publishers import Poster, Trainer
from tests.faults.viewers import LOST, PROTOCOL, SILENCE_S, Flat, Sse, Stalled, Viewer, mark_of
from tests.harness.waiting import DeadlineExceeded, eventually

PATIENCE_S = 90.0
SLOW_S = 0.4
CALL_TIMEOUT_S = 15.0
POSTED = 1_000_000  # marks from here on are those of publishers by HTTP, a million each
PASSWORD = "only-those-who-know"
V = TypeVar("V", bound=Viewer)


class Scene:
    """A room on one or more servers. Use as a context; ``open`` makes the room.

    Args:
        urls: where callers go.
        api_key: of the tenant that owns the room.
        ingest: where publishers go; the same as ``urls`` when left out.
        watching: where viewers go; the same as ``urls`` when left out.
    """

    def __init__(
        self, urls: Sequence[str], api_key: str, *, ingest: Sequence[str] = (), watching: Sequence[str] = ()
    ) -> None:
        self.urls = list(urls)
        self.watching = list(watching or urls)
        self.ingest = list(ingest or urls)
        self.silence_s = SILENCE_S
        self.history = History()
        self.viewers: list[Viewer] = []
        self.posters: list[Poster] = []
        self.trainers: list[Trainer] = []
        self.room = self.code = self.room_key = ""
        self.statuses: Counter[tuple[str, int]] = Counter()  # (what was called, status) of each answer
        self.longest: tuple[float, str] = (0.0, "")
        self._api_key = api_key
        self._locked = ""  # the code of a room with a password
        self._visitor = ""  # who joins again and again is one person
        self._tasks: list[asyncio.Task[None]] = []
        self.session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop_calling()
        ends = [trainer.close() for trainer in self.trainers] + [viewer.leave() for viewer in self.viewers]
        for poster in self.posters:
            poster.abandon()
        ended = await asyncio.gather(*ends, return_exceptions=True)
        await self.session.close()
        if error is None:
            for outcome in ended:
                if isinstance(outcome, Exception):
                    raise outcome

    # ------------------------------------------------------------ who is in it

    async def open(self, name: str, *, rate: float = 60.0) -> Trainer:
        """Open the room by a training script, which begins to log; returns that."""
        trainer = Trainer(self.history, self.ingest[0], self._api_key, rate=rate)
        self.trainers.append(trainer)
        opened = await trainer.open(name)
        assert opened.id is not None
        assert opened.code is not None
        self.room, self.code, self.room_key = opened.id, opened.code, self._api_key
        await self._make_locked(name)
        trainer.start()
        return trainer

    async def make(self, name: str, *, seats: int = 100) -> dict[str, Any]:
        """Make the room without a training script."""
        fields = {"name": name, "max_spectators": seats}
        made = await self._asked("POST", "/rooms", fields)
        self.room, self.code = made["room"]["id"], made["room"]["code"]
        self.room_key = made["owner_token"]
        await self._make_locked(name)
        return made

    async def _make_locked(self, name: str) -> None:
        """A room beside it, into which nobody here may come."""
        locked = await self._asked("POST", "/rooms", {"name": f"{name} locked", "password": PASSWORD})
        self._locked = locked["room"]["code"]
        joined = await self._asked("POST", f"/rooms/{self.code}/join", {"display_name": "guest"}, token=None)
        self._visitor = joined["visitor"]

    def poster(self, **given: Any) -> Poster:
        """Add a publisher by HTTP, with marks of its own."""
        first = (len(self.posters) + 1) * POSTED
        poster = Poster(
            self.session, self.history, self.ingest, self.room, self.room_key, first=first, **given
        )
        self.posters.append(poster)
        return poster

    async def viewer(self, kind: type[V], name: str, *, pace_s: float = 0.0, urls: Sequence[str] = ()) -> V:
        """Let somebody in, who watches from now on."""
        told = await self._asked("POST", f"/rooms/{self.code}/join", {"display_name": name}, token=None)
        viewer = kind(
            self.session,
            urls or self.watching,
            self.room,
            self.history.viewer(name, untold=kind is Flat),
            token=told["token"],
            pace_s=pace_s,
            silence_s=self.silence_s,
        )
        self.viewers.append(viewer)
        viewer.start()
        return viewer

    async def audience(self) -> None:
        """One of each kind: two that read at once, one slow, one by SSE, one flat; returns when all see."""
        await self.viewer(Viewer, "quick one")
        await self.viewer(Viewer, "quick two")
        await self.viewer(Viewer, "slow one", pace_s=SLOW_S)
        await self.viewer(Sse, "stream")
        await self.viewer(Flat, "flat one")
        await eventually(self._all_have_seen, PATIENCE_S, "everybody was shown something")

    def quick(self) -> list[Viewer]:
        """Those who read at once."""
        return [v for v in self.viewers if v.pace_s == 0 and not isinstance(v, Stalled)]

    def modern(self) -> list[Viewer]:
        """Those who are told of more than events."""
        return [viewer for viewer in self.viewers if not isinstance(viewer, Flat)]

    def _all_have_seen(self) -> bool:
        return all(viewer.view.place is not None for viewer in self.viewers)

    # ------------------------------------------------------------ calls of the API

    def call_always(self, *, every_s: float = 0.1, at_once: int = 2) -> None:
        """Keep calling the API: what is allowed, and what must be refused whatever the store says."""
        for number in range(at_once):
            calling = self._keep_calling(every_s, number)
            self._tasks.append(asyncio.get_running_loop().create_task(calling, name=f"caller {number}"))

    async def _stop_calling(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def call(
        self, what: str, method: str, path: str, body: Any = None, *, token: str | None, url: str = ""
    ) -> int:
        """Make one call, write down how long it took and what came; 0 where no answer came at all."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        began = time.monotonic()
        try:
            async with self.session.request(
                method,
                f"{url or self.urls[0]}/api/v1{path}",
                json=body,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=CALL_TIMEOUT_S),
            ) as answer:
                await answer.read()
        except TimeoutError:
            self._took(CALL_TIMEOUT_S, f"{what}: no answer")
            self.statuses[what, 0] += 1
            return 0
        except (aiohttp.ClientError, OSError):
            self.statuses[what, 0] += 1
            return 0
        self._took(time.monotonic() - began, f"{what}: {answer.status}")
        self.statuses[what, answer.status] += 1
        return answer.status

    async def call_each(self, url: str = "") -> None:
        """One call of each kind."""
        forged = self._api_key[:-6] + "forged"
        kinds: list[tuple[str, str, str, Any, str | None]] = [
            ("look", "GET", f"/rooms/{self.room}", None, self._api_key),
            ("history", "GET", f"/rooms/{self.room}/history?max_points=10", None, self._api_key),
            ("join", "POST", f"/rooms/{self.code}/join", {"display_name": "guest"}, self._visitor),
            ("wrong password", "POST", f"/rooms/{self._locked}/join", _guess(), None),
            ("forged key", "GET", "/rooms", None, forged),
            ("forged grant", "GET", f"/rooms/{self.room}/history", None, "gr_forged"),
        ]
        for what, method, path, body, token in kinds:
            await self.call(what, method, path, body, token=token, url=url)

    async def present(self) -> set[str]:
        """The names of those who are connected, as the owner is told: of other members no lag is known."""
        told = await self._asked("GET", f"/rooms/{self.room}/spectators")
        return {person["name"] for person in told["spectators"] if person["lag_ms"] is not None}

    async def _keep_calling(self, every_s: float, number: int) -> None:
        while True:
            await self.call_each(self.urls[number % len(self.urls)])
            await asyncio.sleep(every_s)

    def _took(self, seconds: float, what: str) -> None:
        self.longest = max(self.longest, (seconds, what))

    def _assert_nobody_got_in(self) -> None:
        """Whatever happened to the store: who has no right was never let in."""
        refused = {"wrong password": {0, 401, 403, 429, 503}, "forged key": {0, 401, 503}}
        for (what, status), count in self.statuses.items():
            allowed = refused.get(what, {0, 401, 503} if what.startswith("forged") else None)
            assert allowed is None or status in allowed, (what, status, count)
            assert status < 500 or status == 503, (what, status, count)

    def count(self, status: int) -> int:
        """How many calls were answered with this status."""
        return sum(count for (_, one), count in self.statuses.items() if one == status)

    # ------------------------------------------------------------ how it ends

    def assert_sockets_survived(self) -> None:
        """Nobody was put out."""
        for viewer in self.viewers:
            assert viewer.visits == 1, f"{viewer.view.name} lost its connection: {viewer.codes}"

    def assert_all_heard_of_it(self) -> None:
        """Whoever understands notices was told that the store went away, and that it is back."""
        for viewer in self.modern():
            told = [code for code in viewer.notices if code.startswith("store_")]
            assert told == ["store_unavailable", "store_back"] * (len(told) // 2), told
            assert told, f"{viewer.view.name} was told nothing"

    async def recovered(self, deadline: float = PATIENCE_S) -> float:
        """Wait until everybody was shown something that was logged after this; returns the seconds."""
        began = time.monotonic()
        newest = max([trainer.next for trainer in self.trainers], default=0)
        await eventually(
            lambda: all(_has_seen(viewer.view, newest) for viewer in self.quick()),
            deadline,
            f"everybody was shown {newest}",
        )
        return time.monotonic() - began

    async def settle(self) -> None:
        """Let the publishers come to their end and every viewer to the head of the log; no more calls."""
        await self._stop_calling()
        for trainer in self.trainers:
            await trainer.stop()
            await trainer.drained(PATIENCE_S)
        for poster in self.posters:
            await poster.stop(PATIENCE_S)
        for viewer in self.viewers:
            viewer.hurried.set()
        head = await self._read_store()
        with contextlib.suppress(DeadlineExceeded):  # the verdict says who is not there, and where
            await eventually(
                lambda: all(viewer.seq >= head for viewer in self.viewers), PATIENCE_S, f"all at {head}"
            )
        for viewer in self.viewers:
            assert viewer.well, f"{viewer.view.name} failed"

    async def _read_store(self) -> int:
        """Write down what the log holds at the end; returns the number of its last event."""
        text = await eventually(self._export, PATIENCE_S, "the export")
        about, *events, end = [json.loads(line) for line in text.splitlines()]
        assert end["end"]["events"] == len(events), "the export is not complete"
        stored = [(event["seq"], mark_of(event)) for event in events]
        head = about["export"]["last"]
        place = await eventually(lambda: self._newcomer_at(head), PATIENCE_S, f"a newcomer is shown {head}")
        self.history.stored(stored, place.epoch, before=about["export"]["first"] - 1)
        return place.seq

    async def _export(self) -> str:
        headers = {"Authorization": f"Bearer {self._api_key}"}
        url = f"{self.urls[0]}/api/v1/rooms/{self.room}/export?format=ndjson"
        with contextlib.suppress(*LOST):
            async with self.session.get(url, headers=headers) as answer:
                text = await answer.text()
                return text if answer.status == 200 else ""
        return ""

    async def _newcomer_at(self, head: int) -> Cursor | None:
        """The cursor of somebody who comes now, if it is at the head: a node may be a second behind."""
        place = await self._cursor_of_a_newcomer()
        return place if place is not None and place.seq == head else None

    async def _cursor_of_a_newcomer(self) -> Cursor | None:
        with contextlib.suppress(*LOST):
            async with self.session.ws_connect(
                f"{self.urls[0]}/ws/rooms/{self.room}", protocols=(PROTOCOL,), max_msg_size=0
            ) as socket:
                await socket.send_json({"type": "hello", "token": self._api_key})
                async for message in socket:
                    if message.type is aiohttp.WSMsgType.TEXT:
                        told = json.loads(message.data)
                        if told["type"] == "snapshot":
                            return Cursor.parse(told["cursor"])
        return None

    def judge(self) -> Verdict:
        """The verdict; raises with its words when a promise was broken or somebody got in without a right."""
        self._assert_nobody_got_in()
        verdict = self.history.judge()
        assert not verdict.condemned, str(verdict)
        assert verdict.silent_gaps == 0
        return verdict

    def outcome(self, fault: str, recovery_s: float | None = None, note: str = "") -> Outcome:
        """The row of this fault; judges first."""
        longest = max([self.longest[0], *(poster.longest_s for poster in self.posters)])
        return Outcome(fault, self.judge(), longest, recovery_s, note)

    async def _asked(
        self, method: str, path: str, body: Any = None, *, token: str | None = "api key"
    ) -> dict[str, Any]:
        headers = {} if token is None else {"Authorization": f"Bearer {self._api_key}"}

        async def asked() -> dict[str, Any] | None:
            async with self.session.request(
                method, f"{self.ingest[0]}/api/v1{path}", json=body, headers=headers
            ) as answer:
                told: dict[str, Any] = await answer.json(content_type=None)
                assert answer.status < 300 or answer.status == 503, (method, path, answer.status, told)
                return None if answer.status == 503 else told

        told: dict[str, Any] = await eventually(asked, PATIENCE_S, f"{method} {path}")
        return told


def _guess() -> dict[str, str]:
    return {"display_name": "guesser", "password": "wrong"}


def _has_seen(view: View, mark: int) -> bool:
    """Whether anything of the trainer's marked ``mark`` or later was shown; looked for from the end."""
    for _, what in reversed(view.told):
        shown = [one for _, one in what.get("events", ()) if isinstance(one, int) and one < POSTED]
        if shown:
            return max(shown) >= mark
    return False


@contextlib.asynccontextmanager
async def playing(
    urls: Sequence[str],
    api_key: str,
    name: str,
    *,
    ingest: Sequence[str] = (),
    watching: Sequence[str] = (),
    rate: float = 60.0,
    silence_s: float = SILENCE_S,
) -> AsyncIterator[Scene]:
    """A scene that is already playing: a trainer logs, an audience watches, people call the API."""
    async with Scene(urls, api_key, ingest=ingest, watching=watching) as scene:
        scene.silence_s = silence_s
        await scene.open(name, rate=rate)
        await scene.audience()
        scene.call_always()
        yield scene
