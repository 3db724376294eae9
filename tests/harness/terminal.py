"""Commands as a user types them."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.harness.servers import environment


def spectator_command(
    data_dir: Path, *arguments: str, typed: str = "", **more: str
) -> "subprocess.CompletedProcess[str]":
    """Run ``spectator ARGUMENTS`` in a process of its own and return what came out."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "spectator", *arguments],
        env=environment(data_dir, **more),
        input=typed,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def spectator_json(data_dir: Path, *arguments: str, typed: str = "") -> Any:
    """Run a command with ``--json`` that must succeed, and return what it said."""
    done = spectator_command(data_dir, *arguments, "--json", typed=typed)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@contextmanager
def spectator_started(data_dir: Path, *arguments: str, **more: str) -> "Iterator[subprocess.Popen[str]]":
    """Start ``spectator ARGUMENTS``; what is left of it when the block ends is told to end, then killed."""
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "spectator", *arguments],
        env=environment(data_dir, **more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as started:
        try:
            yield started
        finally:
            if started.poll() is None:
                started.terminate()  # a demo takes its server along
                try:
                    started.wait(20)
                except subprocess.TimeoutExpired:
                    started.kill()
