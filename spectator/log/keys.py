"""The keys of one room in the store. All carry the room's hash tag, so that one script may touch them."""

from __future__ import annotations


def room(room_id: str) -> str:
    """The room's control fields; owned by the package rooms."""
    return f"sp:{{{room_id}}}:room"


def waiting(room_id: str) -> str:
    """Who waits to be let in, by the time their request expires; owned by the package rooms."""
    return f"sp:{{{room_id}}}:waiting"


def log(room_id: str) -> str:
    """The stream of entries."""
    return f"sp:{{{room_id}}}:log"


def head(room_id: str) -> str:
    """Where the stream ends, the life of the run, the lease on the next checkpoint."""
    return f"sp:{{{room_id}}}:head"


def checkpoint(room_id: str) -> str:
    """The state at some event."""
    return f"sp:{{{room_id}}}:checkpoint"


def producers(room_id: str) -> str:
    """The last sequence and answer of each producer."""
    return f"sp:{{{room_id}}}:producers"


def here(room_id: str) -> str:
    """The people who are here, by the time they count no longer; owned by the package rooms."""
    return f"sp:{{{room_id}}}:here"


def crowd(room_id: str) -> str:
    """What the viewers on each node want, and how many of them are keys."""
    return f"sp:{{{room_id}}}:crowd"


def series(room_id: str) -> str:
    """The names of the room's series."""
    return f"sp:{{{room_id}}}:series"
