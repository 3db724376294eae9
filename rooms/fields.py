"""The types of a form's fields: what a stranger may write into one, how long, how deep, how it comes out.

Every check is bounded before it works: to normalise 30,000 stacked accents takes Unicode's rules seconds, so
what is too long is refused by its length, first. A refusal says what is wrong and never repeats the value.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError, from_json, to_json

from rooms import codes
from rooms.models import AccessLevel

NAME_LENGTH = 64
"""Characters of a room's or a person's name, after normalisation."""

PASSWORD_BYTES = 1024
"""UTF-8 bytes of a password, after normalisation: more is refused before anything is hashed."""

METADATA_BYTES = 4 * 1024
CONFIG_BYTES = 64 * 1024
JSON_DEPTH = 8
USERS = 1000
"""Entries of a list of allowed or blocked users."""

HOURS = 24 * 366
"""The longest a room may be asked to live, in hours."""

LONGEST_SPELLING = 4 * NAME_LENGTH
"""Characters of a name before normalisation: NFC joins at most four of them into one."""

LONGEST_URL = 1024
"""Characters of an address to call."""

MARKS = 8
"""Accents and the like on one character; beyond that a name climbs over the lines above and below it."""

_UNSEEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
"""Control, format (among them the bidirectional marks), private, surrogate and line-separating characters."""

_JOINERS = {"\u200c", "\u200d"}
"""Zero-width (non-)joiners: format characters that Persian, Hindi and emoji are spelt with."""

_JOINED = {"Lo", "Mn", "Mc", "So", "Sk"}
"""What they stand beside there; between letters of scripts with capitals they are only there to be unseen."""

_BLANKS = {"\u034f", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u2800", "\u3164", "\uffa0"}
"""Letters, marks and symbols by their category that show nothing: two names could look the same by them."""


_PLAIN = re.compile(r"[^\W\u115f\u1160\u3164\uffa0]+(?: [^\W\u115f\u1160\u3164\uffa0]+)*")
"""Words of letters and digits, without those letters that are blanks: nothing in it needs a second look."""

_KEYCAP = "\u20e3"
_SHAPED = {"So", "Sm", "Po", "Pd"}
"""What a selector chooses the shape of: signs that are drawn as a letter or as an emoji."""


def _refuse(kind: str, message: str) -> PydanticCustomError:
    return PydanticCustomError(kind, message)


def _clean(text: str) -> str:
    """One line of text that shows what it is: NFC, trimmed, one space between words, nothing invisible."""
    if len(text) > LONGEST_SPELLING:
        raise _refuse("too_long", f"must have at most {NAME_LENGTH} characters")
    if any(unicodedata.category(char) in {"Cc", "Zl", "Zp"} for char in text.strip()):
        raise _refuse("unseen_characters", "must not hold line breaks, tabs or other control characters")
    text = " ".join(unicodedata.normalize("NFC", text).split())
    if len(text) > NAME_LENGTH:
        raise _refuse("too_long", f"must have at most {NAME_LENGTH} characters")
    if _PLAIN.fullmatch(text) or (text.isascii() and text.isprintable()):
        return text  # most names are, and there may be two thousand in one request
    if any(_hides(text, at) for at in range(len(text))):
        raise _refuse(
            "unseen_characters", "must not hold control, direction-changing or invisible characters"
        )
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char).startswith("M") else 0
        if marks > MARKS:
            raise _refuse("too_many_marks", f"must not stack more than {MARKS} marks on one character")
    if text and not any(_shows(char) for char in text):
        raise _refuse("looks_empty", "must hold something that can be seen")
    return text


def _hides(text: str, at: int) -> bool:
    """Whether the character at this place is one nobody would see."""
    char = text[at]
    if char in _JOINERS:
        around = (text[at - 1] if at else "") + text[at + 1 : at + 2]
        needed = any(not one.isascii() and unicodedata.category(one) in _JOINED for one in around)
        return len(around) < 2 or not needed or any(one in _JOINERS for one in around)
    if _selects(char):
        return not _is_shaped(text[at - 1] if at else "", text[at + 1 : at + 2], char)
    never_one = ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF
    return char in _BLANKS or never_one or unicodedata.category(char) in _UNSEEN


def _selects(char: str) -> bool:
    """Whether a character chooses the shape of the one before it."""
    return (
        "\ufe00" <= char <= "\ufe0f" or "\u180b" <= char <= "\u180f" or "\U000e0100" <= char <= "\U000e01ef"
    )


def _is_shaped(before: str, after: str, selector: str) -> bool:
    """Whether a selector changes what is seen; behind any other letter it makes a second name of one."""
    if not before:
        return False
    category = unicodedata.category(before)
    if "\ufe00" <= selector <= "\ufe0f":
        return after == _KEYCAP or before == "\u2139" or (category in _SHAPED and not before.isascii())
    return category == "Lo"  # Mongolian, and the shapes in which Japanese families write theirs


def _shows(char: str) -> bool:
    """Whether a character draws something by itself: no mark, no space, no joiner."""
    return unicodedata.category(char)[0] not in "MZC"


def _spelt_once(text: str) -> str:
    """A user's id as it came: two users must never become one by what is done to spaces."""
    if " ".join(text.split()) != text.strip():
        raise _refuse("spaces", "must have one plain space between its parts")
    return text


