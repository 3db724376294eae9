"""What signals tell a server: SIGHUP reads again, unless the terminal it runs in is gone."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

from tests.harness.servers import ServerProcess, environment
from tests.harness.waiting import until

IN_TERMINAL = (
    "import fcntl, os, sys, termios\n"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "os.execv(sys.executable, [sys.executable, '-P', '-m', 'spectator', *sys.argv[1:]])\n"
)


def test_sighup_reads_the_secrets_again_and_ends_nothing(fresh_server: ServerProcess) -> None:
    assert fresh_server.process is not None
    secret = fresh_server.data_dir / "secret"
    secret.write_text("a newer secret, long enough\n" + secret.read_text())
    fresh_server.process.send_signal(signal.SIGHUP)
    until(lambda: "2 of them verify" in fresh_server.log.read_text(), deadline=60)
    assert fresh_server.call("GET", "/rooms")[0] == 200


def test_a_server_ends_with_the_terminal_it_was_started_in(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-P", "-c", IN_TERMINAL, "serve", "--port", "0", "--data", str(tmp_path / "data")],
        env=environment(tmp_path / "data"),
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as started:
        os.close(theirs)
        told = tmp_path / "data" / "server.json"
        try:
            until(told.exists, deadline=60, what="the server")
            os.kill(started.pid, signal.SIGHUP)  # with its terminal still there: read again
            assert until(lambda: started.poll() is None and told.exists(), deadline=60)
        finally:
            os.close(ours)
        assert started.wait(timeout=20) == 0
        assert not told.exists()
