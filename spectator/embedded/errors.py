"""What can go wrong with the embedded store.

StoreError
├── NoStoreBinary     no valkey-server or redis-server of version 7 or later on this machine
├── StoreElsewhere    another machine holds the data folder
└── StoreFailed       the store did not start, or did not answer
"""


class StoreError(Exception):
    """The embedded store cannot be used; the message says why and what to do."""


class NoStoreBinary(StoreError):
    """There is no server program of the store on this machine."""


class StoreElsewhere(StoreError):
    """The data folder belongs to a store on another machine."""


class StoreFailed(StoreError):
    """The store did not start, or does not answer."""
