"""`watch`: a room's events, as they happen, in a ``for`` loop."""

from __future__ import annotations

import json
import random
import time
from typing import Any, Dict, Iterator, Optional, Tuple
from urllib.parse import quote, urlsplit

from spectator.client import http1
from spectator.client.address import Address
from spectator.client.api import BASE, Api, authorization, decode
from spectator.client.environment import Environment
from spectator.client.errors import Refused, SpectatorError, Unreachable
from spectator.client.opening import find_api
from spectator.client.sse import messages
from spectator.client.terms import read_token
from spectator.client.transport import Answer, Transport

SILENCE = 60.0  # seconds; the server says something every 25
LONGEST_LINE = 8 * 1024 * 1024  # bytes
ASK_SECONDS = 25.0  # that one question for the owner's answer may take
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0  # seconds between attempts to come back
LONGEST_WAIT = 60.0  # seconds that a server may ask to be left alone
ENDED = frozenset({4510, 4511})  # closed, expired: the end of the story, and no error
REFUSALS = {
    4501: "unauthorized",
    4503: "approval_denied",
    4504: "room_not_found",
    4508: "approval_denied",
    4509: "room_full",
    4512: "blocked",
}
YIELDED = frozenset({"snapshot", "notice"})  # told as they are, beside events

Event = Dict[str, Any]


def watch(
    room: str,
    *,
    password: Optional[str] = None,
    name: str = "watcher",
    invitation: Optional[str] = None,
    identity: Optional[str] = None,
    url: Optional[str] = None,
    api_key: Optional[str] = None,
) -> Iterator[Event]:
    """Watch a room; comes back by itself when the connection is lost, and ends when the room does.

    Yields each event as a dict with its number ``seq``, beginning with one of type ``snapshot``: what the
    room is like now. Where this reader fell behind, ``{"type": "skip", "from", "to", "lost"}`` says what is
    missing.

    Args:
        room: its code, its id, or the link to its page; what stands in a link after ``#invite=`` or
            ``#identity=`` is used, and stays on this machine's side of the address.
        password: where the room asks for one.
        name: what the others see.
        invitation: the token of one, where the room asks for that.
        identity: a signed identity, to come in as that user and nobody else.
        url: the server, else the link's, else `SPECTATOR_URL`, else this user's own.
        api_key: the tenant's key, else `SPECTATOR_API_KEY`, else this user's own server's; with it the
            reader takes no seat.

    Raises:
        ValueError: ``room`` or ``url`` cannot be used.
        NoServer: no server runs and none was named.
        Unreachable: the server does not answer at the beginning.
        Refused: the room does not let this reader in, or ended their visit.
    """
    told_url, code = _parts(room)
    chosen = url or told_url
    address = Address.parse(chosen) if chosen else None
    api = find_api(Environment.read(), address, api_key, start=False)
    held = _held(room)
    shown = held.get("identity") if identity is None else identity
    if shown is not None:
        api = api.acting_as(read_token("identity", shown))
    invited = held.get("invite") if invitation is None else invitation
    if invited is not None:
        read_token("invitation", invited)
    return _Watching(api, code, name, password, invited, named=shown is not None).events()


