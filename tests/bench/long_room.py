"""A room of many points: how it is kept, and how long the first visitor of a fresh server waits for it.

The points are published by HTTP as fast as the server takes them. Then the server is started anew, so that
nothing of the room is in its memory, and somebody comes in.
"""

import asyncio
import http.client
import json
import time
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from tests.bench.effort import Effort
from tests.bench.figures import written
from tests.bench.machine import SERVER_CORE, children_on, cpu_seconds, rss
from tests.bench.ours import Ours
from tests.bench.table import Table

TABLES = ("long-room",)
NAMES = 20
"""Values of an event."""
BATCH = 1_000
HEAD = (
    "points",
    "events",
    "published, events/s",
    "points/s",
    "server, MB",
    "store, MB",
    "first visitor of a fresh server, s",
    "of these CPU, s",
    "the next one, s",
)


class Published:
    """One room into which batches go, whatever server there is."""

    def __init__(self, ours: Ours) -> None:
        made = ours.room(name="long", access_level="public")
        self.ours = ours
        self.token = made["owner_token"]
        self.id = made["room"]["id"]
        self.events = 0

    def publish(self, events: int) -> float:
        """Publish until the room holds so many events; return the seconds it took."""
        netloc = urlsplit(self.ours.server.url).netloc
        connection = http.client.HTTPConnection(netloc, timeout=60)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/x-ndjson"}
        spent = 0.0
        while self.events < events:
            body = batch(self.events, min(BATCH, events - self.events))
            begun = time.perf_counter()
            connection.request("POST", f"/api/v1/rooms/{self.id}/events", body, headers)
            answer = connection.getresponse()
            told = json.loads(answer.read())
            spent += time.perf_counter() - begun
            if (
                answer.status == http.client.SERVICE_UNAVAILABLE
            ):  # faster than it is folded: as a trainer waits
                time.sleep(float(answer.headers["Retry-After"]))
                continue
            if answer.status != http.client.OK or told["rejected"]:
                raise RuntimeError(f"the batch after {self.events} was answered {answer.status}: {told}")
            self.events += told["accepted"]
        connection.close()
        return spent

    async def join(self) -> float:
        """Return the seconds from the first byte of a connection to the whole snapshot."""
        url = f"{self.ours.server.url}/ws/rooms/{self.id}"
        headers = {"Authorization": f"Bearer {self.token}"}
        async with aiohttp.ClientSession() as session:
            begun = time.perf_counter()
            options: dict[str, Any] = {"protocols": ("spectator.v1",), "headers": headers, "max_msg_size": 0}
            async with session.ws_connect(url, **options) as socket:
                await socket.send_json({"type": "hello"})
                async for message in socket:
                    told = json.loads(message.data)
                    if told["type"] == "snapshot":
                        if told["seq"] != self.events:
                            raise RuntimeError(f"a snapshot at {told['seq']} of {self.events}")
                        return time.perf_counter() - begun
        raise RuntimeError("the connection ended before the snapshot came")


def batch(first: int, count: int) -> bytes:
    """Events whose values do not repeat soon."""
    lines = []
    for step in range(first, first + count):
        data = {f"value_{name}": (step * (name + 7) % 10_007) / 9_973 for name in range(NAMES)}
        lines.append(
            json.dumps({"type": "training_metrics", "step": step, "data": data}, separators=(",", ":"))
        )
    return "\n".join(lines).encode()


def measure(effort: Effort) -> list[Table]:
    """Return for rooms of growing length how fast they were filled and how soon one is in."""
    table = Table("long-room", HEAD, words=1)
    runs = effort.of(tiny=1, quick=3, full=3)
    with Ours(SERVER_CORE) as ours:
        room = Published(ours)
        for points in effort.of(tiny=(20_000,), quick=(1_000_000,), full=(100_000, 1_000_000, 10_000_000)):
            had = room.events
            spent = room.publish(points // NAMES)
            mine, store = rss(ours.pid), sum(map(rss, ours.pids()[1:]))
            first, spent_cpu, second = [], [], []
            for _ in range(runs):
                with children_on(SERVER_CORE):
                    ours.server.restart()
                before = cpu_seconds(ours.pid)
                first.append(asyncio.run(room.join()))
                spent_cpu.append(cpu_seconds(ours.pid) - before)
                second.append(asyncio.run(room.join()))
            rate = (room.events - had) / spent
            table.add(
                f"{points:,}",
                f"{room.events:,}",
                f"{rate:,.0f}",
                f"{rate * NAMES:,.0f}",
                f"{mine / 1e6:.0f}",
                f"{store / 1e6:.0f}",
                written(median(first)),
                written(median(spent_cpu)),
                written(median(second)),
            )
    return [table]
