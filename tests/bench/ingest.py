"""What a POST of events costs the server, and what an event of it, in batches of 1, 10 and 100.

Also as the client library packs them for a network (gzip), which costs an inflate and saves the wire.
"""

import gzip
import http.client
import json
from urllib.parse import urlsplit

from tests.bench.effort import Effort
from tests.bench.figures import written
from tests.bench.machine import SERVER_CORE, cpu_seconds
from tests.bench.ours import Ours
from tests.bench.payload import values
from tests.bench.table import Table

TABLES = ("ingest",)
BATCHES = (1, 10, 100)
WARM = 20
HEAD = (
    "events a POST",
    "form",
    "bytes a POST",
    "server CPU a POST, us",
    "store CPU a POST, us",
    "server CPU an event, us",
    "with store, us",
)


class Poster:
    """One connection that publishes into one room, as a producer whose repeats are harmless."""

    def __init__(self, ours: Ours) -> None:
        made = ours.room(name="ingest", access_level="public")
        self._connection = http.client.HTTPConnection(urlsplit(ours.server.url).netloc, timeout=30)
        self._path = f"/api/v1/rooms/{made['room']['id']}/events"
        self._headers = {"Authorization": f"Bearer {made['owner_token']}", "Spectator-Producer": "bench"}
        self._sequence = 0

    def post(self, body: bytes, *, packed: bool, events: int) -> None:
        self._sequence += 1
        headers = {**self._headers, "Spectator-Sequence": str(self._sequence)}
        headers["Content-Type"] = "application/x-ndjson"
        if packed:
            headers["Content-Encoding"] = "gzip"
        self._connection.request("POST", self._path, body, headers)
        answer = self._connection.getresponse()
        told = json.loads(answer.read())
        if answer.status != 200 or told["accepted"] != events:
            raise RuntimeError(f"a POST was answered {answer.status}: {told}")

    def close(self) -> None:
        self._connection.close()


def body_of(events: int, *, packed: bool) -> bytes:
    lines = (
        json.dumps({"type": "training_metrics", "data": values(step, 1.5)}, separators=(",", ":"))
        for step in range(events)
    )
    body = "\n".join(lines).encode()
    return gzip.compress(body, 1) if packed else body


def measure(effort: Effort) -> list[Table]:
    """Return CPU a POST and an event of server and store, for each size of a batch, plain and packed."""
    table = Table("ingest", HEAD, words=2)
    posts = effort.of(tiny=10, quick=200, full=1_500)
    with Ours(SERVER_CORE) as ours:
        server, *store = ours.pids()
        for events in BATCHES:
            for packed in (False, True):
                body, poster = body_of(events, packed=packed), Poster(ours)
                for _ in range(min(WARM, posts)):
                    poster.post(body, packed=packed, events=events)
                before = cpu_seconds(server), sum(map(cpu_seconds, store))
                for _ in range(posts):
                    poster.post(body, packed=packed, events=events)
                mine = (cpu_seconds(server) - before[0]) / posts * 1e6
                theirs = (sum(map(cpu_seconds, store)) - before[1]) / posts * 1e6
                poster.close()
                table.add(
                    str(events),
                    "gzip" if packed else "plain",
                    f"{len(body):,}",
                    written(mine),
                    written(theirs),
                    written(mine / events),
                    written((mine + theirs) / events),
                )
    return [table]
