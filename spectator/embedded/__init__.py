"""The embedded store: finds or starts a Valkey of this user, on a Unix socket, over one data folder.

Who owns it: every user of the store holds a shared lock in the data folder; whoever leaves last shuts the
store down; after a ``kill -9`` of all users it stays, and the next one adopts it.
"""

from spectator.embedded.binary import find_binary
from spectator.embedded.errors import NoStoreBinary, StoreElsewhere, StoreError, StoreFailed
from spectator.embedded.machine import runtime_folder
from spectator.embedded.store import EmbeddedStore, open_store

__all__ = [
    "EmbeddedStore",
    "NoStoreBinary",
    "StoreElsewhere",
    "StoreError",
    "StoreFailed",
    "find_binary",
    "open_store",
    "runtime_folder",
]
