"""The two enums that people write in their scripts: who may come in, and what is shown."""

from __future__ import annotations

from enum import Enum


class AccessLevel(str, Enum):
    """Who gets into a room. The values are what travels."""

    PUBLIC = "public"  # whoever has the code
    PASSWORD = "password"  # the code and the password
    INVITE_ONLY = "invite_only"  # an invitation, or an identity on the room's list
    PRIVATE = "private"  # owner and the invited; for all others the room does not exist


class SpectatorMode(str, Enum):
    """What a session shows."""

    LIVE_TRAINING = "live_training"
    REPLAY = "replay"
    COMPARISON = "comparison"
