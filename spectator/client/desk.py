"""The owner's calls to a room, from training code: they wait some seconds at most, and never end a training.

What the network or the server refuses is said on stderr and answered with nothing (an empty list, False).
"""

from __future__ import annotations

import time
from typing import Callable, List, Optional, TypeVar

from spectator.client.api import Api
from spectator.client.delivery import Fields, Opened
from spectator.client.errors import Refused, SpectatorError
from spectator.client.people import JoinRequest, Spectator
from spectator.client.stderr import Speaker

CLAIM_SECONDS = 540.0  # an owner's link is good for ten minutes

T = TypeVar("T")


class Desk:
    """What an owner can do with one room."""

    def __init__(self, opened: Callable[[], Optional[Opened]], speaker: Speaker) -> None:
        """Act on the room that ``opened`` returns; None while there is none."""
        self._opened = opened
        self._speaker = speaker
        self._used_url: Optional[str] = None

    def requests(self) -> List[JoinRequest]:
        """Return who asks to come in."""
        none: List[Fields] = []
        told = self._ask("list the join requests", lambda api, room: api.requests(room), none)
        return [JoinRequest.read(one, self.approve, self.deny) for one in told]

    def approve(self, request_id: str) -> bool:
        """Let somebody in; return whether that is done."""
        return self._do("approve the join request", lambda api, room: api.approve(room, request_id))

    def deny(self, request_id: str) -> bool:
        """Turn somebody away; return whether that is done."""
        return self._do("deny the join request", lambda api, room: api.deny(room, request_id))

    def approve_all(self) -> int:
        """Let everybody in for whom there is a seat; return how many that were."""
        none: List[Fields] = []
        told = self._ask("approve the join requests", lambda api, room: api.approve_all(room), none)
        return len([one for one in told if one.get("status", "approved") == "approved"])

    def spectators(self) -> List[Spectator]:
        """Return who is in."""
        none: List[Fields] = []
        told = self._ask("list the spectators", lambda api, room: api.spectators(room), none)
        return [Spectator.read(one) for one in told]

    def change(self, fields: Fields) -> Optional[Fields]:
        """Change the room; return it, or None when the server cannot be reached or refuses."""
        return self._ask("change the room", lambda api, room: api.change(room, fields), None)

    def extend(self, hours: float) -> bool:
        """Let the room live longer; return whether that is done."""
        return self._do("extend the room", lambda api, room: api.extend(room, hours))

    def close(self) -> bool:
        """End the room for everybody; return whether that is done."""
        return self._do("close the room", lambda api, room: api.close(room))

    def owner_url(self) -> Optional[str]:
        """Return an unused link to the owner's page: the one that came with the opening, else a fresh one."""
        opened = self._opened()
        if (
            opened
            and opened.owner_url not in {None, self._used_url}
            and time.monotonic() - opened.at < CLAIM_SECONDS
        ):
            self._used_url = opened.owner_url
            return opened.owner_url
        return self._ask("make an owner's link", lambda api, room: api.claim(room), None)

    def _do(self, what: str, call: Callable[[Api, str], object]) -> bool:
        def done(api: Api, room: str) -> bool:
            call(api, room)
            return True

        return self._ask(what, done, False)

    def _ask(self, what: str, call: Callable[[Api, str], T], otherwise: T) -> T:
        opened = self._opened()
        if opened is None:
            self._speaker.say(f"cannot {what}: the room is not open yet")
            return otherwise
        try:
            return call(opened.api, opened.id)
        except Refused as refused:
            if refused.code == "invalid_request":
                raise ValueError(refused.message) from None
            self._speaker.say(f"cannot {what}: {refused.message}")
        except SpectatorError as error:
            self._speaker.say(f"cannot {what}: {error}")
        return otherwise
