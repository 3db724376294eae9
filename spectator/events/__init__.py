"""Events: what training code publishes, checked once and from then on bytes."""

from spectator.events.decoding import BodyRefused, Decoded, Refusal, RunChange, decode, parse
from spectator.events.kinds import AXES, CLASS_OF, EventClass, samples, state_key
from spectator.events.limits import LIMITS, Limits

__all__ = [
    "AXES",
    "CLASS_OF",
    "LIMITS",
    "BodyRefused",
    "Decoded",
    "EventClass",
    "Limits",
    "Refusal",
    "RunChange",
    "decode",
    "parse",
    "samples",
    "state_key",
]
