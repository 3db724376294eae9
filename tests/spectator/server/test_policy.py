"""Who may call what: every kind of caller against every policy."""

import dataclasses

import pytest

from rooms import AccessLevel, Caller, Room
from rooms.errors import NotAllowed, Unauthorized
from spectator.server import policy
from spectator.server.policy import Policy, check

ROOM = Room(
    id="r_1234567890123456",
    code="ABC234",
    name="room",
    tenant="local",
    owner_id=None,
    key_id=None,
    training_session_id=None,
    mode="live_training",
    access_level=AccessLevel.PUBLIC,
    has_password=False,
    require_approval=False,
    approval_timeout=600,
    max_spectators=10,
    status="active",
    end_reason=None,
    created_at_ms=0,
    expires_at_ms=10**13,
    absolute_at_ms=None,
    idle_ms=None,
    ended_at_ms=None,
    publisher_until_ms=0,
    turned_away=0,
    generation=1,
    listed=False,
)


def key(*scopes: str, tenant: str = "local") -> Caller:
    return Caller(kind="api_key", tenant=tenant, scopes=frozenset(scopes))


ANONYMOUS = Caller(kind="anonymous")
GRANT = Caller(kind="grant", room_id=ROOM.id, person="v_1")
LOBBY = Caller(kind="lobby", room_id=ROOM.id, person="v_1", request_id="q_1")
ELSEWHERE = dataclasses.replace(LOBBY, room_id="r_other")


@pytest.mark.parametrize("caller", [ANONYMOUS, GRANT, LOBBY, key()])
def test_anyone_is_anyone(caller: Caller) -> None:
    check(policy.ANYONE, caller, ROOM, None)
    check(policy.CLAIMANT, caller, None, None)


@pytest.mark.parametrize(
    ("rule", "role"),
    [
        (policy.OWNER, "owner"),
        (policy.STAFF, "owner"),
        (policy.STAFF, "moderator"),
        (policy.WATCHER, "spectator"),
        (policy.WATCHER, "reader"),
        (policy.PUBLISHER, "owner"),
        (policy.PUBLISHER, "publisher"),
        (policy.MEMBER, "spectator"),
    ],
)
def test_a_role_is_enough(rule: Policy, role: str) -> None:
    check(rule, GRANT, ROOM, role)


@pytest.mark.parametrize(
    ("rule", "role"),
    [
        (policy.OWNER, "moderator"),
        (policy.OWNER, "spectator"),
        (policy.OWNER, "publisher"),
        (policy.STAFF, "spectator"),
        (policy.STAFF, "reader"),
        (policy.WATCHER, "publisher"),
        (policy.PUBLISHER, "spectator"),
        (policy.PUBLISHER, "moderator"),
        (policy.PUBLISHER, "reader"),
        (policy.ASKER, "owner"),
    ],
)
def test_another_role_is_not(rule: Policy, role: str | None) -> None:
    with pytest.raises(NotAllowed):
        check(rule, GRANT, ROOM, role)


@pytest.mark.parametrize("rule", [policy.OWNER, policy.STAFF, policy.WATCHER, policy.PUBLISHER])
def test_a_grant_that_is_worth_nothing_any_more_asks_to_join_again(rule: Policy) -> None:
    with pytest.raises(Unauthorized, match="join the room again"):
        check(rule, GRANT, ROOM, None)
    with pytest.raises(NotAllowed):
        check(rule, dataclasses.replace(GRANT, room_id="r_other"), ROOM, None)


@pytest.mark.parametrize(
    ("rule", "scopes"),
    [
        (policy.CREATOR, ("publish",)),
        (policy.CREATOR, ("manage",)),
        (policy.READER, ("read",)),
        (policy.READER, ("manage",)),
        (policy.MANAGER, ("manage",)),
    ],
)
def test_a_scope_is_enough_where_no_room_is_meant(rule: Policy, scopes: tuple[str, ...]) -> None:
    check(rule, key(*scopes), None, None)


@pytest.mark.parametrize(
    ("rule", "scopes"),
    [
        (policy.CREATOR, ("read",)),
        (policy.CREATOR, ()),
        (policy.READER, ("publish",)),
        (policy.MANAGER, ("publish", "read")),
    ],
)
def test_another_scope_is_not(rule: Policy, scopes: tuple[str, ...]) -> None:
    with pytest.raises(NotAllowed):
        check(rule, key(*scopes), None, None)


def test_a_key_that_reads_and_publishes_may_do_both() -> None:
    for role in ("reader", "publisher"):
        check(policy.WATCHER, key("read", "publish"), ROOM, role)
        check(policy.PUBLISHER, key("read", "publish"), ROOM, role)


@pytest.mark.parametrize("rule", [policy.PUBLISHER, policy.WATCHER, policy.OWNER, policy.STAFF])
def test_a_key_of_another_tenant_is_worth_nothing(rule: Policy) -> None:
    with pytest.raises(NotAllowed):
        check(rule, key("publish", "read", "manage", tenant="other"), ROOM, None)


def test_a_lobby_token_is_good_for_its_own_room() -> None:
    check(policy.ASKER, LOBBY, ROOM, None)
    with pytest.raises(NotAllowed):
        check(policy.ASKER, ELSEWHERE, ROOM, None)


@pytest.mark.parametrize(
    "rule",
    [policy.CREATOR, policy.READER, policy.MANAGER, policy.OWNER, policy.STAFF, policy.WATCHER, policy.ASKER],
)
@pytest.mark.parametrize("kind", ["anonymous", "visitor"])
def test_nobody_in_particular_is_asked_for_a_credential(rule: Policy, kind: str) -> None:
    with pytest.raises(Unauthorized, match="Authorization: Bearer"):
        check(rule, Caller(kind=kind), ROOM, None)  # type: ignore[arg-type]  # two of its literals
