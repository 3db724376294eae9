"""A room that lives while the doctor measures.

It is private and nobody is told its code; it is removed without a trace however the end comes, and would end
by itself six minutes after a crash.
"""

from __future__ import annotations

import contextlib
import signal
from typing import Iterator, List, Tuple

from spectator.client.api import Api
from spectator.client.errors import SpectatorError
from spectator.client.open_room import open_room
from spectator.client.room import Room

NAME = "spectator doctor"
LIVES_HOURS = 0.1


class NotOpened(Exception):
    """The room did not open in time; the message says what is known."""


@contextlib.contextmanager
def passing_room(api: Api, wait: float) -> Iterator[Tuple[Room, str, str]]:
    """A private room of the caller's own, its owner's token and its id; gone at the end, also on Ctrl-C.

    Args:
        api: the server, and the key of whoever asks.
        wait: seconds for it to open.

    Raises:
        NotOpened: it did not.
        SpectatorError: the server refused what was asked of it.
    """
    opened: List[Room] = []
    token = api.bearer or ""
    try:
        with _uninterrupted():
            opened.append(_open(api, wait))
        room = opened[0]
        if room.id is None or room.owner_url is None:
            raise NotOpened(f"no room opened within {wait:.0f} s")
        token = str(api.acting_as(None).redeem(room.owner_url.rpartition("=")[2])["owner_token"])
        yield room, token, room.id
    finally:
        with _uninterrupted():
            for room in opened:
                _remove(api, room, token)


def _open(api: Api, wait: float) -> Room:
    return open_room(
        NAME,
        access="private",
        new=True,
        expires_hours=LIVES_HOURS,
        wait=wait,
        quiet=True,
        url=api.address.url,
        api_key=api.bearer,
    )


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait until this is done: else there could be a room that nobody here knows of."""
    asked: List[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: asked.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if asked:
        raise KeyboardInterrupt


def _remove(api: Api, room: Room, token: str) -> None:
    room_id = room.id
    room.finish()
    if room_id is not None:
        with contextlib.suppress(SpectatorError):  # it ends by itself a few minutes later
            api.acting_as(token).close(room_id, trace=False)
