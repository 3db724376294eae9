"""Ends what rests on an API key that was revoked, or on a tenant that was suspended or deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from rooms import LOCAL_TENANT, StoreUnavailable
from spectator.hub.codes import Close
from spectator.hub.node import Node
from spectator.hub.outage import Outage
from spectator.hub.room import RoomHub
from spectator.hub.viewer import Viewer

End = Callable[[Viewer, Close, str | None], None]

KEY_ENDED = "This key was revoked, or its time is over; ask whoever gave it to you for a new one."


class Revocations:
    """Asks of the keys and tenants that somebody here watches by; within a second, bell or no bell.

    One question a round, however many watch: it names each key and each tenant of this node once.
    """

    def __init__(self, node: Node, outage: Outage, end: End) -> None:
        self._node = node
        self._outage = outage
        self._end = end

    async def round(self) -> None:
        """Wait a while, then ask and act."""
        await asyncio.sleep(self._node.policy.revoke_s)
        try:
            await self.look()
        except StoreUnavailable:
            self._outage.failed()

    async def look(self) -> None:
        """Ask now, and end what may not go on.

        Raises:
            StoreUnavailable: nothing is known, so nobody is sent away.
        """
        rooms = [
            (room, room.glance.room.tenant) for room in self._node.rooms.values() if room.glance is not None
        ]
        keyed = [viewer for room, _ in rooms for viewer in room.keyed]
        keys = {viewer.right.key_id for viewer in keyed if viewer.right.key_id is not None}
        tenants = {tenant for room, tenant in rooms if room.needed} - {LOCAL_TENANT}
        if not keys and not tenants:
            return  # a laptop asks nothing
        found = await self._node.manager.tenants.look(sorted(keys), sorted(tenants))
        for room, tenant in rooms:
            if tenant in found.suspended:
                self._shut(room)
        for viewer in keyed:
            if viewer.right.key_id in found.dead_keys:
                self._end(viewer, Close.UNAUTHORIZED, KEY_ENDED)

    def _shut(self, room: RoomHub) -> None:
        """To whoever is in it, or waits at its door, the room does not exist any more."""
        for viewer in room.everybody():
            self._end(viewer, Close.ROOM_NOT_FOUND, None)
        for listener in list(room.listeners):  # whoever waits for an answer asks again, and is told
            listener()
