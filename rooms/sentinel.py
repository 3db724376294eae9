"""A store behind sentinels: they are asked which server is the primary, whenever a connection is made.

After a failover a connection to the server before ends by itself (the sentinels cut it, or it answers that it
is read-only now); the next one is made to its successor.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from rooms.errors import StoreUnavailable, StoreUnsuitable

ASK_S = 0.5
"""How long one sentinel is waited for; then the next is asked. A call of the store waits for both."""

PORT = 26379


class _Pool(SentinelConnectionPool, BlockingConnectionPool):
    """Connections to the primary of the moment; who finds none free waits for one, as everywhere else."""


class Sentinels:
    """The sentinels of one store.

    Args:
        hosts: where they are.
        service: under which name they watch the primary.
        options: how connections to the servers are made (credentials, times).
        own: what is different for connections to the sentinels: their credentials.
    """

    def __init__(
        self,
        hosts: tuple[tuple[str, int], ...],
        service: str,
        options: Mapping[str, Any],
        own: Mapping[str, Any],
    ) -> None:
        self._service = service
        self._hosts = hosts
        self._options = dict(options)
        tls = self._options.pop("connection_class", None) is not None
        self._options["ssl"] = tls
        shared = {name: value for name, value in self._options.items() if name.startswith("ssl")}
        times = {"socket_timeout": ASK_S, "socket_connect_timeout": ASK_S}
        asking = {"protocol": 2, "retry": Retry(NoBackoff(), 0), **times, **shared, **own}
        made: Any = Sentinel  # redis-py gives it no types
        self._sentinel = made(hosts, sentinel_kwargs=asking)

    def client(self, connections: int, timeout_s: float) -> Redis:
        """A client of the primary with at most so many connections; see ``Node.client`` for its times."""
        client: Redis = self._sentinel.master_for(
            self._service,
            connection_pool_class=_Pool,
            max_connections=connections,
            timeout=timeout_s,
            retry=Retry(NoBackoff(), 1),
            **self._options,
        )
        return client

    async def primary(self) -> tuple[str, int]:
        """Where the primary is now. Raises redis-py's ``MasterNotFoundError``, a ``ConnectionError``."""
        host, port = await self._sentinel.discover_master(self._service)
        return str(host), int(port)

    async def check(self) -> None:
        """Find out whether the primary can be found.

        Raises:
            StoreUnsuitable: the sentinels that answer know nobody of that name, or refuse us.
            StoreUnavailable: none of them answers.
        """
        answered = False
        for sentinel in self._sentinel.sentinels:
            try:
                found = await sentinel.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._service)
            except (AuthenticationError, ResponseError) as error:
                if "unknown command" in str(error):
                    raise StoreUnsuitable(
                        "What the store's URL names is no sentinel. A store is named by redis://host:6379."
                    ) from error
                raise StoreUnsuitable(
                    f"A sentinel refuses us ({error}). Its own credentials stand in the URL's query: "
                    "?sentinel_username=…&sentinel_password=…"
                ) from error
            except (RedisError, OSError, TimeoutError):
                continue
            answered = True
            if found is not None:
                return
        if answered:
            raise StoreUnsuitable(
                f"The sentinels watch no primary called {self._service!r}. The name stands in the URL: "
                "redis+sentinel://host:26379/NAME"
            )
        places = ", ".join(f"{host}:{port}" for host, port in self._hosts)
        raise StoreUnavailable(f"none of the sentinels does: {places}", retry_after=1.0)

    async def close(self) -> None:
        """Close the connections to the sentinels; clients of the primary are their owners' to close."""
        await self._sentinel.aclose()
