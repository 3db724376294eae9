"""JSON as every part of the system accepts it: compact, and without NaN or Infinity."""

from __future__ import annotations

import json
import math
from typing import Any, Callable

_write = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


def json_text(value: Any, non_finite: Callable[[], None] = lambda: None) -> str:
    """Return plain data as compact JSON; each NaN or infinity travels as null and calls ``non_finite`` once.

    Raises:
        TypeError: there is something in ``value`` that is not plain data (see
        `spectator.protocol.values.jsonable`).
    """
    try:
        return _write(value)
    except ValueError:  # there is a non-finite number in it: the rare, slow way
        return _write(_without(value, non_finite))


def _without(value: Any, non_finite: Callable[[], None]) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        non_finite()
        return None
    if isinstance(value, dict):
        return {key: _without(item, non_finite) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without(item, non_finite) for item in value]
    return value
