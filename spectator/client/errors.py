"""What can go wrong between a client and a server.

SpectatorError
├── Unreachable   no answer: refused, timed out, broken off, not our server
├── NoServer      there is none, and none can be started here
└── Refused       the server answered no, with a code of the protocol
"""

from __future__ import annotations

from typing import Optional


class SpectatorError(Exception):
    """What a client could not do; the message says what to do about it."""


class Unreachable(SpectatorError):
    """The server did not answer. Trying again later makes sense."""


class NoServer(SpectatorError):
    """No server is known, and none can be started here."""


class Refused(SpectatorError):
    """The server answered with a problem.

    Attributes:
        code: the stable name of the problem, such as ``room_full``.
        status: the HTTP status.
        message: what happened and what to do, for people.
        retry_after: seconds after which asking again makes sense, or None.
        field: the argument at fault, where there is one.
        last: the last stored number of the producer (``sequence_gap`` only).
        quota: the name of the tenant's quota that is used up (``quota_exceeded`` only).
        limit: what that quota allows.
    """

    def __init__(
        self,
        code: str,
        status: int,
        message: str,
        retry_after: Optional[float] = None,
        field: Optional[str] = None,
        last: Optional[int] = None,
        quota: Optional[str] = None,
        limit: Optional[float] = None,
    ) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code
        self.status = status
        self.message = message
        self.retry_after = retry_after
        self.field = field
        self.last = last
        self.quota = quota
        self.limit = limit


def as_clause(error: SpectatorError) -> str:
    """Return what happened, without its full stop: for a sentence that goes on after a semicolon."""
    text = error.message if isinstance(error, Refused) else str(error)
    return text[:-1] if text.endswith(".") else text
