"""Who may call what: every kind of caller against every policy."""

import dataclasses

import pytest

from rooms import AccessLevel, Caller, Role, Room
from rooms.errors import NotAllowed, RoomNotFound, Unauthorized
from spectator.server import policy
from spectator.server.policy import Policy, check_credential, check_standing

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
    return Caller("api_key", tenant=tenant, scopes=frozenset(scopes), key_id="k_1")


ANONYMOUS = Caller("anonymous")
VISITOR = Caller("visitor", person="v_1")
GRANT = Caller("grant", room_id=ROOM.id, person="v_1", grant_id="g_1")
LOBBY = Caller("lobby", room_id=ROOM.id, person="v_1", request_id="q_1")
ROOM_KEY = Caller("room_key", room_id=ROOM.id, generation=1)
IDENTITY = Caller("identity", tenant="local", person="u:local:ann", user_id="ann")
OPERATOR = Caller("operator", key_id="k_2")
EVERY = [
    ANONYMOUS,
    VISITOR,
    IDENTITY,
    GRANT,
    LOBBY,
    ROOM_KEY,
    key("publish"),
    key("read"),
    key("manage"),
    OPERATOR,
]
POLICIES = {name: found for name, found in vars(policy).items() if isinstance(found, Policy)}


def check(rule: Policy, caller: Caller, role: Role | None) -> None:
    check_credential(rule, caller)
    check_standing(rule, caller, ROOM, role)


@pytest.mark.parametrize("caller", EVERY, ids=lambda caller: caller.kind)
def test_anyone_is_anyone(caller: Caller) -> None:
    check(policy.ANYONE, caller, None)
    check_credential(policy.CLAIMANT, caller)


@pytest.mark.parametrize("rule", POLICIES.values(), ids=POLICIES)
def test_a_policy_says_which_credentials_it_takes(rule: Policy) -> None:
    assert rule.kinds
    assert not rule.scopes or "api_key" in rule.kinds
    for caller in EVERY:
        if caller.kind not in rule.kinds:
            with pytest.raises((Unauthorized, NotAllowed)):
                check_credential(rule, caller)


def test_what_is_no_kind_or_role_is_found_when_the_policy_is_written() -> None:
    with pytest.raises(KeyError):
        policy._policy("nobody", "api-key")
    with pytest.raises(KeyError):
        policy._policy("nobody", "api_key", roles="boss")


@pytest.mark.parametrize(
    ("rule", "caller", "role"),
    [
        (policy.OWNER, ROOM_KEY, "owner"),
        (policy.OWNER, IDENTITY, "owner"),
        (policy.OWNER, key("manage"), "owner"),
        (policy.STAFF, ROOM_KEY, "owner"),
        (policy.STAFF, GRANT, "moderator"),
        (policy.WATCHER, GRANT, "spectator"),
        (policy.WATCHER, GRANT, "moderator"),
        (policy.WATCHER, key("read"), "reader"),
        (policy.WATCHER, IDENTITY, "owner"),
        (policy.PUBLISHER, ROOM_KEY, "owner"),
        (policy.PUBLISHER, key("publish"), "publisher"),
        (policy.MEMBER, GRANT, "spectator"),
        (policy.ASKER, LOBBY, None),
    ],
)
def test_a_role_is_enough(rule: Policy, caller: Caller, role: Role | None) -> None:
    check(rule, caller, role)


@pytest.mark.parametrize(
    ("rule", "caller", "role"),
    [
        (policy.OWNER, GRANT, "moderator"),
        (policy.OWNER, GRANT, "spectator"),
        (policy.OWNER, key("publish"), "publisher"),
        (policy.OWNER, key("read"), "reader"),
        (policy.OWNER, IDENTITY, None),
        (policy.STAFF, GRANT, "spectator"),
        (policy.STAFF, key("read"), "reader"),
        (policy.WATCHER, key("publish"), "publisher"),
        (policy.WATCHER, LOBBY, None),
        (policy.WATCHER, OPERATOR, None),
        (policy.PUBLISHER, GRANT, "moderator"),
        (policy.PUBLISHER, key("read"), "reader"),
        (policy.PUBLISHER, IDENTITY, "owner"),
        (policy.ASKER, ROOM_KEY, "owner"),
        (policy.MEMBER, ROOM_KEY, "owner"),
        (policy.JOINER, key("read"), "reader"),
        (policy.JOINER, OPERATOR, None),
    ],
)
def test_another_role_or_credential_is_not(rule: Policy, caller: Caller, role: Role | None) -> None:
    with pytest.raises(NotAllowed):
        check(rule, caller, role)


