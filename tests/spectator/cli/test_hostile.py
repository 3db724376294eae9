"""What strangers call themselves, their rooms and their metrics is printed as text by every command."""

import pytest

from spectator.cli import watching
from tests.harness.hostile import ACCEPTED, TEXTS
from tests.harness.terminal import spectator_command


def unharmed(text):
    """Every line is printable: nothing in it moves the cursor, turns the direction or rings."""
    assert not [char for char in text if char != "\n" and not char.isprintable()]
    return text


@pytest.mark.parametrize(
    "commands",
    [[["room", "list"]], [["room", "show", "{code}"], ["people", "{code}"]], [["requests", "{code}"]]],
)
def test_lists_print_names_as_text(server, commands):
    for kind in ("script", "formula", "right to left", "zalgo", "longest wide", "quotes", "option"):
        name = ACCEPTED[kind]
        waits = commands[0][0] == "requests"
        made = server.call("POST", "/rooms", {"name": name, "require_approval": waits})[1]
        code = made["room"]["code"]
        server.call("POST", f"/rooms/{code}/join", {"display_name": name}, token=None)
        for words in commands:
            done = spectator_command(server.data_dir, *(word.format(code=code) for word in words))
            assert done.returncode == 0, done.stderr
            unharmed(done.stdout)
        if kind not in {"zalgo", "right to left"}:
            assert name in done.stdout


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_an_event_is_one_line_of_text_whatever_it_holds(text):
    for event in (
        {"type": "training_metrics", "timestamp": text, "data": {text: 1, "note": text}},
        {"type": "bot_decision", "selected_action": text, "action_probabilities": {text: 0.5}},
        {"type": "alert", "alert": {"level": text, "message": text}},
        {"type": "training_event", "event": text, "data": {text: text}},
        {"type": text, "state": {text: text}},
    ):
        line = unharmed(watching.line(event))
        assert "\n" not in line