def _some(text: str) -> str:
    if not text:
        raise _refuse("empty", "must not be empty")
    return text


def _password(text: str) -> str:
    if len(text) > 4 * PASSWORD_BYTES:
        raise _refuse("too_long", f"must have at most {PASSWORD_BYTES} bytes")
    text = unicodedata.normalize("NFC", text)
    if any(unicodedata.category(char) == "Cs" for char in text):
        raise _refuse("not_unicode", "must be valid Unicode")
    if len(text.encode()) > PASSWORD_BYTES:
        raise _refuse("too_long", f"must have at most {PASSWORD_BYTES} bytes")
    return text


def _webhook(url: str) -> str:
    """An address that may be called from the server; whom it reaches is checked when it is called.

    Plain http is for networks that the operator lists: the server refuses it elsewhere.
    """
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise _refuse("url", "must be an address in printable ASCII (a name of another script as xn--…)")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refuse("url", "must be an https:// address") from None
    if parts.scheme not in {"https", "http"} or not parts.hostname or port == 0:
        raise _refuse("url", "must be an https:// address")
    if "@" in parts.netloc or "#" in url:
        raise _refuse("url", "must name neither user nor password, and no fragment")
    return url


def _tenant(text: str) -> str:
    if re.fullmatch(r"[a-z0-9-]{1,32}", text) is None:
        raise _refuse("tenant", "must have 1 to 32 small letters, digits and hyphens")
    return text


def _code(text: str) -> str:
    code = codes.normalise(text)
    if not codes.is_code(code):
        raise _refuse("code", f"must have {codes.SHORTEST} to {codes.LONGEST} characters of {codes.ALPHABET}")
    return code


def _depth(value: Any) -> int:
    """How deep lists and objects are nested; walks level by level, so depth costs no stack."""
    level, depth = [value], 0
    while level:
        inner: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                inner.extend(one.values())
            elif isinstance(one, list):
                inner.extend(one)
        depth += any(isinstance(one, (dict, list)) for one in level)
        level = inner
    return depth


def _bounded(limit: int, depth: int) -> AfterValidator:
    """JSON of so many bytes and levels; a number that is not finite becomes null.

    It is measured as a whole: to look at each value of it alone takes a hundred times as long.
    """

    def check(value: Any) -> Any:
        try:
            text = to_json(value, inf_nan_mode="null")
        except (ValueError, TypeError):
            text = b""
        if len(text) > limit:
            raise _refuse("too_large", f"must have at most {limit} bytes as JSON")
        if _depth(value) > depth:
            raise _refuse("too_deep", f"must be nested at most {depth} deep")
        if not text:
            raise _refuse("not_json", "must hold nothing but JSON in valid Unicode")
        return from_json(text)

    return AfterValidator(check)


def _level(value: Any) -> Any:
    """A level by its value, as JSON has it; strict models would take only the enum itself."""
    if isinstance(value, str) and value in set(AccessLevel):
        return AccessLevel(value)
    raise _refuse("level", f"must be one of {', '.join(AccessLevel)}")


Name = Annotated[str, AfterValidator(_clean), AfterValidator(_some)]
UserId = Annotated[str, AfterValidator(_spelt_once), AfterValidator(_clean), AfterValidator(_some)]
Label = Annotated[str, AfterValidator(_clean)]
Password = Annotated[str, AfterValidator(_password)]
Code = Annotated[str, StringConstraints(max_length=64), AfterValidator(_code)]
Users = Annotated[list[UserId], Field(max_length=USERS)]
Level = Annotated[AccessLevel, BeforeValidator(_level)]
Mode = Literal["live_training", "replay", "comparison"]
Hours = Annotated[float, Field(gt=0, le=HOURS, allow_inf_nan=False)]
IdleHours = Annotated[float, Field(ge=1 / 60, le=HOURS, allow_inf_nan=False)]
Seats = Annotated[int, Field(ge=1, le=10_000)]
ApprovalSeconds = Annotated[int, Field(ge=10, le=24 * 3600)]
Config = Annotated[dict[str, Any], _bounded(CONFIG_BYTES, 32)]
Metadata = Annotated[dict[str, Any], _bounded(METADATA_BYTES, JSON_DEPTH)]
Graphs = Annotated[list[dict[str, Any]], Field(max_length=50), _bounded(CONFIG_BYTES, JSON_DEPTH)]
Presence = Literal["names", "count", "nothing"]
Webhook = Annotated[str, StringConstraints(max_length=LONGEST_URL), AfterValidator(_webhook)]
TenantId = Annotated[str, AfterValidator(_tenant)]
Scope = Literal["publish", "read", "manage"]
Quota = Annotated[int, Field(ge=0, le=2**53)]
