"""What calls answer with. Models of their own, so that nothing leaves by being forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, RootModel

from spectator.manager.views import OwnerView, RoomView, StaffView, StrangerView


class Answer(BaseModel):
    """What the answers have in common: no fields but the declared ones."""

    model_config = ConfigDict(extra="forbid")


class CreatedAnswer(Answer):
    """A room that was made or found again; the only answer beside a change of password that holds one.

    ``webhook_secret``, when a webhook was given: what its messages are signed with.
    """

    room: OwnerView
    owner_token: str
    password: str | None = None
    webhook_secret: str | None = None
    join_url: str
    owner_url: str
    ws_url: str
    qr: str


class ChangedAnswer(OwnerView):
    """A room after a change; ``password`` only when the change had one generated.

    ``webhook_secret``, when the change set a webhook: what its messages are signed with.
    """

    password: str | None = None
    webhook_secret: str | None = None


class RotatedAnswer(OwnerView):
    """A room after a rotation; ``password`` and ``owner_token`` only where they are new, told this once."""

    password: str | None = None
    owner_token: str | None = None


class RoomsAnswer(Answer):
    """A tenant's rooms."""

    rooms: Sequence[OwnerView | RoomView]


class LobbyAnswer(Answer):
    """The public rooms that are listed."""

    rooms: list[StrangerView]


class AnyRoom(RootModel[OwnerView | StaffView | RoomView | StrangerView]):
    """One room, as much of it as the caller may see."""


class OwnerUrlAnswer(Answer):
    """A link that makes whoever opens it owner (once, within ten minutes), and the one to give to others."""

    owner_url: str
    join_url: str


class ClaimedAnswer(Answer):
    """What a claim was exchanged for."""

    room: OwnerView
    owner_token: str
    ws_url: str


class IdentityAnswer(Answer):
    """A signed identity."""

    token: str
    user_id: str
    name: str
    expires_at: str


class ApprovedAnswer(Answer):
    """Somebody is in."""

    status: Literal["approved"]
    token: str
    expires_at: str
    visitor: str | None = None
    spectator_id: str
    role: str
    room: OwnerView | StaffView | RoomView
    ws_url: str


class PendingAnswer(Answer):
    """Somebody waits for the owner; ``room`` is what a stranger may see of it."""

    status: Literal["pending_approval"]
    request_id: str
    token: str
    expires_at: str
    visitor: str | None = None
    spectator_id: str
    room: StrangerView
    ws_url: str


class AskedAnswer(Answer):
    """How a request stands, for its asker; the grant once it is approved."""

    request_id: str
    status: Literal["pending_approval", "approved", "denied", "expired"]
    token: str | None = None
    expires_at: str | None = None
    spectator_id: str | None = None
    role: str | None = None
    room: StaffView | RoomView | None = None
    ws_url: str | None = None


class JoinRequestView(Answer):
    """A join request, for owner and moderators."""

    id: str
    name: str
    user_id: str | None
    requested_at: str
    expires_at: str
    status: Literal["pending_approval", "approved", "denied", "expired"]


class JoinRequestsAnswer(Answer):
    """Join requests, oldest first."""

    requests: list[JoinRequestView]


class SpectatorView(Answer):
    """Somebody who is in; ``watching``: by a live connection, ``lag_ms``: how far behind it is."""

    id: str
    name: str
    role: str
    joined_at: str
    watching: bool
    lag_ms: int | None
    user_id: str | None


class BlockedView(Answer):
    """Somebody who is blocked; ``blocked_at`` is null for who was put on the list by a change of the room."""

    id: str
    name: str
    user_id: str | None
    blocked_at: str | None


class SpectatorsAnswer(Answer):
    """Who is in, in the order they came, and who is blocked."""

    spectators: list[SpectatorView]
    blocked: list[BlockedView]


class AffectedAnswer(Answer):
    """Whom a power was used on, and what they are now."""

    id: str
    name: str
    status: Literal["kicked", "blocked", "unblocked", "moderator", "spectator"]


class InvitationView(Answer):
    """An invitation, without its token. ``user_id``: only this user of the tenant can use it."""

    id: str
    note: str | None
    user_id: str | None
    uses: int
    used: int
    created_at: str
    expires_at: str
    status: Literal["open", "spent", "expired", "withdrawn"]


class NewInvitationAnswer(InvitationView):
    """An invitation that was made; the only answer that holds its token, and the link with it."""

    url: str
    token: str


