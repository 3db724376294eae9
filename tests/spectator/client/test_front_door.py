"""``import spectator``: light, lazy, and with every name it promises."""

from __future__ import annotations

from typing import Any

import pytest

import spectator
from tests.spectator.client.conftest import Script


def test_every_name_is_there() -> None:
    for name in spectator.__all__:
        assert getattr(spectator, name).__name__ == name
    assert set(spectator.__all__) == set(spectator._HOMES)
    assert set(spectator.__all__) <= set(dir(spectator))


def test_a_name_that_is_not_there() -> None:
    missing: Any = "nonsense"
    with pytest.raises(AttributeError, match="nonsense"):
        getattr(spectator, missing)


def test_a_trainer_loads_the_standard_library_alone(script: Script) -> None:
    done = script(
        """
import sys
before = set(sys.modules)
import spectator
spectator.open_room, spectator.watch, spectator.SpectatorManager, spectator.SpectatorRoomManager
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
print(sorted(name for name in loaded if name != "spectator" and "site-packages" in str(
    getattr(sys.modules.get(name), "__file__", "") or "")))
print(any(name.startswith(("rooms", "spectator.server", "spectator.manager")) for name in sys.modules))
"""
    )
    assert done.stdout == "[]\nFalse\n", done.stderr


def test_importing_loads_nothing_at_all_yet(script: Script) -> None:
    done = script(
        "import sys, spectator\nprint([name for name in sys.modules if name.startswith('spectator.')])"
    )
    assert done.stdout == "[]\n"


def test_a_trainer_pays_for_nothing_it_does_not_use(script: Script) -> None:
    """What makes an import slow is what it drags in; the time itself is measured by a bench."""
    done = script(
        """
import sys
before = set(sys.modules)
import spectator
spectator.open_room
heavy = {"asyncio", "decimal", "email", "http", "logging", "multiprocessing", "ssl", "subprocess", "uuid"}
print(sorted(heavy & (set(sys.modules) - before)))
"""
    )
    assert done.stdout == "[]\n", done.stderr
