"""Where the store is: its URL read into addresses and options, and clients made from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from rooms.errors import StoreUnsuitable

COMMAND_TIMEOUT_S = 1.0
"""How long one command may take before it is repeated once."""

_EXAMPLES = "redis://host:6379/0, rediss://…, unix:///path/to.sock or redis+cluster://host:6379"


@dataclass(frozen=True, slots=True)
class Node:
    """One server: what redis-py's connections are made from. The options may hold a password, so no repr."""

    name: str
    options: Mapping[str, Any] = field(repr=False)

    def client(self, connections: int) -> Redis:
        """A client with at most so many connections; each command has its second and one repeat."""
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
    """The store's nodes as named in the URL, and whether it was named a cluster."""

    hosts: tuple[tuple[str, int], ...]
    cluster: bool
    options: Mapping[str, Any] = field(repr=False)

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
    scheme = urlsplit(url).scheme
    cluster = scheme.endswith("+cluster")
    plain = scheme.removesuffix("+cluster")
    if plain not in {"redis", "rediss", "unix"} or (cluster and plain == "unix"):
        raise StoreUnsuitable(f"The store's URL is not understood. It should look like {_EXAMPLES}.")
    _, _, rest = url.partition("://")
    authority, slash, tail = rest.partition("/")
    credentials, at, names = authority.rpartition("@")
    hosts = names.split(",") if cluster else [names]
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
    places = tuple((str(one.get("host", "localhost")), int(one.get("port", 6379))) for one in parsed)
    if plain != "unix":
        options.pop("host", None)
        options.pop("port", None)
    return Address(places, cluster, options)
