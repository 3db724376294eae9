"""Signing secrets that change while the server runs: no socket ends, no token of a kept secret is refused.

The folder's file of secrets is looked at each second; SIGHUP asks for it at once. What cannot be used is
said in the log, and the secrets that were in use stay in use.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rooms import RoomManager, RoomsError, SecretsUnknown
from spectator.manager.local import SECRET_FILE, local_secrets, read_secrets
from spectator.settings import Settings, SettingsError
from spectator.tasks import Tasks

logger = logging.getLogger("spectator.manager")

LOOK_S: Final = 1.0
"""Seconds between two looks at the file. ``spectator secret rotate`` relies on it."""

KNOWN_ROUNDS: Final = 30
"""So often, in looks, the fingerprints in use are written down again: the store forgets unused ones."""

Stamp = tuple[int, int, int]


class Rotation:
    """Keeps the signing secrets of one node those of its data folder.

    Args:
        settings: with ``secret_keys`` the secrets are those until the process ends.
        rooms: what signs and verifies; it began with ``secrets_of(settings)``.
        look_s: seconds between two looks.
    """

    def __init__(self, settings: Settings, rooms: RoomManager, *, look_s: float = LOOK_S) -> None:
        self._data_dir = settings.data_dir
        self._fixed = bool(settings.secret_keys)
        self._rooms = rooms
        self._look_s = look_s
        self._seen: Stamp | None = None
        self._in_use: tuple[bytes, ...] = ()
        self._looks = 0
        self._tasks = Tasks("secrets")

    async def start(self) -> None:
        """Begin to look."""
        if not self._fixed:
            self._seen, self._in_use = await asyncio.to_thread(_read, self._data_dir)
        self._tasks.repeat(self._round, "look at the secrets")

    async def stop(self) -> None:
        """End."""
        await self._tasks.stop()

    async def look(self) -> None:
        """Take over what the file says now, if it says something else than before and can be used."""
        if self._fixed or await asyncio.to_thread(_stamp, self._data_dir) == self._seen:
            return
        try:
            seen, found = await asyncio.to_thread(_read, self._data_dir)
        except (SettingsError, OSError) as error:
            logger.error("the secrets stay as they were: %s", error)  # noqa: TRY400 - the message says it all
            self._seen = await asyncio.to_thread(_stamp, self._data_dir)
            return
        if found != self._in_use:
            await self._take_over(found)
        self._seen = seen

    async def _take_over(self, found: tuple[bytes, ...]) -> None:
        """Use these. With the store away nothing changes, and the next look tries again."""
        try:
            await self._rooms.replace_secrets(found)
        except SecretsUnknown:
            logger.error(  # noqa: TRY400 - the message says it all
                "the secrets stay as they were: no server here knows one of those in %s, so that every token "
                "would be refused at once; change it by spectator secret rotate",
                self._data_dir / SECRET_FILE,
            )
            return
        self._in_use = found
        logger.info("the secrets were replaced: %d of them verify, the first signs", len(found))

    async def _round(self) -> None:
        await asyncio.sleep(self._look_s)
        self._looks += 1
        try:
            await self.look()
            if self._looks % KNOWN_ROUNDS == 0:
                await self._rooms.check_secrets()
        except RoomsError as error:
            logger.info("the store was not told of the secrets this time: %s", error.code)


def secrets_of(settings: Settings) -> Sequence[bytes]:
    """The secrets a node begins with: those of the settings, else those of its data folder.

    Raises:
        UnsafeFileError: the file is open to others, or holds what is no secret.
    """
    given = [key.get_secret_value() for key in settings.secret_keys]
    return given or local_secrets(settings.data_dir)


def _read(data_dir: Path) -> tuple[Stamp | None, tuple[bytes, ...]]:
    """The secrets, with the stamp from before they were read: what changes in between is seen later."""
    stamp = _stamp(data_dir)
    return stamp, read_secrets(data_dir)


def _stamp(data_dir: Path) -> Stamp | None:
    try:
        status = (data_dir / SECRET_FILE).lstat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
