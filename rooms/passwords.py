"""Passwords."""

from __future__ import annotations


class Passwords:
    """argon2id in two threads with a bounded queue."""
