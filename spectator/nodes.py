"""Which nodes share this store: each keeps a row of its own fresh there; whoever falls silent is gone.

Nothing is decided by these rows but what only makes sense among living nodes (a checkpoint is written in a
version that all of them read) and what people are shown. What a dead node held (seats, presence, what its
viewers want, a publisher's claim) are leases, which end by themselves, rows or no rows.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

import msgspec

from rooms import Connection, RoomsError
from spectator.tasks import Tasks

logger = logging.getLogger("spectator.nodes")

KEY: Final = "sp:nodes"
"""The hash of all rows, by the name of the node."""

BEAT_S: Final = 3.0
"""How often a node writes its row and reads those of the others."""

ALIVE_MS: Final = 12_000
"""A row that was not written for so long (four beats) is a dead node's."""

KEPT_MS: Final = 600_000
"""So long a dead node's row can still be read, by people who want to know; then any node removes it."""


def version() -> str:
    """The version of the installed distribution, ``0`` for a bare source tree."""
    try:
        return metadata.version("spectator-rooms")
    except metadata.PackageNotFoundError:
        return "0"


@dataclass(frozen=True, slots=True)
class Worker:
    """Which of the processes that share one port this is: ``number`` from 1, ``of`` so many.

    Number 0 of 1 has the port for itself. In ``folder``, which only this user may enter, each listens for the
    others too, on a Unix socket: what is asked of one process of a server may concern all of them.
    """

    number: int = 0
    of: int = 1
    folder: Path | None = None

    def socket_of(self, number: int) -> Path:
        """Where worker ``number`` listens for the others."""
        assert self.folder is not None, "who has the port for itself has no siblings"
        return self.folder / f"worker-{number}.sock"


ALONE: Final = Worker()
"""One process, one port."""


class NodeRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a node tells of itself. Fields may be added; nodes of an older version leave out what they miss.

    Args:
        name: random, tells this node from others for as long as it runs.
        version: of the distribution.
        checkpoint: the newest version of checkpoints that it reads; it reads the one before too.
        host: the machine's name.
        pid: the process there.
        worker: its number among the processes that share a port, from 1; 0: it has the port for itself.
        started_ms: when it began, by the store's clock.
        seen_ms: when it wrote this row.
        connections: viewers and lobby sockets it holds.
        stopping: it says good-bye to its viewers.
    """

    name: str
    version: str = "0"
    checkpoint: int = 1
    host: str = ""
    pid: int = 0
    worker: int = 0
    started_ms: int = 0
    seen_ms: int = 0
    connections: int = 0
    stopping: bool = False


_decode = msgspec.json.Decoder(NodeRow).decode
_encode = msgspec.json.Encoder().encode


async def read_nodes(connection: Connection) -> list[NodeRow]:
    """The rows of all nodes that were alive lately, oldest first; ``is_alive`` says which still are.

    Raises:
        StoreUnavailable: nothing is known.
    """
    found = await connection.command("HGETALL", KEY)
    rows = [row for row in map(_read, found.values()) if row is not None]
    return sorted(rows, key=lambda row: (row.started_ms, row.name))


def is_alive(row: NodeRow, now_ms: int) -> bool:
    """Whether the node of this row is alive at ``now_ms`` of the store's clock, as far as can be told."""
    return row.seen_ms > now_ms - ALIVE_MS


def _read(raw: bytes) -> NodeRow | None:
    try:
        return _decode(raw)
    except msgspec.MsgspecError as error:
        logger.info("a node's row cannot be read: %s", error)
        return None


class Nodes:
    """This node's row, and what it knows of the others.

    Args:
        connection: the store.
        checkpoint: the newest version of checkpoints that this node reads.
        worker: which of the processes that share a port this is.
        connections: tells how many viewers it holds.
        beat_s: seconds between two beats.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        checkpoint: int,
        worker: Worker = ALONE,
        connections: Callable[[], int] = int,
        beat_s: float = BEAT_S,
    ) -> None:
        self._connection = connection
        self._beat_s = beat_s
        self._own = NodeRow(
            name=secrets.token_hex(8),
            version=version(),
            checkpoint=checkpoint,
            host=socket.gethostname(),
            pid=os.getpid(),
            worker=worker.number,
        )
        self._connections = connections
        self._stopping = False
        self._rows: Mapping[str, NodeRow] = {}
        self._tasks = Tasks("nodes")

    @property
    def name(self) -> str:
        """This node's own."""
        return self._own.name

    @property
    def live(self) -> tuple[NodeRow, ...]:
        """The nodes that are alive, this one included; while the store is away, as it was last.

        For a minute after the store's clock jumped nobody is taken for dead: their rows only look old.
        """
        clock = self._connection.clock
        now_ms, jumped = clock.now_ms(), clock.jumped()
        others = (row for row in self._rows.values() if row.name != self.name)
        return (self._own, *(row for row in others if jumped or is_alive(row, now_ms)))

    async def look(self) -> tuple[NodeRow, ...]:
        """``live``, looked up now: one may have come or gone since the beat. Raises StoreUnavailable."""
        self._rows = {row.name: row for row in await read_nodes(self._connection)}
        return self.live

    @property
    def checkpoint(self) -> int:
        """The newest version of checkpoints that every living node reads."""
        return min(row.checkpoint for row in self.live)

    async def checkpoints(self) -> set[int]:
        """The newest version of checkpoints that each living node reads.

        Looked up now: a node may have begun since the last beat. Raises StoreUnavailable.
        """
        now_ms = self._connection.clock.now_ms()
        others = (row.checkpoint for row in await read_nodes(self._connection) if is_alive(row, now_ms))
        return {self._own.checkpoint, *others}

    async def start(self) -> None:
        """Write the row, read the others', and go on doing so.

        Raises:
            StoreUnavailable: the store does not answer.
        """
        self._own = msgspec.structs.replace(self._own, started_ms=self._connection.clock.now_ms())
        await self._beat()
        self._tasks.repeat(self._round, "beat")

    async def say_stopping(self) -> None:
        """Tell the others that this node is on its way out. Never raises because of the store."""
        self._stopping = True
        await self._try(self._beat())

    async def stop(self) -> None:
        """Take the row out: this node ended as it should. Where the store is away, the row lapses."""
        await self._tasks.stop()
        await self._try(self._connection.command("HDEL", KEY, self.name))

    async def _round(self) -> None:
        await asyncio.sleep(self._beat_s)
        await self._try(self._beat())

    async def _beat(self) -> None:
        now_ms = self._connection.clock.now_ms()
        self._own = msgspec.structs.replace(
            self._own, seen_ms=now_ms, connections=self._connections(), stopping=self._stopping
        )
        await self._connection.command("HSET", KEY, self.name, _encode(self._own))
        await self.look()
        gone = [row.name for row in self._rows.values() if row.seen_ms <= now_ms - KEPT_MS]
        if gone and not self._connection.clock.jumped():
            await self._connection.command("HDEL", KEY, *gone)

    @staticmethod
    async def _try(work: Awaitable[object]) -> None:
        try:
            await work
        except RoomsError as error:
            logger.info("this node could not tell the others of itself: %s", error.code)
