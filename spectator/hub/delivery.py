"""Bringing viewers to the head of their room: the fan-out of what is new, and the way back to it.

Returning, joining late and falling behind are one thing: a place in the ring that is not its end. Nothing
here waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from spectator.hub import packets
from spectator.hub.feed import Feed
from spectator.hub.packets import Packet, Pieces
from spectator.hub.policy import Policy
from spectator.hub.viewer import NOWHERE, Stage, Variant, Viewer
from spectator.log import Cursor
from spectator.stats import Stats


def deliver(viewers: Sequence[Viewer], place: int, packet: Packet, stats: Stats) -> list[Viewer]:
    """Write a new packet to every viewer that has all before it and whose connection takes it.

    Args:
        viewers: some of the room's.
        place: the packet's place in the ring.
        packet: the newest.
        stats: where it counts who got it.

    Returns:
        those that did not get it now and need ``serve``.
    """
    behind = []
    late = 0
    variant: Variant | None = None
    pieces: Pieces = ()
    after = place + 1
    for viewer in viewers:
        if viewer.place != place or not viewer.direct or viewer.rest or viewer.buffered():
            if viewer.missed is None:
                viewer.missed = packet.first
            behind.append(viewer)
            late += 1
            continue
        if viewer.variant is not variant:
            variant = viewer.variant
            pieces = packet.pieces(variant)
        viewer.place = after
        if len(pieces) == 1:
            viewer.write(pieces[0])
        else:  # a long one goes slice by slice
            viewer.rest = pieces
            if not viewer.flush():
                behind.append(viewer)
    reached = len(viewers) - late
    stats.writes += reached
    stats.deliveries += reached * len(packet.events)
    return behind


def serve(feed: Feed, viewer: Viewer, now: float) -> bool:
    """Give a viewer what its connection takes in this turn; True when there is nothing left to give.

    At most ``turn_bytes`` and ``turn_pieces``, so that one who catches up does not delay the others.
    """
    policy = feed.policy
    taken = 0
    for _ in range(policy.turn_pieces):
        if viewer.stage is Stage.ENDED:
            return True
        if viewer.buffered() or taken >= policy.turn_bytes:
            return False
        if not viewer.rest and not _next(feed, viewer, now):
            if viewer.place == feed.ring.end:
                viewer.missed = None
            return viewer.idle or viewer.place == feed.ring.end
        if viewer.rest:
            taken += len(viewer.rest[0])
            viewer.write(viewer.rest[0])
            viewer.rest = viewer.rest[1:]
    return False


def resume(feed: Feed, viewer: Viewer, since: Cursor | None) -> tuple[str, Pieces]:
    """Put a new viewer at the place where it left off.

    Returns:
        ``resume`` of the welcome, and what has to be written right after it. "exact": it gets every event it
        missed; "conflated": what stands for them; "full": the whole picture, because they are no longer kept
        or the log is another one; "none": the whole picture, since it was not here before.
    """
    viewer.place = NOWHERE
    if since is None:
        return "none", ()
    same = since.epoch == feed.cursor.epoch or since == Cursor.START
    found = feed.ring.locate((since.seq, since.tag)) if same else None
    if found is None:
        return "full", ()
    place, whole = found
    lag = feed.ring.lag(place)
    exact = lag <= feed.policy.resume_bytes
    if not exact and lag > feed.policy.conflate_bytes:
        return "full", ()
    if exact:
        viewer.exact_to = feed.ring.end
    viewer.place = place
    if whole:
        return ("exact" if exact else "conflated"), ()
    # It left in the middle of what is one packet here: the rest of that comes first.
    viewer.place = place + 1
    rest = feed.ring[place].after(since.seq).pieces(viewer.variant)
    return ("exact" if exact else "conflated"), rest


def acknowledge(feed: Feed, viewer: Viewer, now: float) -> None:
    """Hold back a viewer whose acks are too far behind what was written, and let go one that caught up.

    The socket's buffer does not show a slow viewer behind a proxy that swallows megabytes; its acks do. The
    bytes count only after half the time: at a thousand events a second a healthy viewer owes more than the
    limit between two of its acks, which come once a second.
    """
    if viewer.acked is None:
        return
    ring, policy = feed.ring, feed.policy
    owed = ring.after(viewer.acked)
    if viewer.mark is not None and owed >= min(viewer.mark[0], ring.end):
        viewer.mark = None
    if viewer.mark is None:
        viewer.held = False
        if owed < viewer.place:
            viewer.mark = (viewer.place, now)
    else:
        age = now - viewer.mark[1]
        size = ring.lag(owed) - ring.lag(max(owed, min(viewer.place, ring.end)))
        if age > policy.ack_s or (size > policy.exact_bytes and age > policy.ack_s / 2):
            viewer.held = True
            viewer.conflate(now + policy.recover_s)
    viewer.settle()


def owes(feed: Feed, seq: int, now: float) -> float:
    """Seconds since the oldest event was made that a viewer with all up to ``seq`` has not said it has."""
    ring = feed.ring
    place = max(ring.after(seq), ring.start)
    return 0.0 if place == ring.end else now - ring[place].made_at


def lag(feed: Feed, viewer: Viewer, now: float) -> float:
    """Seconds by which what a viewer sees is behind what happens; 0 where nobody looks.

    Where it acks, its acks say it, also behind a proxy that takes everything at once and passes it on later:
    as old as the oldest event was that it did not have when it last said what it has, or older since then. An
    ack a second is due; what is younger than that is not late.
    """
    if viewer.hidden:
        return 0.0
    written = _unwritten(feed, viewer, now)
    if viewer.acked is None:
        return written
    owed = owes(feed, viewer.acked, now)
    return max(written, viewer.late, owed - feed.policy.ack_every_s) if owed else 0.0


def _unwritten(feed: Feed, viewer: Viewer, now: float) -> float:
    """Seconds since the oldest event was made that was not yet handed to the viewer's connection."""
    ring = feed.ring
    if viewer.place == ring.end or not len(ring):  # what was written may still be stuck in its buffer
        return now - viewer.stuck[2] if viewer.stuck is not None and viewer.buffered() else 0.0
    return now - ring[max(viewer.place, ring.start)].made_at


