"""Walk through an event value by value: the careful way, for events that are no plain shape."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any, Final

import msgspec

from spectator.events.kinds import SAMPLED_FIELD
from spectator.events.limits import DEPTH, INTEGER, LATEST, NAME, NAMES
from spectator.events.shapes import NESTED

RESERVED: Final = ("seq", "offset", "cursor", "room", "tenant", "derived")
"""Fields that only the server may set beside ``type``."""

_HARMLESS: Final = frozenset((str, bool, type(None)))

_any = msgspec.json.Decoder()


class Refused(ValueError):
    """This line cannot be accepted, for the reason ``code``."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class Walked:
    """An event that was walked through.

    ``event`` is what may be stored; ``changed`` says that it differs from the line; ``non_finite`` counts its
    numbers that were NaN or infinite and are null now. Raises Refused.
    """

    __slots__ = ("changed", "event", "kind", "non_finite")

    def __init__(self, line: bytes) -> None:
        self.changed = False
        self.non_finite = 0
        self.event = self._load(line)
        self.kind = _kind(self.event)
        self._clean_object(self.event, 1)
        self._settle_timestamp()
        _check_names(self.kind, self.event)
        try:
            msgspec.convert(self.event, NESTED[self.kind])
        except msgspec.ValidationError:
            raise Refused("invalid_field") from None

    def encode(self) -> bytes:
        """Return the event as one line of JSON."""
        try:
            return msgspec.json.encode(self.event)
        except UnicodeEncodeError:
            # Half of a surrogate pair: JSON can write it, UTF-8 cannot, and browsers would show a box.
            raise Refused("invalid_json") from None

    def _load(self, line: bytes) -> dict[str, Any]:
        try:
            value = _any.decode(line)
        except RecursionError:
            raise Refused("too_deep") from None
        except (msgspec.MsgspecError, UnicodeDecodeError):
            value = self._load_leniently(line)
        if not isinstance(value, dict):
            raise Refused("not_an_object")
        return value

    def _load_leniently(self, line: bytes) -> Any:
        """Read what Python writes: NaN, Infinity, numbers beyond a double."""
        self.changed = True
        try:
            return json.loads(line)
        except RecursionError:
            raise Refused("too_deep") from None
        except ValueError:
            raise Refused("invalid_json") from None

    def _clean_object(self, value: dict[str, Any], depth: int) -> None:
        if depth > DEPTH:
            raise Refused("too_deep")
        if not _plain(value.values()):
            for key, item in value.items():
                # Replacing the value of a key that is there does not disturb the iteration.
                value[key] = self._clean(item, depth)

    def _clean(self, value: Any, depth: int) -> Any:
        if isinstance(value, dict):
            self._clean_object(value, depth + 1)
        elif isinstance(value, list):
            if depth >= DEPTH:
                raise Refused("too_deep")
            if not _plain(value):
                value[:] = [self._clean(item, depth + 1) for item in value]
        elif isinstance(value, float) and not isfinite(value):
            self.non_finite += 1
            self.changed = True
            return None
        elif type(value) is int and not -INTEGER <= value <= INTEGER:
            raise Refused("number_out_of_range")
        return value

    def _settle_timestamp(self) -> None:
        """Leave a timestamp that is UTC, in ISO 8601 with Z or in seconds, or none."""
        value = self.event.get("timestamp")
        if isinstance(value, str):
            settled = _utc(value)
        elif value is None:
            if "timestamp" in self.event:
                del self.event["timestamp"]
                self.changed = True
            return
        elif isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LATEST:
            return
        else:
            raise Refused("invalid_timestamp")
        if settled != value:
            self.event["timestamp"] = settled
            self.changed = True


def _plain(values: Collection[Any]) -> bool:
    """Tell whether values need no look at each of them; for long arrays that is thirty times as fast."""
    kinds = set(map(type, values))
    if kinds <= _HARMLESS:
        return True
    if kinds <= {int}:
        return bool(min(values) >= -INTEGER and max(values) <= INTEGER)
    return kinds <= {float} and all(map(isfinite, values))


def _kind(event: Mapping[str, Any]) -> str:
    kind = event.get("type")
    if not isinstance(kind, str) or kind not in NESTED:
        raise Refused("unknown_type")
    if any(field in event for field in RESERVED):
        raise Refused("reserved_field")
    return kind


def _check_names(kind: str, event: Mapping[str, Any]) -> None:
    """Tell names that are too long or too many apart from fields of the wrong type."""
    values = event.get(SAMPLED_FIELD.get(kind, "metrics"))
    if isinstance(values, dict):
        if len(values) > NAMES:
            raise Refused("too_many_names")
        if any(len(name) > NAME for name in values):
            raise Refused("name_too_long")


def _utc(text: str) -> str:
    """Return an ISO 8601 time as UTC with Z; a time without offset counts as UTC. Raises Refused."""
    try:
        moment = datetime.fromisoformat(text) if len(text) <= 40 else None
    except ValueError:
        moment = None
    if moment is None:
        raise Refused("invalid_timestamp")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    elif text.endswith("Z"):
        return text
    try:
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except OverflowError:
        raise Refused("invalid_timestamp") from None
