"""The verbs of the package, each passed on to the part that does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rooms.connection import Connection
from rooms.errors import StoreUnavailable
from rooms.forms import JoinAsk, NewIdentity, NewRoom, RoomPatch
from rooms.limits import Limits
from rooms.manager.admission import Admission
from rooms.manager.answers import Answers
from rooms.manager.audit import Audit
from rooms.manager.budgets import Budgets
from rooms.manager.changing import Changing
from rooms.manager.context import Context, nonce
from rooms.manager.credentials import Credentials
from rooms.manager.directory import Directory
from rooms.manager.founding import Founding
from rooms.manager.indexes import Indexes
from rooms.manager.invitations import Invitations
from rooms.manager.places import Places
from rooms.manager.powers import Powers
from rooms.manager.quotas import Quotas
from rooms.manager.removal import Removal
from rooms.manager.revoking import Revoking
from rooms.manager.rotating import Rotating
from rooms.manager.standing import may_publish
from rooms.manager.tenancy import Tenancy
from rooms.manager.tenants import Tenants
from rooms.manager.upkeep import Upkeep
from rooms.manager.watching import Watching
from rooms.models import Admitted, Caller, Created, Glance, JoinRequest, Person, Present, Role, Room, Waiting
from rooms.passwords import Passwords
from rooms.store import NamesStore, PeopleStore, PowersStore, RoomStore, TenantsStore
from rooms.tokens import Secrets


class RoomManager:
    """Who may watch what. One a node, over one store that all nodes share; every call is safe to repeat.

    Each call raises ``StoreUnavailable`` within 2.5 s when the store does not answer; nobody gets in then.
    """

    def __init__(
        self,
        connection: Connection,
        secrets: Secrets,
        *,
        limits: Limits | None = None,
        hasher: Passwords | None = None,
    ) -> None:
        rooms, tenants, bounds = RoomStore(connection), TenantsStore(connection), limits or Limits()
        tenancy = Tenancy(tenants, bounds)
        context = Context(
            connection,
            rooms,
            PeopleStore(connection),
            NamesStore(connection),
            secrets,
            hasher or Passwords(),
            bounds,
            tenants,
            tenancy,
            Places(rooms, tenants, tenancy),
        )
        indexes = Indexes(context)
        removal = Removal(rooms, context.people, context.names, tenants)
        revoking = Revoking(rooms, context.names)
        self.tenants = Tenants(tenants, context.names, tenancy, removal, revoking, bounds)
        self.quotas = Quotas(tenants, context.names, tenancy)
        self.audit = Audit(context)
        self._passwords = context.passwords
        self._credentials = Credentials(context)
        powers = PowersStore(connection)
        budgets = Budgets(context)
        rotating = Rotating(context, powers, self._credentials, indexes, budgets)
        self.powers = Powers(context, powers, rotating)
        self._changing = Changing(context, self._credentials, indexes, powers, removal, budgets)
        self._founding = Founding(context, self._credentials, indexes, self._changing, budgets, removal)
        self.invitations = Invitations(context)
        self._admission = Admission(context, self._credentials, budgets, self.invitations)
        self._directory = Directory(context, self._admission)
        self._answers = Answers(context, self._credentials)
        self._watching = Watching(context)
        self._upkeep = Upkeep(context, indexes, removal, self.tenants, self.quotas)

    async def close(self) -> None:
        """End the threads that hash passwords. The connection stays open: whoever made it closes it."""
        self._passwords.close()

    # ------------------------------------------------------------ credentials

    async def check_secrets(self) -> None:
        """Compare fingerprints of the signing secrets with the store's, which keeps those that are in use.

        Raises ``SecretsUnknown``: no node before shared one of ours.
        """
        await self._credentials.check_secrets()

    async def replace_secrets(self, keys: Sequence[bytes]) -> None:
        """Sign (by the first) and verify (by all) with these from now on; what stands stays open.

        Raises ``ValueError`` (one is too short: nothing has changed), ``SecretsUnknown``.
        """
        await self._credentials.replace_secrets(keys)

    async def ensure_key(self, raw_key: str, tenant: str, scopes: frozenset[str], name: str) -> bool:
        """Make an API key (``sk_<tenant>_<secret>``) known, by its hash alone, and its tenant.

        Scopes are of ``publish``, ``read``, ``manage``. False: the key was revoked, and that stays. Repeats
        are harmless. Raises ``InvalidRequest``.
        """
        return await self.tenants.ensure_key(raw_key, tenant, scopes, name)

    async def caller(self, bearer: str | None) -> Caller:
        """Who presents this credential; None is ``anonymous``. Raises ``Unauthorized``.

        What a key is may be remembered for a second; all else is verified each time.
        """
        return await self._credentials.caller(bearer)

    async def role(self, caller: Caller, room: Room) -> Role | None:
        """What the caller is to the room now; for grants the member row decides, each time."""
        return await self._credentials.role(caller, room)

    def may_publish(self, caller: Caller, room: Room) -> bool:
        """Whether the caller may append: by the room's key, or an API key of the tenant (publish, manage)."""
        return may_publish(caller, room)

    async def mint_identity(
        self, tenant: str, user_id: str, name: str | None = None, hours: float = 24.0
    ) -> str:
        """A token that says who somebody is, vouched for by the tenant. Raises ``InvalidRequest``."""
        return await self._credentials.identity(
            tenant, NewIdentity.read({"user_id": user_id, "name": name, "hours": hours})
        )

    def owner_token(self, room: Room) -> str:
        """The room's key: signed, the same each time, ended only when the generation changes."""
        return self._credentials.owner_token(room)

    def webhook_secrets(self, room: Room) -> tuple[str, ...]:
        """What messages to the room's webhook are signed with: one for each signing secret, newest first."""
        return self._credentials.webhook_secrets(room)

    async def claim(self, room: Room) -> str:
        """A token, good once and for 10 minutes, for which ``redeem_claim`` gives the room's key."""
        return await self._credentials.claim(room)

    async def redeem_claim(self, token: str) -> tuple[Room, str]:
        """The room and its key (``owner_token``). Raises ``Unauthorized`` (also: used before)."""
        return await self._credentials.redeem_claim(token, nonce())

    # ------------------------------------------------------------ rooms

    async def create(self, caller: Caller, new: NewRoom, idempotency_key: str | None = None) -> Created:
        """Make a room, or with ``reuse`` find the one of the same key and name and claim it for a publisher.

        Raises ``NotAllowed``, ``InvalidRequest`` (contradicting fields), ``CodeTaken``, ``QuotaExceeded``.
        """
        return await self._founding.create(caller, new, idempotency_key)

    async def find(self, ref: str, *, fresh: bool = True, caller: Caller | None = None) -> Room | None:
        """The room with this id or code (as typed), or None. It does not ask who may know of it: ``look``.

        ``fresh=False`` accepts an answer that is up to a second old, for calls that a script checks again;
        for a ``caller``, only where the credential is of the room's tenant or of the room.
        """
        return await self._directory.find(ref, fresh=fresh, caller=caller)

    async def look(self, ref: str, caller: Caller, client: str) -> tuple[Room, Role | None]:
        """The room and what the caller is to it, for everybody who may know that it exists.

        A miss costs ``client`` (an address) of its budget. Raises ``RoomNotFound``, ``TooManyAttempts``.
        """
        return await self._admission.look(ref, caller, client)

    async def list_rooms(self, tenant: str) -> list[Room]:
        """A tenant's rooms, newest first, with those that ended less than 7 days ago; at most 1,000."""
        return await self._directory.of_tenant(tenant)

    async def lobby(self) -> list[Room]:
        """The public rooms that are listed and active, newest first; at most 200."""
        return await self._directory.lobby()

    async def change(self, room: Room, patch: RoomPatch) -> Created:
        """Change what is given; it acts on new joins. Whoever is blocked by it stops being a member.

        ``password`` in the answer is set only if one was generated. Raises ``InvalidRequest``, ``CodeTaken``,
        ``RoomClosed``, ``RoomExpired``.
        """
        return await self._changing.change(room, patch)

    async def extend(self, room: Room, hours: float) -> Room:
        """Let the room live so many hours longer: its fixed end, and the silence it may keep.

        Raises ``InvalidRequest``, ``RoomClosed``, ``RoomExpired``.
        """
        return await self._changing.extend(room, hours)

    async def close_room(self, room: Room, *, keep: bool = True, trace: bool = True) -> Room:
        """End the room for everybody. Repeats are harmless.

        What was recorded is kept 7 days; with ``keep`` False it is removed at once, also of a room that had
        ended before, and for a day those who have the code are told that the room is closed. With ``trace``
        False nothing is left at all, and the code is free at once: for a room whose code nobody was told.
        """
        return await self._changing.close_room(room, keep=keep, trace=trace)

    # ------------------------------------------------------------ coming in

    async def join(self, ref: str, caller: Caller, ask: JoinAsk, client: str) -> Admitted | Waiting:
        """Ask to come in; ``rooms.access`` decides. ``client`` is the address that failures are counted for.

        Raises ``TooManyAttempts``, ``RoomNotFound``, ``Blocked``, ``ApprovalDenied``, ``PasswordRequired``,
        ``WrongPassword``, ``InvitationRequired``, ``InvitationSpent``, ``RoomClosed``, ``RoomExpired``,
        ``RoomFull``, ``QuotaExceeded``, ``Busy``.
        """
        return await self._admission.join(ref, caller, ask, client)

    async def leave(self, room_id: str, person: str) -> None:
        """End a membership and free its seat; the grant is worth nothing afterwards. Repeats are harmless."""
        await self._watching.leave(room_id, person)

    async def requests(self, room_id: str) -> list[JoinRequest]:
        """Who waits, oldest first."""
        return await self._answers.waiting(room_id)

    async def request(self, room_id: str, request_id: str) -> JoinRequest:
        """One request, answered or not. Raises ``RequestNotFound``."""
        return await self._answers.get(room_id, request_id)

    async def requests_by_id(self, room_id: str, request_ids: Sequence[str]) -> dict[str, JoinRequest]:
        """Several at once, in one command; those that are gone (withdrawn) are missing."""
        return await self._answers.get_many(room_id, request_ids)

    async def answer(self, room_id: str, request_id: str, approve: bool) -> JoinRequest:
        """Approve (makes the asker a member and holds a seat for 60 s) or deny. Repeats are harmless.

        Raises ``RequestNotFound``, ``RequestSettled`` (answered otherwise, or expired), ``RoomFull`` (the
        request goes on waiting), ``RoomClosed``, ``RoomExpired``.
        """
        return await self._answers.answer(room_id, request_id, approve=approve)

    async def answer_all(self, room_id: str, approve: bool = True) -> list[JoinRequest]:
        """Answer everyone who waits, oldest first, until the room is full; returns those answered."""
        return await self._answers.answer_all(room_id, approve=approve)

    async def withdraw(self, room_id: str, request_id: str) -> None:
        """The asker waits no longer. Raises ``RequestSettled`` after an answer; repeats are harmless."""
        await self._answers.withdraw(room_id, request_id)

    async def redeem_request(self, caller: Caller) -> Admitted | JoinRequest:
        """For a lobby caller: the grant once approved, else the request as it stands.

        Raises ``RequestNotFound`` (withdrawn), ``Unauthorized`` (the membership has ended since),
        ``RoomClosed``, ``RoomExpired``, ``RoomNotFound``.
        """
        return await self._answers.redeem(caller)

    # ------------------------------------------------------------ being in

    async def people(self, room_id: str) -> list[Person]:
        """The members, in the order they joined."""
        return await self._watching.people(room_id)

    async def glance(self, room_id: str) -> Glance | None:
        """A room and who is in it now; None when it does not exist."""
        found = await self._watching.glances([room_id])
        if room_id not in found:
            raise StoreUnavailable
        return found[room_id]

    async def glances(self, room_ids: Sequence[str]) -> dict[str, Glance | None]:
        """Several rooms in one pipeline. A room that could not be read is missing from the answer."""
        return await self._watching.glances(room_ids)

    async def present(self, room_ids: Sequence[str]) -> dict[str, Present]:
        """Who is here by a live connection on any node, in one pipeline.

        It costs the same however many are here. A room that could not be read is missing from the answer.
        """
        return await self._watching.present(room_ids)

    async def renew(
        self, leases: Sequence[tuple[str, str]], lags_ms: Mapping[tuple[str, str], int] | None = None
    ) -> list[bool]:
        """Renew (room id, person) for 30 s, in one pipeline: the seat, and that the person is here.

        Who needs no seat (moderators, ``OWNER_PERSON``) is only here. ``lags_ms``: how far behind they are;
        0 for who is missing in it. False: no longer a member, the room is over, or the lease had lapsed and
        the room is full. Raises ``StoreUnavailable`` when that is not known of all: then nobody is to be sent
        away yet.
        """
        return await self._watching.renew(leases, lags_ms or {})

    async def release(self, room_id: str, person: str) -> None:
        """This node has no connection of the person any more: unless another node has, the seat is free.

        Nothing happens when this node renewed since. The membership stays. Repeats are harmless.
        """
        await self._watching.release(room_id, person)

    # ------------------------------------------------------------ upkeep

    async def sweep(self) -> int:
        """Put in order what time has changed: expired rooms and requests, names and lists.

        Returns how many rooms were looked at (at most 100 a call). Sets the clock by the store's, and does
        nothing else within a minute of a jump of it.
        """
        return await self._upkeep.sweep()
