"""HTTP/1.1 on a connected socket: one request written, one response read.

`http.client` would do, but for two things. It reads through a buffered file whose lock a forked child may
inherit held: closing the connection there hangs for ever. And it parses headers with the parser for e-mail,
which costs the training process three times as much as all of this.
"""

from __future__ import annotations

import socket
from typing import Dict, Iterable, Iterator, Mapping, Optional, Tuple

LARGEST_HEAD = 64 * 1024  # bytes
LARGEST_CHUNK_HEAD = 1024  # bytes
PIECE = 64 * 1024  # bytes read at once


class NotHttp(Exception):
    """What came is no HTTP, or more than is taken."""


class ClosedEarly(Exception):
    """The peer closed the connection before the response was complete; ``began``: after its first byte."""

    def __init__(self, *, began: bool) -> None:
        super().__init__("the connection was closed")
        self.began = began


def request(method: str, target: str, host: str, headers: Mapping[str, str], body: Optional[bytes]) -> bytes:
    """Return a request as bytes.

    Raises:
        ValueError: a line break in what would be a line of the head.
    """
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body is not None or method in {"POST", "PATCH", "PUT"}:
        lines.append(f"Content-Length: {len(body or b'')}")
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a header must not hold a line break")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


class Response:
    """The response that comes on a socket.

    Attributes:
        status: the status code.
        headers: the headers, by lower-case name.
        reusable: whether the connection may carry another exchange once the body has been read.
    """

    def __init__(self, connected: socket.socket) -> None:
        """Read the head.

        Raises:
            NotHttp, ClosedEarly, OSError: there is none to read.
        """
        self._socket = connected
        self._buffer = bytearray()
        self._began = False
        self.status, self.headers = self._head()
        while 100 <= self.status < 200:
            self.status, self.headers = self._head()
        self.reusable = self.headers.get("connection", "").lower() != "close" and self._bounded()

    def read(self, limit: int) -> bytes:
        """Return the whole body.

        Raises:
            NotHttp: it is longer than ``limit`` bytes.
        """
        body = bytearray()
        for piece in self.pieces():
            body += piece
            if len(body) > limit:
                raise NotHttp(f"an answer of more than {limit} bytes")
        return bytes(body)

    def pieces(self) -> Iterator[bytes]:
        """Yield the body as it comes."""
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            yield from self._chunks()
        elif "content-length" in self.headers or self.status in {204, 304}:
            yield from self._exactly(self._length())
        else:
            yield from self._rest()

    def _bounded(self) -> bool:
        return self.status in {204, 304} or not {"content-length", "transfer-encoding"}.isdisjoint(
            self.headers
        )

    def _length(self) -> int:
        told = self.headers.get("content-length", "0")
        if self.status in {204, 304}:
            return 0
        if not told.isdigit():
            raise NotHttp("a length that is no number")
        return int(told)

    def _head(self) -> Tuple[int, Dict[str, str]]:
        lines = self._until(b"\r\n\r\n", LARGEST_HEAD).decode("latin-1").split("\r\n")
        version, _, rest = lines[0].partition(" ")
        status = rest[:3]
        if not version.startswith("HTTP/1.") or not status.isdigit():
            raise NotHttp("no HTTP")
        headers: Dict[str, str] = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        return int(status), headers

    def _chunks(self) -> Iterator[bytes]:
        while True:
            told = self._until(b"\r\n", LARGEST_CHUNK_HEAD).split(b";")[0].strip()
            try:
                size = int(told, 16)
            except ValueError:
                raise NotHttp("a chunk without a length") from None
            if size == 0:
                while self._until(b"\r\n", LARGEST_HEAD):  # trailers
                    pass
                return
            yield from self._exactly(size)
            if self._until(b"\r\n", 2):
                raise NotHttp("a chunk that is longer than it says")

    def _exactly(self, size: int) -> Iterator[bytes]:
        while size > 0:
            if not self._buffer:
                self._fill()
            piece = bytes(self._buffer[:size])
            del self._buffer[:size]
            size -= len(piece)
            yield piece

    def _rest(self) -> Iterator[bytes]:
        """Yield what comes until the peer closes."""
        while True:
            if not self._buffer:
                try:
                    self._fill()
                except ClosedEarly:
                    return
            piece = bytes(self._buffer)
            self._buffer.clear()
            yield piece

    def _until(self, mark: bytes, limit: int) -> bytes:
        """Return what comes before ``mark``, and take both out of the buffer."""
        while True:
            end = self._buffer.find(mark)
            if end > limit or (end < 0 and len(self._buffer) > limit + len(mark)):
                raise NotHttp(f"a line of more than {limit} bytes")
            if end >= 0:
                found = bytes(self._buffer[:end])
                del self._buffer[: end + len(mark)]
                return found
            self._fill()

    def _fill(self) -> None:
        data = self._socket.recv(PIECE)
        if not data:
            raise ClosedEarly(began=self._began)
        self._began = True
        self._buffer += data


def lines(pieces: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """Yield the lines of a body, without their ends; what comes after the last end is left out.

    Raises:
        NotHttp: one is longer than ``limit`` bytes.
    """
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line.rstrip(b"\r")
        if len(rest) > limit:
            raise NotHttp(f"a line of more than {limit} bytes")
