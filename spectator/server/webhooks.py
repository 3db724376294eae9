"""Telling a room's webhook that somebody waits to be let in.

It is the owner's convenience and nothing waits for it: what cannot be delivered soon is dropped and counted.
The owner chooses the address, so it is a stranger's: it is called only where it is public (or where the
operator listed its network), judged at connect, without redirects, proxies, cookies and credentials; what it
answers is not read.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import ssl
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver

from rooms import InvalidRequest, JoinRequest, Room
from spectator.manager.views import iso
from spectator.server.addresses import ForbiddenAddressError, Guarded, Network, plain
from spectator.server.resolving import Resolver
from spectator.tasks import Tasks

logger = logging.getLogger("spectator.server")

SIGNATURE: Final = "Spectator-Signature"
LONGEST_S: Final = 5.0
"""One try may take so long, from looking up the name to the status of the answer."""

PAUSES_S: Final = (1.0, 5.0)
"""Between the tries; after the last one it is given up."""

QUEUED: Final = 200
QUEUED_OF_ROOM: Final = 20
AT_ONCE: Final = 8
AT_ONCE_OF_TENANT: Final = 2
STOP_S: Final = 1.0
"""At the end, what is queued has so long."""

_AGAIN: Final = frozenset({408, 425, 429})
"""Refusals that may not be meant for good; so may every 5xx."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message for one address. ``secrets``: what it is signed with, the present one first."""

    url: str = field(repr=False)
    tenant: str
    room_id: str
    body: bytes = field(repr=False)
    secrets: Sequence[str] = field(repr=False)


