"""How a log record becomes lines: whatever a stranger's text in it holds, it forges no record."""

from __future__ import annotations

import logging
from typing import Final

FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"

_FURTHER: Final = "\n    "
"""Where a record goes on in another line (a stack): indented, as no record begins."""


class LogLines(logging.Formatter):
    """A record in printable characters: line breaks are indented, what else acts on a screen is spelt out.

    Callers see to it that strangers' texts are not logged in the first place; this holds where one forgot.
    """

    def __init__(self) -> None:
        super().__init__(FORMAT)

    def format(self, record: logging.LogRecord) -> str:
        """The record's text, with its stack where it has one."""
        return _FURTHER.join(_spelt(line) for line in super().format(record).split("\n"))


def _spelt(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode()
        for char in line
    )