def stuck(viewers: Iterable[Viewer], now: float, policy: Policy) -> list[Viewer]:
    """Those whose connection has taken nothing for ``dead_s`` although there is something to take."""
    found = []
    for viewer in viewers:
        owed = viewer.buffered()
        acked = viewer.acked if viewer.held else None
        if not owed and not viewer.held:
            viewer.stuck = None
        elif viewer.stuck is None or viewer.stuck[:2] != (owed, acked):
            viewer.stuck = (owed, acked, now)
        elif now - viewer.stuck[2] >= policy.dead_s:
            found.append(viewer)
    return found


def _next(feed: Feed, viewer: Viewer, now: float) -> bool:
    """Put what a viewer gets next into ``rest``; False when it has to wait or has everything."""
    if viewer.notes:
        kind = next(iter(viewer.notes))
        viewer.rest = viewer.notes.pop(kind).pieces(viewer.variant)
        return True
    if viewer.idle or viewer.place == feed.ring.end:
        return False
    if viewer.place < feed.ring.start:
        _give_picture(feed, viewer, now)
        return True
    if viewer.place < viewer.exact_to or _keeps_up(feed, viewer, now):
        packet = feed.ring[viewer.place]
        viewer.rest = packet.pieces(viewer.variant)
        viewer.place += 1
        feed.stats.writes += 1
        feed.stats.deliveries += len(packet.events)
        return True
    end = feed.window(now)
    if end <= viewer.place:
        return False
    pieces = feed.conflated(viewer.place, end, viewer.variant)
    if pieces is None:
        _give_picture(feed, viewer, now)
    else:
        viewer.rest, viewer.place = pieces, end
    return True


def _keeps_up(feed: Feed, viewer: Viewer, now: float) -> bool:
    """Whether it gets every packet; one that is too far behind is conflated from now on, for a while."""
    policy, ring = feed.policy, feed.ring
    much = ring.lag(viewer.place) > policy.exact_bytes and viewer.place != ring.end - 1
    if much or now - ring[viewer.place].made_at > policy.exact_s:
        viewer.conflate(now + policy.recover_s)
    return viewer.recovered(now)


def _give_picture(feed: Feed, viewer: Viewer, now: float) -> None:
    feed.stats.catchups["snapshot"] += 1
    if not viewer.variant.flat:
        message, viewer.place = feed.picture(now)
        viewer.rest = message.pieces(viewer.variant)
        return
    opening, place = feed.opening()
    pieces = opening.pieces(viewer.variant)
    if viewer.place != NOWHERE and viewer.missed is not None:
        pieces = packets.joined([feed.skip(viewer.missed, feed.cursor.seq, {})]) + pieces
    viewer.rest, viewer.place = pieces, place
