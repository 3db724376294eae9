from __future__ import annotations

from spectator.protocol.json_text import json_text
from spectator.protocol.levels import AccessLevel, SpectatorMode


def test_the_values_are_what_travels() -> None:
    assert [level.value for level in AccessLevel] == ["public", "password", "invite_only", "private"]
    assert [mode.value for mode in SpectatorMode] == ["live_training", "replay", "comparison"]
    assert json_text({"access_level": AccessLevel.PUBLIC.value}) == '{"access_level":"public"}'
    assert AccessLevel("private") is AccessLevel.PRIVATE
