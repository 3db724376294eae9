"""What a viewer may say: a few small JSON messages, checked strictly. Pure."""

from __future__ import annotations

from typing import Annotated

import msgspec

LONGEST = 4096
"""Bytes of a message from a viewer."""

_SEQ = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
_TOKEN = Annotated[str, msgspec.Meta(min_length=1, max_length=3500)]


class Hello(msgspec.Struct, tag="hello", frozen=True):
    """Always the first message of ``spectator.v1``."""

    token: _TOKEN | None = None
    since: str | None = None
    frames: bool = False


class Ack(msgspec.Struct, tag="ack", frozen=True):
    """Everything up to event ``seq`` has arrived."""

    seq: _SEQ


class Visibility(msgspec.Struct, tag="visibility", frozen=True):
    """Whether nobody looks at the page."""

    hidden: bool


class Auth(msgspec.Struct, tag="auth", frozen=True):
    """A fresh grant for the same connection."""

    token: _TOKEN


class Ping(msgspec.Struct, tag="ping", frozen=True):
    """Answered by ``pong``."""


class Unknown(msgspec.Struct, frozen=True):
    """A message of a type that this server does not know: a newer page talks to an older node."""

    type: str


Said = Hello | Ack | Visibility | Auth | Ping | Unknown


class Misunderstood(ValueError):
    """A message that breaks the protocol; the text says how, and never repeats what was sent."""


_KNOWN: msgspec.json.Decoder[Hello | Ack | Visibility | Auth | Ping] = msgspec.json.Decoder(
    Hello | Ack | Visibility | Auth | Ping
)
_ANY: msgspec.json.Decoder[Unknown] = msgspec.json.Decoder(Unknown)
_TYPES = frozenset({"hello", "ack", "visibility", "auth", "ping"})


def read(text: str) -> Said:
    """Understand one text message.

    Raises:
        Misunderstood: it is too long, no JSON object, or has a wrong field.
    """
    # A character is at least a byte, so the long ones need not be encoded to be refused.
    if len(text) > LONGEST or len(text.encode(errors="surrogatepass")) > LONGEST:
        raise Misunderstood(f"A message may take {LONGEST} bytes.")
    try:
        return _KNOWN.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):  # the last: nested a thousand deep
        return _unknown(text)


def _unknown(text: str) -> Unknown:
    """The message, when it is well formed but of a type that is not ours."""
    try:
        said = _ANY.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Misunderstood("A message is a JSON object with a field type.") from None
    if said.type in _TYPES:
        raise Misunderstood(f"A message of type {said.type} has a missing or wrong field.")
    return said
