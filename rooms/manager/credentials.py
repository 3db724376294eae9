"""Who is calling, and the tokens that say so."""

from __future__ import annotations

from collections.abc import Sequence

from rooms import codes
from rooms.access import user_person
from rooms.errors import SecretsUnknown, Unauthorized
from rooms.forms import NewIdentity
from rooms.manager.context import Context
from rooms.manager.raw_keys import is_key, key_digest
from rooms.manager.standing import granted_role, standing_role
from rooms.models import Caller, CallerKind, JoinRequest, Member, Role, Room
from rooms.presence import ANSWER_KEPT_MS, GRANT_MS, LINK_MS
from rooms.terms import HOUR_MS
from rooms.tokens import Secrets, Token

VISITOR_MS = 180 * 24 * HOUR_MS
"""How long a visitor token says that two visits are one person's."""

_KINDS: dict[str, CallerKind] = {
    "room_key": "room_key",
    "grant": "grant",
    "lobby": "lobby",
    "visitor": "visitor",
    "identity": "identity",
}


class Credentials:
    """Reads bearers, makes tokens, and says what a caller is to a room."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def check_secrets(self) -> None:
        """Raise ``SecretsUnknown`` when no node before shared one of ours."""
        await self._make_known(self._context.secrets)

    async def replace_secrets(self, keys: Sequence[bytes]) -> None:
        """Sign and verify by these from now on; the store is told first: a failure changes nothing."""
        before, after = self._context.secrets, Secrets(keys)
        await self._make_known(after)
        dropped = [one for one in before.fingerprints if one not in after.fingerprints]
        # A node that still has one of them writes it down again.
        await self._context.names.forget_secrets(dropped)
        before.replace(keys)

    async def _make_known(self, secrets: Secrets) -> None:
        if not await self._context.names.know_secrets(secrets.fingerprints):
            raise SecretsUnknown

    # ------------------------------------------------------------ reading

    async def caller(self, bearer: str | None) -> Caller:
        """Who presents this."""
        if bearer is None:
            return Caller("anonymous")
        if is_key(bearer):
            return await self._key_holder(bearer)
        token = self._context.secrets.verify(bearer)
        if token.kind == "identity":
            await self._check_tenant(token)
        return self._token_holder(token)

    async def _key_holder(self, bearer: str) -> Caller:
        tenancy, digest = self._context.tenancy, key_digest(bearer)
        one = tenancy.trusted.get(digest) or await tenancy.key(digest)
        if one is None:
            raise Unauthorized(
                "This key is not known here, or was revoked. Ask whoever gave it to you for another."
            )
        if one.is_over(self._context.now_ms):
            raise Unauthorized("This key's time is over. Ask whoever gave it to you for a new one.")
        if one.tenant is not None:
            await tenancy.check(one.tenant)
        return Caller(one.kind, tenant=one.tenant, scopes=one.scopes, key_id=one.id, name=one.name)

    async def _check_tenant(self, token: Token) -> None:
        """Raise ``Unauthorized`` where the tenant that vouched is gone: another may have its id by now."""
        if await self._context.tenancy.born_ms(token.fields["t"]) != token.fields.get("b"):
            raise Unauthorized

    def _token_holder(self, token: Token) -> Caller:
        kind = _KINDS.get(token.kind)
        expired = token.expires_at_ms is not None and token.expires_at_ms <= self._context.now_ms
        if kind is None or (expired and kind != "grant"):
            raise Unauthorized
        fields = token.fields
        return Caller(
            kind,
            tenant=fields.get("t"),
            room_id=fields.get("r"),
            person=fields.get("p"),
            grant_id=fields.get("g"),
            request_id=fields.get("q"),
            generation=fields.get("n"),
            user_id=fields.get("u"),
            name=fields.get("m"),
            expires_at_ms=token.expires_at_ms,
            expired=expired,
        )

    # ------------------------------------------------------------ standing

    async def role(self, caller: Caller, room: Room) -> Role | None:
        """What the caller is to the room now."""
        if caller.kind != "grant":
            return standing_role(caller, room)
        if caller.room_id != room.id or caller.person is None:
            return None
        return granted_role(caller, room, await self._context.people.member(room.id, caller.person))

    # ------------------------------------------------------------ making

    def owner_token(self, room: Room) -> str:
        """The room's key."""
        return self._context.secrets.sign("room_key", {"r": room.id, "n": room.generation}, None)

    def webhook_secrets(self, room: Room) -> tuple[str, ...]:
        """What messages to the room's webhook are signed with, the present one first."""
        return tuple(f"wh_{secret}" for secret in self._context.secrets.derived(f"webhook {room.id}"))

    def grant(self, room: Room, member: Member) -> tuple[str, int]:
        """A grant for a member, and when it expires."""
        expires_at_ms = self._context.now_ms + GRANT_MS
        fields = {
            "r": room.id,
            "p": member.person,
            "g": member.grant_id,
            "m": member.name,
            "u": member.user_id,
        }
        return self._context.secrets.sign("grant", fields, expires_at_ms), expires_at_ms

    def lobby(self, room: Room, request: JoinRequest) -> str:
        """A token for who waits; good for reading the answer too."""
        fields = {"r": room.id, "p": request.person, "q": request.id, "m": request.name, "u": request.user_id}
        return self._context.secrets.sign("lobby", fields, request.expires_at_ms + ANSWER_KEPT_MS)

    def visitor(self, person: str) -> str:
        """A token by which an anonymous person is known again."""
        return self._context.secrets.sign("visitor", {"p": person}, self._context.now_ms + VISITOR_MS)

    async def identity(self, tenant: str, form: NewIdentity) -> str:
        """A token of a named user, vouched for by the tenant; it ends with the tenant."""
        fields = {
            "t": tenant,
            "b": await self._context.tenancy.born_ms(tenant),
            "p": user_person(tenant, form.user_id),
            "u": form.user_id,
            "m": form.name or form.user_id,
            "i": codes.new_id("i"),
        }
        return self._context.secrets.sign(
            "identity", fields, self._context.now_ms + int(form.hours * HOUR_MS)
        )

    # ------------------------------------------------------------ links

    async def claim(self, room: Room) -> str:
        """A token good once, within ten minutes, for the room's key."""
        claim_id = codes.new_id("c")
        await self._context.names.write_claim(room.id, claim_id)
        fields = {"r": room.id, "n": room.generation, "i": claim_id}
        return self._context.secrets.sign("claim", fields, self._context.now_ms + LINK_MS)

    async def redeem_claim(self, text: str, use: str) -> tuple[Room, str]:
        """The room and its key."""
        token = self._context.secrets.verify(text)
        if token.kind != "claim" or (token.expires_at_ms or 0) <= self._context.now_ms:
            raise Unauthorized
        record = await self._context.rooms.read(token.fields["r"])
        if record is None or record.room.generation != token.fields["n"]:
            raise Unauthorized
        if await self._context.tenancy.is_halted(record.room.tenant):
            raise Unauthorized
        if not await self._context.names.redeem_claim(record.room.id, token.fields["i"], use):
            raise Unauthorized("This link was used before, or is older than ten minutes. Make a new one.")
        return record.room, self.owner_token(record.room)
