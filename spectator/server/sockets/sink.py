"""The transport of a connection as the place where a viewer's bytes go."""

from __future__ import annotations

import asyncio
import contextlib
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
"""How long bytes may stay unacknowledged by the other machine before the kernel gives it up."""


class TransportSink:
    """Writes ready bytes to an asyncio transport; nobody else writes to it."""

    __slots__ = ("_ended", "_transport", "buffered", "closed", "write")

    def __init__(self, transport: asyncio.Transport, ended: Callable[[], None] | None = None) -> None:
        """Take over what ``transport`` sends; ``ended`` is called when this end closes it."""
        self._transport = transport
        self._ended = ended
        self.write = transport.write
        self.buffered = transport.get_write_buffer_size
        self.closed = transport.is_closing
        tune(transport.get_extra_info("socket"))

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
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNANSWERED_MS)
