"""What was read lately, so that a script need not send it again when it has not changed."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Kept(Generic[_T]):
    """A value and the mark under which the store holds it; ('', None) stands for nothing."""

    mark: str
    value: _T | None


class Lately(Generic[_T]):
    """The last values read, by id; the oldest go first.

    A reader asks with the mark it has, and holds on to the value until the answer is there: it may be dropped
    from here in between.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[str, Kept[_T]] = OrderedDict()

    def get(self, key: str) -> Kept[_T]:
        """What is kept for this id."""
        return self._kept.get(key) or Kept("", None)

    def keep(self, key: str, mark: str, value: _T) -> _T:
        """Keep a value, and return it."""
        self._kept[key] = Kept(mark, value)
        self._kept.move_to_end(key)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)
        return value


def same(kept: Kept[Any]) -> Any:
    """The value of a mark that the store said is still the same."""
    if kept.value is None:
        raise LookupError("the store answered 'the same' to a caller that had nothing")
    return kept.value
