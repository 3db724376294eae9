"""What was asked of `open_room`, checked at once: wrong arguments raise here, before anything is done."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Union

from spectator.client.address import Address
from spectator.protocol.json_text import json_text
from spectator.protocol.levels import AccessLevel
from spectator.protocol.values import clean, jsonable

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
SHORTEST_CODE, LONGEST_CODE = 6, 12
LONGEST_NAME = 64  # characters
_JOINERS = {0x200C: None, 0x200D: None}
LONGEST_PASSWORD = 1024  # bytes
LARGEST_CONFIG = 60_000  # bytes of JSON; the server takes 64 KB
LONGEST_TAGS, LONGEST_NOTES = 1_000, 2_500  # characters; the server takes 4 KB of both together
MOST_SPECTATORS = 10_000
LONGEST_HOURS = 24 * 366
SHORTEST_APPROVAL, LONGEST_APPROVAL = 10, 24 * 3600  # seconds
MOST_USERS, LONGEST_USER = 1_000, 64
MOST_USES = 1_000
PRESENCE = ("names", "count", "nothing")
ROTATES = ("code", "password", "key")

Fields = Dict[str, Any]


@dataclass(frozen=True)
class Terms:
    """A room as it was asked for.

    Attributes:
        fields: the body of ``POST /rooms``.
        wait: seconds to wait for a server.
        lan: whether a server that has to be started also serves the local network.
        address: the server to use, or None: the environment decides.
        api_key: the key to use, or None: the environment decides.
    """

    fields: Fields
    wait: float
    lan: bool
    address: Optional[Address]
    api_key: Optional[str]

    @property
    def name(self) -> str:
        """The room's name."""
        return str(self.fields["name"])


def read_terms(
    name: str,
    *,
    access: Union[str, AccessLevel, None],
    password: Union[str, bool, None],
    config: Any,
    tags: Union[str, Sequence[str]],
    notes: Optional[str],
    code: Optional[str],
    new: bool,
    max_spectators: int,
    require_approval: bool,
    expires_hours: float,
    listed: bool,
    lan: bool,
    wait: float,
    url: Optional[str],
    api_key: Optional[str],
    presence: Optional[str] = None,
    allowed_users: Optional[Iterable[str]] = None,
    blocked_users: Optional[Iterable[str]] = None,
    webhook: Optional[str] = None,
) -> Terms:
    """Return the checked terms. What was not given is left out: a room that is found again keeps what it has.

    Raises:
        ValueError, TypeError: an argument cannot be used, or two contradict each other; the message names it.
    """
    fields: Fields = {
        "name": read_name(name),
        "reuse": not new,
        "max_spectators": read_whole("max_spectators", max_spectators, 1, MOST_SPECTATORS),
        "idle_hours": read_hours("expires_hours", expires_hours),
    }
    fields.update(read_access(access, password))
    settings = read_config(config)
    if settings:
        fields["config"] = settings
    metadata = read_metadata(tags, notes)
    if metadata:
        fields["metadata"] = metadata
    if code is not None:
        fields["custom_code"] = read_code(code)
    if require_approval:
        fields["require_approval"] = True
    if listed:
        fields["listed"] = True
    for field, value, read in (
        ("presence", presence, read_presence),
        ("allowed_users", allowed_users, read_users),
        ("blocked_users", blocked_users, read_users),
        ("webhook", webhook, read_webhook),
    ):
        if value is not None:
            fields[field] = read(value)
    return Terms(fields, read_wait(wait), bool(lan), Address.parse(url) if url else None, read_key(api_key))


def read_wait(wait: Any) -> float:
    """Return a number of seconds."""
    if not isinstance(wait, (int, float)) or not 0 <= wait < float("inf"):
        raise ValueError(f"wait must be a number of seconds, 0 or more, not {wait!r}")
    return float(wait)


def read_key(key: Any) -> Optional[str]:
    """Return an API key; None for none."""
    return None if key is None else read_token("api_key", key)


