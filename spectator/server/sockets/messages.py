"""What a viewer may say: a few small JSON messages, checked strictly; one table of who may say which when.

What is not in the table is not acted on. A type that nobody here knows may come from a page newer than this
node: it is answered by a notice, and the connection stays. A message of ours at a time or from somebody that
the table does not name breaks the protocol (4500). Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec

from spectator.hub import Stage, Variant

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


WATCHERS: Final = frozenset({"owner", "moderator", "spectator", "reader"})
ASKERS: Final = frozenset({"asker"})
RENEWABLE: Final = frozenset({"owner", "moderator", "spectator"})
ANYBODY: Final = WATCHERS | ASKERS | {"nobody"}
"""Roles of a connection; ``nobody`` has not been let in yet, ``asker`` waits in the lobby."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may send one type of message, and when.

    Args:
        model: the message.
        v1: the stages in which ``spectator.v1`` may send it.
        flat: those in which a flat connection may; none: to it the type is unknown.
        roles: what the connection must be in the room.
        told: one line for people.
    """

    model: type[msgspec.Struct]
    v1: frozenset[Stage]
    flat: frozenset[Stage]
    roles: frozenset[str]
    told: str

    @property
    def type(self) -> str:
        """Its name on the wire."""
        return str(self.model.__struct_config__.tag)


_NEVER: Final[frozenset[Stage]] = frozenset()
_FIRST: Final = frozenset({Stage.NEW})
_LIVE: Final = frozenset({Stage.LIVE})
_INSIDE: Final = frozenset({Stage.LOBBY, Stage.LIVE})

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        Hello,
        _FIRST,
        # A flat client cannot know whether the room wanted to be greeted.
        _FIRST | _LIVE,
        ANYBODY,
        "The credential (grant, room key, API key with read or manage, lobby token) where the header brought "
        "none, and the cursor to go on from.",
    ),
    Rule(Ack, _LIVE, _NEVER, WATCHERS, "Everything up to event seq has arrived; each second."),
    Rule(Visibility, _INSIDE, _NEVER, WATCHERS | ASKERS, "Whether nobody looks at the page."),
    Rule(
        Auth,
        _LIVE,
        _NEVER,
        RENEWABLE,
        "A fresh grant of the same person, or the room key after its rotation, for the same connection.",
    ),
    Rule(Ping, _INSIDE, _LIVE, WATCHERS | ASKERS, "Answered by pong."),
)
"""The table: every message that a connection may send."""

_BY_MODEL: Final = {rule.model: rule for rule in RULES}

Verdict = Literal["act", "unknown", "misplaced"]


def judge_message(said: Said, variant: Variant, stage: Stage, role: str) -> Verdict:
    """Whether the table lets a connection of this kind, stage and role say this now."""
    rule = _BY_MODEL.get(type(said))
    stages = _NEVER if rule is None else rule.flat if variant.flat else rule.v1
    if rule is None or not stages:
        return "unknown"
    return "act" if stage in stages and role in rule.roles else "misplaced"


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
