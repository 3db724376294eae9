"""One connection that watches: who it is, how far it has come, and where its bytes go."""

from __future__ import annotations

import enum
from typing import Protocol


class Variant(enum.Enum):
    """The forms a message is encoded in; each exists once, shared by all viewers of that form."""

    V1 = "v1"
    V1_DEFLATED = "v1 deflated"
    FLAT = "flat"
    SSE = "sse"


class Sink(Protocol):
    """Where a viewer's ready bytes go. Never blocks; what the peer does not take is held in a buffer."""

    def write(self, data: bytes) -> None:
        """Hand over one whole frame."""

    def buffered(self) -> int:
        """Bytes handed over and not yet taken by the operating system."""

    def finish(self) -> None:
        """Nothing more will be written: close when the buffer is empty."""

    def abort(self) -> None:
        """Close at once, whatever is buffered."""
