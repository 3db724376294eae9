"""Whether what was read continues what was seen."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from spectator.log.cursor import Cursor
from spectator.log.entry import Entry
from spectator.log.head import Head


class Chain(Enum):
    """What the entries after a cursor say about it."""

    INTACT = "intact"
    TRIMMED = "trimmed"
    """What follows the cursor is no longer kept."""
    BROKEN = "broken"
    """The log was rewritten behind the cursor: the store lost a tail, and perhaps grew another."""


def check(cursor: Cursor, head: Head, entries: Sequence[Entry]) -> Chain:
    """Compare a cursor with the head and with the entries read after it, at one moment.

    Each entry names the tag of the one before, so a log that lost its tail shows it at the first entry that
    follows; the epoch shows it to those who come later.
    """
    fresh = cursor == Cursor.START
    if not fresh and cursor.epoch != head.epoch:
        return Chain.BROKEN
    if head.seq < cursor.seq:
        return Chain.BROKEN
    if head.seq == cursor.seq:
        return Chain.INTACT if head.tag == cursor.tag else Chain.BROKEN
    if cursor.seq + 1 < head.first:
        return Chain.TRIMMED
    return Chain.INTACT if linked(cursor.seq, cursor.tag, entries) else Chain.BROKEN


def linked(seq: int, tag: bytes, entries: Sequence[Entry]) -> bool:
    """Tell whether these entries follow event ``seq`` of the entry ``tag`` and each other without a gap."""
    for entry in entries:
        if entry.first != seq + 1 or entry.previous != tag:
            return False
        seq, tag = entry.last, entry.tag
    return bool(entries)
