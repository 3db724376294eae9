"""One way to the store: commands and scripts, one by one or many in one pipeline, on one server or a cluster.

redis-py's own settings wait 30 seconds for a store that has stopped answering. Here a command has less
than a second and one repeat, and a pipeline as a whole ``CALL_LIMIT_S``; then it is
``StoreUnavailable``, and at once while the store is known to be silent. What many callers ask at once shares
pipelines (``flights``), one queue for each server of the store. A repeat may apply a write twice (the first
answer can get lost on the way back), so every write that goes through here must be idempotent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, Final, TypeVar

from redis.asyncio import Redis, RedisCluster
from redis.exceptions import (
    AuthenticationError,
    ClusterError,
    DataError,
    NoScriptError,
    OutOfMemoryError,
    RedisClusterException,
    RedisError,
    ResponseError,
)

from rooms import pipeline
from rooms.bells import Bells
from rooms.clock import Clock
from rooms.errors import RoomsError, StoreFull, StoreUnavailable, StoreUnsuitable
from rooms.flights import Command, Flights
from rooms.script import Script
from rooms.sentinel import Sentinels
from rooms.store_url import COMMAND_TIMEOUT_S, Address, Node, parse

CALL_LIMIT_S = 1.65
"""The longest any call here waits, a quarter more where this process is busy all the time (``patience``): an
answer to a caller outside must leave within 2.5 s, be it the last of six hundred that are given up in one
moment (0.2 to 0.8 s on two cores)."""

FULL_PAUSE_S = 5.0
"""When to come again to a store without memory: somebody has to give it some first."""

MAX_CONNECTIONS = 32
"""Connections to one server; the queue before it uses a quarter of them at once."""

TELL_TIME = Script(
    "tell_time",
    "-- The store's clock. KEYS[1] only says which node is asked. Returns milliseconds since 1970.\n"
    "local t = redis.call('TIME')\n"
    "return t[1] * 1000 + math.floor(t[2] / 1000)\n",
    shared=True,
)

_NO_DISK = "MISCONF "
"""What a store answers that cannot write its append-only file, after such a failure, to every write."""

_TIME_KEY = "sp:secrets"
_T = TypeVar("_T")
_log = logging.getLogger(__name__)

Mark = Callable[[str, int], AbstractContextManager[object]]
"""Marks a call to the store: the name of its first script or command, and how many there are."""

_UNMARKED: Final = nullcontext()

Call = tuple[Script, Sequence[str], Sequence[Any]]
"""One script to run: (script, keys, arguments)."""


class Connection:
    """A store reached and found suitable, made by ``connect``. Replies are bytes, lists and integers."""

    def __init__(
        self,
        address: Address,
        client: Redis | RedisCluster,
        clock: Clock,
        sentinels: Sentinels | None = None,
    ) -> None:
        self.clock = clock
        self.is_cluster = isinstance(client, RedisCluster)
        self.mark: Mark = _unmarked  # whoever traces what happens here puts its own in this place
        self._address = address
        self._client = client
        self._sentinels = sentinels
        self._queues: dict[str, Flights] = {}
        self._readers: set[str] = set()  # the scripts asked for so far that only read, by their SHA-1

    async def run(self, script: Script, keys: Sequence[str], args: Sequence[Any]) -> Any:
        """Run one script and return its reply. Raises ``StoreUnavailable`` within ``CALL_LIMIT_S``."""
        with self.mark(script.name, 1):
            return await _in_our_words(self._evaluate(script, keys, args), script.name)

    async def run_many(self, calls: Sequence[Call]) -> list[Any]:
        """Run independent scripts in one pipeline and return their replies in order.

        An element may be a ``RoomsError`` instance: that script failed, and the others did not.
        ``StoreUnavailable`` is raised when there is no reply at all. Scripts that the store has forgotten are
        repeated after the rest, so calls that depend on each other's order belong into separate ones.
        """
        if not calls:
            return []
        with self.mark(calls[0][0].name, len(calls)):
            return await _in_our_words(self._evaluate_many(calls), "a pipeline of scripts")

    async def command(self, *parts: Any) -> Any:
        """Run one command (``command("GET", key)``); the reply is as redis-py reads it (HGETALL: a dict)."""
        with self.mark(str(parts[0]), 1):
            return await _in_our_words(self._one(parts), str(parts[0]))

    async def command_many(self, commands: Sequence[Sequence[Any]]) -> list[Any]:
        """Run independent commands, each on one key, in one pipeline; elements may be errors, as above."""
        if not commands:
            return []
        with self.mark(str(commands[0][0]), len(commands)):
            return await _in_our_words(self._pipelined(commands), "a pipeline of commands")

    async def tell_time(self) -> int:
        """Ask the store for its time, set the clock by it, and return it in milliseconds."""
        store_ms = int(await self.run(TELL_TIME, [_TIME_KEY], []))
        self.clock.observe(store_ms)
        return store_ms

    def bells(self, heard: Callable[[str, str], None], lost: Callable[[], None]) -> Bells:
        """Hear the bells of rooms: ``heard(room_id, kind)``, kind ``log`` or ``access``; see ``Bells``."""
        return Bells(self._bell_node, heard, lost)

    async def info(self) -> list[dict[str, Any]]:
        """What INFO says on each primary node of the store."""
        if not isinstance(self._client, RedisCluster):
            return [dict(await self._within_limit(lambda: self._client.execute_command("INFO"), "INFO"))]
        cluster = self._client
        await self._within_limit(cluster.initialize, "CLUSTER SLOTS")
        answers = []
        for node in cluster.get_primaries():
            asked = partial(cluster.execute_command, "INFO", target_nodes=node)
            answers.append(dict(await self._within_limit(asked, "INFO")))
        return answers

    async def find_primary(self) -> None:
        """Ask the sentinels, where there are some, whether they know a primary.

        Raises:
            StoreUnsuitable: they know none of the URL's name, or refuse us.
            StoreUnavailable: none of them answers in time.
        """
        if self._sentinels is not None:
            await self._within_limit(self._sentinels.check, "SENTINEL")

    async def close(self) -> None:
        """Close every connection to the store."""
        for queue in self._queues.values():
            await queue.close()
        await self._client.aclose()
        if self._sentinels is not None:
            await self._sentinels.close()

    async def _bell_node(self, channel: str) -> Node:
        """The node that must be asked for this channel, the one that holds the room's keys."""
        if self._sentinels is not None:
            return self._address.node(*await self._within_limit(self._sentinels.primary, "SENTINEL"))
        if not isinstance(self._client, RedisCluster):
            return self._address.first
        await self._within_limit(self._client.initialize, "CLUSTER SLOTS")
        holder = self._client.get_node_from_key(channel)
        if holder is None:
            raise StoreUnavailable("No node of the cluster holds this room now. Try again in a moment.")
        return self._address.node(holder.host, int(holder.port))

    async def _evaluate(self, script: Script, keys: Sequence[str], args: Sequence[Any]) -> Any:
        if script.shared:
            self._readers.add(script.sha)
        try:
            return await self._one(("EVALSHA", script.sha, len(keys), *keys, *args))
        except NoScriptError:
            # EVAL also loads the script, and goes to the node that holds the keys.
            return await self._one(("EVAL", script.text, len(keys), *keys, *args))

    async def _evaluate_many(self, calls: Sequence[Call]) -> list[Any]:
        self._readers.update(script.sha for script, _, _ in calls if script.shared)
        replies = await self._ask(
            [("EVALSHA", script.sha, len(keys), *keys, *args) for script, keys, args in calls]
        )
        forgotten = [index for index, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if forgotten:
            again = [calls[index] for index in forgotten]
            repeated = await self._ask(
                [("EVAL", script.text, len(keys), *keys, *args) for script, keys, args in again]
            )
            for index, reply in zip(forgotten, repeated, strict=True):
                replies[index] = reply
        return [_reply_or_error(reply, calls[index][0].name) for index, reply in enumerate(replies)]

    async def _pipelined(self, commands: Sequence[Sequence[Any]]) -> list[Any]:
        replies = await self._ask(commands)
        return [_reply_or_error(reply, commands[index][0]) for index, reply in enumerate(replies)]

    async def _one(self, command: Command) -> Any:
        [reply] = await self._ask([command])
        if isinstance(reply, Exception):
            raise reply
        return reply

    async def _ask(self, commands: Sequence[Command]) -> list[Any]:
        """Put each command into the queue of its server; a server that fails spares what others answer."""
        places: dict[str, list[int]] = {}
        for place, command in enumerate(commands):
            places.setdefault(self._server_of(command), []).append(place)
        if len(places) == 1:
            return await self._queue(*places).ask(commands)
        asked = (self._queue(name).ask([commands[place] for place in own]) for name, own in places.items())
        answers = await asyncio.gather(*asked, return_exceptions=True)
        replies: list[Any] = [None] * len(commands)
        for own, answer in zip(places.values(), answers, strict=True):
            if isinstance(answer, asyncio.CancelledError):
                raise answer
            told = [answer] * len(own) if isinstance(answer, BaseException) else answer
            for place, reply in zip(own, told, strict=True):
                replies[place] = reply
        return replies

    def _queue(self, server: str) -> Flights:
        queue = self._queues.get(server)
        if queue is None:
            queue = self._queues[server] = Flights(self._send, CALL_LIMIT_S, self._shared)
        return queue

    def _shared(self, command: Command) -> bool:
        """Whether callers who ask this in the same moment share one answer: only what reads."""
        return command[0] == "GET" or (command[0] == "EVALSHA" and command[1] in self._readers)

    def _server_of(self, command: Command) -> str:
        """The server that holds a command's key: one that hangs must not hold up the others."""
        if not self.is_cluster or len(command) < 2:  # isinstance() of redis-py's class takes 5 us to say no
            return ""
        assert isinstance(self._client, RedisCluster), "that is what makes it a cluster"
        key = command[3] if command[0] in {"EVALSHA", "EVAL"} else command[1]
        holder = self._client.get_node_from_key(key)
        return "" if holder is None else str(holder.name)

    async def _send(self, commands: Sequence[Command]) -> list[Any]:
        if not isinstance(self._client, RedisCluster):
            return await pipeline.send(self._client, commands, COMMAND_TIMEOUT_S)
        if len(commands) == 1:  # cheaper than a pipeline of one
            try:
                return [await self._client.execute_command(*commands[0])]
            except ResponseError as error:
                return [error]
        pipelined: Any = self._client.pipeline()
        for command in commands:
            pipelined.execute_command(*command)
        return list(await pipelined.execute(raise_on_error=False))

    @staticmethod
    async def _within_limit(attempt: Callable[[], Awaitable[_T]], what: str) -> _T:
        """What goes to no queue: whatever the store or the network does, an answer or an error in time."""

        async def limited() -> _T:
            async with asyncio.timeout(CALL_LIMIT_S):
                return await attempt()

        return await _in_our_words(limited(), what)


def _unmarked(_name: str, _count: int) -> AbstractContextManager[object]:
    return _UNMARKED


async def _in_our_words(asked: Awaitable[_T], what: str) -> _T:
    """Await an answer; the errors of redis-py and of the network become ``StoreUnavailable``."""
    try:
        return await asked
    except DataError:
        raise  # an argument of a wrong type: a defect of the caller, not of the store
    except (RedisError, RedisClusterException, OSError, TimeoutError) as error:
        raise _unavailable(error, what) from error


async def connect(url: str, clock: Clock | None = None) -> Connection:
    """Reach the store at ``url`` and make sure that it can be relied on.

    ``redis://``, ``rediss://``, ``unix://`` (a cluster is recognised by asking), ``redis+cluster://host:port,…``
    or ``redis+sentinel://host:port,…/name`` (the primary that sentinels watch under that name).
    Raises ``StoreUnavailable`` when there is no answer, ``StoreUnsuitable`` when the URL, the version or the
    eviction policy will not do; the message says what to set.
    """
    address = parse(url)
    connection = _connection(address, address.cluster, clock)
    try:
        await connection.find_primary()
        nodes = await connection.info()
        if not connection.is_cluster and nodes[0].get("cluster_enabled") == 1:
            await connection.close()
            connection = _connection(address, True, clock)
            nodes = await connection.info()
        for node in nodes:
            _check(node)
        await connection.tell_time()
    except StoreUnavailable as error:
        await connection.close()
        refusal = _refusal(error)
        if refusal is None:
            raise
        raise refusal from error
    except BaseException:
        await connection.close()
        raise
    return connection


def _refusal(error: StoreUnavailable) -> StoreUnsuitable | None:
    """What the first answers of a store mean: one that is there and says no will say so again."""
    cause = error.__cause__
    if cause is not None and isinstance(cause.__cause__, AuthenticationError):
        cause = cause.__cause__  # over a Unix socket redis-py wraps it as a failure to connect
    if isinstance(cause, AuthenticationError):
        return StoreUnsuitable(
            f"The store does not let us in with the user and password of its URL ({_said(cause)})."
        )
    if isinstance(cause, ResponseError) and not isinstance(cause, ClusterError):
        return StoreUnsuitable(
            f"The store refuses what a server asks of it first ({_said(cause)}). See the database of its "
            "URL, and what its user may do."
        )
    if "Cluster mode is not enabled" in str(cause):
        return StoreUnsuitable("The store is no cluster: say redis://host:6379 instead of redis+cluster://.")
    return None


def _said(cause: BaseException) -> str:
    return str(cause).rstrip(". ")


def _connection(address: Address, cluster: bool, clock: Clock | None) -> Connection:
    sentinels = address.sentinels()
    client: Redis | RedisCluster
    if sentinels is not None:
        client = sentinels.client(MAX_CONNECTIONS, COMMAND_TIMEOUT_S)
    elif cluster:
        client = address.cluster_client(MAX_CONNECTIONS)
    else:
        client = address.first.client(MAX_CONNECTIONS)
    return Connection(address, client, clock or Clock(), sentinels)


def _check(node: Mapping[str, Any]) -> None:
    """Refuse a server that is too old for what the scripts do, or that may forget keys by itself."""
    version = str(node.get("redis_version", "0"))
    if int(version.split(".", maxsplit=1)[0]) < 7:
        raise StoreUnsuitable(f"The store runs version {version}. Use Redis >= 7, or Valkey >= 7.2.")
    policy = node.get("maxmemory_policy")
    if policy != "noeviction":
        raise StoreUnsuitable(
            f"The store's maxmemory-policy is {policy}: under pressure it would forget members and seats. "
            "Set it to noeviction (CONFIG SET maxmemory-policy noeviction, and in its configuration file)."
        )


def _reply_or_error(reply: Any, what: str) -> Any:
    return _unavailable(reply, what) if isinstance(reply, Exception) else reply


def _unavailable(error: Exception, what: str) -> RoomsError:
    """The one error callers see; what really happened goes to the log, where a defect of a script shows."""
    full = isinstance(error, OutOfMemoryError) or str(error).startswith(_NO_DISK)
    level = logging.ERROR if isinstance(error, ResponseError) and not full else logging.INFO
    _log.log(level, "the store failed at %s: %s: %s", what, type(error).__name__, error)
    return StoreFull(retry_after=FULL_PAUSE_S) if full else StoreUnavailable(retry_after=1.0)
