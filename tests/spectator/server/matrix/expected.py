"""Who may do what, written down once more, by hand: the server's own table is not read here.

A *character* is somebody with a credential (see ``cast``); a *place* is how a room is named in an address.
``expected`` says what the server must answer to a character who makes a call about a place.
"""

from dataclasses import dataclass

NOBODY = {"none", "visitor"}
WORTHLESS = {"garbage", "revoked key", "expired key", "claim", "invitation"}
KEYS = {"publish key", "read key", "manage key"}
FOREIGN_KEYS = {"foreign publish key", "foreign read key", "foreign manage key"}
IDENTITIES = {"identity", "owner identity", "foreign identity"}
ROOM_KEYS = {"room key", "other room's key", "old room key"}
GRANTS = {"spectator", "moderator", "expired grant", "left", "kicked"}
LOBBY = {"asker"}
OPERATOR = {"operator"}
CHARACTERS = (
    *NOBODY, *WORTHLESS, *KEYS, *FOREIGN_KEYS, *IDENTITIES, *ROOM_KEYS, *GRANTS, *LOBBY, *OPERATOR,
)  # fmt: skip
DEAD = {"old room key", "expired grant", "left", "kicked"}
"""Made for the own room, and worth nothing in it any more."""

TENANTS_OWN = {"own", "own id", "other", "other id", "private", "private id"}
FOREIGN = {"foreign", "foreign id", "foreign private"}
PUBLIC_CODES = {"own", "other", "foreign"}
PLACES = (
    "own", "own id", "other", "other id", "private", "private id",
    "foreign", "foreign id", "foreign private", "unknown", "unknown id",
)  # fmt: skip


def scoped(*scopes: str) -> set[str]:
    """The keys that carry one of these scopes, of either tenant."""
    return {f"{tenant}{scope} key" for tenant in ("", "foreign ") for scope in scopes}


@dataclass(frozen=True)
class Right:
    """A kind of call: the characters whose kind of credential it takes, and the roles that may make it."""

    takes: set[str]
    roles: frozenset[str] = frozenset()


EVERYBODY = set(CHARACTERS) - WORTHLESS
ANYONE = Right(EVERYBODY)
JOIN = Right(EVERYBODY - OPERATOR - scoped("read", "publish"))
CREATE = Right(scoped("publish", "manage"))
READ = Right(scoped("read", "manage"))
MANAGE = Right(scoped("manage"))
OPERATE = Right(OPERATOR)
READ_OR_OPERATE = Right(scoped("read", "manage") | OPERATOR)
MANAGE_OR_OPERATE = Right(scoped("manage") | OPERATOR)
OWN = Right(ROOM_KEYS | IDENTITIES | scoped("manage"), frozenset({"owner"}))
STAFF = Right(ROOM_KEYS | IDENTITIES | GRANTS | scoped("manage"), frozenset({"owner", "moderator"}))
WATCH = Right(
    ROOM_KEYS | IDENTITIES | GRANTS | scoped("read", "manage"),
    frozenset({"owner", "moderator", "spectator", "reader"}),
)
STREAM = Right(WATCH.takes - IDENTITIES, WATCH.roles)
PUBLISH = Right(ROOM_KEYS | scoped("publish", "manage"), frozenset({"owner", "publisher"}))
LEAVE = Right(GRANTS, frozenset({"moderator", "spectator"}))
ASK = Right(LOBBY, frozenset({"asker"}))

ROUTES: dict[tuple[str, str], Right] = {
    ("POST", "/rooms/{room}/events"): PUBLISH,
    ("POST", "/rooms"): CREATE,
    ("GET", "/rooms"): READ,
    ("GET", "/lobby"): ANYONE,
    ("GET", "/rooms/{room}"): ANYONE,
    ("PATCH", "/rooms/{room}"): OWN,
    ("DELETE", "/rooms/{room}"): OWN,
    ("POST", "/rooms/{room}/extend"): OWN,
    ("POST", "/rooms/{room}/claims"): OWN,
    ("POST", "/rooms/{room}/join"): JOIN,
    ("POST", "/rooms/{room}/leave"): LEAVE,
    ("GET", "/rooms/{room}/requests"): STAFF,
    ("POST", "/rooms/{room}/requests/approve-all"): STAFF,
    ("POST", "/rooms/{room}/requests/{id}/approve"): STAFF,
    ("POST", "/rooms/{room}/requests/{id}/deny"): STAFF,
    ("GET", "/rooms/{room}/requests/{id}"): ASK,
    ("DELETE", "/rooms/{room}/requests/{id}"): ASK,
    ("GET", "/rooms/{room}/spectators"): STAFF,
    ("POST", "/rooms/{room}/spectators/{id}/kick"): STAFF,
    ("POST", "/rooms/{room}/spectators/{id}/block"): STAFF,
    ("POST", "/rooms/{room}/spectators/{id}/unblock"): STAFF,
    ("POST", "/rooms/{room}/spectators/{id}/promote"): OWN,
    ("POST", "/rooms/{room}/spectators/{id}/demote"): OWN,
    ("POST", "/rooms/{room}/rotate"): OWN,
    ("POST", "/rooms/{room}/transfer"): OWN,
    ("POST", "/rooms/{room}/invitations"): OWN,
    ("GET", "/rooms/{room}/invitations"): OWN,
    ("DELETE", "/rooms/{room}/invitations/{id}"): OWN,
    ("GET", "/rooms/{room}/history"): WATCH,
    ("GET", "/rooms/{room}/export"): WATCH,
    ("GET", "/rooms/{room}/stream"): STREAM,
    ("GET", "/audit"): MANAGE_OR_OPERATE,
    ("POST", "/claims"): ANYONE,
    ("POST", "/identities"): MANAGE,
    ("POST", "/tenants"): OPERATE,
    ("GET", "/tenants"): OPERATE,
    ("GET", "/tenants/{tenant}"): OPERATE,
    ("PATCH", "/tenants/{tenant}"): OPERATE,
    ("DELETE", "/tenants/{tenant}"): OPERATE,
    ("POST", "/keys"): OPERATE,
    ("GET", "/keys"): OPERATE,
    ("DELETE", "/keys/{id}"): OPERATE,
    ("GET", "/usage"): READ_OR_OPERATE,
    ("GET", "/status"): READ_OR_OPERATE,
}

