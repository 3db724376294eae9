"""The numbers in an event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from spectator.events import SAMPLED_FIELD

_INFINITE: Final = float("inf")
_LARGEST: Final = 2**53


def values_of(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a metrics event measured, by its own names, values of any type; empty for other events."""
    kind = event.get("type")
    if kind == "metric":
        name = event.get("name")
        return {name: event.get("value")} if isinstance(name, str) else {}
    found = event.get(SAMPLED_FIELD.get(kind, "")) if isinstance(kind, str) else None
    return found if isinstance(found, dict) else {}


def finite(values: Mapping[str, Any]) -> dict[str, float]:
    """Those of the values that are finite numbers. True and false are none."""
    return {
        name: value
        for name, value in values.items()
        if (type(value) is float and -_INFINITE < value < _INFINITE)
        or (type(value) is int and -_LARGEST <= value <= _LARGEST)
    }


def number(value: Any) -> float | None:
    """The value as a float, if it is a finite number; true and false are none."""
    kind = type(value)
    if kind is float:
        return value if -_INFINITE < value < _INFINITE else None
    return float(value) if kind is int and -_LARGEST <= value <= _LARGEST else None
