"""Marks by which the store knows a repeat from a second call."""

from __future__ import annotations

import secrets


def nonce() -> str:
    """A mark by which a repeat of the same write is recognised."""
    return secrets.token_urlsafe(9)