class _Watching:
    """One reader's visit."""

    def __init__(
        self,
        api: Api,
        room: str,
        name: str,
        password: Optional[str],
        invitation: Optional[str],
        *,
        named: bool = False,
    ) -> None:
        self._api = api
        self._room = room
        self._name = name
        self._password = password
        self._invitation = invitation
        self._named = named  # who comes in is vouched for, and is nobody else
        self._token: Optional[str] = None
        self._visitor: Optional[str] = None
        self._cursor: Optional[str] = None
        self._pause = FIRST_PAUSE
        self._been_in = False

    def events(self) -> Iterator[Event]:
        try:
            while True:
                try:
                    yield from self._connected()
                    return
                except _ComeBack as lost:
                    time.sleep(lost.after if lost.after is not None else self._next_pause())
        finally:
            self._leave()

    def _connected(self) -> Iterator[Event]:
        """Yield events until the room ends; raise `_ComeBack` when the connection does."""
        transport = Transport(self._api.address, keep=True)
        try:
            response = self._open(transport)
            for message in messages(http1.lines(response.pieces(), LONGEST_LINE)):
                told = json.loads(message.data)
                self._pause = FIRST_PAUSE
                if told["type"] == "bye":
                    _part(told)
                    return
                yield from _events(told)
                if message.id is not None:
                    self._cursor = message.id
        except Unreachable as error:
            if not self._been_in:
                raise
            raise _ComeBack from error
        except (OSError, http1.NotHttp, http1.ClosedEarly, ValueError) as error:
            raise _ComeBack from error
        finally:
            transport.close()
        raise _ComeBack

    def _open(self, transport: Transport) -> http1.Response:
        token = self._token or self._admitted()
        headers = {"Accept": "text/event-stream", **authorization(token)}
        if self._cursor is not None:
            headers["Last-Event-ID"] = self._cursor
        path = f"{BASE}/rooms/{quote(self._room, safe='')}/stream"
        response = transport.open("GET", path, headers, None, SILENCE)
        if response.status == 200:
            self._been_in = True
            return response
        try:
            decode(Answer(response.status, response.headers, response.read(65536)), self._api.address)
        except Refused as refused:
            if refused.code != "unauthorized" or not self._been_in:
                raise _not_now(refused) from refused
            self._token = None  # the grant has run out: join again
            raise _ComeBack from refused
        raise _ComeBack

    def _admitted(self) -> str:
        try:
            return self._join()
        except Refused as refused:
            raise _not_now(refused) from refused

    def _join(self) -> str:
        """Return a token that lets us in, waiting for the owner's answer where one is asked."""
        api = self._api.acting_as(self._visitor) if self._visitor else self._api
        try:
            told = api.join(self._room, self._name, self._password, self._invitation)
        except Refused as refused:
            stranger = self._named or not api.has_credential
            if refused.code not in {"unauthorized", "not_allowed"} or stranger:
                raise
            # A key that may only publish is no way in; a stranger may have one.
            api = self._api.acting_as(None)
            told = api.join(self._room, self._name, self._password, self._invitation)
        self._visitor = told.get("visitor", self._visitor)
        token = str(told["token"])
        if told["status"] == "pending_approval":
            token = self._wait_for_answer(api.acting_as(token), str(told["request_id"]))
        self._token = token
        return token

    def _wait_for_answer(self, api: Api, request_id: str) -> str:
        while True:
            told = api.asked(self._room, request_id, wait=ASK_SECONDS)
            if told["status"] == "approved":
                return str(told["token"])
            if told["status"] != "pending_approval":
                raise Refused("approval_denied", 403, f"The request was {told['status']}; ask the owner.")

    def _leave(self) -> None:
        if self._token is None:
            return
        try:
            self._api.acting_as(self._token).leave(self._room)
        except SpectatorError:
            return  # the seat's lease runs out by itself

    def _next_pause(self) -> float:
        pause, self._pause = self._pause, min(self._pause * 2, LONGEST_PAUSE)
        return pause * random.uniform(0.75, 1.25)


class _ComeBack(Exception):
    """The connection is gone; ``after`` seconds it makes sense to try again (None: as the pauses have it)."""

    def __init__(self, after: Optional[float] = None) -> None:
        super().__init__()
        self.after = after


def _not_now(refused: Refused) -> Exception:
    """Return what to raise for a refusal: come back where that helps, the refusal itself where not."""
    return _ComeBack(refused.retry_after) if refused.status in {429, 503} else refused


def _parts(room: str) -> Tuple[Optional[str], str]:
    """Return the server's URL and the code in a link, or no URL and the code itself."""
    if "://" not in room:
        code = room.strip()
        if not code:
            raise ValueError("a room is named by its code, its id, or the link to its page")
        return None, code
    parts = urlsplit(room)
    before, found, code = parts.path.rpartition("/r/")
    if not found or not code:
        raise ValueError("the link is not that of a room's page, such as http://127.0.0.1:8000/r/ABC234")
    return parts._replace(path=before, query="", fragment="").geturl(), code


def _held(room: str) -> Dict[str, str]:
    """Return what a link holds in its fragment, by name: ``invite``, ``identity``."""
    name, found, token = urlsplit(room).fragment.partition("=") if "://" in room else ("", "", "")
    return {name: token} if found and token and name in {"invite", "identity"} else {}


def _events(told: Event) -> Iterator[Event]:
    """Yield what a message tells, as events."""
    kind = told["type"]
    if kind == "tick":
        for seq, event in enumerate(told["events"], told["from"]):
            yield {"seq": seq, **event}
    elif kind == "conflated":
        yield {"type": "skip", "from": told["from"], "to": told["to"], "lost": told["lost"]}
        yield from told["events"]
    elif kind in YIELDED:
        yield told


def _part(bye: Event) -> None:
    """Return when the room has ended; raise `_ComeBack` or `Refused` otherwise."""
    if bye["code"] in ENDED:
        return
    if bye.get("reconnect"):
        low, high = bye.get("after_ms") or (500, 1500)
        raise _ComeBack(min(max(0.0, random.uniform(low, high) / 1000), LONGEST_WAIT))
    code = REFUSALS.get(bye["code"], "not_allowed")
    raise Refused(code, 403, str(bye.get("reason", "The visit was ended.")))
