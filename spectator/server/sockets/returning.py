"""Where a viewer says it stood when it was last here. Pure."""

from __future__ import annotations

from spectator.log import Cursor, InvalidCursor

UNKNOWN_PLACE = Cursor(0, 0, b"unknown")
"""A cursor that no room has: who comes with one that cannot be read gets the whole picture."""


def place(text: str | None) -> Cursor | None:
    """The cursor in ``text``; None where there is none."""
    if not text:
        return None
    try:
        return Cursor.parse(text)
    except InvalidCursor:
        return UNKNOWN_PLACE