class InvitationsAnswer(Answer):
    """A room's invitations, the newest first."""

    invitations: list[InvitationView]


class ActorView(Answer):
    """Who did something: the kind of credential, whom it names, and what they call themselves."""

    kind: str
    id: str | None
    name: str | None


class AuditEntryView(Answer):
    """What was done or refused (``outcome``: ok, waiting, or an error's code), ``count`` times at once."""

    id: str
    at: str
    what: str
    outcome: str
    tenant: str | None
    room: str | None
    actor: ActorView
    subject: str | None
    client: str | None
    count: int


class AuditAnswer(Answer):
    """A page of the audit, newest first; ``next`` is ``before`` of the following page, None at the end."""

    entries: list[AuditEntryView]
    next: str | None


class DoneAnswer(Answer):
    """What was done, where there is nothing else to tell."""

    status: Literal["left", "withdrawn"]


class Rejected(Answer):
    """A line that was left out: its number from 1, and why."""

    line: int
    code: str


class Wants(Answer):
    """What the viewers would look at."""

    frames: bool
    max_fps: int
    decisions: bool
    episodes: bool


class PublishedAnswer(Answer):
    """What became of published events. Only for the document: the bytes come ready from the log."""

    offset: int
    accepted: int | None = None
    rejected: list[Rejected] | None = None
    duplicate: bool | None = None
    watching: int | None = None
    requests: int | None = None
    wants: Wants | None = None


class HistoryAnswer(Answer):
    """Series by name; each has ``step``, ``time`` and ``value``, of equal length."""

    model_config = ConfigDict(extra="allow")

    metrics: dict[str, dict[str, list[Any]]]


class HealthAnswer(Answer):
    """The server is alive, or ready."""

    status: Literal["ok", "ready"]
    version: str


Persistence = Literal["appendonly", "none", "broken"]


class StoreView(Answer):
    """The store. ``memory_limit_bytes`` null: it has none; ``trip_ms``: one command, the median of five."""

    kind: Literal["valkey", "redis"]
    version: str
    mode: str
    primaries: int
    eviction: str
    persistence: Persistence
    memory_bytes: int
    memory_limit_bytes: int | None
    trip_ms: float


class NodeView(Answer):
    """A living node: one process that serves. ``worker`` from 1 where several share a port, else 0."""

    name: str
    version: str
    checkpoint: int
    host: str
    pid: int
    worker: int
    started_at: str
    connections: int
    stopping: bool


class StatusAnswer(Answer):
    """How the server is; ``store``, its clock and who lives only for the operator and tenant ``local``.

    ``checkpoint``: the version in which checkpoints are written, the newest that every living node reads.
    """

    version: str
    time: str
    nodes: int
    connections: int
    most_open_files: int
    store: StoreView | None = None
    store_time: str | None = None
    checkpoint: int | None = None
    living: list[NodeView] | None = None


class TenantView(Answer):
    """A tenant; a quota that is null is unlimited."""

    id: str
    name: str
    status: Literal["active", "suspended", "deleting"]
    created_at: str
    quotas: dict[str, int | None]


class TenantsAnswer(Answer):
    """All tenants, by id."""

    tenants: list[TenantView]


class KeyView(Answer):
    """What an API or operator key is; never the key itself."""

    id: str
    kind: Literal["api_key", "operator"]
    tenant: str | None
    scopes: list[str]
    name: str
    created_at: str
    expires_at: str | None


class MadeKeyAnswer(KeyView):
    """A key that was made; ``key`` is shown this once."""

    key: str


class KeysAnswer(Answer):
    """Keys, oldest first."""

    keys: list[KeyView]


class QuotaView(Answer):
    """How much of a quota is used; ``limit`` null is unlimited, ``used`` null is not counted."""

    used: int | None
    limit: int | None


class UsageView(Answer):
    """What one tenant uses."""

    tenant: str
    status: Literal["active", "suspended", "deleting"]
    quotas: dict[str, QuotaView]


class UsageAnswer(Answer):
    """What tenants use of what they may."""

    usage: list[UsageView]


class GoneAnswer(Answer):
    """What became of a tenant or a key that is no more."""

    status: Literal["deleted", "revoked"]


def reply(answer: BaseModel, status: int = 200) -> web.Response:
    """``answer`` as JSON; fields nobody set are left out."""
    return web.Response(
        status=status,
        body=answer.model_dump_json(exclude_unset=True).encode(),
        content_type="application/json",
    )
