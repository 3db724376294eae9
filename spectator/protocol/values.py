"""Whatever a training script holds, as what JSON can carry: numbers, text, lists and dicts.

Nothing is imported for it: numpy, torch, jax and tensorflow values are known by their ``item``, ``tolist``
and ``__float__``. Reading a value may copy it from an accelerator; that is done when it is logged, so that a
tensor changed in place afterwards does no harm.
"""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta, timezone
from enum import Enum
from pathlib import PurePath
from typing import Any, List, Mapping, Optional, Union

Number = Union[int, float]

LARGEST_INT = 2**53  # beyond it a double, and so every browser, rounds
DEEPEST = 16  # levels of nesting kept; what is deeper becomes text
LONGEST_LIST = 4096  # items of one list kept
LONGEST_TEXT = 16_000  # characters of one text kept


def number(value: Any) -> Optional[Number]:
    """Return ``value`` as an int or a float, or None when it is no single number.

    True and False count as 1 and 0, durations as seconds. NaN and infinities are returned as they are:
    whoever writes JSON turns them into null (`json_text`). An int beyond 2**53 becomes a float.
    """
    if isinstance(value, int):  # bool too
        return int(value) if -LARGEST_INT <= value <= LARGEST_INT else _float(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, (str, bytes)) or value is None:
        return None
    if isinstance(value, Enum):
        return number(value.value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    return _scalar(value)


def text(value: Any) -> Optional[str]:
    """Return ``value`` as text when it is text by nature (str, date, path, enum of text), else None."""
    if isinstance(value, Enum):
        return text(value.value) or value.name
    if isinstance(value, str):
        return clean(str(value))
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, (date, PurePath)):
        return clean(str(value))
    return None


def jsonable(value: Any, depth: int = DEEPEST) -> Any:
    """Return ``value`` as plain JSON data: None, numbers, text, lists, dicts. Never raises.

    Arrays become lists, dataclasses and namespaces dicts, sets lists; what is nothing of this becomes its
    text.
    """
    if value is None or isinstance(value, bool):
        return value
    scalar = number(value)
    if scalar is not None:
        return scalar
    words = text(value)
    if words is not None:
        return words
    if depth > 0:
        if isinstance(value, Mapping):
            return {clean(str(key)): jsonable(item, depth - 1) for key, item in value.items()}
        names = getattr(value, "__dataclass_fields__", None)  # without importing dataclasses for it
        if names is not None and not isinstance(value, type):
            return {name: jsonable(getattr(value, name), depth - 1) for name in names}
        items = sequence(value)
        if items is not None:
            return [jsonable(item, depth - 1) for item in items[:LONGEST_LIST]]
        if type(value).__name__ == "Namespace":  # argparse's, and those made after it
            return jsonable(vars(value), depth - 1)
    return described(value)


def sequence(value: Any) -> Optional[List[Any]]:
    """Return the items of a list, tuple, set, range or array; None for all else (text, bytes, dicts)."""
    if isinstance(value, (list, tuple, set, frozenset, range)):
        return list(value)
    if isinstance(value, (str, bytes, bytearray, Mapping)):
        return None
    tolist = getattr(value, "tolist", None)
    if callable(tolist):
        try:
            items = tolist()
        except Exception:  # noqa: BLE001 - as above: a tensor that cannot be read must not end a training
            return None
        return items if isinstance(items, list) else None
    return None


def described(value: Any) -> str:
    """Return the text of an object that is nothing JSON knows, such as ``torch.device("cuda")``."""
    try:
        return clean(str(value))[:500]
    except Exception:  # noqa: BLE001 - a stranger's __str__ may raise anything; a log call must not
        return f"<{type(value).__name__}>"


def clean(words: str) -> str:
    """Return ``words`` without what UTF-8 cannot carry, cut at 16,000 characters."""
    if len(words) > LONGEST_TEXT:
        words = words[:LONGEST_TEXT] + "…"
    if words.isascii():
        return words
    return words.encode("utf-8", "replace").decode("utf-8")


def utc(moment: datetime) -> str:
    """Return ``moment`` as ISO-8601 in UTC with ``Z``; a naive one counts as local time."""
    return moment.astimezone(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _scalar(value: Any) -> Optional[Number]:
    """Return the one number in a numpy, torch, jax or tensorflow value (of any shape with one element)."""
    item = getattr(value, "item", None)
    try:
        if callable(item):
            inner = item()
            if isinstance(inner, (int, float)):
                return number(inner)
            if isinstance(inner, (str, bytes, complex)):
                return None
        if hasattr(type(value), "__float__"):  # Decimal and Fraction too
            return _float(value)
    except Exception:  # noqa: BLE001 - more than one element, or no number: each library raises its own
        return None
    return None


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