class Webhooks:
    """The webhooks of one node: a bounded queue, a few at once, fewer of one tenant.

    Args:
        networks: private networks that may be called, by plain HTTP too.
        resolver: looks names up; None: as the machine does.
        pauses_s: seconds between the tries.
        trusted: whose certificates are believed; None: those that the machine believes.
    """

    def __init__(
        self,
        networks: Sequence[Network] = (),
        *,
        resolver: AbstractResolver | None = None,
        pauses_s: Sequence[float] = PAUSES_S,
        trusted: ssl.SSLContext | None = None,
    ) -> None:
        self.delivered = self.failed = self.dropped = 0
        self._networks = networks
        self._resolver = resolver
        self._pauses_s = pauses_s
        self._trusted = trusted
        self._queue: deque[Delivery] = deque()
        self._under_way: Counter[str] = Counter()
        self._tasks = Tasks("webhooks")
        self._sessions: dict[str, aiohttp.ClientSession] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._stopping = False

    def check(self, url: str | None) -> None:
        """Say at once what can be said of an address before it is called; None and names pass.

        Raises:
            InvalidRequest: it is an address that is not called, or plain HTTP where no network is listed.
        """
        if url is None:
            return
        parts = urlsplit(url)
        if parts.scheme == "http" and not self._networks:
            raise InvalidRequest("webhook: must be an https:// address.", field="webhook")
        literal = parts.hostname and plain(parts.hostname)
        if literal and not self._guard(parts.scheme).allows(str(literal)):
            raise InvalidRequest(
                "webhook: must be a public address, or in a network that the server's operator listed.",
                field="webhook",
            )

    def announce(self, room: Room, request: JoinRequest, now_ms: int, secrets: Sequence[str]) -> None:
        """Tell the room's webhook, if it has one, of somebody who waits. Never waits, never raises."""
        if room.webhook is None or self._stopping:
            return
        of_room = sum(one.room_id == room.id for one in self._queue)
        if of_room >= QUEUED_OF_ROOM or (len(self._queue) >= QUEUED and not self._makes_room(room.tenant)):
            self._drop(1)
            return
        body = json.dumps(message(room, request, now_ms), ensure_ascii=False).encode()
        self._queue.append(Delivery(room.webhook, room.tenant, room.id, body, tuple(secrets)))
        self._go_on()

    async def stop(self) -> None:
        """Give what is queued a moment, then drop it; close every connection."""
        self._stopping = True
        try:
            async with asyncio.timeout(STOP_S):
                await self._idle.wait()
        except TimeoutError:
            self._drop(len(self._queue) + self._under_way.total())
            self._queue.clear()
        await self._tasks.stop()
        for session in self._sessions.values():
            await session.close()
        if self._resolver is not None:
            await self._resolver.close()

    # ------------------------------------------------------------ the queue

    def _makes_room(self, tenant: str) -> bool:
        """Drop the latest of the tenant that has the most queued; not for one that has about as many."""
        queued = Counter(one.tenant for one in self._queue)
        ((most, number),) = queued.most_common(1)
        if number <= queued[tenant] + 1:
            return False
        self._queue.remove(next(one for one in reversed(self._queue) if one.tenant == most))
        self._drop(1)
        return True

    def _go_on(self) -> None:
        """Start what may be started: of the tenant with the fewest under way, and of these the oldest."""
        while self._under_way.total() < AT_ONCE:
            may_start = (one for one in self._queue if self._under_way[one.tenant] < AT_ONCE_OF_TENANT)
            following = min(may_start, key=lambda one: self._under_way[one.tenant], default=None)
            if following is None:
                break
            self._queue.remove(following)
            self._under_way[following.tenant] += 1
            self._tasks.start(self._deliver(following), f"tell the webhook of {following.room_id}")
        if self._under_way.total() or self._queue:
            self._idle.clear()
        else:
            self._idle.set()

    async def _deliver(self, one: Delivery) -> None:
        try:
            if await self._tried(one):
                self.delivered += 1
            else:
                self.failed += 1
        finally:
            self._under_way[one.tenant] -= 1
            if not self._under_way[one.tenant]:
                del self._under_way[one.tenant]
            self._go_on()

    def _drop(self, how_many: int) -> None:
        self.dropped += how_many
        logger.warning("%d webhook messages were dropped", how_many)

    # ------------------------------------------------------------ one delivery

    async def _tried(self, one: Delivery) -> bool:
        """Try, and again after a pause where that may help; whether it was taken."""
        for pause_s in (*self._pauses_s, None):
            told, again = await self._post(one)
            if told is None:
                return True
            logger.info("the webhook of room %s (%s): %s", one.room_id, urlsplit(one.url).hostname, told)
            if not again or pause_s is None:
                return False
            await asyncio.sleep(pause_s)
        return False

    async def _post(self, one: Delivery) -> tuple[str | None, bool]:
        """One try: what went wrong (None: nothing), and whether another may help. It names no address."""
        headers = {"Content-Type": "application/json", SIGNATURE: signature(one.secrets, one.body)}
        try:
            session = self._session(urlsplit(one.url).scheme)
            async with session.post(one.url, data=one.body, headers=headers, allow_redirects=False) as answer:
                status = answer.status
                answer.close()
        except aiohttp.ClientConnectorError as error:
            forbidden = isinstance(error.os_error, ForbiddenAddressError)
            return (str(error.os_error) if forbidden else type(error).__name__), not forbidden
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return type(error).__name__, True
        if 200 <= status < 300:
            return None, False
        return f"answered {status}", status in _AGAIN or status >= 500

    def _session(self, scheme: str) -> aiohttp.ClientSession:
        """The session for a scheme; they differ in the addresses that they reach."""
        found = self._sessions.get(scheme)
        if found is None:
            if self._resolver is None:
                self._resolver = Resolver()
            connector = aiohttp.TCPConnector(
                resolver=self._resolver,
                socket_factory=self._guard(scheme),
                use_dns_cache=False,
                force_close=True,
                ssl=self._trusted or True,
                limit=AT_ONCE,
            )
            found = self._sessions[scheme] = aiohttp.ClientSession(
                connector=connector,
                connector_owner=True,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=LONGEST_S),
                trust_env=False,
                auto_decompress=False,
                raise_for_status=False,
                headers={"User-Agent": "spectator-webhook/1", "Accept": "*/*", "Accept-Encoding": "identity"},
            )
        return found

    def _guard(self, scheme: str) -> Guarded:
        return Guarded(self._networks, public=scheme == "https")


def message(room: Room, request: JoinRequest, now_ms: int) -> Mapping[str, Any]:
    """What a webhook is told of a request."""
    return {
        "event": "request",
        "room": {"id": room.id, "code": room.code, "name": room.name},
        "request": {
            "id": request.id,
            "name": request.name,
            "user_id": request.user_id,
            "requested_at": iso(request.requested_at_ms),
        },
        "sent_at": iso(now_ms),
    }


def signature(secrets: Sequence[str], body: bytes) -> str:
    """The header that proves where a message comes from: ``t=<unix seconds>,v1=<hmac-sha256, hex>,…``.

    One ``v1`` for each secret, so that a receiver that was told an older one still finds its own.
    """
    sent_at = str(int(time.time()))
    marks = [
        hmac.new(secret.encode(), f"{sent_at}.".encode() + body, hashlib.sha256).hexdigest()
        for secret in secrets
    ]
    return ",".join([f"t={sent_at}", *(f"v1={mark}" for mark in marks)])
