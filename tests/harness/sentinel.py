"""One primary, its replicas and three sentinels on the loopback: what a Sentinel URL leads to."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from redis.exceptions import RedisError

from tests.harness.valkey import DURABLE, PATIENCE_S, Valkey
from tests.harness.waiting import until

MASTER = "rooms"
QUORUM = 2
DOWN_AFTER_MS = 1000
FAILOVER_TIMEOUT_MS = 6000


class Sentinel(Valkey):
    """A watcher; its configuration is a file, because it writes into it what it learns."""

    watched: Valkey

    def arguments(self) -> list[str]:
        told = [
            f"port {self.port}",
            "bind 127.0.0.1",
            f"dir {self.folder}",
            f"sentinel monitor {MASTER} 127.0.0.1 {self.watched.port} {QUORUM}",
            f"sentinel down-after-milliseconds {MASTER} {DOWN_AFTER_MS}",
            f"sentinel failover-timeout {MASTER} {FAILOVER_TIMEOUT_MS}",
        ]
        path = self.folder / "sentinel.conf"
        path.write_text("\n".join(told) + "\n")
        return [str(path), "--sentinel", *self.options]

    def primary(self) -> int | None:
        """The port of the server that it holds for the primary now."""
        try:
            found = self.command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER)
        except RedisError:
            return None
        return int(found[1]) if found else None

    def sees(self, replicas: int, sentinels: int) -> bool:
        """Whether it has found everybody; before that a failover has nobody to vote or to take over."""
        try:
            told = self.client.sentinel_master(MASTER)
        except RedisError:
            return False
        return int(told["num-slaves"]) >= replicas and int(told["num-other-sentinels"]) == sentinels - 1


class Watched:
    """The servers and their sentinels; ``url`` is what operators write."""

    def __init__(self, folder: Path, replicas: int) -> None:
        self.servers = [Valkey(folder / f"server-{number}", *DURABLE) for number in range(1 + replicas)]
        self.sentinels = [Sentinel(folder / f"sentinel-{number}") for number in range(3)]

    @property
    def url(self) -> str:
        hosts = ",".join(sentinel.name for sentinel in self.sentinels)
        return f"redis+sentinel://{hosts}/{MASTER}"

    @property
    def primary(self) -> Valkey:
        """The server that most sentinels hold for the primary."""
        told = [port for sentinel in self.sentinels if (port := sentinel.primary()) is not None]
        port = max(set(told), key=told.count)
        return next(server for server in self.servers if server.port == port)

    def kill_primary(self) -> Valkey:
        """Kill it and wait until the sentinels have made another one; gives that."""
        before = self.primary
        before.kill()
        until(
            lambda: all(sentinel.primary() not in {None, before.port} for sentinel in self.sentinels),
            deadline=PATIENCE_S,
            what="the sentinels agree on another primary",
        )
        now = self.primary
        until(lambda: now.command("ROLE")[0] == "master", deadline=PATIENCE_S, what=f"{now.name} serves")
        return now


@contextmanager
def watched_by_sentinels(folder: Path, replicas: int = 1) -> Iterator[Watched]:
    """Run one primary, ``replicas`` copies and three sentinels; nothing is left of them afterwards."""
    made = Watched(folder, replicas)
    with ExitStack() as stack:
        for server in (*made.servers, *made.sentinels):
            stack.callback(server.close)
        for server in made.servers:
            server.start()
        primary, *copies = made.servers
        for copy in copies:
            copy.command("REPLICAOF", "127.0.0.1", primary.port)
            until(
                lambda copy=copy: copy.info("replication").get("master_link_status") == "up",
                deadline=PATIENCE_S,
                what=f"{copy.name} follows the primary",
            )
        for sentinel in made.sentinels:
            sentinel.watched = primary
            sentinel.start()
        until(
            lambda: all(sentinel.sees(replicas, len(made.sentinels)) for sentinel in made.sentinels),
            deadline=PATIENCE_S,
            what="the sentinels know each other and the replicas",
        )
        yield made
