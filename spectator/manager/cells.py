"""Lines of a CSV that a spreadsheet opens: quoted as RFC 4180 has it, and no text in it is a formula."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

BOM: Final = "\ufeff"
"""At the start of the file: without it Excel reads UTF-8 as the letters of a Windows of 1995."""

_FORMULA: Final = re.compile(r"(^|[;\t\r\n|])(\s*)([=+\-@\uff1d\uff0b\uff0d\uff20])")
"""Where a text begins like a formula. Also behind a semicolon or a tab: half of Europe's Excel splits there,
whatever the quotes say."""

_QUOTED: Final = re.compile(r'[",;\t\r\n|]|^\s|\s$')


def line(values: Iterable[Any]) -> str:
    """Return one line, with its CRLF. None is an empty cell."""
    return ",".join(_cell(value) for value in values) + "\r\n"


def text(value: str) -> str:
    """Return a text that no spreadsheet calculates: an apostrophe before what begins like a formula."""
    harmless = _FORMULA.sub(r"\1\2'\3", value)
    return f"'{harmless}" if harmless[:1] in {"\t", "\r", "\n"} else harmless


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return repr(value)  # a number stays one, also below zero
    if not isinstance(value, str):
        value = msgspec.json.encode(value).decode()
    harmless = text(value).replace("\0", "")
    return '"' + harmless.replace('"', '""') + '"' if _QUOTED.search(harmless) else harmless
