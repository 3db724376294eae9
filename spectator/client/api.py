"""The calls of the HTTP API, one method each, as plain dicts: they wait, and raise what went wrong."""

from __future__ import annotations

import json
import math
from typing import Any, Dict, List, Mapping, Optional
from urllib.parse import quote, urlencode

from spectator.client.address import Address
from spectator.client.errors import Refused, Unreachable
from spectator.client.transport import Answer, Transport
from spectator.protocol.json_text import json_text
from spectator.protocol.values import jsonable

BASE = "/api/v1"
TIMEOUT = 5.0  # seconds; the server itself gives up on its store after 2.5
LONGEST_RETRY = 300.0  # seconds; a server that wants more is asked again all the same
JSON = "application/json"

Fields = Dict[str, Any]


class Api:
    """A server, and the credential to show it. May be shared by threads: each call has its own connection.

    Every call raises `Unreachable` when there is no answer and `Refused` when the answer is no.
    A room is named by its id or its code.
    """

    def __init__(self, address: Address, bearer: Optional[str] = None, timeout: float = TIMEOUT) -> None:
        """Remember where to call and with what credential; ``timeout`` is in seconds, for each call."""
        self.address = address
        self.timeout = timeout
        self._bearer = bearer

    @property
    def has_credential(self) -> bool:
        """Whether there is a credential to show."""
        return self._bearer is not None

    @property
    def bearer(self) -> Optional[str]:
        """The credential, or None."""
        return self._bearer

    def acting_as(self, bearer: Optional[str]) -> Api:
        """Return the same server with another credential."""
        return Api(self.address, bearer, self.timeout)

    def request(
        self,
        method: str,
        path: str,
        fields: Optional[Mapping[str, Any]] = None,
        headers: Optional[Mapping[str, str]] = None,
        timeout: Optional[float] = None,
    ) -> Any:
        """Send one call below ``/api/v1`` and return the JSON of its answer (None when there is none)."""
        body = None if fields is None else json_text(jsonable(fields)).encode()
        sent = {"Accept": JSON, **authorization(self._bearer), **(headers or {})}
        if body is not None:
            sent["Content-Type"] = JSON
        transport = Transport(self.address, keep=False)
        return decode(
            transport.exchange(method, BASE + path, sent, body, timeout or self.timeout), self.address
        )

    # -- rooms

    def create_room(self, fields: Mapping[str, Any], idempotency_key: Optional[str] = None) -> Fields:
        """Create or reuse a room; return ``{room, owner_token, password?, join_url, owner_url}``."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else None
        return _object(self.request("POST", "/rooms", fields, headers))

    def rooms(self) -> List[Fields]:
        """Return the rooms of the key's tenant."""
        return _objects(self.request("GET", "/rooms"), "rooms")

    def lobby(self) -> List[Fields]:
        """Return the public rooms that are listed."""
        return _objects(self.request("GET", "/lobby"), "rooms")

    def room(self, room: str) -> Fields:
        """Return what the caller may see of a room."""
        return _object(self.request("GET", _room(room)))

    def change(self, room: str, fields: Mapping[str, Any]) -> Fields:
        """Change a room; what is not given stays."""
        return _object(self.request("PATCH", _room(room), fields))

    def rotate(self, room: str, what: str) -> Fields:
        """Replace a room's code, password or key; return the room, with ``password`` or ``owner_token``."""
        return _object(self.request("POST", _room(room) + "/rotate", {"what": what}))

    def transfer(self, room: str, user_id: str) -> Fields:
        """Give a room to a user of the tenant; the room's key is worth nothing from then on."""
        return _object(self.request("POST", _room(room) + "/transfer", {"user_id": user_id}))

    def extend(self, room: str, hours: float) -> Fields:
        """Let a room live ``hours`` longer."""
        return _object(self.request("POST", _room(room) + "/extend", {"hours": hours}))

    def close(self, room: str, *, keep: bool = True, trace: bool = True) -> None:
        """End a room for everybody; ``keep=False`` removes what was recorded at once, too.

        ``trace=False`` removes all there is of it, so that nobody is told it has ended and the code is free.
        """
        query = "?trace=false" if not trace else "" if keep else "?keep=false"
        self.request("DELETE", _room(room) + query)

    def claim(self, room: str) -> str:
        """Return a fresh ``owner_url``: good once, for ten minutes."""
        return str(_object(self.request("POST", _room(room) + "/claims", {}))["owner_url"])

    def redeem(self, claim: str) -> Fields:
        """Exchange what stands in the fragment of an ``owner_url`` for ``{room, owner_token}``; good once."""
        return _object(self.request("POST", "/claims", {"claim": claim}))

    # -- people

    def join(
        self,
        room: str,
        display_name: str,
        password: Optional[str] = None,
        invitation: Optional[str] = None,
    ) -> Fields:
        """Ask to come in: ``status`` is ``approved`` (with ``token``) or ``pending_approval``."""
        fields: Fields = {"display_name": display_name}
        if password is not None:
            fields["password"] = password
        if invitation is not None:
            fields["invitation"] = invitation
        return _object(self.request("POST", _room(room) + "/join", fields))

    def leave(self, room: str) -> None:
        """Give the seat back; the credential is a grant."""
        self.request("POST", _room(room) + "/leave", {})

    def requests(self, room: str) -> List[Fields]:
        """Return who asks to come in: ``{id, name, user_id, requested_at, status}`` each."""
        return _objects(self.request("GET", _room(room) + "/requests"), "requests")

    def asked(self, room: str, request_id: str, wait: float = 0.0) -> Fields:
        """Return how the caller's own request stands; ``wait`` up to 25 seconds for an answer."""
        query = "?" + urlencode({"wait": f"{wait:g}"}) if wait else ""
        path = f"{_room(room)}/requests/{quote(request_id, safe='')}{query}"
        return _object(self.request("GET", path, timeout=self.timeout + wait))

    def withdraw(self, room: str, request_id: str) -> None:
        """Take the caller's own request back."""
        self.request("DELETE", f"{_room(room)}/requests/{quote(request_id, safe='')}")

    def approve(self, room: str, request_id: str) -> Fields:
        """Let somebody in."""
        return _object(
            self.request("POST", f"{_room(room)}/requests/{quote(request_id, safe='')}/approve", {})
        )

    def deny(self, room: str, request_id: str) -> Fields:
        """Turn somebody away."""
        return _object(self.request("POST", f"{_room(room)}/requests/{quote(request_id, safe='')}/deny", {}))

    def approve_all(self, room: str) -> List[Fields]:
        """Let everybody in who waits and for whom there is a seat."""
        return _objects(self.request("POST", _room(room) + "/requests/approve-all", {}), "requests")

    def people(self, room: str) -> Fields:
        """Return who is in and who is blocked.

        ``spectators``: ``{id, name, role, joined_at, lag_ms, watching, user_id}`` each; ``blocked``:
        ``{id, name, user_id, blocked_at}`` each.
        """
        return _object(self.request("GET", _room(room) + "/spectators"))

    def spectators(self, room: str) -> List[Fields]:
        """Return who is in; see `people`."""
        return _objects(self.people(room), "spectators")

    def use_power(self, room: str, person: str, power: str) -> Fields:
        """Kick, block, unblock, promote or demote a person; return ``{id, name, status}``."""
        path = f"{_room(room)}/spectators/{quote(person, safe='')}/{quote(power, safe='')}"
        return _object(self.request("POST", path, {}))

    def invite(self, room: str, fields: Mapping[str, Any]) -> Fields:
        """Make an invitation of ``{uses, hours, user_id?, note?}``; return it with ``token`` and ``url``."""
        return _object(self.request("POST", _room(room) + "/invitations", fields))

    def invitations(self, room: str) -> List[Fields]:
        """Return the invitations to a room, without their tokens."""
        return _objects(self.request("GET", _room(room) + "/invitations"), "invitations")

    def withdraw_invitation(self, room: str, invitation: str) -> None:
        """Make an invitation worth nothing; who came in by it stays."""
        self.request("DELETE", f"{_room(room)}/invitations/{quote(invitation, safe='')}")

    def mint_identity(
        self, user_id: str, name: Optional[str] = None, hours: Optional[float] = None
    ) -> Fields:
        """Vouch for a user of the key's tenant; return ``{token, user_id, name, expires_at}``."""
        fields = {"user_id": user_id, "name": name, "hours": hours}
        given = {field: value for field, value in fields.items() if value is not None}
        return _object(self.request("POST", "/identities", given))

    def identity(self, user_id: str, name: Optional[str] = None, hours: Optional[float] = None) -> str:
        """Return the token of `mint_identity`: it proves to a server who somebody is."""
        return str(self.mint_identity(user_id, name, hours)["token"])

    # -- what happened

    def history(self, room: str, metrics: Optional[List[str]] = None, max_points: int = 1000) -> Fields:
        """Return ``{name: {step, time, value}}``, lists of equal length, at most ``max_points`` long."""
        query: Dict[str, str] = {"max_points": str(max_points)}
        if metrics is not None:
            query["metrics"] = ",".join(metrics)
        told = _object(self.request("GET", f"{_room(room)}/history?{urlencode(query)}"))
        return _object(told["metrics"])


