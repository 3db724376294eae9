"""Refusals that several calls share."""

from __future__ import annotations

from typing import Final

from rooms import PayloadTooLarge, RoomClosed, RoomExpired, UnsupportedMediaType

ENDED: Final = (RoomClosed, RoomExpired)
"""Of calls about a room that has to be there still."""

BODY: Final = (PayloadTooLarge, UnsupportedMediaType)
"""Of calls that read a body."""
