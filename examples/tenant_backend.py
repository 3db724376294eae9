"""The backend of a team's own site: it knows who its users are, and vouches for them to the server.

The team's site has logged its users in already. It makes a room that only they may watch, hands each of them
a link in which a signed identity says who they are, and takes somebody off the list who has left the team.
The API key (of scope manage) stays in the backend; the users never see it.

    SPECTATOR_URL=... SPECTATOR_API_KEY=sk_... python examples/tenant_backend.py
"""

import asyncio
from typing import Dict

from spectator import AccessLevel, Refused, RoomAccessControl, SpectatorRoomManager

USERS: Dict[str, str] = {"ada": "Ada Lovelace", "grace": "Grace Hopper"}  # who is logged in to the site


class WatchLinks:
    """What the site's page of a training needs."""

    def __init__(self, rooms: SpectatorRoomManager) -> None:
        """Use the rooms of the team's tenant."""
        self._rooms = rooms
        self._room_id = ""
        self._page = ""

    async def open(self, training: str, owner: str) -> str:
        """Make the room of a training; return its code. It can be seen by nobody yet."""
        info = await self._rooms.create_spectator_room(
            training, owner, RoomAccessControl(AccessLevel.PRIVATE, max_spectators=30)
        )
        self._room_id, self._page = info.room_id, info.join_url
        return info.room_code

    async def link_for(self, user_id: str) -> str:
        """Return a link for a user who is logged in to the site, good for an hour.

        The identity stands behind the #: it reaches no server's log, and the page removes it at once.
        """
        await self._rooms.allow_users(self._room_id, [user_id])
        made = await self._rooms.create_identity(user_id, USERS[user_id], hours=1)
        return f"{self._page}#identity={made['token']}"

    async def left_the_team(self, user_id: str) -> None:
        """End what a user could see: whoever is in by the list alone is sent away within a second."""
        await self._rooms.disallow_users(self._room_id, [user_id])

    async def may_watch(self, user_id: str) -> bool:
        """Tell whether a user would be let in now."""
        try:
            await self._rooms.join_room_request(self._room_id, user_id, USERS.get(user_id, user_id))
        except Refused as refused:
            print(f"   {user_id}: {refused.code}")  # to strangers a private room does not exist
            return False
        return True


async def main() -> None:
    """Open a room for the team, let two in, and one of them out again."""
    async with SpectatorRoomManager() as rooms:
        links = WatchLinks(rooms)
        print(f"the room of the training: {await links.open('nightly run', owner='grace')}")
        link = await links.link_for("ada")
        print(f"Ada's link: {link.partition('#')[0]}#identity=...")
        print(f"Ada may watch: {await links.may_watch('ada')}")
        print(f"Eve may watch: {await links.may_watch('eve')}")
        await links.left_the_team("ada")
        print(f"Ada may watch, now that she has left: {await links.may_watch('ada')}")


if __name__ == "__main__":
    asyncio.run(main())
