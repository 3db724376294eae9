"""The log's operations run on every kind of store in tests/contract; here is what needs none of that."""

from importlib import resources

import pytest

SCRIPTS = sorted(resources.files("spectator.log").joinpath("scripts").iterdir(), key=lambda path: path.name)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_short_and_says_what_it_takes(script: resources.abc.Traversable) -> None:
    text = script.read_text(encoding="utf-8")
    header = text[: text.index("\n\n")] if "no operation by itself" in text else text
    assert text.startswith("-- ")
    assert len(text.splitlines()) <= 40
    if "no operation by itself" not in header:
        assert all(word in text for word in ("-- KEYS", "-- ARGV", "-- Returns"))
