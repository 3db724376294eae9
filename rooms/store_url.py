"""Where the store is: its URL read into addresses and options, and clients made from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import Connection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from rooms.errors import StoreUnsuitable
from rooms.sentinel import PORT, Sentinels

COMMAND_TIMEOUT_S = 0.8
"""How long one command may take before it is repeated once."""

_EXAMPLES = (
    "redis://host:6379/0, rediss://…, unix:///path/to.sock, redis+cluster://host:6379 "
    "or redis+sentinel://host:26379/NAME"
)


@dataclass(frozen=True, slots=True)
class Node:
    """One server: what redis-py's connections are made from. The options may hold a password, so no repr."""

    name: str
    options: Mapping[str, Any] = field(repr=False)

    def client(self, connections: int) -> Redis:
        """A client with at most so many connections; each command has its time and one repeat."""
        pool = BlockingConnectionPool(
            max_connections=connections,
            timeout=COMMAND_TIMEOUT_S,
            retry=Retry(NoBackoff(), 1),
            **self.options,
        )
        return Redis.from_pool(pool)

    def listener(self) -> Redis:
        """A client for one subscriber. It repeats nothing: who listens must know what was missed."""
        pool = BlockingConnectionPool(
            max_connections=1,
            timeout=COMMAND_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
            **self.options,
        )
        return Redis.from_pool(pool)


@dataclass(frozen=True, slots=True)
class Address:
    """The store's nodes as named in the URL, and whether it was named a cluster.

    Behind sentinels the nodes are those, ``service`` is the name of the primary they watch, and ``asking``
    how they are asked; else these are empty.
    """

    hosts: tuple[tuple[str, int], ...]
    cluster: bool
    options: Mapping[str, Any] = field(repr=False)
    service: str = ""
    asking: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def sentinels(self) -> Sentinels | None:
        """Whom to ask where the primary is; None: nobody, the URL says it."""
        return Sentinels(self.hosts, self.service, self.options, self.asking) if self.service else None

    @property
    def first(self) -> Node:
        """The node that the URL names first."""
        if "path" in self.options:
            return Node(str(self.options["path"]), self.options)
        return self.node(*self.hosts[0])

    def node(self, host: str, port: int) -> Node:
        """Another node of the same store, reached with the same credentials and options."""
        return Node(f"{host}:{port}", {**self.options, "host": host, "port": port})

    def cluster_client(self, connections: int) -> RedisCluster:
        """A client of the whole cluster that learns its topology from the named nodes."""
        options = dict(self.options)
        connection_class = options.pop("connection_class", None)
        options.pop("db", None)
        return RedisCluster(
            startup_nodes=[ClusterNode(host, port) for host, port in self.hosts],
            ssl=connection_class is not None and connection_class.__name__ == "SSLConnection",
            max_connections=connections,
            retry=Retry(NoBackoff(), 1),
            **options,
        )


def parse(url: str) -> Address:
    """Read a store's URL. Raises ``StoreUnsuitable``, without repeating the URL: it may hold a password."""
    plain, _, kind = urlsplit(url).scheme.partition("+")
    if plain not in {"redis", "rediss", "unix"} or kind not in {"", "cluster", "sentinel"}:
        raise StoreUnsuitable(f"The store's URL is not understood. It should look like {_EXAMPLES}.")
    if kind and plain == "unix":
        raise StoreUnsuitable(
            f"Clusters and sentinels are reached by TCP. The store's URL should look like {_EXAMPLES}."
        )
    _, _, rest = url.partition("://")
    authority, slash, tail = rest.partition("/")
    credentials, at, names = authority.rpartition("@")
    service = ""
    if kind == "sentinel":
        service, tail = _service(tail)
    hosts = names.split(",") if kind else [names]
    try:
        parsed: list[dict[str, Any]] = [
            dict(parse_url(f"{plain}://{credentials}{at}{name}{slash}{tail}")) for name in hosts
        ]
    except ValueError as error:
        raise StoreUnsuitable(f"A part of the store's URL is not understood. See {_EXAMPLES}.") from error
    if plain == "unix" and not parsed[0].get("path"):
        raise StoreUnsuitable("The store's URL names no socket. It should look like unix:///path/to.sock.")
    options = {
        **parsed[0],
        "protocol": 2,
        "socket_timeout": COMMAND_TIMEOUT_S,
        "socket_connect_timeout": COMMAND_TIMEOUT_S,
    }
    usual = PORT if service else 6379
    places = tuple((str(one.get("host", "localhost")), int(one.get("port", usual))) for one in parsed)
    if plain != "unix":
        _check_database(tail, cluster=kind == "cluster")
        options.pop("host", None)
        options.pop("port", None)
    asking = _asking(options) if service else {}
    _check_options(options)
    return Address(places, kind == "cluster", options, service, asking)


def _check_database(tail: str, *, cluster: bool) -> None:
    """Refuse what is no number: redis-py would leave it out, and the rooms be looked for in database 0."""
    database = tail.partition("?")[0].strip("/")
    if database and not database.isdecimal():
        raise StoreUnsuitable(
            f"The database in the store's URL has to be a number, as in redis://host:6379/2. See {_EXAMPLES}."
        )
    if cluster and int(database or 0):
        raise StoreUnsuitable(
            f"A cluster has no database but number 0: leave the number out of its URL. See {_EXAMPLES}."
        )


def _check_options(options: Mapping[str, Any]) -> None:
    """Refuse options of the query that connections do not know, by making one; it reaches for nobody yet."""
    own = {name: value for name, value in options.items() if name != "connection_class"}
    try:
        options.get("connection_class", Connection)(**own)
    except TypeError as error:
        unknown = str(error).rpartition("argument ")[2]
        raise StoreUnsuitable(
            f"The store's URL has an option behind its ? that is not known: {unknown}. See {_EXAMPLES}."
        ) from error


def _asking(options: dict[str, Any]) -> dict[str, Any]:
    """What is meant for the sentinels themselves, taken out of what is meant for the servers."""
    own = [name for name in ("sentinel_username", "sentinel_password") if name in options]
    return {name.removeprefix("sentinel_"): options.pop(name) for name in own}


def _service(tail: str) -> tuple[str, str]:
    """What follows the sentinels' hosts: the primary's name, and the rest as other URLs have it."""
    path, mark, query = tail.partition("?")
    name, _, database = path.partition("/")
    if not name or "/" in database:
        raise StoreUnsuitable(
            "The store's URL names sentinels, and not which primary they watch. It should look like "
            "redis+sentinel://host:26379,host:26379/NAME, with /2 behind it for database 2."
        )
    return unquote(name), f"{database}{mark}{query}"
