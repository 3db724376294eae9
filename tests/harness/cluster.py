"""A valkey cluster with replicas on the loopback, and what happens to clusters: failovers, lost tails, moves.

Set up by redis-py alone. A replica reaches its primary as a user of its own, so that replication can be cut
without touching a client: what the kernel holds between two processes that are merely paused still arrives.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from redis.crc import key_slot
from redis.exceptions import RedisError

from tests.harness.valkey import DURABLE, PATIENCE_S, TRIES, Valkey, free_port
from tests.harness.waiting import until

SLOTS = 16384
NODE_TIMEOUT_MS = 2000
REPLICA_USER = "replica"
SECRET = "replicas-of-the-tests"


class Member(Valkey):
    """One node: a server with a bus port beside it."""

    bus = 0
    id = ""

    def arguments(self) -> list[str]:
        self.bus = self.bus or free_port()
        replicas = ["--masteruser", REPLICA_USER, "--masterauth", SECRET]
        replicas += ["--user", REPLICA_USER, "on", f">{SECRET}", "~*", "&*", "+@all"]
        cluster = ["--cluster-enabled", "yes", "--cluster-port", str(self.bus)]
        return [*super().arguments(), *cluster, *replicas]

    def start(self) -> None:
        super().start()
        self.id = str(self.command("CLUSTER", "MYID"))

    @property
    def primary(self) -> bool:
        return self.alive and self.client.execute_command("ROLE")[0] == "master"

    def says(self, text: str) -> bool:
        """Whether CLUSTER INFO has this line; false while it does not answer."""
        try:
            told = self.client.execute_command("CLUSTER INFO")
        except RedisError:
            return False
        lines = (
            [f"{name}:{value}" for name, value in told.items()] if isinstance(told, dict) else told.split()
        )
        return text in lines


class Cluster:
    """``primaries`` nodes that hold the slots, each with ``replicas`` copies; see the module."""

    def __init__(
        self, folder: Path, primaries: int, replicas: int, node_timeout_ms: int, options: tuple[str, ...]
    ) -> None:
        timing = ("--cluster-node-timeout", str(node_timeout_ms), "--cluster-replica-validity-factor", "0")
        durable = (*DURABLE, *timing, "--repl-diskless-sync-delay", "0", *options)
        count = primaries * (1 + replicas)
        self.nodes = [Member(folder / f"node-{number}", *durable) for number in range(count)]
        self._primaries = primaries

    @property
    def url(self) -> str:
        """As operators write it: every node is named, so any of them may be away."""
        return "redis+cluster://" + ",".join(node.name for node in self.nodes)

    @property
    def alive(self) -> list[Member]:
        return [node for node in self.nodes if node.alive]

    # ------------------------------------------------------------- who holds what

    def primary_of(self, key: str) -> Member:
        """The node that holds the key's slot now, by what most of the living say."""
        return self.holder(key_slot(key.encode()))

    def holder(self, slot: int) -> Member:
        told = [port for node in self.alive if (port := _holder(node, slot)) is not None]
        if not told:
            raise LookupError(f"no living node knows who holds slot {slot}")
        port = max(set(told), key=told.count)
        return next(node for node in self.nodes if node.port == port)

    def replica_of(self, primary: Member) -> Member:
        """A living copy of this node."""
        return next(node for node in self.alive if node is not primary and _follows(node, primary.port))

    def others(self, member: Member) -> list[Member]:
        """The living primaries beside this one."""
        return [node for node in self.alive if node is not member and node.primary]

    # ------------------------------------------------------------- what happens to it

    def fail_over(self, primary: Member) -> Member:
        """Hand the slots over to the replica, which has everything first; gives the new primary."""
        replica = self.replica_of(primary)
        self._in_step(replica)
        replica.command("CLUSTER", "FAILOVER")
        self._until_held(primary, replica)
        return replica

    def take_over(self, primary: Member) -> Member:
        """Kill the primary and let its replica take the slots with what it has; gives the new primary."""
        replica = self.replica_of(primary)
        primary.kill()
        replica.command("CLUSTER", "FAILOVER", "TAKEOVER")
        self._until_held(primary, replica)
        return replica

    def kill_and_wait(self, primary: Member) -> Member:
        """Kill the primary and wait until the cluster has found out and voted; gives the new primary."""
        replica = self.replica_of(primary)
        primary.kill()
        self._until_held(primary, replica)
        return replica

    def cut(self, replica: Member) -> None:
        """Let nothing more reach this replica; its primary goes on acknowledging writes."""
        primary = self._primary_of(replica)
        primary.command("ACL", "SETUSER", REPLICA_USER, "off")
        primary.command("CLIENT", "KILL", "TYPE", "replica", "SKIPME", "no")
        until(
            lambda: primary.info("replication")["connected_slaves"] == 0,
            deadline=PATIENCE_S,
            what="the replica is cut off",
        )

    def mend(self, replica: Member) -> None:
        """Let the replica catch up again."""
        self._primary_of(replica).command("ACL", "SETUSER", REPLICA_USER, "on")
        self._in_step(replica)

    def come_back(self, member: Member) -> None:
        """Start a killed node again; it finds out what it is now and copies what it missed."""
        member.start()
        until(lambda: member.says("cluster_state:ok"), deadline=PATIENCE_S, what=f"{member.name} is back")
        if not member.primary:
            self._in_step(member)

    def move(self, slot: int, to: Member, on_the_way: Callable[[], Any] | None = None) -> None:
        """Move a slot key by key, as ``redis-cli --cluster reshard`` does.

        ``on_the_way`` is called when the first key has gone and others have not: from then on clients are
        told ASK, or TRYAGAIN where a script needs keys of both sides.
        """
        source = self.holder(slot)
        to.command("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
        source.command("CLUSTER", "SETSLOT", slot, "MIGRATING", to.id)
        while keys := source.command("CLUSTER", "GETKEYSINSLOT", slot, 1):
            source.command("MIGRATE", "127.0.0.1", to.port, "", 0, 5000, "KEYS", *keys)
            if on_the_way is not None:
                on_the_way()
                on_the_way = None
        for node in (to, source, *(other for other in self.others(to) if other is not source)):
            node.command("CLUSTER", "SETSLOT", slot, "NODE", to.id)
        until(lambda: self._all_say(slot, to), deadline=PATIENCE_S, what=f"slot {slot} moved")

    def move_at_once(self, slot: int, to: Member) -> None:
        """Move a slot as a whole (CLUSTER MIGRATESLOTS, Valkey 9 and later)."""
        self.holder(slot).command("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", slot, slot, "NODE", to.id)
        until(lambda: self._all_say(slot, to), deadline=PATIENCE_S, what=f"slot {slot} moved")

    # ------------------------------------------------------------- from start to end

    def start(self) -> None:
        for node in self.nodes:
            node.start()
        first, *rest = self.nodes
        for node in rest:
            first.command("CLUSTER", "MEET", "127.0.0.1", node.port, node.bus)
        known = f"cluster_known_nodes:{len(self.nodes)}"
        until(lambda: all(node.says(known) for node in self.nodes), deadline=PATIENCE_S, what=known)
        borders = [SLOTS * place // self._primaries for place in range(self._primaries + 1)]
        primaries, copies = self.nodes[: self._primaries], self.nodes[self._primaries :]
        for node, begin, end in zip(primaries, borders, borders[1:], strict=False):
            node.command("CLUSTER", "ADDSLOTSRANGE", begin, end - 1)
        for number, copy in enumerate(copies):
            copy.command("CLUSTER", "REPLICATE", primaries[number % len(primaries)].id)
        ready = "cluster_state:ok"
        until(lambda: all(node.says(ready) for node in self.nodes), deadline=PATIENCE_S, what=ready)
        for copy in copies:
            self._in_step(copy)

    def close(self) -> None:
        for node in self.nodes:
            node.close()

    def _primary_of(self, replica: Member) -> Member:
        port = int(replica.info("replication")["master_port"])
        return next(node for node in self.nodes if node.port == port)

    @staticmethod
    def _in_step(replica: Member) -> None:
        """Wait until a replica is connected and has all that its primary had."""
        until(
            lambda: replica.info("replication").get("master_link_status") == "up",
            deadline=PATIENCE_S,
            what=f"{replica.name} follows its primary",
        )

    def _until_held(self, before: Member, now: Member) -> None:
        def handed() -> bool:
            return now.primary and all(_holds_none(node, before.port) for node in self.alive)

        until(handed, deadline=PATIENCE_S, what=f"{now.name} has the slots of {before.name}")
        self.until_ok()

    def until_ok(self) -> None:
        """Wait until every living node says that all slots are served."""
        until(
            lambda: all(node.says("cluster_state:ok") for node in self.alive),
            deadline=PATIENCE_S,
            what="the cluster serves all slots",
        )

    def _all_say(self, slot: int, holder: Member) -> bool:
        return all(_holder(node, slot) == holder.port for node in self.alive)


def _ranges(node: Member) -> list[Any]:
    """CLUSTER SLOTS as the node says it: [first, last, [host, port, id, ..], replicas ..]."""
    try:
        told = node.command("CLUSTER SLOTS")
    except RedisError:
        return []
    if isinstance(told, dict):
        return [[*span, list(row["primary"])] for span, row in told.items()]
    return list(told)


def _holder(node: Member, slot: int) -> int | None:
    return next((int(row[2][1]) for row in _ranges(node) if int(row[0]) <= slot <= int(row[1])), None)


def _holds_none(node: Member, port: int) -> bool:
    rows = _ranges(node)
    return bool(rows) and all(int(row[2][1]) != port for row in rows)


def _follows(node: Member, port: int) -> bool:
    told = node.info("replication")
    return told["role"] == "slave" and int(told["master_port"]) == port


@contextmanager
def cluster(
    folder: Path,
    *options: str,
    primaries: int = 3,
    replicas: int = 1,
    node_timeout_ms: int = NODE_TIMEOUT_MS,
) -> Iterator[Cluster]:
    """Run a cluster; whatever happens, nothing of it is left. ``options`` go to each server.

    Ports are drawn, so a bus port may be taken by somebody quicker: then all of it is drawn again.
    """
    for attempt in range(TRIES):
        running = Cluster(folder / f"cluster-{attempt}", primaries, replicas, node_timeout_ms, options)
        try:
            running.start()
        except AssertionError:
            running.close()
            if attempt == TRIES - 1:
                raise
            continue
        try:
            yield running
        finally:
            running.close()
        return
