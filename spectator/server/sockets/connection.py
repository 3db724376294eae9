"""One WebSocket from its handshake to its end: hello, admission or lobby, then a viewer of the hub."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable

from aiohttp import WSMsgType, web

from rooms import (
    Actor,
    Admitted,
    Caller,
    Patience,
    RequestNotFound,
    Room,
    RoomsError,
    StoreUnavailable,
    TooManyAttempts,
    Unauthorized,
    is_room_id,
)
from spectator.hub import Close, Ended, Stage, Viewer, frames, speech
from spectator.log import Cursor
from spectator.manager import Manager
from spectator.server.auditing import note_watching
from spectator.server.problems import answer_of
from spectator.server.sockets.admission import Admission, admit, judge, open_to_all, parting, visit
from spectator.server.sockets.messages import (
    Ack,
    Auth,
    Hello,
    Misunderstood,
    Ping,
    Said,
    Visibility,
    judge_message,
    read,
)
from spectator.server.sockets.returning import place
from spectator.server.turns import Turns
from spectator.tasks import Tasks

logger = logging.getLogger("spectator.server")

NO_STATUS = frozenset({0, 1004, 1005, 1006, 1015})
"""Close codes that never travel; a peer that gives none of its own is answered with 1000."""

NOT_UNDERSTOOD = speech.notice(
    "not_understood", reason="This server does not know that message; the page may be newer than it."
)

Identify = Callable[[str | None], Awaitable[Caller]]
"""Who presents a credential over this connection."""


class Connection:
    """The server's end of one WebSocket.

    Args:
        manager: the domain.
        socket: after its handshake; only read from, everything written goes to the viewer's sink.
        viewer: how the hub sees the connection.
        ref: the room's code or id, as in the address.
        bearer: the credential of the header, if there was one.
        identify: makes a caller of a credential.
        turns: taken for what is asked of the store on the way in.
    """

    __slots__ = (
        "_answered_again",
        "_bearer",
        "_budget",
        "_caller",
        "_hub",
        "_identify",
        "_manager",
        "_ref",
        "_settling",
        "_since",
        "_socket",
        "_spent_at",
        "_tasks",
        "_turns",
        "_viewer",
        "_visited",
        "known",
    )

    def __init__(
        self,
        manager: Manager,
        socket: web.WebSocketResponse,
        viewer: Viewer,
        ref: str,
        bearer: str | None,
        identify: Identify,
        turns: Turns,
    ) -> None:
        self.known = False  # whether it has shown its right
        self._manager = manager
        self._hub = manager.hub
        self._socket = socket
        self._viewer = viewer
        self._ref = ref
        self._bearer = bearer
        self._identify = identify
        self._turns = turns
        self._caller: Caller | None = None
        self._since: Cursor | None = None
        self._settling = False
        self._visited = ""  # the room that it came into without a credential
        self._answered_again = False
        self._tasks: Tasks | None = None
        self._budget = float(self._hub.policy.message_burst)
        self._spent_at = time.monotonic()

    async def serve(self) -> None:
        """Admit the connection, unless it was turned away already, then listen to it until it ends."""
        try:
            if self._viewer.stage is not Stage.ENDED:
                await self._enter()
        except Ended as ended:
            self._hub.end(self._viewer, ended.code)
        except RoomsError as error:
            self._refuse(error)
        while await self._listen():
            pass

    async def close(self) -> None:
        """Leave nothing behind, whatever the end was."""
        if self._tasks is not None:
            await self._tasks.stop()
        self._hub.detach(self._viewer)
        if self._visited:
            self._hub.turnstile.end_visit(self._viewer.client, self._visited)
        self._viewer.sink.finish()
        self._hub.bury(self._viewer)

    # ------------------------------------------------------------ coming in

    async def _enter(self) -> None:
        if not self._viewer.variant.flat:
            await self._hello("The first message is hello, within 5 seconds.")
        elif self._bearer is None:
            async with self._turns.turn():
                if await self._visit():
                    return
            await self._hello("This room wants a credential: in the header, or as hello within 5 seconds.")
        if self._viewer.stage is Stage.ENDED:
            return
        if self._bearer is None:
            raise Unauthorized("A credential is missing. Send it in the header or with hello.")
        async with self._turns.turn():
            self._caller = await self._identify(self._bearer)
            admission = await admit(self._manager, self._ref, self._caller, self._viewer.client)
            note_watching(self._manager, self._caller, self._viewer.client, room=admission.room)
            self._bearer = ""  # it was shown, and takes 300 bytes for as long as the viewer stays
            if admission.right.request_id is None:
                await self._attach(admission)
            else:
                await self._wait_in_lobby(admission)

    async def _visit(self) -> bool:
        """Come in without a credential, where the room is open to all; a stranger knows it by its code."""
        if is_room_id(self._ref):
            return False
        caller = await self._identify(None)
        room, _ = await self._manager.rooms.look(self._ref, caller, self._viewer.client)
        if not open_to_all(room):
            return False
        self._count_visit(room)
        admission = await visit(self._manager, room, self._viewer.client)
        came = Actor("anonymous", admission.right.person)
        note_watching(self._manager, None, self._viewer.client, room=room, actor=came)
        await self._attach(admission)
        return True

    def _count_visit(self, room: Room) -> None:
        """One address must not sit on all seats by connections that never joined."""
        if not self._manager.settings.rate_limits:
            return
        if not self._hub.turnstile.visit(self._viewer.client, room.id, room.max_spectators):
            raise TooManyAttempts(
                "Too many connections from here that never joined. Join by POST, connect with the token."
            )
        self._visited = room.id

    async def _hello(self, demand: str) -> None:
        """Wait for the first message; without one in time the connection ends."""
        try:
            # What came in time counts, also where this node is too busy to read it at once.
            async with Patience(self._hub.policy.hello_s):
                said = await self._receive()
        except TimeoutError:
            said = None
            missing = Close.UNAUTHORIZED if self._viewer.variant.flat else Close.PROTOCOL_ERROR
            self._hub.end(self._viewer, missing, demand)
        if said is None:
            return
        if not isinstance(said, Hello):
            self._hub.end(self._viewer, Close.PROTOCOL_ERROR, demand)
            return
        self._bearer = said.token or self._bearer
        self._viewer.frames = said.frames
        self._since = place(said.since)

    async def _attach(self, admission: Admission) -> None:
        self._know()
        viewer, right = self._viewer, admission.right
        await self._hub.attach(admission.room.id, viewer, right, admission.describe, self._since)

    def _know(self) -> None:
        if not self.known:
            self.known = True
            self._hub.turnstile.known(self._viewer.client)

    # ------------------------------------------------------------ the lobby

    async def _wait_in_lobby(self, admission: Admission) -> None:
        self._know()
        self._tasks = Tasks("lobby")
        await self._hub.wait_in_lobby(
            admission.room.id, self._viewer, admission.right, admission.describe, self._answered
        )

    def _answered(self) -> None:
        """The request no longer waits: find out what became of it, once at a time."""
        self._answered_again = True
        if self._settling or self._tasks is None:
            return
        self._settling = True
        self._tasks.start(self._settle(), "learn what became of a request")

    async def _settle(self) -> None:
        try:
            while self._answered_again and self._viewer.stage is Stage.LOBBY:
                self._answered_again = False
                await self._learn()
        finally:
            self._settling = False

    async def _learn(self) -> None:
        assert self._caller is not None, "only a caller with a lobby token waits in the lobby"
        try:
            outcome = await self._manager.rooms.redeem_request(self._caller)
            if isinstance(outcome, Admitted):
                self._hub.say(self._viewer, "access", speech.access("approved", outcome.token))
                caller = await self._manager.rooms.caller(outcome.token)
                await self._attach(judge(self._manager, outcome.room, caller, outcome.role))
            elif outcome.status in {"denied", "expired"}:
                self._hub.say(self._viewer, "access", speech.access(outcome.status))
                denied = outcome.status == "denied"
                self._hub.end(self._viewer, Close.DENIED if denied else Close.REQUEST_GONE)
        except StoreUnavailable:
            return  # it is called again when the store is back
        except RequestNotFound:
            self._hub.end(self._viewer, Close.REQUEST_GONE)
        except Unauthorized:  # approved, and put out again since
            await self._part()
        except Ended as ended:
            self._hub.end(self._viewer, ended.code)
        except RoomsError as error:
            self._refuse(error)

    async def _part(self) -> None:
        """End who was let in and is not in any more, with the reason."""
        room = await self._manager.rooms.find(self._viewer.room_id)
        person = self._viewer.right.person
        if room is None or person is None:
            self._hub.end(self._viewer, Close.ROOM_NOT_FOUND)
            return
        self._hub.end(self._viewer, (await parting(self._manager, room, person)).code)

    # ------------------------------------------------------------ listening

    async def _listen(self) -> bool:
        """Take one message; False when there will be no more."""
        said = await self._receive()
        if said is None:
            return False
        verdict = judge_message(said, self._viewer.variant, self._viewer.stage, self._viewer.right.role)
        if verdict == "act":
            await self._act(said)
        elif verdict == "misplaced":
            told = "This message may not be sent at this point. See /docs for who may send which when."
            self._hub.end(self._viewer, Close.PROTOCOL_ERROR, told)
        elif not self._viewer.variant.flat:
            self._hub.say(self._viewer, "not_understood", NOT_UNDERSTOOD)
        return True

    async def _act(self, said: Said) -> None:
        match said:
            case Ack():
                self._hub.acknowledge(self._viewer, said.seq)
            case Visibility():
                self._hub.show(self._viewer, hidden=said.hidden)
            case Ping():
                self._hub.say(self._viewer, "pong", speech.PONG)
            case Auth():
                await self._renew(said.token)
            case _:
                pass  # a flat viewer's hello in a room that asks for none

    async def _renew(self, token: str) -> None:
        """Go on by a fresh grant, the same person on the same connection."""
        try:
            caller = await self._identify(token)
            admission = await admit(self._manager, self._viewer.room_id, caller, self._viewer.client)
            if admission.right.request_id is not None:
                raise Unauthorized
            self._hub.refresh(self._viewer, admission.right, admission.describe)
        except StoreUnavailable as error:
            # Nothing is known, and the old grant may have minutes left: told, so that it is sent again.
            self._hub.say(
                self._viewer, "auth", speech.notice("auth_failed", reason=error.message, retry=True)
            )
        except Ended as ended:
            self._hub.end(self._viewer, ended.code)
        except RoomsError as error:
            self._refuse(error)

    async def _receive(self) -> Said | None:
        """The next message the viewer means for us; None when the connection is over."""
        while True:
            message = await self._socket.receive()
            self._hub.heard(self._viewer)
            match message.type:
                case WSMsgType.PONG:
                    continue
                case WSMsgType.CLOSE | WSMsgType.CLOSING | WSMsgType.CLOSED | WSMsgType.ERROR:
                    self._answer_close(message.type, message.data)
                    return None
            if self._viewer.stage is Stage.ENDED:
                continue  # what was on its way when it was ended
            if not self._within_budget():
                self._hub.end(self._viewer, Close.BUSY, "Too many messages; an ack a second is enough.")
            elif message.type is WSMsgType.PING:
                self._viewer.write(frames.pong(bytes(message.data)))
            elif message.type is not WSMsgType.TEXT:
                self._hub.end(self._viewer, Close.PROTOCOL_ERROR, "Messages are text.")
            else:
                try:
                    return read(message.data)
                except Misunderstood as error:
                    self._hub.end(self._viewer, Close.PROTOCOL_ERROR, str(error))

    def _within_budget(self) -> bool:
        """A viewer may send a few messages a second, lasting, and more for a moment."""
        now, policy = time.monotonic(), self._hub.policy
        self._budget = min(policy.message_burst, self._budget + (now - self._spent_at) * policy.message_rate)
        self._spent_at = now
        self._budget -= 1
        return self._budget >= 0

    def _answer_close(self, kind: WSMsgType, code: object) -> None:
        """Say goodbye to a peer that said it first; one that was ended by us answered ours."""
        if kind is WSMsgType.CLOSE and self._viewer.stage is not Stage.ENDED:
            echoed = code if isinstance(code, int) and code not in NO_STATUS else 1000
            self._viewer.write(frames.close(echoed))

    def _refuse(self, error: RoomsError) -> None:
        if isinstance(error, StoreUnavailable) or answer_of(error).status < 500:
            logger.debug("a viewer was refused: %s", error.code)
        else:
            logger.warning("a viewer was refused: %s", error.code)
        caller = self._caller if self._bearer is None else self._caller or Caller("anonymous")
        note_watching(self._manager, caller, self._viewer.client, ref=self._ref, outcome=error.code)
        self._hub.end(self._viewer, answer_of(error).close, error.message)
