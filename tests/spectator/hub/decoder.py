"""A WebSocket client's reading end, written from RFC 6455 and RFC 7692, to hold our frames against."""

import struct
import zlib
from typing import NamedTuple


class Frame(NamedTuple):
    opcode: int
    payload: bytes


class Decoder:
    """Joins fragments, inflates, insists on the rules; ``keeps``: its window, between messages."""

    def __init__(self, *, keeps: bool = True) -> None:
        self.keeps = keeps
        self.bits: list[int] = []  # first byte of each frame
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        self._parts: list[bytes] = []
        self._opcode = 0
        self._deflated = False

    def feed(self, data: bytes) -> list[Frame]:
        found = []
        while data:
            head, second = data[0], data[1]
            self.bits.append(head)
            assert not second & 0x80, "a server does not mask"
            length, start = second & 0x7F, 2
            if length == 126:
                (length,), start = struct.unpack_from("!H", data, 2), 4
                assert length >= 126, "the shortest form is demanded"
            elif length == 127:
                (length,), start = struct.unpack_from("!Q", data, 2), 10
                assert length > 0xFFFF, "the shortest form is demanded"
            payload, data = data[start : start + length], data[start + length :]
            assert len(payload) == length, "the last frame is cut"
            frame = self._frame(head, payload)
            if frame is not None:
                found.append(frame)
        assert not self._parts, "a message was begun and not ended"
        return found

    def _frame(self, head: int, payload: bytes) -> Frame | None:
        final, deflated, opcode = bool(head & 0x80), bool(head & 0x40), head & 0x0F
        assert not head & 0x30, "reserved bits"
        if opcode >= 0x8:
            assert final, "control frames are whole"
            assert not deflated, "control frames are plain"
            assert len(payload) <= 125, "control frames are short"
            return Frame(opcode, payload)
        if opcode:
            assert not self._parts, "messages do not interleave"
            self._opcode, self._deflated = opcode, deflated
        else:
            assert self._parts, "a continuation of nothing"
            assert not deflated, "only the first frame says so"
        self._parts.append(payload)
        if not final:
            return None
        whole, self._parts = b"".join(self._parts), []
        if self._deflated:
            if not self.keeps:
                self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
            whole = self._inflate.decompress(whole + b"\x00\x00\xff\xff")
            assert not self._inflate.eof, "a final block would end the stream"
        return Frame(self._opcode, whole)
