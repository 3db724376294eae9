"""The numbers a hub works by, in one place; all of them from measurement or from the published contract."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """Seconds and bytes. Tests shorten times; nothing else should need to."""

    beat_s: float = 0.033  # what arrives within one beat leaves in one packet
    look_s: float = 1.0  # how often the heads of all active rooms are looked at, bell or no bell
    revoke_s: float = 0.7  # how often keys and tenants are asked of: what is revoked ends within a second
    poll_s: float = 5.0  # how often members are read again, bell or no bell
    idle_s: float = 30.0  # a room nobody watches is kept this long

    packet_bytes: int = 48 * 1024  # a packet is closed at the first entry that reaches this
    ring_bytes: int = 4 * 1024 * 1024  # ready packets kept per room
    exact_bytes: int = 256 * 1024  # behind by more than this: conflated
    exact_s: float = 3.0  # behind by more than this: conflated
    ack_every_s: float = 1.0  # how often a viewer says what it has
    ack_s: float = 3.0  # owing an ack for longer: the connection hides how slow it is; held until it moves
    resume_bytes: int = 512 * 1024  # a return is exact up to this many bytes, else conflated
    conflate_s: float = 0.5  # one conflated packet per this many seconds
    conflate_bytes: int = 1536 * 1024  # behind by more than this: the snapshot
    conflations: int = 16  # different conflated packets per window; beyond: the snapshot
    recover_s: float = 3.0  # a viewer that fell behind stays conflated for this long
    turn_bytes: int = 256 * 1024  # what one viewer may take in one turn
    turn_pieces: int = 64
    burst: int = 256  # writes between two yields to the loop
    snapshot_bytes: int = 128 * 1024
    snapshot_s: float = 2.0  # a snapshot is shared this long

    ping_s: float = 25.0
    pong_s: float = 5.0
    dead_s: float = 10.0  # a connection that takes nothing for this long is ended: 4001
    slow_window_s: float = 300.0  # the third 4001 within this is spared
    slow_spared: int = 2  # that many 4001, then the person stays and is conflated
    abort_s: float = 2.0  # from the close frame to the end of the connection
    renew_s: float = 10.0
    return_s: float = 5.0  # a seat is kept this long for a page that reloads
    hello_s: float = 5.0

    message_bytes: int = 4096  # longest message from a viewer
    message_rate: float = 20.0  # messages a second a viewer may send, lasting
    message_burst: int = 60
    room_viewers: int = 20_000  # connections of one room on one node
    node_viewers: int = 50_000
    person_viewers: int = 10  # connections of one person in one room on one node
    client_viewers: int = 1_000  # connections from one address
    client_strangers: int = 100  # of these, not yet told who they are
    visit_share: float = 0.5  # of a room's seats, for connections without a credential from one address
