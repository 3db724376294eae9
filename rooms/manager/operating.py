"""What an operator needs of the package, without secrets: it signs nothing and admits nobody."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass

from rooms.audit import OK, Actor, AuditEntry
from rooms.clock import Clock
from rooms.connection import Connection
from rooms.errors import StoreUnavailable
from rooms.limits import Limits
from rooms.manager.quotas import Quotas
from rooms.manager.removal import Removal
from rooms.manager.revoking import Revoking
from rooms.manager.tenancy import Tenancy
from rooms.manager.tenants import Tenants
from rooms.store import AuditStore, Batch, NamesStore, PeopleStore, RoomStore, TenantsStore

HERE = Actor("operator", None, "operator on this machine")
"""Who acts as the audit has it: there is no key by which one could be told from another."""

NODES = 1_024
"""Under so many names such commands write; of each the audit remembers one number for good."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Operating:
    """Tenants and keys, and what they use."""

    tenants: Tenants
    quotas: Quotas
    _audit: AuditStore
    _clock: Clock

    @classmethod
    def on(cls, connection: Connection, limits: Limits | None = None) -> Operating:
        """The parts over a store, for who may open it: a command on the server's own machine."""
        store, names, bounds = TenantsStore(connection), NamesStore(connection), limits or Limits()
        tenancy = Tenancy(store, bounds)
        rooms = RoomStore(connection)
        removal = Removal(rooms, PeopleStore(connection), names, store)
        tenants = Tenants(store, names, tenancy, removal, Revoking(rooms, names), bounds)
        return cls(tenants, Quotas(store, names, tenancy), AuditStore(connection), connection.clock)

    async def note(self, what: str, subject: str) -> None:
        """Note in the operators' audit what was done. What cannot be noted is said in the log: it is done."""
        now_ms = self._clock.now_ms()
        entry = AuditEntry(what, OK, HERE, subject=subject, at_ms=now_ms)
        try:
            node = f"here {secrets.randbelow(NODES)}"
            (written,) = await self._audit.write(node, [Batch(None, now_ms, [("", entry)])])
        except StoreUnavailable:
            written = False
        if not written:
            _log.warning("what was done could not be noted in the audit: %s", what)
