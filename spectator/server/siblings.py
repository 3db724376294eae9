"""What the other processes behind the same port say of themselves, asked over their private sockets."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

import aiohttp

from spectator.nodes import Worker
from spectator.server.metered import Reading

TIMEOUT: Final = aiohttp.ClientTimeout(total=1.0)
"""A worker that takes longer is left out: whoever reads /metrics waits ten seconds by default."""

JSON: Final = "application/json"

logger = logging.getLogger("spectator.server")


async def readings(own: Worker) -> dict[str, Reading]:
    """The readings of all workers but this one, by their number; one that does not answer is missing."""
    others = [number for number in range(1, own.of + 1) if number != own.number]
    found = await asyncio.gather(*(_ask(own, number) for number in others))
    return {str(number): told for number, told in zip(others, found, strict=True) if told is not None}


async def _ask(own: Worker, number: int) -> Reading | None:
    connector = aiohttp.UnixConnector(str(own.socket_of(number)))
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=TIMEOUT) as session,
            session.get("http://localhost/metrics", headers={"Accept": JSON}) as answer,
        ):
            answer.raise_for_status()
            told: Reading = await answer.json()
            return told
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        logger.info("worker %d does not tell its numbers: %s", number, type(error).__name__)
        return None
