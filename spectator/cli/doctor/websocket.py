"""A WebSocket from the standard library, as much of it as the doctor needs: text both ways, pings answered.

The client library itself watches by Server-Sent Events; here it matters whether the other way works.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import struct
from typing import Any, Dict, Mapping, Tuple

from spectator.client import http1
from spectator.client.address import Address
from spectator.client.api import authorization
from spectator.client.errors import Unreachable
from spectator.client.transport import Transport

PROTOCOL = "spectator.v1"
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_FINAL, _MASKED = 0x80, 0x80
_LONGEST = 8 * 1024 * 1024
_SWITCHING = 101
_NO_JSON, _TOO_BIG = 1007, 1009  # close codes of RFC 6455 for what cannot be taken


class NotUpgraded(Exception):
    """The answer to the handshake is not that of a WebSocket.

    Attributes:
        status: its HTTP status.
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status} instead of 101")
        self.status = status


class Closed(Exception):
    """The other end has closed the connection. ``code`` is its close code; 1006: it said nothing."""

    def __init__(self, code: int) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class WebSocket:
    """One connection to a room; for one thread."""

    def __init__(self, address: Address, path: str, bearer: str, timeout: float) -> None:
        """Connect and shake hands.

        Args:
            address: the server.
            path: below the server's own, such as ``/ws/rooms/ABC234``.
            bearer: the credential to show.
            timeout: seconds of silence after which ``receive`` gives up.

        Raises:
            Unreachable: there is no connection at all.
            NotUpgraded: something answers, and not as a WebSocket.
        """
        self._buffer = bytearray()
        try:
            self._socket = Transport(address, keep=False).connect(timeout)
            self._socket.settimeout(timeout)
            self._shake_hands(address, path, bearer)
        except (OSError, http1.NotHttp) as error:
            raise Unreachable(f"{address.url} cannot be reached by WebSocket: {error}") from error

    def say(self, message: Mapping[str, Any]) -> None:
        """Send a message."""
        self._send(_TEXT, json.dumps(message).encode())

    def receive(self) -> Dict[str, Any]:
        """Return the next message.

        Raises:
            Closed: there is none to come.
            OSError: nothing came in time.
        """
        parts = bytearray()
        while True:
            first, payload = self._frame()
            kind = first & 0x0F
            if kind == _CLOSE:
                raise Closed(int.from_bytes(payload[:2], "big") if payload else 1005)
            if kind == _PING:
                self._send(_PONG, payload)
            elif kind in {0, _TEXT}:
                parts += payload
                if len(parts) > _LONGEST:
                    raise Closed(_TOO_BIG)
                if first & _FINAL:
                    return _object(bytes(parts))

    def close(self) -> None:
        """Say good-bye and close; the other end's answer is not waited for."""
        try:
            self._send(_CLOSE, struct.pack("!H", 1000))
        except OSError:
            return  # it has gone already
        finally:
            self._socket.close()

    def _shake_hands(self, address: Address, path: str, bearer: str) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        headers = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": key,
            "Sec-WebSocket-Protocol": PROTOCOL,
            **authorization(bearer),
        }
        host = address.origin.partition("://")[2]
        self._socket.sendall(http1.request("GET", address.path + path, host, headers, None))
        while b"\r\n\r\n" not in self._buffer:
            if len(self._buffer) > http1.LARGEST_HEAD:
                raise http1.NotHttp("a head without an end")
            self._fill()
        head, _, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        self._buffer = bytearray(rest)
        lines = head.decode("latin-1").split("\r\n")
        status = lines[0].partition(" ")[2][:3]
        parts = (line.partition(":") for line in lines[1:])
        told = {name.strip().lower(): value.strip() for name, _, value in parts}
        wanted = base64.b64encode(hashlib.sha1(key.encode() + _GUID).digest()).decode()  # noqa: S324 - the RFC's
        if status != str(_SWITCHING) or told.get("sec-websocket-accept") != wanted:
            self._socket.close()
            raise NotUpgraded(int(status) if status.isdigit() else 0)

    def _frame(self) -> Tuple[int, bytes]:
        first, second = self._exactly(2)
        size = second & 0x7F
        if size == 126:
            size = int.from_bytes(self._exactly(2), "big")
        elif size == 127:
            size = int.from_bytes(self._exactly(8), "big")
        if size > _LONGEST:
            raise Closed(_TOO_BIG)
        return first, self._exactly(size)

    def _exactly(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._fill()
        found = bytes(self._buffer[:count])
        del self._buffer[:count]
        return found

    def _fill(self) -> None:
        data = self._socket.recv(http1.PIECE)
        if not data:
            raise Closed(1006)
        self._buffer += data

    def _send(self, kind: int, payload: bytes) -> None:
        size = len(payload)
        head = bytes([_FINAL | kind])
        if size < 126:
            head += bytes([_MASKED | size])
        elif size < 1 << 16:
            head += bytes([_MASKED | 126]) + struct.pack("!H", size)
        else:
            head += bytes([_MASKED | 127]) + struct.pack("!Q", size)
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
        self._socket.sendall(head + mask + masked)


def _object(payload: bytes) -> Dict[str, Any]:
    try:
        told = json.loads(payload)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise Closed(_NO_JSON)
    return told
