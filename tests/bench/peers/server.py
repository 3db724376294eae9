"""What the peers share: the clock that says when an event is due, and the orders they take on stdin."""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable

Send = Callable[[int, float], Awaitable[None]]

LATE = 0.005  # a timer may be a little late; what is later than this is the server's own delay


async def obey(send: Send, port: int) -> None:
    """Announce the port, then send events as told ({"rate", "seconds"}) until stdin ends."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    print(json.dumps({"port": port}), flush=True)
    while line := await reader.readline():
        order = json.loads(line)
        sent = await _send_all(send, order["rate"], order["seconds"])
        print(json.dumps({"sent": sent}), flush=True)


async def _send_all(send: Send, rate: float, seconds: float) -> int:
    """Send ``rate`` events a second for ``seconds``, late where the server is late, none after the end."""
    start = time.monotonic()
    for number in range(int(rate * seconds)):
        due = start + number / rate
        now = time.monotonic()
        if now > start + seconds:
            return number
        # Also when late: other tasks of the server must have their turn.
        await asyncio.sleep(max(0.0, due - now))
        now = time.monotonic()
        await send(number + 1, now if now - due < LATE else due)
    return int(rate * seconds)
