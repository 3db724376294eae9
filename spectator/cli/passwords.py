"""Asks for a password. Never as an argument: the list of processes and the shell's history show those."""

from __future__ import annotations

import getpass
import sys

from spectator.cli.exits import CommandError


def ask_password(prompt: str) -> str:
    """Return what is typed unseen or, without a terminal, the first line of stdin.

    Raises:
        CommandError: nothing was given.
    """
    told = getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if not told:
        raise CommandError("password_required", "No password was given.")
    return told
