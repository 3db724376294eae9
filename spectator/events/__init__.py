"""Events: what training code publishes, checked once and from then on bytes."""

from spectator.events.decoding import BodyRefused, Decoded, Refusal, RunChange, decode, parse
from spectator.events.kinds import (
    AXES,
    CLASS_OF,
    LIFE,
    SAMPLED_FIELD,
    EventClass,
    RunStatus,
    run_name,
    samples,
    state_key,
)
from spectator.events.limits import LIMITS, Limits
from spectator.events.shapes import GraphShapes

__all__ = [
    "AXES",
    "CLASS_OF",
    "LIFE",
    "LIMITS",
    "SAMPLED_FIELD",
    "BodyRefused",
    "Decoded",
    "EventClass",
    "GraphShapes",
    "Limits",
    "Refusal",
    "RunChange",
    "RunStatus",
    "decode",
    "parse",
    "run_name",
    "samples",
    "state_key",
]
