"""The store behind the server, as its ``/status`` tells it."""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from spectator.cli.doctor.findings import OK, PROBLEM, WARNING, Finding

STORE_SLOW = 5.0  # ms; on one machine a command takes 0.2
STORE_FULL = 0.9


def look(store: Mapping[str, Any]) -> Iterator[Finding]:
    """What it is, and what of it will not do."""
    several = "" if store["primaries"] == 1 else f", {store['primaries']} primaries"
    yield Finding(
        "store",
        OK,
        f"Its store is {store['kind']} {store['version']} ({store['mode']}{several}); one command takes "
        f"{store['trip_ms']:.1f} ms.",
        figures=store,
    )
    if store["trip_ms"] > STORE_SLOW:
        yield Finding(
            "store.trip",
            WARNING,
            f"A command to the store takes {store['trip_ms']:.0f} ms.",
            "Each event waits that long twice on its way to a viewer.",
            "Put server and store beside each other, or see what keeps the store busy (SLOWLOG GET).",
        )
    if store["eviction"] != "noeviction":
        yield Finding(
            "store.eviction",
            PROBLEM,
            f"The store evicts keys ({store['eviction']}) when memory runs short.",
            "Rooms and who may watch them would vanish one by one.",
            "CONFIG SET maxmemory-policy noeviction, and in its configuration file.",
        )
    if store["persistence"] != "appendonly":
        broken = store["persistence"] == "broken"
        yield Finding(
            "store.persistence",
            PROBLEM if broken else WARNING,
            "The store cannot write its file." if broken else "The store keeps no append-only file.",
            "It takes nothing new until its disk has room."
            if broken
            else "What was acknowledged is lost when it ends, up to its last snapshot.",
            "Make room on its disk; its log says what failed."
            if broken
            else "appendonly yes and appendfsync everysec in its configuration.",
        )
    limit = store.get("memory_limit_bytes")
    if limit and store["memory_bytes"] > STORE_FULL * limit:
        yield Finding(
            "store.memory",
            WARNING,
            f"The store has used {store['memory_bytes'] / limit:.0%} of its memory.",
            "When it is full it refuses what is published, and new rooms.",
            "Raise maxmemory, or let rooms end sooner (--expires, idle_hours).",
        )
