"""The owner's calls to a room, from training code: they wait some seconds at most, and never end a training.

What the network or the server refuses is said on stderr and answered with nothing (an empty list, False).
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Callable, ContextManager, Iterator, List, Mapping, Optional, TypeVar

from spectator.client.api import Api
from spectator.client.errors import Refused, SpectatorError
from spectator.client.invitations import Invitation
from spectator.client.opened import Fields, Opened
from spectator.client.people import Blocked, JoinRequest, Spectator
from spectator.client.stderr import Speaker

CLAIM_SECONDS = 540.0  # an owner's link is good for ten minutes
POWERS = {
    "kick": "send the person away",
    "block": "block the person",
    "unblock": "unblock the person",
    "promote": "make the person a moderator",
    "demote": "make the moderator a spectator",
}

T = TypeVar("T")


@dataclass(frozen=True)
class Keeper:
    """Who holds the room's key beside the desk: the outbox, which publishes with it.

    Attributes:
        take: goes on with a room that was changed: its key, code, link or password may be new.
        renew: returns the room with a key that is good, after one that was refused.
        rekeying: a context in which the key is being replaced.
    """

    take: Callable[[Opened], None]
    renew: Callable[[Opened], Opened]
    rekeying: Callable[[], ContextManager[None]]


class Desk:
    """What an owner can do with one room."""

    def __init__(
        self,
        opened: Callable[[], Optional[Opened]],
        speaker: Speaker,
        keeper: Optional[Keeper] = None,
    ) -> None:
        """Act on the room that ``opened`` returns; None while there is none."""
        self._opened = opened
        self._speaker = speaker
        self._keeper = keeper
        self._used_url: Optional[str] = None

    # -- who asks

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

    # -- who is in

    def spectators(self) -> List[Spectator]:
        """Return who is in."""
        none: List[Fields] = []
        told = self._ask("list the spectators", lambda api, room: api.spectators(room), none)
        return [Spectator.read(one) for one in told]

    def blocked(self) -> List[Blocked]:
        """Return who is blocked."""
        none: Fields = {}
        told = self._ask("list who is blocked", lambda api, room: api.people(room), none)
        return [Blocked.read(one) for one in told.get("blocked", [])]

    def use_power(self, person: str, power: str) -> bool:
        """Kick, block, unblock, promote or demote somebody; return whether that is done."""
        return self._do(POWERS[power], lambda api, room: api.use_power(room, person, power))

    # -- who is invited

    def invite(self, fields: Mapping[str, object]) -> Invitation:
        """Make an invitation; one that is false when it could not be made."""
        told = self._ask("make an invitation", lambda api, room: api.invite(room, fields), None)
        return Invitation.none() if told is None else Invitation.read(told, self.withdraw)

    def invitations(self) -> List[Invitation]:
        """Return the invitations."""
        none: List[Fields] = []
        told = self._ask("list the invitations", lambda api, room: api.invitations(room), none)
        return [Invitation.read(one, self.withdraw) for one in told]

    def withdraw(self, invitation: str) -> bool:
        """Make an invitation worth nothing; return whether that is done."""
        return self._do(
            "withdraw the invitation", lambda api, room: api.withdraw_invitation(room, invitation)
        )

    # -- the room

    def change(self, fields: Fields) -> Optional[Fields]:
        """Change the room; return it, or None when the server cannot be reached or refuses."""
        password = {"password": fields["password"]} if "password" in fields else {}
        return self._changed("change the room", lambda api, room: {**password, **api.change(room, fields)})

    def rotate(self, what: str) -> Optional[Fields]:
        """Replace code, password or key, and go on with the new one; return what was told, or None."""
        with self._rekeying():
            return self._changed(f"replace the room's {what}", lambda api, room: api.rotate(room, what))

    def transfer(self, user_id: str) -> bool:
        """Give the room to another user, and go on publishing; return whether that is done."""
        with self._rekeying():
            told = self._changed("give the room away", lambda api, room: api.transfer(room, user_id))
            opened = self._opened()
            if told is None or opened is None or self._keeper is None:
                return told is not None
            try:
                self._keeper.take(self._keeper.renew(opened))
            except SpectatorError:
                pass  # the outbox meets the same, and says so
            return True

    def extend(self, hours: float) -> bool:
        """Let the room live longer; return whether that is done."""
        return self._do("extend the room", lambda api, room: api.extend(room, hours))

    def close(self, *, keep: bool = True) -> bool:
        """End the room for everybody; return whether that is done."""
        return self._do("close the room", lambda api, room: api.close(room, keep=keep))

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

    def _changed(self, what: str, call: Callable[[Api, str], Fields]) -> Optional[Fields]:
        """Make a call that answers the room as it is now, and go on with that."""
        told = self._ask(what, call, None)
        opened = self._opened()
        if told is not None and opened is not None and self._keeper is not None:
            self._keeper.take(opened.changed(told))
        return told

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
            return self._call(opened, call)
        except Refused as refused:
            if refused.code == "invalid_request":
                raise ValueError(refused.message) from None
            self._speaker.say(f"cannot {what}: {refused.message}")
        except SpectatorError as error:
            self._speaker.say(f"cannot {what}: {error}")
        return otherwise

    def _call(self, opened: Opened, call: Callable[[Api, str], T]) -> T:
        """Call with the room's key; should somebody else have replaced it, with the one that is good now."""
        try:
            return call(opened.api, opened.id)
        except Refused as refused:
            if refused.status != 401 or self._keeper is None:
                raise
            renewed = self._keeper.renew(opened)
            self._keeper.take(renewed)
            return call(renewed.api, renewed.id)

    @contextmanager
    def _rekeying(self) -> Iterator[None]:
        if self._keeper is None:
            yield
        else:
            with self._keeper.rekeying():
                yield
