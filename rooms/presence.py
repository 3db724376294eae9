"""How long presence lasts: seats, ties, reservations, waits. All in milliseconds."""

from __future__ import annotations

SEAT_MS = 30_000
"""A seat is a lease of this length; the live connection renews it (every 10 s), a lost one lets it lapse."""

HERE_MS = 27_000
"""For so long after its last renewal somebody counts as here: a killed node's people are gone, and everybody
who watches has been told, before their seats are free."""

RESERVED_MS = 60_000
"""For so long an approval holds a seat for somebody who has not come in yet."""

REFUSED_MS = 60_000
"""For so long after a denial (or a kick) the person may not ask again."""

PARTED_KEPT_MS = 600_000
"""For so long a room remembers whom its owner put out, to tell their connections why they end."""

BARRED_MS = 3_600_000
"""For so long strangers from the address of an anonymous person who was blocked are refused."""

CLAIM_MS = 15_000
"""For so long a publisher counts as alive after its last word; a room found again is claimed for as long."""

MEMBERSHIP_MS = 24 * 3_600_000
"""A member without a seat for so long is forgotten."""

GRANT_MS = 3_600_000
"""How long a grant is good for; the member row may end it earlier."""

WAIT_KEPT_MS = 24 * 3_600_000
"""No wait is longer (``ApprovalSeconds``): so long after the last one began, a person's are forgotten."""

ANSWER_KEPT_MS = 3_600_000
"""For so long after its wait a request can still be read by its asker."""

LINK_MS = 600_000
"""How long a claim, the link by which an owner gets into the page, is good for."""

CODE_KEPT_MS = 24 * 3_600_000
"""For so long after its room ended a code is given to no other room."""

ROOM_KEPT_MS = 7 * 24 * 3_600_000
"""For so long after a room ended, what was recorded in it is kept."""


NAMED = 50
"""So many of those who are here can be named to others, the ones who came first; the count knows them all."""


def is_held(lease_end_ms: int | None, now_ms: int) -> bool:
    """Whether a lease with this end (None: there never was one) holds its seat now."""
    return lease_end_ms is not None and lease_end_ms > now_ms
