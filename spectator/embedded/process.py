"""The store as a process: start it, ask it, end it. Everything here is blocking and short."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from spectator.embedded.errors import StoreFailed

START_DEADLINE_S = 60.0  # reading back a large append-only file takes its time
STOP_DEADLINE_S = 20.0
PAUSE_S = 0.01
CONNECT_TIMEOUT_S = 5.0


def start(program: Path, folder: Path, socket_path: Path, writer_fd: int) -> None:
    """Start a store over ``folder`` and return at once; ``answers`` tells when it is there.

    Args:
        program: a valkey-server or redis-server.
        folder: for the append-only file and the log; exists.
        socket_path: where it will listen, and nowhere else.
        writer_fd: a locked descriptor that the store inherits: the lock is held as long as it lives.

    Raises:
        StoreFailed: the program refused its arguments.
    """
    told = subprocess.run(
        [program, *_arguments(folder, socket_path)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env={"PATH": os.defpath, "LC_ALL": "C"},
        pass_fds=(writer_fd,),
        timeout=START_DEADLINE_S,
        check=False,
    )
    if told.returncode != 0:
        raise StoreFailed(f"{program} did not start: {told.stdout.decode(errors='replace').strip()[-500:]}")


def _arguments(folder: Path, socket_path: Path) -> list[str]:
    settings = {
        "port": "0",  # no TCP at all
        "unixsocket": str(socket_path),
        "unixsocketperm": "700",
        "dir": str(folder),
        "logfile": str(folder / "store.log"),
        "loglevel": "warning",
        "daemonize": "yes",  # its own session: no terminal and no parent of ours takes it along
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
    }
    return [part for name, value in settings.items() for part in (f"--{name}", value)]


def answers(path: Path, timeout_s: float = CONNECT_TIMEOUT_S) -> bool:
    """Tell whether a store answers PING there. One that is still reading its file does not."""
    try:
        return ask(path, timeout_s, "PING") == b"+PONG"
    except OSError:
        return False


def listens(path: Path) -> bool:
    """Tell whether anything accepts connections there."""
    try:
        dial(path, CONNECT_TIMEOUT_S).close()
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    except OSError:
        return True
    return True


def pid_of(path: Path) -> int:
    """Return the process number of the store that answers there.

    Raises:
        OSError: nothing answers.
    """
    with dial(path, CONNECT_TIMEOUT_S) as connection:
        connection.sendall(_command("INFO", "server"))
        told = b""
        while b"process_id:" not in told or not told.split(b"process_id:")[1].count(b"\r\n"):
            part = connection.recv(65536)
            if not part:
                raise ConnectionResetError("the store closed the connection")
            told += part
    return int(told.split(b"process_id:")[1].split(b"\r\n")[0])


def shut_down(path: Path) -> None:
    """Ask the store to write what it holds and end."""
    try:
        # The answer to SHUTDOWN is the end of the connection.
        ask(path, STOP_DEADLINE_S, "SHUTDOWN")
    except OSError:
        return


def terminate(pid: int) -> None:
    """Ask a store that nobody can reach any more to end; it writes its file first."""
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return


def ask(path: Path, timeout_s: float, *command: str) -> bytes:
    """Return the first line of the store's answer to one command."""
    with dial(path, timeout_s) as connection:
        connection.sendall(_command(*command))
        with connection.makefile("rb") as answer:
            return answer.readline().rstrip()


def dial(path: Path, timeout_s: float | None) -> socket.socket:
    """Return a connection to the store's socket."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout_s)
        connection.connect(str(path))
    except BaseException:
        connection.close()
        raise
    return connection


def _command(*parts: str) -> bytes:
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part.encode()) for part in parts)


def wait_until_answers(path: Path, log: Path) -> None:
    """Wait for a store that was just started.

    Raises:
        StoreFailed: it ended, or took longer than ``START_DEADLINE_S``; says the end of its log.
    """
    end = time.monotonic() + START_DEADLINE_S
    while not answers(path):
        if time.monotonic() > end:
            raise StoreFailed(f"The store did not answer on {path}. Its log, {log}, ends: {tail(log)}")
        time.sleep(PAUSE_S)


def tail(log: Path) -> str:
    """Return the last lines of a store's log."""
    try:
        return " / ".join(log.read_text(errors="replace").splitlines()[-3:])
    except OSError:
        return "(nothing)"
