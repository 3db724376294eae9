"""How this server and its store are, for ``spectator doctor`` and for whoever runs it."""

from __future__ import annotations

import resource
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiohttp import web

from rooms import LOCAL_TENANT
from spectator.manager.views import iso
from spectator.nodes import NodeRow, version
from spectator.server.answers import NodeView, Persistence, StatusAnswer, StoreView, reply
from spectator.server.routes import Call

_TRIPS: Final = 5


async def show(call: Call) -> web.Response:
    """Version, clocks, nodes; of the store to those it belongs to: the operator, or this user's own key."""
    answer = StatusAnswer(
        version=version(),
        time=iso(round(time.time() * 1000)),
        nodes=len(call.manager.nodes.live),
        connections=call.manager.hub.connections,
        most_open_files=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
    )
    if call.caller.kind == "operator" or call.caller.tenant == LOCAL_TENANT:
        living = await call.manager.nodes.look()
        trips = [await _trip(call) for _ in range(_TRIPS)]
        answer.store = store_view(await call.manager.connection.info(), sorted(trips)[_TRIPS // 2])
        answer.store_time = iso(call.manager.now_ms())
        answer.checkpoint = call.manager.nodes.checkpoint
        answer.nodes = len(living)
        answer.living = [_node(row) for row in living]
    return reply(answer)


def _node(row: NodeRow) -> NodeView:
    return NodeView(
        name=row.name,
        version=row.version,
        checkpoint=row.checkpoint,
        host=row.host,
        pid=row.pid,
        worker=row.worker,
        started_at=iso(row.started_ms),
        connections=row.connections,
        stopping=row.stopping,
    )


async def _trip(call: Call) -> float:
    """Milliseconds that one command took."""
    began = time.perf_counter()
    await call.manager.check_store()
    return (time.perf_counter() - began) * 1000


def store_view(nodes: Sequence[Mapping[str, Any]], trip_ms: float) -> StoreView:
    """The store as INFO of its primaries tells it: of several nodes the first, their memory together."""
    first = nodes[0]
    valkey = "valkey_version" in first
    return StoreView(
        kind="valkey" if valkey else "redis",
        version=str(first["valkey_version" if valkey else "redis_version"]),
        mode=str(first.get("server_mode") or first.get("redis_mode") or "standalone"),
        primaries=len(nodes),
        eviction=str(first.get("maxmemory_policy", "unknown")),
        persistence=_persistence(nodes),
        memory_bytes=sum(int(node.get("used_memory", 0)) for node in nodes),
        memory_limit_bytes=sum(int(node.get("maxmemory", 0)) for node in nodes) or None,
        trip_ms=round(trip_ms, 2),
    )


def _persistence(nodes: Sequence[Mapping[str, Any]]) -> Persistence:
    """``appendonly``: all it acknowledged but the last seconds survives; ``broken``: its disk refuses."""
    if any(node.get("aof_last_write_status", "ok") != "ok" for node in nodes):
        return "broken"
    return "appendonly" if all(int(node.get("aof_enabled", 0)) for node in nodes) else "none"
