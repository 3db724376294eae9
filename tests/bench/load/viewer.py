"""One viewer: a socket and how far it has come in. Once it is live, the hot path reads it."""

import socket
import time

CONNECTING, ASKING, UPGRADING, OPENING, LIVE, CLOSED = range(6)


class Viewer:
    """A raw socket. ``token`` is what a join answered; ``seq`` how far the snapshot went."""

    __slots__ = (
        "began", "code", "live_at", "number", "parts", "rest", "seq", "socket", "stage", "token", "wanted",
    )  # fmt: skip

    def __init__(self, number: int) -> None:
        self.number = number
        self.socket = socket.socket()
        self.stage = CONNECTING
        self.wanted = b""  # what is sent once connected
        self.rest = b""
        self.parts = b""  # frames of a message that is not whole
        self.token = ""
        self.seq = self.code = 0
        self.began = time.monotonic()
        self.live_at = 0.0

    def connect(self, address: tuple[str, int], request: bytes) -> int:
        """Begin to connect; ``request`` follows when the connection stands. Return the file number."""
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.socket.connect_ex(address)
        self.wanted = request
        self.rest = b""
        return self.socket.fileno()
