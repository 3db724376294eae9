"""What an operator needs of the package, without secrets: it signs nothing and admits nobody."""

from __future__ import annotations

from dataclasses import dataclass

from rooms.connection import Connection
from rooms.limits import Limits
from rooms.manager.quotas import Quotas
from rooms.manager.removal import Removal
from rooms.manager.tenancy import Tenancy
from rooms.manager.tenants import Tenants
from rooms.store import NamesStore, PeopleStore, RoomStore, TenantsStore


@dataclass(frozen=True, slots=True)
class Operating:
    """Tenants and keys, and what they use."""

    tenants: Tenants
    quotas: Quotas

    @classmethod
    def on(cls, connection: Connection, limits: Limits | None = None) -> Operating:
        """The parts over a store, for who may open it: a command on the server's own machine."""
        store, names, bounds = TenantsStore(connection), NamesStore(connection), limits or Limits()
        tenancy = Tenancy(store, bounds)
        removal = Removal(RoomStore(connection), PeopleStore(connection), names, store)
        return cls(Tenants(store, names, tenancy, removal, bounds), Quotas(store, names, tenancy))
