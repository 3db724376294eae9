"""What commands print: text for people or, with ``--json``, JSON for programs."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from typing import Any, Optional, Sequence

MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2}):[0-9.]{2,9}Z")


class Output:
    """Prints one command's result. Text for people goes to stdout, what went wrong to stderr.

    With ``as_json`` stdout holds JSON only; an error is ``{"error": {"code", "message", ..}}``.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def result(self, value: Any, text: str) -> None:
        """Print ``value`` for programs, ``text`` for people."""
        self._write(json.dumps(value) if self.as_json else text)

    def line(self, text: str) -> None:
        """Print a line for people only."""
        if not self.as_json:
            self._write(text)

    def error(self, code: str, message: str, **more: Optional[Any]) -> None:
        """Print what went wrong."""
        if self.as_json:
            told = {name: value for name, value in more.items() if value is not None}
            self._write(json.dumps({"error": {"code": code, "message": message, **told}}))
        else:
            print(f"spectator: {message}", file=sys.stderr, flush=True)

    def _write(self, text: str) -> None:
        print(text, flush=True)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows as columns of equal width, with a head."""
    cells = [list(head), *[[printable(cell) for cell in row] for row in rows]]
    widths = [max(_width(row[column]) for row in cells) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths)).rstrip()
        for row in cells
    )


def printable(text: Any) -> str:
    """Return a stranger's text without what would command the terminal."""
    return "".join(character if character.isprintable() else _instead(character) for character in str(text))


def _instead(character: str) -> str:
    wide_space = unicodedata.category(character) == "Zs"  # as between the parts of a Japanese name
    return " " if wide_space else "\N{REPLACEMENT CHARACTER}"


def _width(text: str) -> int:
    """How many columns of a terminal a text takes: Chinese and Japanese take two, accents none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def moment(told: Any) -> str:
    """Return a server's time, such as ``2024-01-15T10:30:00.000Z``, as people read it; ``-`` for none."""
    text = str(told or "-")
    found = MOMENT.fullmatch(text)
    return f"{found[1]} {found[2]} UTC" if found else printable(text)
