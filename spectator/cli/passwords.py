"""Asks for a secret. Never as an argument: the list of processes and the shell's history show those."""

from __future__ import annotations

import getpass
import sys

from spectator.cli.exits import CommandError


def ask_password(prompt: str) -> str:
    """Return the password that `ask_secret` gets.

    Raises:
        CommandError: nothing was given.
    """
    return ask_secret(prompt, "No password was given.", "password_required")


def ask_invitation() -> str:
    """Return the token of an invitation, given as the link with ``#invite=`` or by itself.

    Raises:
        CommandError: nothing was given.
    """
    told = ask_secret("Invitation (its link will do): ", "No invitation was given.", "invitation_required")
    return told.strip().rpartition("#invite=")[2]


def ask_secret(prompt: str, missing: str, code: str = "invalid_request") -> str:
    """Return what is typed unseen or, without a terminal, the first line of stdin.

    Raises:
        CommandError: nothing was given; ``missing`` says so, ``code`` names it.
    """
    told = getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if not told:
        raise CommandError(code, missing)
    return told
