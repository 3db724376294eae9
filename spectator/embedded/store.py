"""One store over one data folder, shared by every process of this user that opens it."""

import asyncio
import json
import logging
import socket
import threading
import time
from pathlib import Path
from typing import Self

from spectator.embedded import process
from spectator.embedded.binary import find_binary
from spectator.embedded.errors import StoreElsewhere, StoreError, StoreFailed
from spectator.embedded.locks import FileLock, exclusive
from spectator.embedded.machine import Machine, socket_path, this_machine
from spectator.settings import private_folder, runtime_dir

log = logging.getLogger(__name__)

START_LOCK_DEADLINE_S = 90.0
REVIVE_PAUSE_S = 0.05
FAILED_PAUSE_S = 2.0
UNREACHABLE_S = 3.0  # how long a living store may show no socket before it is replaced


async def open_store(data_dir: Path) -> "EmbeddedStore":
    """Find or start the store over ``data_dir``; see ``EmbeddedStore.start``."""
    return await asyncio.to_thread(EmbeddedStore.start, data_dir)


class EmbeddedStore:
    """A user's hold on the store. As long as one is open, the store runs; a store that dies is started again.

    Files in the data folder: ``start.lock`` (held while starting or stopping), ``store.lock`` (shared by
    all users; its text names machine, process and socket), ``store/`` (the append-only file and the log;
    ``store/writer.lock`` is held by the store itself, so two can never write one file).
    """

    def __init__(self, data_dir: Path, users: FileLock, machine: Machine) -> None:
        self.data_dir = data_dir
        self.socket = Path()
        self.pid = 0
        self._folder = data_dir / "store"
        self._users = users
        self._machine = machine
        self._closing = threading.Event()
        self._guard = threading.Thread(target=self._keep_alive, name="spectator-store-guard", daemon=True)
        self._line: socket.socket | None = None  # the guard's connection: its end is the store's

    @classmethod
    def start(cls, data_dir: Path) -> Self:
        """Find or start the store over ``data_dir``, which is made where it is missing.

        Raises:
            NoStoreBinary: there is no program to start.
            StoreElsewhere: another machine holds the folder.
            StoreFailed: the store did not start or answer.
            SettingsError: the folder cannot be used.
        """
        private_folder(data_dir)
        private_folder(data_dir / "store")
        with exclusive(data_dir / "start.lock", START_LOCK_DEADLINE_S):
            users = FileLock(data_dir / "store.lock")
            store = cls(data_dir, users, this_machine())
            try:
                store._find_or_start()
                users.share()
            except BaseException:
                users.close()
                raise
        store._guard.start()
        return store

    @property
    def url(self) -> str:
        """The store's address for ``rooms.connect``: ``unix:///path/to/socket``."""
        return f"unix://{self.socket}"

    async def close(self) -> None:
        """Let go of the store; the last one out shuts it down."""
        await asyncio.to_thread(self.stop)

    def stop(self) -> None:
        """Do what ``close`` does, blocking. Twice is harmless."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._hang_up()
        self._guard.join()
        with exclusive(self.data_dir / "start.lock", START_LOCK_DEADLINE_S), self._users:
            if not self._users.try_exclusive():
                return
            process.shut_down(self.socket)
            self._wait_for_end()
            self._users.write(b"")

    # ---------------------------------------------------------------- under start.lock

    def _find_or_start(self) -> None:
        told = _Note.read(self._users)
        with FileLock(self._folder / "writer.lock") as writer:
            if writer.try_exclusive():
                self._refuse_if_elsewhere(told)
                self._start(writer)
                return
        if told is None or told.machine != self._machine:
            raise StoreElsewhere(self._elsewhere(told))
        self._adopt(told)

    def _start(self, writer: FileLock) -> None:
        self.socket = socket_path(self.data_dir, runtime_dir())
        self.socket.unlink(missing_ok=True)
        # Written before the start: whoever finds a store without a note could not tell whose it is.
        _Note(self._machine, 0, self.socket).write(self._users)
        process.start(find_binary(), self._folder, self.socket, writer.fd)
        process.wait_until_answers(self.socket, self._folder / "store.log")
        self.pid = process.pid_of(self.socket)
        _Note(self._machine, self.pid, self.socket).write(self._users)

    def _adopt(self, told: "_Note") -> None:
        self.socket, self.pid = told.socket, told.pid
        end = time.monotonic() + UNREACHABLE_S
        while not process.listens(self.socket):
            if time.monotonic() > end:
                self._replace(told)
                return
            time.sleep(process.PAUSE_S)
        process.wait_until_answers(self.socket, self._folder / "store.log")
        self.pid = process.pid_of(self.socket)

    def _replace(self, told: "_Note") -> None:
        """End a living store whose socket is gone (a log-out removes the runtime folder), start another."""
        if told.pid == 0:
            raise StoreFailed(
                f"A store over {self.data_dir} runs but cannot be reached, and nobody noted its process. "
                "End the valkey-server of this user, then start again."
            )
        log.warning("the store's socket %s is gone; starting the store again", told.socket)
        process.terminate(told.pid)
        self._wait_for_end()
        with FileLock(self._folder / "writer.lock") as writer:
            if not writer.try_exclusive():
                raise StoreFailed(f"The store over {self.data_dir} (process {told.pid}) does not end.")
            self._start(writer)

    def _wait_for_end(self) -> None:
        end = time.monotonic() + process.STOP_DEADLINE_S
        while time.monotonic() < end:
            with FileLock(self._folder / "writer.lock") as writer:
                if writer.try_exclusive():
                    return
            time.sleep(process.PAUSE_S)
        log.warning("the store over %s has not ended in %s s", self.data_dir, process.STOP_DEADLINE_S)

    def _refuse_if_elsewhere(self, told: "_Note | None") -> None:
        # On a network folder the writer's lock of another machine may be invisible; its note is not.
        if told is not None and told.machine.host != self._machine.host:
            raise StoreElsewhere(self._elsewhere(told))

    def _elsewhere(self, told: "_Note | None") -> str:
        host = told.machine.host if told is not None else "another machine"
        return (
            f"The data folder {self.data_dir} is in use by a store on {host}, and two stores on one folder "
            "would spoil it. Run spectator there, or choose another folder with --data. "
            f"If {host} is gone for good, delete {self.data_dir / 'store.lock'}."
        )

    # ---------------------------------------------------------------- the guard's thread

    def _keep_alive(self) -> None:
        while not self._closing.is_set():
            self._listen_until_it_ends()
            # A store that turns the line away (too many clients) is not asked as fast as we can.
            if self._closing.wait(REVIVE_PAUSE_S):
                return
            try:
                self._revive()
            except (StoreError, OSError) as error:
                log.error("the store died and could not be started again: %s", error)  # noqa: TRY400 the cause is the message
                self._closing.wait(FAILED_PAUSE_S)

    def _listen_until_it_ends(self) -> None:
        try:
            line = process.dial(self.socket, None)
        except OSError:
            return
        self._line = line
        try:
            if not self._closing.is_set():
                line.recv(1)  # the store says nothing unasked: this returns when it ends
        except OSError as error:
            log.debug("the store's connection ended: %s", error)
        finally:
            line.close()

    def _revive(self) -> None:
        with exclusive(self.data_dir / "start.lock", START_LOCK_DEADLINE_S):
            if not self._closing.is_set():
                self._find_or_start()

    def _hang_up(self) -> None:
        line = self._line
        if line is not None:
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError as error:
                log.debug("the store's connection had ended: %s", error)


class _Note:
    """The text of ``store.lock``: which machine and process serve the folder, and where."""

    def __init__(self, machine: Machine, pid: int, path: Path) -> None:
        self.machine = machine
        self.pid = pid
        self.socket = path

    @classmethod
    def read(cls, lock: FileLock) -> "_Note | None":
        text = lock.read()
        if not text.strip():
            return None
        try:
            told = json.loads(text)
            return cls(Machine(told["host"], told["boot"]), int(told["pid"]), Path(told["socket"]))
        except (ValueError, KeyError, TypeError) as error:
            raise StoreFailed(f"{lock.path} is damaged; if no store of yours runs, delete it.") from error

    def write(self, lock: FileLock) -> None:
        told = {
            "host": self.machine.host,
            "boot": self.machine.boot,
            "pid": self.pid,
            "socket": str(self.socket),
        }
        lock.write(json.dumps(told).encode())
