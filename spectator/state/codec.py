"""The checkpoint: a state as bytes, and back.

Deflated JSON ``{"v", "epoch", "seq", "tag", "state"}``. A reader takes its own version and the one before,
leaves out what it does not know and fills in what is missing, so that nodes of two versions can share a
store; a writer writes either, as the nodes that live then can read it (see ``restore.compact``).

Version 1 has each series as columns of JSON numbers; version 2 as packed bytes (base64), which are read five
times as fast and are smaller.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from spectator.log import Cursor
from spectator.overlay import Figures
from spectator.series import Packed, Series
from spectator.state.episodes import Episode
from spectator.state.newest import Newest
from spectator.state.recent import Kept, Recent
from spectator.state.state import Run, State, alerts, life, lines

VERSION: Final = 2
"""What this node writes where all others can read it."""
BEFORE: Final = VERSION - 1
"""What it writes as long as a node lives that knows no more."""
_LARGEST: Final = 256 * 1024 * 1024
"""Bytes of JSON that are inflated at most; a state is far smaller."""
_LEVEL: Final = 1
"""Numbers hardly shrink further at higher levels, which take five times as long."""

_encode = msgspec.json.Encoder().encode


class UnreadableCheckpoint(ValueError):
    """The bytes are no checkpoint, or one of a ``version`` this node does not read (None: none at all)."""

    def __init__(self, message: str, version: int | None = None) -> None:
        self.version = version
        super().__init__(message)


_decode_packed = msgspec.json.Decoder(Packed).decode


class _Outer(msgspec.Struct):
    """The envelope; series stay undecoded until each is read."""

    v: int
    epoch: int
    seq: int
    tag: str
    state: dict[str, msgspec.Raw]


def pieces(state: State, version: int = VERSION) -> Iterator[bytes]:
    """Encode a state piece by piece, so that whoever has a loop to serve can yield between them.

    ``version``: VERSION or BEFORE.
    """
    cursor = state.cursor
    outer = {"v": version, "epoch": cursor.epoch, "seq": cursor.seq, "tag": cursor.tag.decode("ascii")}
    yield _encode(outer)[:-1] + b',"state":'
    yield _encode(_small(state))[:-1] + b',"series":{'
    separator = b""
    for name, series in state.series.items():
        written = series.pack() if version == VERSION else series.dump()
        yield separator + _encode(name) + b":" + _encode(written)
        separator = b","
    yield b"}}}"


def deflate(parts: Iterable[bytes]) -> bytes:
    """Compress the pieces into a checkpoint: up to a second for the largest states, without the GIL."""
    return zlib.compress(b"".join(parts), _LEVEL)


def encode(state: State, version: int = VERSION) -> bytes:
    """Return the checkpoint of a state; ``version``: VERSION or BEFORE."""
    return deflate(pieces(state, version))


def decode(checkpoint: bytes) -> State:
    """Return the state that a checkpoint holds. Raises UnreadableCheckpoint."""
    state, steps = unpack(inflate(checkpoint))
    for _ in steps:
        pass
    return state


def inflate(checkpoint: bytes) -> bytes:
    """Undo ``deflate``: a tenth of a second for the largest states, without the GIL.

    Raises UnreadableCheckpoint.
    """
    with _reading():
        return zlib.decompressobj().decompress(checkpoint, _LARGEST)


def unpack(inflated: bytes) -> tuple[State, Iterator[str]]:
    """Return the state without its series, and the steps that bring them in, one each, by name.

    Whoever has a loop to serve yields between the steps. Both raise UnreadableCheckpoint.
    """
    with _reading():
        outer = msgspec.json.decode(inflated, type=_Outer)
        if outer.v not in {VERSION, BEFORE}:
            raise UnreadableCheckpoint(
                f"a checkpoint of version {outer.v}; this node reads {BEFORE} and {VERSION}", outer.v
            )
        state = _state(outer)
        series = msgspec.json.decode(outer.state.get("series", b"{}"), type=dict[str, msgspec.Raw])
    return state, _bring_in(state, series, _packed if outer.v == VERSION else _plain)


def _bring_in(
    state: State, series: Mapping[str, msgspec.Raw], read: Callable[[msgspec.Raw], Series]
) -> Iterator[str]:
    for name, raw in series.items():
        with _reading():
            state.series[name] = read(raw)
        yield name


def _packed(raw: msgspec.Raw) -> Series:
    """A series of version 2."""
    return Series.unpack(_decode_packed(raw))


def _plain(raw: msgspec.Raw) -> Series:
    """A series of version 1."""
    return Series.load(msgspec.json.decode(raw))


@contextmanager
def _reading() -> Iterator[None]:
    """Whatever is wrong with the bytes, say so in one way."""
    try:
        yield
    except UnreadableCheckpoint:
        raise
    except (zlib.error, msgspec.MsgspecError, UnicodeError, ValueError, TypeError, KeyError) as error:
        raise UnreadableCheckpoint(str(error)) from error


def _small(state: State) -> dict[str, Any]:
    """All but the series."""
    figures, run = state.figures, state.run
    return {
        "run": None if run is None else [run.id, run.started_ms, run.status, run.ended_ms],
        "figures": {
            "rewards": list(figures.rewards),
            "outcomes": list(figures.outcomes),
            "best": figures.best,
        },
        "newest": [[key, *kept] for key, kept in state.newest.items()],
        "alerts": list(state.alerts),
        "lines": list(state.lines),
        "life": list(state.life),
        "episodes": [[key, episode.as_dict()] for key, episode in state.episodes.items()],
        "refused": state.refused,
    }


def _state(outer: _Outer) -> State:
    held: Mapping[str, msgspec.Raw] = outer.state

    def read(name: str, default: Any) -> Any:
        return msgspec.json.decode(held[name]) if name in held else default

    state = State(cursor=Cursor(outer.epoch, outer.seq, outer.tag.encode("ascii")))
    run = read("run", None)
    state.run = None if run is None else Run(*run)
    state.figures = _figures(read("figures", {}))
    state.newest = _newest(read("newest", []))
    state.alerts = _recent(alerts(), read("alerts", []))
    state.lines = _recent(lines(), read("lines", []))
    state.life = _recent(life(), read("life", []))
    known = Episode.__dataclass_fields__
    state.episodes = {
        key: Episode(**{name: value for name, value in fields.items() if name in known})
        for key, fields in read("episodes", [])
    }
    state.refused = read("refused", 0)
    return state


def _figures(held: Mapping[str, Any]) -> Figures:
    figures = Figures(best=held.get("best"))
    _fill(figures.rewards, held.get("rewards", ()))
    _fill(figures.outcomes, held.get("outcomes", ()))
    return figures


def _fill(window: deque[float], values: Iterable[float]) -> None:
    window.extend(float(value) for value in values)


def _newest(held: Iterable[tuple[str, int, dict[str, Any], int]]) -> Newest:
    newest = Newest()
    for key, seq, event, size in held:
        newest.put(key, Kept(seq, event, size))
    return newest


def _recent(recent: Recent, held: Iterable[tuple[int, dict[str, Any], int]]) -> Recent:
    for seq, event, size in held:
        recent.add(Kept(seq, event, size))
    return recent
