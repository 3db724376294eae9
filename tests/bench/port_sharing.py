"""How connections spread over processes that share a port, and what becomes of them when one is killed.

``python -m tests.bench.port_sharing``: one listening socket that all processes accept from, against one
socket for each process (SO_REUSEPORT), opened by each itself or held by their parent. The processes accept as
ours do: asyncio, 64 in one turn of the loop.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections import Counter
from dataclasses import dataclass

PROCESSES = 4
CONNECTIONS = 2000
AT_KILL = 400
PATIENCE_S = 1.0


@dataclass(frozen=True)
class Way:
    """One way to share: a socket for each process or one for all; whether the parent keeps them open."""

    name: str
    own: bool
    kept: bool


WAYS = (
    Way("one inherited socket", own=False, kept=True),
    Way("SO_REUSEPORT, opened by each process", own=True, kept=False),
    Way("SO_REUSEPORT, held by the parent", own=True, kept=True),
)


def opened(port: int, *, shared: bool) -> socket.socket:
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    one.bind(("127.0.0.1", port))
    one.listen(4096)
    one.setblocking(False)
    return one


async def answer(name: int, listening: socket.socket) -> None:
    """Tell everybody who comes which process this is, and stay connected, as viewers do."""

    class Told(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            transport.write(bytes([name]))  # type: ignore[attr-defined]

    server = await asyncio.get_running_loop().create_server(Told, sock=listening, backlog=64)
    await server.serve_forever()


def child(name: int, listening: socket.socket, others: list[socket.socket]) -> int:
    pid = os.fork()
    if pid == 0:
        for one in others:
            if one is not listening:
                one.close()
        asyncio.run(answer(name, listening))
        os._exit(0)
    return pid


async def ask(port: int) -> str:
    """Connect; the number of the process that answered, or what went wrong."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            told = await reader.readexactly(1)
    except TimeoutError:
        return "waits"
    except (OSError, asyncio.IncompleteReadError):
        return "reset"
    HELD.append(writer)
    return str(told[0])


HELD: list[asyncio.StreamWriter] = []


async def measured(way: Way) -> None:
    first = opened(0, shared=way.own)
    port = first.getsockname()[1]
    sockets = [first] + [opened(port, shared=True) if way.own else first for _ in range(PROCESSES - 1)]
    pids = [child(name, one, sockets) for name, one in enumerate(sockets)]
    if not way.kept:
        for one in sockets:
            one.close()
    await asyncio.sleep(0.3)
    try:
        burst = Counter(await asyncio.gather(*(ask(port) for _ in range(CONNECTIONS))))
        quiet = Counter([await ask(port) for _ in range(CONNECTIONS // 4)])
        os.kill(pids[0], signal.SIGSTOP)  # it is busy while they come, then it dies
        coming = [asyncio.ensure_future(ask(port)) for _ in range(AT_KILL)]  # noqa: TID251 - gathered below
        await asyncio.sleep(0.2)
        os.kill(pids[0], signal.SIGKILL)
        killed = Counter(await asyncio.gather(*coming))
        after = Counter([await ask(port) for _ in range(40)])
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        for writer in HELD:
            writer.transport.abort()
        HELD.clear()
        for one in sockets:
            one.close()
    print(f"{way.name}:")
    print(f"  {CONNECTIONS} at once       {spread(burst)}")
    print(f"  one after the other   {spread(quiet)}")
    print(
        f"  {AT_KILL} while one is killed: {killed['reset']} reset, {killed['waits']} wait for its successor"
    )
    print(f"  40 afterwards: {after['reset']} reset, {after['waits']} wait")


def spread(found: Counter[str]) -> str:
    """The shares of the processes, largest first, in percent."""
    total = sum(found.values())
    return " ".join(f"{100 * found[str(name)] / total:.0f} %" for name in range(PROCESSES))


async def main() -> int:
    for way in WAYS:
        await measured(way)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
