"""The names of everything in the store. The keys of one room carry its id as hash tag: one slot, one node.

No key holds a credential: API keys, names and idempotency keys go in as hashes.
"""

from __future__ import annotations

import hashlib

PARTS = (
    "room", "claims", "members", "seats", "requests", "waiting", "askers", "asked", "refused", "turned",
    "invitations", "invited", "here", "arrived", "ties", "parted", "parting", "blocked", "barred",
    "log", "head", "checkpoint", "producers", "crowd", "series", "frames",
)  # fmt: skip
"""Every key of a room by its last part; those in the last line belong to the log of events."""

SECRETS = "sp:secrets"
DUE = "sp:due"
"""When each room must be looked at next: ``<tenant> <room id>`` → ms."""

TENANTS = "sp:{tenants}:rows"
"""All tenants: id → name, quotas and when it was made."""

HALTED = "sp:{tenants}:halted"
"""The tenants that are not active: id → ``suspended`` or ``deleting``. Small: every node reads it whole."""

KEYS = "sp:keys"
"""All API and operator keys: id → what it is, and the hash under which callers are looked up."""

LISTED = "sp:listed"
"""The rooms whose owners want them in the lobby, by the time they were made."""


def of_room(room_id: str, *parts: str) -> list[str]:
    """The keys of a room, in the order of ``parts``."""
    return [f"sp:{{{room_id}}}:{part}" for part in parts]


def every_part(room_id: str) -> list[str]:
    """All keys of a room."""
    return of_room(room_id, *PARTS)


def code(code_text: str) -> str:
    """A code → the id of its room."""
    return f"sp:code:{code_text}"


def name(digest: str) -> str:
    """A room's name under one API key (see ``digest``) → the id of its room."""
    return f"sp:name:{digest}"


def replay(digest: str) -> str:
    """An idempotency key (see ``digest``) → the room that was made with it, and a hash of what was asked."""
    return f"sp:replay:{digest}"


def tenant_rooms(tenant: str) -> str:
    """A tenant's rooms by the time they were made."""
    return f"sp:tenant:{tenant}:rooms"


def tenant_active(tenant: str) -> str:
    """A tenant's rooms that have not ended: what its quota counts."""
    return f"sp:tenant:{tenant}:active"


def tenant_spent(tenant: str) -> str:
    """What a tenant took from its quotas over time."""
    return f"sp:tenant:{tenant}:spent"


def tenant_seats(tenant: str) -> str:
    """Who sits in a tenant's rooms, where its seats are bounded: ``<room id> <person>``, end of the lease."""
    return f"sp:tenant:{tenant}:seats"


def tenant_stored(tenant: str) -> str:
    """How many bytes each room of a tenant keeps, and (without a name) all of them."""
    return f"sp:tenant:{tenant}:stored"


def tenant_names(tenant: str) -> str:
    """Keys of the store that belong to a tenant and lie in no room of it, by when they are gone anyway."""
    return f"sp:tenant:{tenant}:names"


def tenant_lists(tenant: str) -> list[str]:
    """The keys that belong to a tenant as a whole, and are removed with it; its name stands in each."""
    made = (tenant_rooms, tenant_active, tenant_spent, tenant_seats, tenant_stored, tenant_names)
    return [*(key(tenant) for key in made), *of_audit(tenant)]


def of_audit(tenant: str | None) -> list[str]:
    """The keys of a tenant's audit, or of the operator's own (None): one slot, one script."""
    tag = "audit" if tenant is None else f"audit:{tenant}"
    return [f"sp:{{{tag}}}:{part}" for part in ("doings", "visits", "addresses", "batches")]


def person_waiting(person: str) -> str:
    """The rooms in which a person waits, by the time the wait ends."""
    return f"sp:waits:{digest(person)}"


def key_row(sha256: str) -> str:
    """An API or operator key, by its hash → what it is."""
    return f"sp:key:{sha256}"


def bucket(*parts: str) -> str:
    """A budget of failures."""
    return f"sp:budget:{digest(*parts)}"


def digest(*parts: str) -> str:
    """Parts of a name as one hash: no length, no separator and no secret to worry about."""
    mark = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        mark.update(len(data).to_bytes(4, "big") + data)
    return mark.hexdigest()[:40]