@pytest.mark.parametrize("rule", [policy.STAFF, policy.WATCHER, policy.MEMBER])
def test_a_grant_that_is_worth_nothing_any_more_asks_to_join_again(rule: Policy) -> None:
    with pytest.raises(Unauthorized, match="join the room again"):
        check(rule, GRANT, None)


@pytest.mark.parametrize("rule", [policy.OWNER, policy.STAFF, policy.WATCHER, policy.PUBLISHER])
def test_a_room_key_that_was_rotated_is_worth_nothing(rule: Policy) -> None:
    with pytest.raises(Unauthorized):
        check(rule, ROOM_KEY, None)


@pytest.mark.parametrize(
    ("rule", "scopes"),
    [
        (policy.CREATOR, ("publish",)),
        (policy.CREATOR, ("manage",)),
        (policy.READER, ("read",)),
        (policy.READER, ("manage",)),
        (policy.MANAGER, ("manage",)),
        (policy.TENANT_READER, ("read",)),
        (policy.TENANT_READER, ("manage",)),
        (policy.TENANT_MANAGER, ("manage",)),
    ],
)
def test_a_scope_is_enough_where_no_room_is_meant(rule: Policy, scopes: tuple[str, ...]) -> None:
    check_credential(rule, key(*scopes))


@pytest.mark.parametrize(
    ("rule", "scopes"),
    [
        (policy.CREATOR, ("read",)),
        (policy.CREATOR, ()),
        (policy.READER, ("publish",)),
        (policy.MANAGER, ("publish", "read")),
        (policy.TENANT_READER, ("publish",)),
        (policy.TENANT_MANAGER, ("publish", "read")),
        (policy.OPERATOR, ("publish", "read", "manage")),
    ],
)
def test_another_scope_is_not(rule: Policy, scopes: tuple[str, ...]) -> None:
    with pytest.raises(NotAllowed):
        check_credential(rule, key(*scopes))


@pytest.mark.parametrize("rule", [policy.OPERATOR, policy.TENANT_READER, policy.TENANT_MANAGER])
def test_an_operator_key_is_enough_for_the_operators_calls(rule: Policy) -> None:
    check_credential(rule, OPERATOR)


def test_a_key_that_reads_and_publishes_may_do_both() -> None:
    for role in ("reader", "publisher"):
        check(policy.WATCHER, key("read", "publish"), role)
        check(policy.PUBLISHER, key("read", "publish"), role)


@pytest.mark.parametrize("rule", [policy.PUBLISHER, policy.WATCHER, policy.OWNER, policy.STAFF])
@pytest.mark.parametrize(
    "foreign",
    [
        key("publish", "read", "manage", tenant="other"),
        dataclasses.replace(ROOM_KEY, room_id="r_other"),
        dataclasses.replace(IDENTITY, tenant="other"),
    ],
    ids=lambda caller: caller.kind,
)
def test_to_a_foreign_credential_the_room_does_not_exist(rule: Policy, foreign: Caller) -> None:
    if rule.takes(foreign):
        with pytest.raises(RoomNotFound):
            check_standing(rule, foreign, ROOM, None)


def test_a_lobby_token_is_good_for_its_own_room() -> None:
    check(policy.ASKER, LOBBY, None)
    with pytest.raises(RoomNotFound):
        check(policy.ASKER, dataclasses.replace(LOBBY, room_id="r_other"), None)


@pytest.mark.parametrize("rule", POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize("caller", [ANONYMOUS, VISITOR], ids=lambda caller: caller.kind)
def test_nobody_in_particular_is_asked_for_a_credential(rule: Policy, caller: Caller) -> None:
    if not rule.open:
        with pytest.raises(Unauthorized, match="Authorization: Bearer"):
            check_credential(rule, caller)
