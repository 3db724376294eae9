"""The verbs of a room as somebody does them on one node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rooms import Created, NewInvitation, Room, RoomPatch
from tests.properties.rooms_model import ADDRESS, USERS, VISITORS, Verb
from tests.rooms.world import World

KNOWN = (*VISITORS, *USERS)


@dataclass
class Names:
    """What the room calls the things that the model calls after the verbs that made them."""

    people: dict[str, str] = field(default_factory=dict)
    grants: dict[tuple[str, int], str] = field(default_factory=dict)
    requests: dict[tuple[str, int], str] = field(default_factory=dict)
    codes: dict[int, str] = field(default_factory=dict)
    passwords: dict[int, str] = field(default_factory=dict)
    invitations: dict[int, tuple[str, str]] = field(default_factory=dict)
    tokens: dict[str, tuple[str, int]] = field(default_factory=dict)  # grant → whose row it names
    lobby: dict[tuple[str, int], str] = field(default_factory=dict)


@dataclass
class Doing:
    """One node, the room as it was seen last, and the names of things; a method a verb.

    ``own``: what everybody shows to say who they are. ``code``: what the model calls the room's present code.
    """

    node: World
    room: Room
    names: Names
    code: int
    own: Mapping[str, str | None]
    strangers: Sequence[str]

    async def join(self, verb: Verb, ref: str, password: Any, invitation: int | None, own: bool) -> Any:
        names = self.names
        refs = {"code": names.codes[self.code], "id": self.room.id, "nowhere": "ZZZZZZ"}
        old = [code for uid, code in names.codes.items() if uid != self.code]
        mine = [token for token, (one, _) in names.tokens.items() if one == verb.who]
        fields = {"display_name": verb.who, "password": names.passwords.get(password, password)}
        if invitation is not None:
            fields["invitation"] = names.invitations[invitation][1]
        bearer = self.own.get(verb.who) if own else mine[-1]
        target = refs.get(ref) or (old or ["ZZZZZZ"])[-1]
        return await self.node.ask(target, bearer, client=self.address(verb.who), **fields)

    def address(self, who: str) -> str:
        given = [*KNOWN, *self.strangers, who].index(who)
        return ADDRESS.get(who, f"198.51.{given // 250}.{given % 250 + 1}")

    async def leave(self, verb: Verb) -> None:
        await self.node.manager.leave(self.room.id, self.names.people[verb.who])

    async def renew(self, verb: Verb) -> str:
        [stays] = await self.node.manager.renew([(self.room.id, self.names.people.get(verb.who, "v_nobody"))])
        return str(stays)

    async def approve(self, verb: Verb, made_by: int) -> Any:
        return await self.node.manager.answer(self.room.id, self.names.requests[verb.who, made_by], True)

    async def deny(self, verb: Verb, made_by: int) -> Any:
        return await self.node.manager.answer(self.room.id, self.names.requests[verb.who, made_by], False)

    async def withdraw(self, verb: Verb, made_by: int) -> None:
        await self.node.manager.withdraw(self.room.id, self.names.requests[verb.who, made_by])

    async def redeem(self, verb: Verb, made_by: int) -> Any:
        return await self.node.manager.redeem_request(
            await self.node.manager.caller(self.names.lobby[verb.who, made_by])
        )

    async def kick(self, verb: Verb, by: Any) -> Any:
        return await self.node.manager.powers.kick(self.room, self.names.people[verb.who], by)

    async def block(self, verb: Verb, by: Any) -> Any:
        return await self.node.manager.powers.block(self.room, self.names.people[verb.who], by)

    async def unblock(self, verb: Verb) -> Any:
        return await self.node.manager.powers.unblock(self.room, self.names.people[verb.who], "owner")

    async def promote(self, verb: Verb) -> Any:
        return await self.node.manager.powers.promote(self.room, self.names.people[verb.who])

    async def demote(self, verb: Verb) -> Any:
        return await self.node.manager.powers.demote(self.room, self.names.people[verb.who])

    async def rotate(self, verb: Verb, what: Any) -> Any:
        made: Created = await self.node.manager.powers.rotate(self.room, what)
        return ("rotated", what, made.password)

    async def transfer(self, verb: Verb) -> None:
        await self.node.manager.powers.transfer(self.room, verb.who)

    async def change(self, verb: Verb, what: str, value: Any) -> None:
        names = {
            "level": "access_level",
            "seats": "max_spectators",
            "approval": "require_approval",
            "allowed": "allowed_users",
            "blocked": "blocked_users",
        }
        fields = {names.get(what, what): list(value) if isinstance(value, tuple) else value}
        await self.node.manager.change(self.room, RoomPatch.read(fields))

    async def extend(self, verb: Verb, hours: int) -> None:
        await self.node.manager.extend(self.room, hours)

    async def close(self, verb: Verb) -> None:
        await self.node.manager.close_room(self.room)

    async def invite(self, verb: Verb, uses: int, user: str | None) -> Any:
        new = NewInvitation(uses=uses, hours=1, user_id=user)
        made, token = await self.node.manager.invitations.make(self.room, new)
        return ("invitation", made.id, token)

    async def uninvite(self, verb: Verb, made_by: int) -> None:
        await self.node.manager.invitations.withdraw(self.room, self.names.invitations[made_by][0])

    async def sweep(self, verb: Verb) -> None:
        await self.node.manager.sweep()
