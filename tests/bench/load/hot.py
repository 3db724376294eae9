"""The compiled hot path (hot.c) as a Python object: whose sockets it reads, what it counted."""

import ctypes
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from tests.bench.load.dialects import Message
from tests.bench.native import compiled

SOURCE = Path(__file__).with_name("hot.c")
BUCKETS, READY = 8192, 4096
SPECIAL, CONFLATED = 1, 2

Learn = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint64)
Special = ctypes.CFUNCTYPE(None, ctypes.c_int32, ctypes.c_void_p, ctypes.c_uint64)


class Window(ctypes.Structure):
    """What was counted since the window began; the struct of hot.c."""

    _fields_: ClassVar = [
        ("messages", ctypes.c_uint64),
        ("bytes", ctypes.c_uint64),
        ("events", ctypes.c_uint64),
        ("conflated", ctypes.c_uint64),
        ("misordered", ctypes.c_uint64),
        ("histogram", ctypes.c_uint64 * BUCKETS),
    ]


class Hot:
    """Reads viewers' sockets; ``learn(frame)`` says what is in a new one, ``special(viewer, frame)`` acts."""

    def __init__(
        self,
        epoll: int,
        viewers: int,
        learn: Callable[[bytes], Message],
        special: Callable[[int, bytes], None],
    ) -> None:
        self._library = ctypes.CDLL(str(compiled(SOURCE, "-shared", "-fPIC")))
        self._library.crowd_new.restype = ctypes.c_void_p
        self._learn, self._special = learn, special
        self._failed: BaseException | None = None  # ctypes swallows what a callback raises
        self._callbacks = Learn(self._on_learn), Special(self._on_special)  # kept for as long as C calls them
        self._crowd = ctypes.c_void_p(self._library.crowd_new(epoll, viewers, *self._callbacks))
        self._files, self._happened = (ctypes.c_int32 * READY)(), (ctypes.c_uint32 * READY)()
        self._viewers = viewers
        assert self._crowd.value is not None
        self.window = Window.from_address(self._crowd.value)

    def adopt(self, viewer: int, file: int, seq: int, data: bytes) -> None:
        """Read this socket from now on; ``data`` has arrived already."""
        self._library.crowd_adopt(
            self._crowd, viewer, file, ctypes.c_int64(seq), data, ctypes.c_uint64(len(data))
        )
        self._raise()

    def release(self, viewer: int) -> None:
        """Leave this socket alone."""
        self._library.crowd_release(self._crowd, viewer)

    def turn(self, longest: float) -> list[tuple[int, int]]:
        """Wait at most so many seconds and read; return (file, what happened) of sockets not read here."""
        wait = int(max(0.0, longest) * 1e3 + 0.5)
        count = self._library.crowd_turn(self._crowd, wait, self._files, self._happened)
        self._raise()
        return list(zip(self._files[:count], self._happened[:count], strict=True))

    def acknowledge(self, turn: int, turns: int) -> None:
        """Let every viewer whose number is ``turn`` modulo ``turns`` say how far it is."""
        self._library.crowd_acknowledge(self._crowd, turn, turns)

    def begin(self) -> None:
        """Begin a window: all counts are zero again."""
        self._library.crowd_begin(self._crowd)

    def counts(self) -> list[int]:
        """Return how many events each viewer received in this window."""
        found = (ctypes.c_uint64 * self._viewers)()
        self._library.crowd_counts(self._crowd, found)
        return list(found)

    def percentiles(self, *shares: float) -> list[float]:
        """Return these quantiles of the latencies of all deliveries, in seconds, to within a hundredth."""
        counts = list(self.window.histogram)
        return [_quantile(counts, share) for share in shares]

    def _on_learn(self, address: int, size: int) -> None:
        try:
            message = self._learn(ctypes.string_at(address, size))
            first, last = (min(message.numbers), max(message.numbers)) if message.numbers else (0, 0)
            self._library.crowd_define(
                self._crowd,
                SPECIAL * message.special | CONFLATED * message.conflated,
                ctypes.c_int64(message.seq),
                len(message.made),
                ctypes.c_int64(first),
                ctypes.c_int64(last),
                (ctypes.c_double * len(message.made))(*message.made),
            )
        except BaseException as error:  # noqa: BLE001 - raised again by the call that led here
            self._failed = error

    def _on_special(self, viewer: int, address: int, size: int) -> None:
        try:
            self._special(viewer, ctypes.string_at(address, size))
        except BaseException as error:  # noqa: BLE001 - as above
            self._failed = error

    def _raise(self) -> None:
        if self._failed is not None:
            raise self._failed


def _quantile(counts: Sequence[int], share: float) -> float:
    """Return the middle of the bucket in which the quantile lies; nan when nothing was counted."""
    wanted, seen = share * sum(counts), 0
    for bucket, count in enumerate(counts):
        seen += count
        if count and seen >= wanted:
            return _seconds(bucket)
    return float("nan")


def _seconds(bucket: int) -> float:
    """Return the latency that a bucket of hot.c stands for."""
    if bucket < 256:
        return (bucket + 0.5) / 1e6
    shift = bucket // 128 - 1
    return ((bucket - shift * 128) + 0.5) * (1 << shift) / 1e6
