"""Hundreds of calls at the instant in which the store stops answering, and again while it stays away."""

import asyncio
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import aiohttp

from spectator.embedded import process
from tests.bench.effort import Effort
from tests.bench.ours import Ours
from tests.bench.table import Table

TABLES = ("sick-store",)
GOAL_S = 2.5
BACK_S = 30.0
WARM_UP_S = 0.15  # calls are under way when the store stops

Took = list[tuple[float, int]]
"""Seconds and status of each call."""


def measure(effort: Effort) -> list[Table]:
    """Return how long calls take that meet a stopped store."""
    made = Table(
        "sick-store",
        ("calls at once", "answered 200", "refused 503", "median, s", "p99, s", "longest, s"),
        note=f"Ours to hold: no answer takes longer than {GOAL_S} s.",
    )
    calls = effort.of(tiny=30, quick=600, full=600)
    with Ours(rate_limits=False) as ours:
        room = ours.room(name="sick", max_spectators=10_000)
        for what, took in asyncio.run(_play(ours, room, calls)).items():
            seconds = sorted(one for one, _ in took)
            made.add(
                f"{calls}, {what}",
                *(f"{sum(status == code for _, status in took):,}" for code in (200, 503)),
                *(f"{seconds[int(share * (len(seconds) - 1))]:.2f}" for share in (0.5, 0.99, 1.0)),
            )
    return [made]


async def _play(ours: Ours, room: dict[str, Any], calls: int) -> dict[str, Took]:
    store = process.pid_of(Path(json.loads((ours.data_dir / "store.lock").read_text())["socket"]))
    found: dict[str, Took] = {}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await _burst(session, ours, room, calls)
        found["the store is well"] = await _burst(session, ours, room, calls)
        under_way = asyncio.gather(_burst(session, ours, room, calls), _stop(store))
        found["it stops in the middle"] = (await under_way)[0]
        try:
            for _ in range(2):
                found["it is away"] = await _burst(session, ours, room, calls)
        finally:
            os.kill(store, signal.SIGCONT)
        end = time.monotonic() + BACK_S
        while any(status == 503 for _, status in (await _burst(session, ours, room, 3))):
            if time.monotonic() > end:
                raise RuntimeError("the store is back, and its calls are refused")
        found["it stops before them"] = await _stopped(session, ours, room, calls, store)
    return found


async def _stop(store: int) -> None:
    await asyncio.sleep(WARM_UP_S)
    os.kill(store, signal.SIGSTOP)


async def _stopped(
    session: aiohttp.ClientSession, ours: Ours, room: dict[str, Any], calls: int, store: int
) -> Took:
    os.kill(store, signal.SIGSTOP)
    try:
        return await _burst(session, ours, room, calls)
    finally:
        os.kill(store, signal.SIGCONT)


async def _burst(session: aiohttp.ClientSession, ours: Ours, room: dict[str, Any], calls: int) -> Took:
    return list(await asyncio.gather(*(_call(session, ours, room, number) for number in range(calls))))


async def _call(
    session: aiohttp.ClientSession, ours: Ours, room: dict[str, Any], number: int
) -> tuple[float, int]:
    base, own = f"http://127.0.0.1:{ours.port}/api/v1/rooms", room["room"]["id"]
    event = {"type": "training_metrics", "data": {"loss_value": 1.0, "step": number}}
    method, url, body, token = (
        ("GET", f"{base}/{own}", None, room["owner_token"]),
        ("POST", f"{base}/{own}/events", event, room["owner_token"]),
        ("POST", f"{base}/{room['room']['code']}/join", {"display_name": "one of many"}, None),
    )[number % 3]
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    began = time.monotonic()
    async with session.request(method, url, json=body, headers=headers) as answer:
        await answer.read()
        return time.monotonic() - began, answer.status
