"""A room that was opened: where it is, what it is like, and the key of its owner."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any, Dict, Optional

from spectator.client.address import Address
from spectator.client.api import Api

Fields = Dict[str, Any]


@dataclass(frozen=True)
class Opened:
    """A room that was opened, and what one needs to publish into it."""

    address: Address
    room: Fields  # as the protocol's `room`
    owner_token: str = field(repr=False)
    join_url: str = ""
    owner_url: Optional[str] = field(default=None, repr=False)
    password: Optional[str] = field(default=None, repr=False)
    webhook_secret: Optional[str] = field(default=None, repr=False)
    claim: Optional[str] = field(default=None, repr=False)  # by what this script claimed a room of its name
    at: float = field(default_factory=time.monotonic, repr=False)

    @property
    def id(self) -> str:
        """The room's id."""
        return str(self.room["id"])

    @property
    def api(self) -> Api:
        """The calls of the owner."""
        return Api(self.address, self.owner_token)

    def changed(self, told: Fields) -> Opened:
        """Return it after a change: ``told`` is the room, with ``password`` or ``owner_token`` if new."""
        room = {**self.room, **told}
        key, password = room.pop("owner_token", None), room.pop("password", self.password)
        secret = room.pop("webhook_secret", self.webhook_secret)
        moved = room["code"] != self.room["code"]
        page = self.address.page(str(room["code"])) if moved else self.join_url
        # The link of the opening names the old code, or stands on the old key.
        owner_url = None if moved or key else self.owner_url
        return replace(
            self,
            room=room,
            owner_token=str(key or self.owner_token),
            join_url=str(told.get("join_url") or page),
            owner_url=owner_url,
            password=password,
            webhook_secret=secret,
        )
