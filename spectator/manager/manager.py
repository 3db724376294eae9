"""The verbs of the domain: publish into a room, look back, show a room, keep the house in order."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

import rooms as access
from rooms import (
    Admitted,
    Caller,
    Connection,
    Created,
    InvalidRequest,
    JoinAsk,
    NewRoom,
    PayloadTooLarge,
    Room,
    RoomManager,
    RoomPatch,
    RoomsError,
    Waiting,
)
from spectator.events import BodyRefused
from spectator.hub import Hub
from spectator.log import Fence, Head, Log
from spectator.manager.export import Exporter
from spectator.manager.history import Historian
from spectator.manager.housekeeping import Housekeeping
from spectator.manager.local import KEY_FILE, LOCAL_TENANT, local_key
from spectator.manager.publishing import Publisher
from spectator.manager.rotation import Rotation, secrets_of
from spectator.manager.views import STAFF_ROLES, StrangerView, view
from spectator.nodes import ALONE, Nodes, Worker
from spectator.overlay import InvalidGraphs, read_graphs
from spectator.settings import Settings, SettingsError
from spectator.spans import Mark, Marked, unmarked
from spectator.state import Span
from spectator.state.codec import BEFORE
from spectator.state.codec import VERSION as CHECKPOINT
from spectator.stats import Stats

logger = logging.getLogger("spectator.manager")

ALL_SCOPES = frozenset({"publish", "read", "manage"})

MOST_WAITS = 1000
"""Calls that may wait at once on this node; those beyond are answered immediately, as things stand."""

WAITS_OF_ONE = 10
"""Of these, calls about one join request: its asker's tabs."""