def read_token(name: str, token: Any) -> str:
    """Return what is shown to a server as a proof; ``name`` is what an error calls it."""
    if not isinstance(token, str):
        raise TypeError(f"{name} must be text, not {type(token).__name__}")
    if not token.isascii() or not token.isprintable() or " " in token or not token:
        raise ValueError(f"{name} must not be empty, nor hold spaces or line breaks")
    return token


def read_name(name: Any) -> str:
    """Return a room's name: one line of at most 64 characters."""
    if not isinstance(name, str):
        raise TypeError(f"name must be text, not {type(name).__name__}")
    plain = unicodedata.normalize("NFC", name).strip()
    if not plain or len(plain) > LONGEST_NAME:
        raise ValueError(f"name must have 1 to {LONGEST_NAME} characters")
    # Persian, Hindi and emoji are spelt with joiners; the server says where one is out of place.
    if not plain.translate(_JOINERS).isprintable():
        raise ValueError("name must not hold line breaks or other control characters")
    return plain


def read_access(access: Union[str, AccessLevel, None], password: Union[str, bool, None]) -> Fields:
    """Return the fields of the level and the password; a password alone means level password."""
    fields: Fields = {}
    if access is not None:
        try:
            fields["access_level"] = AccessLevel(access).value
        except ValueError:
            levels = ", ".join(level.value for level in AccessLevel)
            raise ValueError(f"access must be one of {levels}, not {access!r}") from None
    guarded = fields.get("access_level", "password") == "password"
    if password is None or password is False:
        if fields.get("access_level") == "password":
            raise ValueError('access="password" needs password="..." (or password=True, which makes one)')
        return fields
    if not guarded:
        raise ValueError(f'access="{fields["access_level"]}" asks for no password; leave password out')
    if password is True:
        fields["password_protected"] = True
    elif isinstance(password, str):
        if not password or len(password.encode("utf-8", "replace")) > LONGEST_PASSWORD:
            raise ValueError(f"password must have 1 to {LONGEST_PASSWORD} bytes")
        fields["password"] = password
    else:
        raise TypeError("password must be text, or True to have one made")
    fields["access_level"] = "password"
    return fields


def read_config(config: Any) -> Fields:
    """Return a config as plain JSON: a mapping, a dataclass, or a namespace (argparse).

    It is shown to viewers. What goes beyond 60 KB is left out, last things first.
    """
    if config is None:
        return {}
    plain = jsonable(config)
    if not isinstance(plain, dict):
        raise TypeError(f"config must be a dict, a dataclass or a namespace, not {type(config).__name__}")
    kept: Fields = {}
    size = 2
    for key, value in plain.items():
        size += len(json_text({key: value}))
        if size > LARGEST_CONFIG:
            break
        kept[key] = value
    return kept


def read_metadata(tags: Union[str, Sequence[str]], notes: Optional[str]) -> Fields:
    """Return tags and notes as the room's metadata."""
    found: Fields = {}
    names: List[str] = [tags] if isinstance(tags, str) else list(tags)
    if any(not isinstance(tag, str) for tag in names):
        raise TypeError("tags must be texts")
    if sum(len(tag) for tag in names) > LONGEST_TAGS:
        raise ValueError(f"tags must have at most {LONGEST_TAGS} characters together")
    if names:
        found["tags"] = [clean(tag) for tag in names]
    if notes is not None:
        if not isinstance(notes, str):
            raise TypeError(f"notes must be text, not {type(notes).__name__}")
        found["notes"] = clean(notes)[:LONGEST_NOTES]
    return found


def read_code(code: Any) -> str:
    """Return a code as it is stored: capital letters, no spaces or hyphens."""
    if not isinstance(code, str):
        raise TypeError(f"code must be text, not {type(code).__name__}")
    plain = code.replace(" ", "").replace("-", "").upper()
    if not SHORTEST_CODE <= len(plain) <= LONGEST_CODE or set(plain) - set(ALPHABET):
        raise ValueError(
            f"code must have {SHORTEST_CODE} to {LONGEST_CODE} letters and digits, no 0, O, 1, I: {code!r}"
        )
    return plain


