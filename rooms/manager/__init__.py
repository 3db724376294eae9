"""The verbs of the package; everything outside enters through ``RoomManager``."""

from __future__ import annotations

from collections.abc import Sequence

from rooms.connection import Connection
from rooms.forms import JoinAsk, NewRoom, RoomPatch
from rooms.limits import Limits
from rooms.models import Admitted, Caller, Created, Glance, JoinRequest, Person, Role, Room, Waiting
from rooms.passwords import Passwords
from rooms.tokens import Secrets


class RoomManager:
    """Who may watch what. One per node, over one store that all nodes share; every call is safe to repeat.

    Each call raises ``StoreUnavailable`` within 2.5 s when the store does not answer, and admits nobody then.
    """

    def __init__(
        self,
        connection: Connection,
        secrets: Secrets,
        *,
        limits: Limits | None = None,
        hasher: Passwords | None = None,
    ) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        """End the threads that hash passwords. The connection stays open: whoever made it closes it."""

    async def check_secrets(self) -> None:
        """Compare fingerprints of the signing secrets with the store's. Raises ``SecretsUnknown``."""

    async def ensure_key(self, raw_key: str, tenant: str, scopes: frozenset[str], name: str) -> None:
        """See to it that an API key (``sk_<tenant>_<secret>``) is known, by its hash alone. Repeats are harmless.

        Scopes are of ``publish``, ``read``, ``manage``. Raises ``InvalidRequest``.
        """

    async def caller(self, bearer: str | None) -> Caller:
        """Who presents this credential; None is ``anonymous``. Raises ``Unauthorized``."""
        raise NotImplementedError

    async def create(self, caller: Caller, new: NewRoom, idempotency_key: str | None = None) -> Created:
        """Make a room, or with ``reuse`` find the one of the same key and name and claim it for a publisher.

        Raises ``NotAllowed``, ``InvalidRequest`` (contradicting fields), ``CodeTaken``, ``QuotaExceeded``.
        """
        raise NotImplementedError

    async def find(self, ref: str, *, fresh: bool = True) -> Room | None:
        """The room with this id or code (as typed), or None. It says nothing about who may know of it: ``look``.

        ``fresh=False`` accepts an answer that is up to a second old, for calls that a script checks again.
        """
        raise NotImplementedError

    async def look(self, ref: str, caller: Caller, client: str) -> tuple[Room, Role | None]:
        """The room and what the caller is to it, for everybody who may know that it exists.

        A miss costs ``client`` (an address) of its budget. Raises ``RoomNotFound``, ``TooManyAttempts``.
        """
        raise NotImplementedError

    async def list_rooms(self, tenant: str) -> list[Room]:
        """A tenant's rooms, newest first, with those that ended less than 7 days ago."""
        raise NotImplementedError

    async def lobby(self) -> list[Room]:
        """The public rooms that are listed and active, newest first."""
        raise NotImplementedError

    async def change(self, room: Room, patch: RoomPatch) -> Created:
        """Change what is given. ``password`` in the answer is set only if one was generated.

        Raises ``InvalidRequest``, ``CodeTaken``, ``RoomClosed``, ``RoomExpired``.
        """
        raise NotImplementedError

    async def extend(self, room: Room, hours: float) -> Room:
        """Let the room live so many hours longer. Raises ``InvalidRequest``, ``RoomClosed``, ``RoomExpired``."""
        raise NotImplementedError

    async def close_room(self, room: Room) -> Room:
        """End the room for everybody. Repeats are harmless."""
        raise NotImplementedError

    async def claim(self, room: Room) -> str:
        """A token, good once and for 10 minutes, for which ``redeem_claim`` gives the room's key."""
        raise NotImplementedError

    async def redeem_claim(self, token: str) -> tuple[Room, str]:
        """The room and its key (``owner_token``). Raises ``Unauthorized`` (also: used before)."""
        raise NotImplementedError

    def owner_token(self, room: Room) -> str:
        """The room's key: signed, the same rights each time, ended only when the generation changes."""
        raise NotImplementedError

    async def mint_identity(self, tenant: str, user_id: str, name: str | None, hours: float) -> str:
        """A token that says who somebody is, vouched for by the tenant. Raises ``InvalidRequest``."""
        raise NotImplementedError

    async def role(self, caller: Caller, room: Room) -> Role | None:
        """What the caller is to the room now; for grants the member row decides, each time."""
        raise NotImplementedError

    def may_publish(self, caller: Caller, room: Room) -> bool:
        """Whether the caller may append to the room: its key, or an API key of the tenant with publish or manage."""
        raise NotImplementedError

    async def join(self, ref: str, caller: Caller, ask: JoinAsk, client: str) -> Admitted | Waiting:
        """Ask to come in; product.md's order decides. ``client`` is the address that failures are counted for.

        Raises ``TooManyAttempts``, ``RoomNotFound``, ``Blocked``, ``ApprovalDenied``, ``PasswordRequired``,
        ``WrongPassword``, ``InvitationRequired``, ``InvitationSpent``, ``RoomClosed``, ``RoomExpired``, ``RoomFull``,
        ``QuotaExceeded``, ``Busy``.
        """
        raise NotImplementedError

    async def leave(self, room_id: str, person: str) -> None:
        """End a membership and free its seat; the grant is worth nothing afterwards. Repeats are harmless."""

    async def requests(self, room_id: str) -> list[JoinRequest]:
        """Who waits, oldest first."""
        raise NotImplementedError

    async def request(self, room_id: str, request_id: str) -> JoinRequest:
        """One request, answered or not. Raises ``RequestNotFound``."""
        raise NotImplementedError

    async def requests_by_id(self, room_id: str, request_ids: Sequence[str]) -> dict[str, JoinRequest]:
        """Several at once, in one command; those that are gone (withdrawn) are missing."""
        raise NotImplementedError

    async def answer(self, room_id: str, request_id: str, approve: bool) -> JoinRequest:
        """Approve (makes the asker a member and holds a seat for 60 s) or deny. Repeats of the same are harmless.

        Raises ``RequestNotFound``, ``RequestSettled`` (answered otherwise, or expired), ``RoomFull`` (the request
        goes on waiting), ``RoomClosed``, ``RoomExpired``.
        """
        raise NotImplementedError

    async def answer_all(self, room_id: str, approve: bool = True) -> list[JoinRequest]:
        """Answer everyone who waits, oldest first, until the room is full; returns those who were answered."""
        raise NotImplementedError

    async def withdraw(self, room_id: str, request_id: str) -> None:
        """The asker waits no longer. Raises ``RequestSettled`` after an answer; repeats are harmless."""

    async def redeem_request(self, caller: Caller) -> Admitted | JoinRequest:
        """For a lobby caller: the grant once approved, else the request as it stands. Raises ``RequestNotFound``,
        ``Unauthorized`` (approved, and the membership is gone since)."""
        raise NotImplementedError

    async def people(self, room_id: str) -> list[Person]:
        """The members, in the order they joined."""
        raise NotImplementedError

    async def glance(self, room_id: str) -> Glance | None:
        """A room and who is in it now; None when it does not exist."""
        raise NotImplementedError

    async def glances(self, room_ids: Sequence[str]) -> dict[str, Glance | None]:
        """Several rooms in one pipeline. A room that could not be read is missing from the answer."""
        raise NotImplementedError

    async def renew(self, leases: Sequence[tuple[str, str]]) -> list[bool]:
        """Renew the seats of (room id, person) for 30 s, in one pipeline.

        False: no longer a member, the room is over, or the lease had lapsed and the room is full. Raises
        ``StoreUnavailable`` when nothing is known: then nobody has lost anything yet.
        """
        raise NotImplementedError

    async def release(self, room_id: str, person: str) -> None:
        """Give the seat back that this node renewed last, unless another node renewed it since; the membership
        stays."""

    async def sweep(self) -> int:
        """Put in order what time has changed: expired rooms and requests, codes 24 h after the end, indexes.

        Returns how many rooms were looked at. Does nothing within a minute of a jump of the store's clock.
        """
        raise NotImplementedError