METRICS = Right(OPERATOR)
"""``/metrics``, asked for from anywhere but this machine."""

SOCKET = Right(STREAM.takes | LOBBY, STREAM.roles | ASK.roles)


def home_of(character: str) -> set[str]:
    """The places of a character's tenant; of what was made for one room, that room's."""
    if character in KEYS or character in {"identity", "owner identity"}:
        return TENANTS_OWN
    if character in FOREIGN_KEYS or character == "foreign identity":
        return FOREIGN
    if character == "other room's key":
        return {"other", "other id"}
    return {"own", "own id"} if character in ROOM_KEYS | GRANTS | LOBBY else set()


def role_of(character: str, place: str) -> str | None:
    """What a character is in the room of a place."""
    if character == "owner identity":
        return "owner" if place in {"own", "own id"} else None
    if place not in home_of(character) or character in DEAD:
        return None
    scopes = {"publish key": "publisher", "read key": "reader", "manage key": "owner"}
    others = {"room key": "owner", "other room's key": "owner", "asker": "asker"}
    roles = scopes | others | {"spectator": "spectator", "moderator": "moderator"}
    return roles.get(character.removeprefix("foreign "))


def expected(right: Right, character: str, place: str | None) -> str:
    """``allowed``, or why not: ``worthless`` 401, ``nobody`` 401, ``another`` 403, ``absent`` 404, ...

    ``another``: the call takes other kinds of credential; ``dead`` 401: made for this room, worth nothing any
    more; ``out`` 403: put out of it a moment ago; ``role`` 403: at home here, in another role.
    """
    if character in WORTHLESS:
        return "worthless"
    if character not in right.takes:
        return "nobody" if character in NOBODY else "another"
    if place is None:
        return "allowed"
    if right is JOIN or right is ANYONE:
        known = may_ask_for if right is JOIN else is_shown
        return "allowed" if known(character, place) else "absent"
    if role_of(character, place) in right.roles:
        return "allowed"
    if place not in home_of(character):
        return "absent"
    if character in DEAD:
        return "out" if right is STREAM and character == "kicked" else "dead"
    if character in IDENTITIES:
        # A user of the tenant is a stranger to a room that is not theirs: its code is all that names it.
        return "role" if place in PUBLIC_CODES else "absent"
    return "role"


def is_shown(character: str, place: str) -> bool:
    """Whether a character may know of the room: by its code if it is public, by its id if it is theirs."""
    if place in PUBLIC_CODES or role_of(character, place) is not None:
        return True
    return place == "own id" and character in DEAD


def may_ask_for(character: str, place: str) -> bool:
    """Whether a character may ask to come in: by the code; by the id who was in, or is vouched for."""
    if place in PUBLIC_CODES or role_of(character, place) is not None:
        return True
    vouched = character in IDENTITIES and place in home_of(character) - {"private", "private id"}
    was_in = place == "own id" and character in {"visitor", "expired grant", "kicked"}
    return was_in or (vouched and place != "foreign private")


CLOSES = {"worthless": 4501, "nobody": 4501, "another": 4501, "role": 4501, "absent": 4504}
"""How a socket is ended that may not watch, where it is not for a reason of its own."""

OWN_CLOSES = {"old room key": 4501, "expired grant": 4003, "left": 4003, "kicked": 4508}
"""How it is for those who were in the room."""

STATUS = {
    "worthless": 401,
    "nobody": 401,
    "another": 403,
    "dead": 401,
    "role": 403,
    "absent": 404,
    "out": 403,
}
