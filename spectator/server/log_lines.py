"""How a log record becomes lines, for people or for programs: no stranger's text in it forges a record."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any, Final

from spectator.server.observing import CURRENT

FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"

_FURTHER: Final = "\n    "
"""Where a record goes on in another line (a stack): indented, as no record begins."""

_PLACEHOLDER: Final = re.compile(r"%[-+# 0-9.]*[a-zA-Z%]")
_WORD: Final = re.compile(r"[a-z]+")
_EVENT_WORDS: Final = 5


class LogLines(logging.Formatter):
    """A record in printable characters: line breaks are indented, what else acts on a screen is spelt out.

    A warning or worse that belongs to a request ends with the request's id, as its answer carries it.
    Callers see to it that strangers' texts are not logged in the first place; this holds where one forgot.
    """

    def __init__(self) -> None:
        super().__init__(FORMAT)

    def format(self, record: logging.LogRecord) -> str:
        """The record's text, with its stack where it has one."""
        return _FURTHER.join(_spelt(line) for line in super().format(record).split("\n"))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """The first line."""
        seen = CURRENT.get()
        text = super().formatMessage(record)
        return f"{text} [{seen.id}]" if seen is not None and record.levelno >= logging.WARNING else text


class JsonLines(logging.Formatter):
    """A record as one line of JSON in ASCII, its fields documented in docs/watching-it.md.

    What a call site gives as ``extra={"event": name, "fields": {...}}`` becomes the event's name and its
    fields; without a name it is made of the message's own words, so it is the same for the same call site.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        fields: dict[str, Any] = {
            "time": _iso(record.created),
            "level": record.levelname.lower(),
            "event": event_of(record),
            "logger": record.name,
            "message": record.getMessage(),
        }
        seen = CURRENT.get()
        if seen is not None:
            fields |= {"request": seen.id, "tenant": seen.tenant, "room": seen.room}
        fields |= getattr(record, "fields", {})
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        if record.stack_info:
            fields["stack"] = record.stack_info
        return json.dumps({name: value for name, value in fields.items() if value is not None}, default=str)


def event_of(record: logging.LogRecord) -> str:
    """The name of what happened, the same each time: given, or the first words of the message's template."""
    given = getattr(record, "event", None)
    if isinstance(given, str):
        return given
    words = _WORD.findall(_PLACEHOLDER.sub(" ", str(record.msg)).lower())
    return "_".join(words[:_EVENT_WORDS]) or record.name.rpartition(".")[2]


def set_up_logging(level: str, form: str = "text") -> None:
    """Let this process log its records of ``level`` (``info``) and above to standard error.

    Args:
        level: the least that is told.
        form: ``text`` for people, ``json`` for programs.
    """
    lines = logging.StreamHandler()
    lines.setFormatter(JsonLines() if form == "json" else LogLines())
    lines.addFilter(_is_news)
    logging.basicConfig(level=level.upper(), handlers=[lines])


def _is_news(record: logging.LogRecord) -> bool:
    """Leave out what asyncio says of each write to a connection that has just broken.

    A hub writes on until the loop tells that it is gone: thirty lines a second for each viewer of a proxy
    that was restarted, in the very moment in which somebody reads the log.
    """
    return not (record.name == "asyncio" and record.msg == "socket.send() raised exception.")


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _spelt(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode()
        for char in line
    )
