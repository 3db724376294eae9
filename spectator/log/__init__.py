"""The log: every accepted event of a room, numbered, in one stream of the store."""

from spectator.log.answers import producer_of
from spectator.log.cursor import Cursor, InvalidCursor
from spectator.log.entry import Entry
from spectator.log.head import Head, RunState, run_status
from spectator.log.log import Log
from spectator.log.results import Appended, Fence, Lease, Loaded, Retention, Tail, Wants

__all__ = [
    "Appended",
    "Cursor",
    "Entry",
    "Fence",
    "Head",
    "InvalidCursor",
    "Lease",
    "Loaded",
    "Log",
    "Retention",
    "RunState",
    "Tail",
    "Wants",
    "producer_of",
    "run_status",
]
