"""What a parent tells its workers, over a pipe that only the two of them hold."""

from __future__ import annotations

import os
import pickle
from dataclasses import dataclass
from typing import Final

from spectator.nodes import Worker
from spectator.settings import Settings

STOP: Final = b"stop\n"
RELOAD: Final = b"reload\n"

_LENGTH: Final = 8


@dataclass(frozen=True, slots=True)
class Orders:
    """What a worker is told at its start.

    Args:
        settings: those of its parent.
        worker: which one it is.
        descriptors: of the listening sockets it inherits.
        join_root: where spectators on the local network find the server.
    """

    settings: Settings
    worker: Worker
    descriptors: tuple[int, ...]
    join_root: str

    def packed(self) -> bytes:
        """As bytes for the pipe. They hold secrets, so they stand in no argument and no environment."""
        told = pickle.dumps(self)
        return len(told).to_bytes(_LENGTH, "big") + told

    @classmethod
    def read(cls, descriptor: int) -> Orders:
        """Read what ``packed`` made, and nothing of what follows it.

        Raises:
            EOFError: whoever should have sent it is gone.
        """
        length = int.from_bytes(_exactly(descriptor, _LENGTH), "big")
        told = pickle.loads(_exactly(descriptor, length))  # noqa: S301 - our parent wrote it, only we hold the pipe
        assert isinstance(told, cls), "the parent sends its orders first"
        return told


def _exactly(descriptor: int, size: int) -> bytes:
    found = b""
    while len(found) < size:
        part = os.read(descriptor, size - len(found))
        if not part:
            raise EOFError
        found += part
    return found