class Manager:
    """One node's domain: who may watch (``rooms``), what was published (``log``), who watches here (``hub``).

    It opens no socket and knows no HTTP; the server and the in-process sessions are both built on it.
    """

    def __init__(
        self,
        connection: Connection,
        rooms: RoomManager,
        settings: Settings,
        worker: Worker = ALONE,
        span: Mark = unmarked,
    ) -> None:
        self.span = span
        if span is not unmarked:
            connection.mark = partial(_mark_store, span)
        self.connection = connection
        self.rooms = rooms
        self.settings = settings
        self.log = Log(connection)
        self.stats = Stats()
        self.hub = Hub(self.log, rooms, stats=self.stats, span=span)
        self.publisher = Publisher(self.log, self.hub, rooms, self.stats, self._checkpoint_readers, span)
        self._historian = Historian(self.log)
        self.exporter = Exporter(self.log)
        self._housekeeping = Housekeeping(connection, rooms, self.keep_key)
        self.rotation = Rotation(settings, rooms)
        self.worker = worker
        self.nodes = Nodes(
            connection, checkpoint=CHECKPOINT, worker=worker, connections=lambda: self.hub.connections
        )
        self._waits: Counter[str] = Counter()
        self._goodbye_said = False

    @classmethod
    async def open(
        cls, settings: Settings, store_url: str, worker: Worker = ALONE, span: Mark = unmarked
    ) -> Manager:
        """Connect to the store and build the parts; nothing runs in the background before ``start``.

        Args:
            settings: what the server is told.
            store_url: where the store is.
            worker: which of the processes that share a port this is.
            span: marks stretches of work for traces.

        Raises:
            StoreUnavailable: the store does not answer.
            StoreUnsuitable: it must not be used as it is set up; the message says what to set.
            SecretsUnknown: this node shares no signing secret with the others.
            UnsafeFileError: a file of the data folder that holds a credential is open to others.
            SettingsError: the operator's key in the settings is none, or the data folder's key was revoked.
        """
        connection = await access.connect(store_url)
        try:
            secrets = access.Secrets(secrets_of(settings))
            limits = access.Limits(enabled=settings.rate_limits)
            # It hashes once when it is made, which is slow on purpose: not in the loop.
            hasher = await asyncio.to_thread(_passwords, worker)
            rooms = RoomManager(connection, secrets, limits=limits, hasher=hasher)
            await rooms.check_secrets()
            manager = cls(connection, rooms, settings, worker, span)
            await manager.keep_key()
            manager.keep_operator()
        except BaseException:
            await connection.close()
            raise
        return manager

    async def keep_key(self) -> None:
        """See to it that the store knows the key of the data folder, by its hash alone."""
        key = local_key(self.settings.data_dir)
        if not await self.rooms.ensure_key(key, LOCAL_TENANT, ALL_SCOPES, "data folder"):
            raise SettingsError(
                f"The key in {self.settings.data_dir / KEY_FILE} was revoked. Delete the file and start "
                "again: a new one is made."
            )

    def keep_operator(self) -> None:
        """Take the operator's key from the settings; it is in no store, so without the setting it is none."""
        if self.settings.operator_key is None:
            return
        try:
            self.rooms.tenants.ensure_operator(self.settings.operator_key.get_secret_value())
        except InvalidRequest as error:
            raise SettingsError(f"operator_key: {error.message.removeprefix('key: ')}") from None

    async def start(self) -> None:
        """Start the hub and the housekeeping of this node."""
        await self.nodes.start()
        await self.rotation.start()
        await self.hub.start()
        self._housekeeping.start()

    async def stop(self) -> None:
        """Say ``bye 4002`` to the viewers, end the background work, close the store's connections."""
        await self._housekeeping.stop()
        await self.rotation.stop()
        await self.say_goodbye()
        await self.publisher.stop()
        await self.rooms.audit.flush()
        await self.nodes.stop()
        await self.rooms.close()
        await self.connection.close()

    async def say_goodbye(self) -> None:
        """Tell the viewers of this node to come back later (4002). The second time does nothing."""
        if not self._goodbye_said:
            self._goodbye_said = True
            # The viewers first: the others are told through the store, which may not answer.
            await asyncio.gather(self.hub.stop(), self.nodes.say_stopping())

    def now_ms(self) -> int:
        """The store's clock, in milliseconds since 1970."""
        return self.connection.clock.now_ms()

    async def check_store(self) -> None:
        """Return when the store answers. Raises ``StoreUnavailable`` within 2.5 s."""
        await self.connection.command("PING")

    async def create(self, caller: Caller, new: NewRoom, idempotency_key: str | None = None) -> Created:
        """Make a room, or with ``reuse`` find it. Raises as ``RoomManager.create``, and for wrong graphs."""
        _check_graphs(new.graphs)
        return await self.rooms.create(caller, new, idempotency_key)

    async def change(self, room: Room, patch: RoomPatch) -> Created:
        """Change what is given; what ``RoomManager.change`` raises, and wrong graphs."""
        _check_graphs(patch.graphs)
        return await self.rooms.change(room, patch)

    async def publish(
        self,
        room: Room,
        body: bytes,
        *,
        ndjson: bool = True,
        producer: str | None = None,
        sequence: int | None = None,
        fence: Fence | None = None,
    ) -> bytes:
        """Append what a publisher sent (already unpacked) and return the ready JSON answer.

        The caller has been found to be allowed to publish into ``room``. An empty body without a sequence
        is the heartbeat. With ``producer`` and ``sequence`` a repeat is answered as the first time, byte
        for byte. ``fence``: what must still be so when the events are stored.

        Raises:
            InvalidRequest: the body is no JSON, or producer or sequence are malformed.
            PayloadTooLarge: too many bytes or lines.
            SequenceGap: a batch before this one is missing.
            Unauthorized: the room key was replaced meanwhile.
            ClaimLost: another publisher took the room over meanwhile.
            QuotaExceeded: the tenant publishes or keeps more than it may; nothing was stored.
            RoomClosed, RoomExpired, RoomNotFound: there is nothing to publish into any more.
            StoreUnavailable: nothing is known to have been written; repeat it.
        """
        try:
            return await self.publisher.publish(
                room, body, self.now_ms(), ndjson=ndjson, producer=producer, sequence=sequence, fence=fence
            )
        except BodyRefused as error:
            self.stats.posts[error.code] += 1
            refusal = PayloadTooLarge if error.code == PayloadTooLarge.code else InvalidRequest
            raise refusal(error.message) from None
        except RoomsError as error:
            self.stats.posts[error.code] += 1
            raise

    async def join(self, ref: str, caller: Caller, ask: JoinAsk, client: str) -> Admitted | Waiting:
        """Ask to come in; as ``RoomManager.join``, counted by its outcome."""
        try:
            outcome = await self.rooms.join(ref, caller, ask, client)
        except RoomsError as error:
            self.stats.joins[error.code] += 1
            raise
        self.stats.joins["approved" if isinstance(outcome, Admitted) else "pending_approval"] += 1
        return outcome

    async def history(
        self, room: Room, *, names: Collection[str] = (), span: Span | None = None, max_points: int = 1000
    ) -> bytes:
        """The stored course of a room's metrics, at most ``max_points`` each, as the ready JSON answer.

        Raises:
            Busy: more of these are under way than this node takes on.
            StoreUnavailable: the store does not answer.
        """
        return await self._historian.history(room.id, names, span or Span(), max_points)

    async def views(
        self, found: Sequence[Room], role: str | None, *, lately: bool = False
    ) -> list[StrangerView]:
        """Rooms as ``role`` may see them, with their runs; for owner and moderators with who waits.

        ``lately``: of rooms that are watched here their runs may be a second old, and nothing is asked.
        """
        ids = [room.id for room in found]
        heads = await (self._lately(ids) if lately else self.log.heads(ids))
        waiting: dict[str, int] = {}
        if role in STAFF_ROLES:
            glances = await self.rooms.glances(ids)
            waiting = {room_id: len(glance.waiting) for room_id, glance in glances.items() if glance}
        now = self.now_ms()
        return [view(room, heads.get(room.id), role, now, waiting.get(room.id, 0)) for room in found]

    async def _lately(self, ids: Sequence[str]) -> dict[str, Head]:
        """The heads of rooms, as the hub read them last where it watches."""
        known = {room_id: head for room_id in ids if (head := self.hub.head(room_id)) is not None}
        unknown = [room_id for room_id in ids if room_id not in known]
        return known | await self.log.heads(unknown) if unknown else known

    def room_view(self, room: Room, head: Head | None, role: str | None, waiting: int = 0) -> dict[str, Any]:
        """A room as ``role`` may see it: the object called ``room`` in protocol.md, ready for JSON."""
        return view(room, head, role, self.now_ms(), waiting).model_dump(mode="json", exclude_unset=True)

    @contextmanager
    def patience(self, request_id: str) -> Iterator[bool]:
        """Tell whether one more call may wait for that request's answer, and count it while it does."""
        if self._waits[request_id] >= WAITS_OF_ONE or self.waiting >= MOST_WAITS:
            yield False
            return
        self._waits[request_id] += 1
        try:
            yield True
        finally:
            self._waits[request_id] -= 1
            if not self._waits[request_id]:
                del self._waits[request_id]

    @property
    def waiting(self) -> int:
        """The calls that wait for an answer now."""
        return self._waits.total()

    async def _checkpoint_readers(self) -> set[int]:
        """For whom checkpoints are written; by the setting also for a release one may want to go back to."""
        held = {BEFORE} if self.settings.checkpoints == "before" else set()
        return held | await self.nodes.checkpoints()

    def silent_for(self) -> float:
        """Seconds since something was last published through this node."""
        return time.monotonic() - self.publisher.last_at


def _passwords(worker: Worker) -> access.Passwords:
    """Two threads hash on one machine, however many processes serve there, as long as each has one."""
    return access.Passwords(threads=max(1, 2 // worker.of), queue=max(4, 20 // worker.of))


def _mark_store(span: Mark, name: str, count: int) -> AbstractContextManager[Marked]:
    """A call to the store, as a part of what asked for it; what goes on by itself is not marked."""
    told = {"db.system.name": "redis", "db.operation.name": name, "db.operation.batch.size": count}
    return span("store", told, within=True)


def _check_graphs(graphs: Any) -> None:
    if graphs is None:
        return
    try:
        read_graphs(graphs)
    except InvalidGraphs as error:
        raise InvalidRequest(f"{error.field}: {error.message}", field=error.field) from None
