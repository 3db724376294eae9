from pathlib import Path

import pytest

import rooms.store
from rooms.script import Script
from rooms.store import scripts

FOLDER = Path(rooms.store.__file__).parent
FILES = sorted(FOLDER.glob("*.lua"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_script_says_what_it_is_for_and_can_be_read_at_a_glance(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 40
    header = [line for line in lines if line.startswith("--")]
    assert not header[0].startswith(("-- KEYS", "-- ARGV"))
    told = "\n".join(header)
    assert "-- KEYS" in told
    assert "-- ARGV" in told
    assert "-- Returns" in told


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_time_and_chance_are_arguments(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "'TIME'" not in text
    assert "math.random" not in text


def test_every_file_is_a_script_and_every_script_a_file() -> None:
    loaded = {one.name for one in vars(scripts).values() if isinstance(one, Script)}
    assert loaded == {path.stem for path in FILES}
