"""Everything the package writes and reads: one operation, one method, one script. There are no rules here."""

from __future__ import annotations

from rooms.store.audit_store import AuditStore, Batch, Place
from rooms.store.names_store import NamesStore
from rooms.store.people_store import PeopleStore
from rooms.store.powers_store import Known, PowersStore
from rooms.store.presence_store import Held, PresenceStore
from rooms.store.room_store import UNCONFIRMED_MS, Outcome, Reading, RoomStore
from rooms.store.rows import Facts, Record
from rooms.store.tenants_store import Cost, TenantsStore, halted_in

__all__ = [
    "UNCONFIRMED_MS",
    "AuditStore",
    "Batch",
    "Cost",
    "Facts",
    "Held",
    "Known",
    "NamesStore",
    "Outcome",
    "PeopleStore",
    "Place",
    "PowersStore",
    "PresenceStore",
    "Reading",
    "Record",
    "RoomStore",
    "TenantsStore",
    "halted_in",
]
