"""The life of a join request: it waits until it is answered, taken back, or out of time. No answer is a no.

``TRANSITIONS`` is the whole of it, and draws its own picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from rooms.errors import RequestSettled
from rooms.models import RequestStatus

Step = Literal["approve", "deny", "withdraw", "time"]

TRANSITIONS: Mapping[tuple[RequestStatus, Step], RequestStatus | Literal["gone"]] = {
    ("pending_approval", "approve"): "approved",
    ("pending_approval", "deny"): "denied",
    ("pending_approval", "withdraw"): "gone",
    ("pending_approval", "time"): "expired",
    # Repeats are harmless.
    ("approved", "approve"): "approved",
    ("denied", "deny"): "denied",
}
"""From (status, step) to the next status; what is not here contradicts what was settled."""

_SAID = {"approved": "approved", "denied": "denied", "expired": "not answered in time"}


def step(status: RequestStatus, taken: Step) -> RequestStatus | Literal["gone"]:
    """The status after a step. Raises ``RequestSettled`` when the request was settled otherwise before."""
    following = TRANSITIONS.get((status, taken))
    if following is None:
        raise RequestSettled(f"This join request was already {_SAID[status]}. Ask for the list again.")
    return following


def diagram() -> str:
    """The transitions as a Mermaid state diagram."""
    lines = [f"    {before} --> {after}: {taken}" for (before, taken), after in TRANSITIONS.items()]
    return "\n".join(["stateDiagram-v2", "    [*] --> pending_approval: ask", *lines])
