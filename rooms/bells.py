"""The news that there is news: each room has a channel, on which a script rings after it changed something.

A bell carries no data (what it announces is read from the store), so a lost one costs time and never content.
On a cluster a room's channel lives on the node that holds the room's keys: one listener per such node.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from redis.exceptions import RedisClusterException, RedisError

from rooms.errors import StoreUnavailable
from rooms.store_url import Node

RETURN_S = 0.5
"""How long rooms that nobody could listen to wait for the next try."""

POLL_S = 1.0
"""How long one wait for a message lasts."""

SILENCE_S = 3.0
"""After so long without a word the node is asked for one; after twice as long it counts as gone."""

CONFIRM_S = 1.0
"""How long ``add`` waits for the store's confirmation."""

_FAILURES = (RedisError, RedisClusterException, OSError, TimeoutError, StoreUnavailable)
_log = logging.getLogger(__name__)


def channel_of(room_id: str) -> str:
    """The channel of a room. It carries the room's hash tag, so a script of the room may ring it."""
    return f"sp:{{{room_id}}}:bell"


def _room_of(channel: bytes) -> str:
    return channel.decode()[4:-6]


def _start(work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    return asyncio.create_task(work, name=name)  # noqa: TID251 - kept and ended by its owner; rooms has no floor below


class Bells:
    """The rooms this node listens to. ``heard`` and ``lost`` are called in the loop and must not block.

    ``lost()`` means: bells may have been missed, look at everything. It is called when a node of the store
    goes silent, and again when its rooms are listened to again.
    """

    def __init__(
        self,
        locate: Callable[[str], Awaitable[Node]],
        heard: Callable[[str, str], None],
        lost: Callable[[], None],
    ) -> None:
        self._locate = locate
        self._heard = heard
        self._lost = lost
        self._listeners: dict[str, _Listener] = {}
        self._placed: dict[str, _Listener] = {}
        self._unplaced: set[str] = set()
        self._placing = asyncio.Lock()
        self._wake = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def alive(self) -> bool:
        """Whether every room added is being listened to now."""
        return not self._unplaced

    async def add(self, room_id: str) -> None:
        """Listen to a room.

        Returns when the store has confirmed it, or after about a second when it could not be reached: then
        ``alive`` is false, and the room is listened to as soon as that is possible.
        """
        if self._closed or room_id in self._placed:
            return
        self._unplaced.add(room_id)
        if not await self._place(room_id):
            self._keep()

    async def discard(self, room_id: str) -> None:
        """Listen to a room no longer. Unknown rooms are fine."""
        self._unplaced.discard(room_id)
        listener = self._placed.pop(room_id, None)
        if listener is not None:
            await listener.discard(room_id)

    async def close(self) -> None:
        """Stop listening. Nothing is called afterwards."""
        self._closed = True
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        listeners = list(self._listeners.values())
        self._listeners.clear()
        self._placed.clear()
        self._unplaced.clear()
        for listener in listeners:
            await listener.close()

    async def _place(self, room_id: str) -> bool:
        """Find the node of a room and listen to it there; says whether that worked."""
        async with self._placing:
            try:
                node = await self._locate(channel_of(room_id))
                listener = self._listeners.get(node.name)
                if listener is None:
                    listener = _Listener(node, self._on_bell, self._on_gone, self._on_missed)
                    self._listeners[node.name] = listener
            except _FAILURES as error:
                _log.info("no node of the store to listen to %s: %s", room_id, type(error).__name__)
                return False
        if not await listener.add(room_id):
            return False
        if self._listeners.get(node.name) is not listener:
            return False  # it has ended in the meantime
        if room_id in self._unplaced:
            self._unplaced.discard(room_id)
            self._placed[room_id] = listener
        elif room_id not in self._placed:
            await listener.discard(room_id)  # nobody wants it any more
        return True

    def _keep(self) -> None:
        """See to it that what is unplaced is tried again, by one task for all rooms."""
        self._wake.set()
        if self._keeper is None and not self._closed:
            self._keeper = _start(self._keep_placing(), "bells")

    async def _keep_placing(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._unplaced:
                await asyncio.sleep(RETURN_S)
                # All at once: a room whose node is still away must not hold up those whose node is back.
                placed = await asyncio.gather(*(self._place(room_id) for room_id in self._unplaced))
                if any(placed):
                    self._lost()

    def _on_bell(self, room_id: str, kind: str) -> None:
        if not self._closed and room_id in self._placed:
            self._heard(room_id, kind)

    def _on_missed(self) -> None:
        if not self._closed:
            self._lost()

    def _on_gone(self, listener: _Listener) -> None:
        """A listener lost its node: its rooms have to be placed anew, perhaps elsewhere."""
        if self._closed:
            return
        if self._listeners.get(listener.name) is listener:
            del self._listeners[listener.name]
        rooms = {room_id for room_id, holder in self._placed.items() if holder is listener}
        for room_id in rooms:
            del self._placed[room_id]
        self._unplaced |= rooms
        self._lost()
        self._keep()


class _Listener:
    """One subscribed connection to one node. It ends at the first failure and says so once."""

    def __init__(
        self,
        node: Node,
        bell: Callable[[str, str], None],
        gone: Callable[[_Listener], None],
        missed: Callable[[], None],
    ) -> None:
        self.name = node.name
        self._client = node.listener()
        self._pubsub: Any = self._client.pubsub()
        self._bell = bell
        self._gone = gone
        self._missed = missed
        self._confirmations: dict[str, asyncio.Future[None]] = {}
        self._rooms: set[str] = set()
        self._writing = asyncio.Lock()
        self._reader: asyncio.Task[None] | None = None
        self._ended = False

    @property
    def over(self) -> bool:
        """Whether it has ended, by a failure or because it was closed."""
        return self._ended

    async def add(self, room_id: str) -> bool:
        """Subscribe; true when the node confirmed it."""
        if self._ended or room_id in self._rooms:
            return not self._ended
        try:
            async with asyncio.timeout(CONFIRM_S):
                confirmed = self._confirmations.get(room_id) or await self._subscribe(room_id)
                # Others may be waiting for the same: one that is cancelled must not take them along.
                await asyncio.shield(confirmed)
        except _FAILURES as error:
            await self._end(error)
            return False
        except AttributeError:
            # Closed meanwhile: redis-py takes the connection away under whoever is just connecting it.
            if not self.over:
                raise
            return False
        return True

    async def _subscribe(self, room_id: str) -> asyncio.Future[None]:
        confirmed = self._confirmations[room_id] = asyncio.get_running_loop().create_future()
        async with self._writing:
            await self._pubsub.ssubscribe(channel_of(room_id))
        if self._reader is None:
            self._reader = _start(self._read(), f"bells at {self.name}")
        return confirmed

    async def discard(self, room_id: str) -> None:
        """Unsubscribe; a failure to do so ends the listener, which is noticed there."""
        self._rooms.discard(room_id)
        if self._ended:
            return
        try:
            async with asyncio.timeout(CONFIRM_S), self._writing:
                await self._pubsub.sunsubscribe(channel_of(room_id))
        except _FAILURES as error:
            await self._end(error)

    async def close(self) -> None:
        """End without saying so."""
        self._ended = True
        if self._reader is not None and self._reader is not asyncio.current_task():
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        for confirmed in self._confirmations.values():
            confirmed.set_exception(ConnectionError("the listener has ended"))
            confirmed.exception()  # taken note of, even where nobody waits any more
        self._confirmations.clear()
        await self._pubsub.aclose()
        await self._client.aclose()

    async def _end(self, error: BaseException) -> None:
        if self._ended:
            return
        _log.info("bells at %s are silent: %s", self.name, type(error).__name__)
        await self.close()
        self._gone(self)

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        heard_at = asked_at = loop.time()
        try:
            while True:
                message = await self._pubsub.get_message(timeout=POLL_S)
                now = loop.time()
                if message is not None:
                    heard_at = now
                    self._take(message)
                elif now - heard_at > 2 * SILENCE_S:
                    raise TimeoutError
                elif now - max(heard_at, asked_at) > SILENCE_S:
                    asked_at = now
                    async with self._writing:
                        await self._pubsub.ping()
        except _FAILURES as error:
            await self._end(error)

    def _take(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "smessage":
            self._bell(_room_of(message["channel"]), message["data"].decode())
        elif kind == "ssubscribe":
            self._on_subscribed(_room_of(message["channel"]))
        elif kind == "sunsubscribe" and _room_of(message["channel"]) in self._rooms:
            # Not asked for: the room's slot has moved to another node.
            raise ConnectionError("the room moved")

    def _on_subscribed(self, room_id: str) -> None:
        confirmed = self._confirmations.pop(room_id, None)
        if confirmed is not None:
            confirmed.set_result(None)
        elif room_id in self._rooms:
            # redis-py connected again by itself and subscribed anew: what rang in between is lost.
            self._missed()
        self._rooms.add(room_id)