def authorization(bearer: Optional[str]) -> Dict[str, str]:
    """Return the header that shows a credential; none for None."""
    return {"Authorization": f"Bearer {bearer}"} if bearer else {}


def decode(answer: Answer, address: Address) -> Any:
    """Return the JSON of a good answer.

    Raises:
        Refused: the server answered with a problem.
        Unreachable: what answered is not our server (a login page, a proxy's error).
    """
    value = _json(answer)
    if 200 <= answer.status < 300:
        if answer.body and value is None:
            raise Unreachable(
                f"{address.url} answers, but not as a spectator server does; is the address right?"
            )
        return value
    if not isinstance(value, dict) or not isinstance(value.get("code"), str):
        raise Unreachable(f"{address.url} answers HTTP {answer.status}, but not as a spectator server does")
    raise Refused(
        value["code"],
        answer.status,
        str(value.get("detail") or value.get("message") or value.get("title") or value["code"]),
        _seconds(answer.headers.get("retry-after")),
        value.get("field") if isinstance(value.get("field"), str) else None,
        value.get("last") if isinstance(value.get("last"), int) else None,
        value.get("quota") if isinstance(value.get("quota"), str) else None,
        value.get("limit") if isinstance(value.get("limit"), (int, float)) else None,
    )


def _json(answer: Answer) -> Any:
    try:
        return json.loads(answer.body) if answer.body else None
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        return None


def _seconds(told: Optional[str]) -> Optional[float]:
    try:
        seconds = float(told) if told is not None else math.nan
    except ValueError:  # a date: we would have to trust two clocks
        return None
    return None if math.isnan(seconds) else min(max(0.0, seconds), LONGEST_RETRY)


def _room(room: str) -> str:
    return "/rooms/" + quote(room, safe="")


def _object(value: Any) -> Fields:
    if not isinstance(value, dict):
        raise Unreachable(
            "the server's answer is not what this version of spectator knows; upgrade the older one"
        )
    return value


def _objects(value: Any, name: str) -> List[Fields]:
    items = _object(value).get(name, [])
    return [item for item in items if isinstance(item, dict)]
