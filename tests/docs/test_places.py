import re

import pytest

from spectator.cli.arguments import parser
from spectator.settings import FROM_ENVIRONMENT
from tests.docs.blocks import ROOT, documents

LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)\)")
HIDDEN = {"-h", "--help", "--autostarted"}
PLACE = re.compile(r"`((?:rooms|spectator|static|tests|docs|examples|\.ci|\.github)/[\w./-]*)`")


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_points_to_is_there(path):
    text = path.read_text()
    missing = [link for link in LINK.findall(text) if not (path.parent / link).exists()]
    missing += [place for place in PLACE.findall(text) if not (ROOT / place).exists()]
    assert not missing


def test_every_setting_is_in_the_table():
    told = (ROOT / "docs" / "cli.md").read_text()
    names = {"SPECTATOR_DATA_DIR", *(f"SPECTATOR_{field.upper()}" for field in FROM_ENVIRONMENT)}
    assert {name for name in names if f"`{name}`" not in told} == set()


def test_no_setting_stands_twice_in_a_table():
    for table in re.findall(r"(?:^\|.*\n)+", (ROOT / "docs" / "cli.md").read_text(), re.MULTILINE):
        names = [
            name for row in table.splitlines() for name in re.findall(r"`(SPECTATOR_\w+)`", row.split("|")[1])
        ]
        assert len(names) == len(set(names)), names


def test_every_command_is_in_the_table():
    told = (ROOT / "docs" / "cli.md").read_text()
    commands = next(action for action in parser()._actions if action.dest == "command").choices
    assert {
        name for name in commands if f"`spectator {name}" not in told and f"`{name} " not in told
    } == set()


def test_every_option_is_told():
    told = (ROOT / "docs" / "cli.md").read_text()
    missing = []
    for name, command in _commands(parser()):
        # Of a command of several words, the first two are enough to find it by.
        assert f"spectator {name}" in told or f"`{name.split()[-1]}`" in told, name
        options = [option for action in command._actions for option in action.option_strings if action.help]
        missing += [
            f"{name} {option}"
            for option in options
            if option not in HIDDEN and not re.search(f"`{option}[` ]", told)
        ]
    assert missing == []


def _commands(found, name=""):
    """Yield each command that runs something, with its words."""
    if found.get_default("run"):
        yield name, found
    for action in found._actions:
        if isinstance(action.choices, dict):
            for word, one in action.choices.items():
                yield from _commands(one, f"{name} {word}".strip())
