"""The transport of a connection as the place where a viewer's bytes go."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable

UNSENT = 16 * 1024
"""Bytes the kernel may hold that are not on the wire yet.

By default a socket swallows megabytes, minutes of stale data, before the transport's buffer grows; with this
a slow viewer shows after about 71 KB.
"""

SMALL_BUFFER = 64 * 1024
"""Send buffer where the kernel has no such option."""

UNANSWERED_MS = 30_000
"""How long the other machine may neither acknowledge bytes nor take more before the kernel gives it up."""


class TransportSink:
    """Writes ready bytes to an asyncio transport; nobody else writes to it.

    As long as the transport holds nothing back, bytes go to the descriptor directly: the transport's own
    ``write`` does the same system call after checks that were made here already, and a beat writes thousands
    of times. What the kernel does not take goes to the transport, and so does everything until that has
    drained; under TLS everything goes to the transport.
    """

    __slots__ = ("_closing", "_descriptor", "_ended", "_held", "_queued", "_transport", "closed")

    def __init__(self, transport: asyncio.Transport, ended: Callable[[], None] | None = None) -> None:
        """Take over what ``transport`` sends; ``ended`` is called when this end closes it."""
        self._transport = transport
        self._ended = ended
        self._queued = transport.get_write_buffer_size
        self._closing = self.closed = transport.is_closing
        connection = transport.get_extra_info("socket")
        secured = transport.get_extra_info("ssl_object") is not None
        self._descriptor = -1 if secured or connection is None else connection.fileno()
        # Whether the transport may hold bytes that must leave before any other.
        self._held = self._descriptor < 0 or self._queued() > 0
        tune(connection)

    def write(self, data: bytes) -> None:
        """Hand over whole frames; what the peer does not take at once waits in the transport."""
        # A transport that is closing may have given its descriptor back, and the next connection have it.
        if not self._held and not self._closing():
            try:
                taken = os.write(self._descriptor, data)
            except OSError:  # full, or broken: the transport meets the same and knows what to do
                taken = 0
            if taken == len(data):
                return
            self._held = True
            data = data[taken:]
        self._transport.write(data)

    def buffered(self) -> int:
        """Bytes handed over and not yet taken by the operating system."""
        if not self._held:
            return 0
        size = self._queued()
        self._held = size > 0 or self._descriptor < 0
        return size

    def finish(self) -> None:
        """Close when the buffer is empty."""
        self._transport.close()
        if self._ended is not None:
            self._ended()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()
        if self._ended is not None:
            self._ended()


def tune(connection: socket.socket | None) -> None:
    """Make a slow viewer show early, and a vanished one within half a minute."""
    if connection is None or connection.family == getattr(socket, "AF_UNIX", None):
        return
    # A socket that was closed meanwhile cannot be tuned, and need not be.
    with contextlib.suppress(OSError):
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)
        else:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL_BUFFER)
    give_up_in_time(connection)


def give_up_in_time(connection: socket.socket | None) -> None:
    """Let the kernel end a connection whose other end takes nothing; else an answer would wait for ever."""
    if connection is None or connection.family == getattr(socket, "AF_UNIX", None):
        return
    with contextlib.suppress(OSError):
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNANSWERED_MS)
