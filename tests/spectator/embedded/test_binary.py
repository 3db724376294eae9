import os
import stat
from pathlib import Path

import pytest

from spectator.embedded import NoStoreBinary, find_binary


def program(folder: Path, name: str, text: str) -> Path:
    """Write an executable that answers --version with ``text``."""
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{text}'\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_the_carried_one_runs():
    assert os.access(find_binary(), os.X_OK)


def test_one_on_the_path_is_taken_valkey_first(tmp_path):
    program(tmp_path, "redis-server", "Redis server v=7.0.15 sha=0")
    assert find_binary(str(tmp_path), bundled=False).name == "redis-server"
    program(tmp_path, "valkey-server", "Valkey server v=8.1.0 sha=0")
    assert find_binary(str(tmp_path), bundled=False).name == "valkey-server"


def test_one_too_old_is_refused_and_named(tmp_path):
    old = program(tmp_path, "redis-server", "Redis server v=6.2.7 sha=0")
    with pytest.raises(NoStoreBinary, match=f"{old} is version 6"):
        find_binary(str(tmp_path), bundled=False)


def test_one_that_does_not_run_here_is_passed_over(tmp_path):
    broken = tmp_path / "valkey-server"
    broken.write_bytes(b"\x7fELF of another machine")
    broken.chmod(0o755)
    program(tmp_path, "redis-server", "Redis server v=7.2.0")
    assert find_binary(str(tmp_path), bundled=False).name == "redis-server"


def test_none_says_what_to_install_or_set(tmp_path):
    with pytest.raises(NoStoreBinary) as error:
        find_binary(str(tmp_path), bundled=False)
    assert "spectator-rooms[local]" in str(error.value)
    assert "SPECTATOR_REDIS_URL" in str(error.value)
