"""How a stretch of work is marked for traces: one function that is handed on, and costs nothing when off.

What becomes of the marks is the server's business; nothing here or below it knows any tracing library.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Final, Protocol

Told = Mapping[str, Any]
"""What is known of a stretch of work, by OpenTelemetry's names where it has some. No credentials."""


class Marked(Protocol):
    """A stretch of work that is under way."""

    def note(self, told: Told) -> None:
        """Add what has become known of it."""


class Mark(Protocol):
    """Marks a stretch of work: ``with span("checkpoint", {"spectator.room": room_id}) as marked:``."""

    def __call__(
        self, name: str, told: Told | None = None, *, within: bool = False, carrier: Told | None = None
    ) -> AbstractContextManager[Marked]:
        """Begin when the context is entered, end when it is left.

        Args:
            name: what is done; one of few, so nothing of a single room is in it.
            told: what is known of it.
            within: only as a part of a stretch that is marked already.
            carrier: the headers of a request that came from outside: their ``traceparent`` says what it is
                a part of.
        """


class _Unmarked:
    """Nothing, for as long as tracing is off."""

    __slots__ = ()

    def __enter__(self) -> Marked:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def note(self, told: Told) -> None:
        """Nobody listens."""


UNMARKED: Final[AbstractContextManager[Marked]] = _Unmarked()


def unmarked(
    name: str, told: Told | None = None, *, within: bool = False, carrier: Told | None = None
) -> AbstractContextManager[Marked]:
    """The ``Mark`` of a server that traces nothing."""
    del name, told, within, carrier
    return UNMARKED