def read_whole(name: str, value: Any, least: int, most: int) -> int:
    """Return a whole number between two bounds."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be a whole number, not {type(value).__name__}")
    if not least <= value <= most:
        raise ValueError(f"{name} must be from {least} to {most}, not {value}")
    return value


def read_hours(name: str, value: Any) -> float:
    """Return a number of hours, more than none, at most a year."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number of hours, not {type(value).__name__}")
    if not 1 / 60 <= value <= LONGEST_HOURS:
        raise ValueError(f"{name} must be from a minute (0.02) to {LONGEST_HOURS}, not {value}")
    return float(value)


def read_presence(value: Any) -> str:
    """Return what spectators are told about who is here."""
    if value not in PRESENCE:
        raise ValueError(f"presence must be one of {', '.join(PRESENCE)}, not {value!r}")
    return str(value)


def read_users(value: Any) -> List[str]:
    """Return a list of ids of users, each once."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise TypeError(f"users are a list of ids, not {type(value).__name__}")
    users = list(dict.fromkeys(value))
    if any(not isinstance(user, str) or not user or len(user) > LONGEST_USER for user in users):
        raise ValueError(f"a user's id is a text of 1 to {LONGEST_USER} characters")
    if len(users) > MOST_USERS:
        raise ValueError(f"at most {MOST_USERS} users can be listed")
    return users


def read_webhook(value: Any) -> Optional[str]:
    """Return the address that is told of requests; None for none."""
    if value is None:
        return None
    if not isinstance(value, str) or not value.startswith(("https://", "http://")):
        # Not repeated: such addresses often hold a secret. Which ones it takes is for the server to say.
        raise ValueError("webhook must be an https:// address")
    return value


def read_invitation(uses: Any, user: Any, hours: Any, note: Any) -> Fields:
    """Return the body of ``POST /rooms/{room}/invitations``.

    Raises:
        TypeError, ValueError: an argument cannot be used.
    """
    fields: Fields = {"uses": read_whole("uses", uses, 1, MOST_USES), "hours": read_hours("hours", hours)}
    for name, field, value in (("user", "user_id", user), ("note", "note", note)):
        if value is None:
            continue
        if not isinstance(value, str):
            raise TypeError(f"{name} must be text, not {type(value).__name__}")
        fields[field] = clean(value)
    return fields


# What `Room.update` may change: its name in Python, the field it stands for, and how it is read.
_CHANGES: Dict[str, Any] = {
    "name": ("name", read_name),
    "code": ("custom_code", read_code),
    "config": ("config", read_config),
    "max_spectators": (
        "max_spectators",
        lambda value: read_whole("max_spectators", value, 1, MOST_SPECTATORS),
    ),
    "expires_hours": ("idle_hours", lambda value: read_hours("expires_hours", value)),
    "require_approval": ("require_approval", bool),
    "listed": ("listed", bool),
    "presence": ("presence", read_presence),
    "allowed_users": ("allowed_users", read_users),
    "blocked_users": ("blocked_users", read_users),
    "webhook": ("webhook", read_webhook),
    "approval_timeout": (
        "approval_timeout",
        lambda value: read_whole("approval_timeout", value, SHORTEST_APPROVAL, LONGEST_APPROVAL),
    ),
}


def read_changes(changes: Mapping[str, Any]) -> Fields:
    """Return the body of ``PATCH /rooms/{room}`` for the arguments of `Room.update`.

    Raises:
        TypeError: there is no such argument.
        ValueError: a value cannot be used.
    """
    left = dict(changes)
    fields: Fields = {}
    if {"access", "password"} & set(left):
        fields.update(read_access(left.pop("access", None), left.pop("password", None)))
        if fields.get("access_level", "password") != "password":
            fields["password"] = None  # a level that asks for none takes it away
    if {"tags", "notes"} & set(left):
        fields["metadata"] = read_metadata(left.pop("tags", ()), left.pop("notes", None))
    for name, value in left.items():
        if name not in _CHANGES:
            known = ", ".join(sorted([*_CHANGES, "access", "password", "tags", "notes"]))
            raise TypeError(f"update() knows no {name!r}; it can change {known}")
        field, read = _CHANGES[name]
        fields[field] = read(value)
    return fields
