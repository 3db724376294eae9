"""Events: what training code publishes, checked once and from then on bytes."""

from spectator.events.decoding import BodyRefused, Decoded, Refusal, RunChange, decode, parse
from spectator.events.kinds import AXES, CLASS_OF, LIFE, EventClass, RunStatus, run_name, samples, state_key
from spectator.events.limits import LIMITS, Limits

__all__ = [
    "AXES",
    "CLASS_OF",
    "LIFE",
    "LIMITS",
    "BodyRefused",
    "Decoded",
    "EventClass",
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
