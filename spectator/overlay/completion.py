"""An event with what the overlay adds to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Completed:
    """An event of the log and what it says in the overlay's terms.

    ``event`` is what was published. ``derived`` holds the names of the graphs and key figures that the
    publisher left out or calls otherwise: ``{"current_reward": 75.5, "average_reward": 65.3, "best_reward":
    100.0}``, empty for most types. ``raw`` is the JSON as published, for flat viewers; ``completed`` the JSON
    with a field ``derived`` beside the others where there is something to say (else the same object), for
    ``spectator.v1``.
    """

    seq: int
    event: dict[str, Any]
    derived: Mapping[str, float]
    raw: bytes
    completed: bytes


def completed(seq: int, event: dict[str, Any], derived: Mapping[str, float], raw: bytes) -> Completed:
    """Join an event with what was derived from it. ``raw`` is its JSON object, on one line."""
    whole = raw[:-1] + b',"derived":' + _encode(derived) + b"}" if derived else raw
    return Completed(seq, event, derived, raw, whole)
