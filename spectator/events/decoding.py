"""From the body of a POST to events that are ready bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from spectator.events.limits import LIMITS, Limits

RunStatus = Literal["active", "failed", "finished"]


class BodyRefused(ValueError):
    """The body as a whole cannot be taken; nothing of it was.

    ``code`` is ``invalid_request`` or ``payload_too_large``.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


class Refusal(NamedTuple):
    """A line that was left out: its number in the body (from 1) and why."""

    line: int
    code: str


@dataclass(frozen=True, slots=True)
class RunChange:
    """What a batch does to the run: the status after it, and the event (from 0) that began the latest run in it."""

    status: RunStatus
    started: int | None = None


@dataclass(slots=True)
class Decoded:
    """The accepted events of one POST, in order, and what was left out.

    ``events`` are JSON objects on one line each, without ``seq``, always with a ``timestamp``; ``kinds`` their types;
    ``lines`` their numbers in the body; ``samples`` the measured values by name, of each event that has some, with
    its index.
    """

    events: list[bytes] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    samples: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    rejected: list[Refusal] = field(default_factory=list)
    run: RunChange | None = None
    non_finite: int = 0
    """Numbers that were NaN or infinite and became null."""


def decode(body: bytes, now_ms: int, *, ndjson: bool = True, limits: Limits = LIMITS) -> Decoded:
    """Check the body of a POST and return its events as bytes.

    ``ndjson`` says whether each line is an object; otherwise the body is one object or an array of them.
    Lines that cannot be accepted are listed in ``rejected`` with a code, never raised. ``now_ms`` (store's clock)
    becomes the timestamp of events that carry none. Raises BodyRefused when the body is too large, has too many
    lines, or is not JSON at all.
    """
    raise NotImplementedError


def parse(event: bytes) -> dict[str, Any]:
    """Return a stored event as a dict."""
    raise NotImplementedError
