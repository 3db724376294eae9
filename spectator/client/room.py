"""The room as training code sees it."""

from __future__ import annotations

from datetime import datetime, timezone
from types import TracebackType
from typing import Any, Callable, List, Mapping, Optional, Sequence, Set, Type, Union

from spectator.client.desk import Desk, Keeper
from spectator.client.doorbell import Doorbell
from spectator.client.episodes import Episode
from spectator.client.errors import as_clause
from spectator.client.invitations import Invitation
from spectator.client.lifetime import FLUSH_SECONDS
from spectator.client.logged import Reading, decision_fields, read_step
from spectator.client.opened import Fields, Opened
from spectator.client.opening import Opener
from spectator.client.pending import EPISODE, EVENT, NOTE, SAMPLE, STATE
from spectator.client.people import Blocked, JoinRequest, Spectator, person_id, request_id
from spectator.client.run import Run
from spectator.client.stderr import Speaker
from spectator.client.terms import ROTATES, read_changes, read_hours, read_invitation
from spectator.client.words import WordsTeller
from spectator.protocol.metrics import MetricsData
from spectator.protocol.values import LARGEST_INT, clean, jsonable, utc

LEVELS = ("info", "warning", "error", "critical")
LIFE_EVENTS = frozenset({"training_started", "training_finished", "training_failed"})
KNOWN_NAMES = 1_000  # metric names remembered as good


class Room:
    """A room that was opened by `open_room`, or will be when a server appears.

    What is logged is queued and sent by a thread of its own; nothing here waits for a viewer, and nothing
    raises because of the network. Wrong arguments raise at once. May be used from several threads. In other
    processes of a distributed job than the first (rank 0), and with `SPECTATOR_MODE=disabled`, a room is
    silent: it checks its arguments and does nothing.
    """

    def __init__(self, name: str, speaker: Speaker, opener: Optional[Opener], patience: float = 0.0) -> None:
        """Begin a run in the room that ``opener`` opens; None makes it a silent one. Use `open_room`."""
        self._name = name
        self._speaker = speaker
        self._opener = opener
        self._run: Optional[Run] = None
        self._desk = Desk(lambda: self._opened, speaker)  # of a silent room: it is never open
        self._step = -1
        self._episodes = 0
        self._names: Set[str] = set()  # metrics' names found good before
        if opener is not None:
            self._words = words = WordsTeller(opener)
            self._run = run = Run(
                opener.open,
                speaker,
                data=opener.begin,
                ending=lambda: words.tell_rest(run.outbox),
                patience=patience,
                renew=opener.renew,
            )
            keeper = Keeper(run.outbox.take, opener.renew, run.outbox.rekeying)
            self._desk = Desk(lambda: self._opened, speaker, keeper)
            run.start()

    def __enter__(self) -> Room:  # noqa: PYI034 - typing.Self is younger than 3.8
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        ended_well = error is None or (isinstance(error, SystemExit) and not error.code)
        self._end(None if ended_well else type(error).__name__)

    def __repr__(self) -> str:
        return f"<spectator.Room {self._name!r} {self.code or 'not open yet'}>"

    # -- what happens in the training

    def log(self, metrics: Optional[Mapping[str, Any]] = None, /, *, step: Any = None, **values: Any) -> None:
        """Log numbers by name, in a mapping or as arguments; returns within microseconds.

        Args:
            metrics: names to values; a `MetricsData` will do. Values are numbers, numpy or torch scalars;
                nested mappings become ``a/b``; text becomes part of the room's config, or a note when it
                changes later; None is left out; NaN and infinities are shown as gaps.
            step: where in the training this is; counts by itself when left out.
            values: further names to values.

        Raises:
            TypeError: ``metrics`` is no mapping, or ``step`` no whole number.
        """
        # This is the one place where a microsecond counts: what is usual is done here, the rest elsewhere.
        if metrics is not None:
            values = {**(metrics if type(metrics) is dict else _mapping(metrics)), **values}
        if step is None:
            step = values.pop("step", None)
            if step is None:
                step = self._step + 1
        if type(step) is not int:
            step = read_step(step)
        names = self._names
        for name, value in values.items():
            kind = type(value)
            if name not in names or (
                kind is not float and (kind is not int or not -LARGEST_INT <= value <= LARGEST_INT)
            ):
                self._log_anything(values, step)
                return
        self._step = step
        if self._run is not None and values:
            values["step"] = step
            self._run.outbox.add(SAMPLE, {"type": "training_metrics", "data": values}, len(values))

    def decision(
        self,
        probabilities: Union[Mapping[Any, Any], Sequence[Any]],
        action: Any = None,
        value: Any = None,
        q_values: Any = None,
        *,
        labels: Optional[Sequence[Any]] = None,
        step: Any = None,
    ) -> None:
        """Show a decision of the agent.

        Args:
            probabilities: of each action: a mapping from names, or a list or array with ``labels``.
            action: the chosen one: its name, or its place.
            value: the value of the state.
            q_values: of each action, in the same order, or a mapping from names.
            labels: the actions' names, where ``probabilities`` has none.
            step: where in the training this is; the step last logged when left out.

        Raises:
            TypeError, ValueError: an argument is no number, or they do not fit together.
        """
        fields = decision_fields(probabilities, labels, action, value, q_values)
        fields["step"] = max(self._step, 0) if step is None else read_step(step)
        self._add(STATE, fields)

    def event(self, name: str, /, **data: Any) -> None:
        """Mark something that happened, such as ``room.event("stage_advanced", stage=2)``.

        Raises:
            TypeError, ValueError: ``name`` is no text, or is one of those that begin and end a run.
        """
        if _text("an event's name", name) in LIFE_EVENTS:
            raise ValueError(f"{name} is said by open_room() and finish(), or at the end of `with`")
        self._add(
            EVENT, {"type": "training_event", "event": _text("an event's name", name), "data": jsonable(data)}
        )

    def episode(
        self, episode_id: Union[str, int, None] = None, *, metadata: Optional[Mapping[str, Any]] = None
    ) -> Episode:
        """Begin an episode that others can follow step by step.

        Args:
            episode_id: its number or name; counted from 1 when left out.
            metadata: what is known of it beforehand. A ``grid`` with ``width``, ``height`` and the cells of
                ``walls``, ``lava``, ``start`` and ``goal`` is drawn as a world.

        Raises:
            TypeError: ``metadata`` is no mapping.
        """
        self._episodes += 1
        name = clean(str(self._episodes if episode_id is None else episode_id))
        return Episode(name, lambda fields: self._add(EPISODE, fields), metadata)

    def note(self, text: str) -> None:
        """Write a line for whoever watches."""
        message = _text("a note", text)
        self._add(NOTE, {"type": "log", "level": "info", "message": message, "metadata": {}})

    def alert(
        self, message: str, *, level: str = "warning", category: str = "training", **metadata: Any
    ) -> None:
        """Say that something needs attention.

        Args:
            message: what is the matter.
            level: info, warning, error or critical.
            category: what it is about.
            metadata: further data to show with it.

        Raises:
            TypeError, ValueError: ``message`` is no text, or there is no such level.
        """
        if level not in LEVELS:
            raise ValueError(f"level must be one of {', '.join(LEVELS)}, not {level!r}")
        alert = {
            "level": level,
            "category": clean(str(category)),
            "message": _text("an alert's message", message),
        }
        alert["timestamp"] = utc(datetime.now(timezone.utc))
        if metadata:
            alert.update(metadata=jsonable(metadata))
        self._add(EVENT, {"type": "alert", "alert": alert})

    def finish(self) -> None:
        """End the run; the room stays. Waits up to 2 seconds until everything is sent."""
        self._end(None)

    # -- who watches

    def requests(self) -> List[JoinRequest]:
        """Return who asks to come in; empty also when the server cannot be reached (said on stderr)."""
        return self._desk.requests() if self._run else []

    def approve(self, request: Union[JoinRequest, str]) -> bool:
        """Let somebody in, by request or its id; return whether that is done."""
        asked = request_id(request)
        return self._run is not None and self._desk.approve(asked)

    def deny(self, request: Union[JoinRequest, str]) -> bool:
        """Turn somebody away, by request or its id; return whether that is done."""
        asked = request_id(request)
        return self._run is not None and self._desk.deny(asked)

    def approve_all(self) -> int:
        """Let everybody in who waits and for whom there is a seat; return how many that were."""
        return self._desk.approve_all() if self._run else 0

    def on_request(self, callback: Callable[[JoinRequest], object]) -> None:
        """Have ``callback`` called with each new `JoinRequest`, within a second, in a thread of its own.

        Raises:
            TypeError: it cannot be called.
        """
        if not callable(callback):
            raise TypeError("on_request needs a function that takes a JoinRequest")
        if self._run is not None:
            self._run.attend(Doorbell(self.requests, callback, self._speaker).ring)

    def spectators(self) -> List[Spectator]:
        """Return who is in; empty also when the server cannot be reached (said on stderr)."""
        return self._desk.spectators() if self._run else []

    def blocked(self) -> List[Blocked]:
        """Return who is blocked; empty also when the server cannot be reached (said on stderr)."""
        return self._desk.blocked() if self._run else []

    def kick(self, person: Union[Spectator, str]) -> bool:
        """Send somebody away, who may ask again after a minute; return whether that is done.

        This and the four below take a `Spectator` or its id, and act on who watches within a second.
        """
        return self._use(person, "kick")

    def block(self, person: Union[Spectator, str]) -> bool:
        """Send somebody away for good: the person, the user, and for an hour the address of a stranger."""
        return self._use(person, "block")

    def unblock(self, person: Union[Blocked, Spectator, str]) -> bool:
        """Let somebody who is blocked ask again; return whether that is done."""
        return self._use(person, "unblock")

    def promote(self, person: Union[Spectator, str]) -> bool:
        """Make somebody a moderator, who may let people in and send them away; needs no seat."""
        return self._use(person, "promote")

    def demote(self, person: Union[Spectator, str]) -> bool:
        """Make a moderator a spectator again; return whether that is done."""
        return self._use(person, "demote")

    def invite(
        self, uses: int = 1, user: Optional[str] = None, hours: float = 24, note: Optional[str] = None
    ) -> Invitation:
        """Make a link that lets people in, past approval and lists, not past a password.

        Args:
            uses: how many people it lets in, 1 to 1000.
            user: the id of the only user it lets in, for whom a signed identity vouches; None: whoever holds
                the link.
            hours: how long it is good.
            note: what it is for, shown in the list of invitations.

        Returns:
            The invitation with its ``url``. When the server cannot be reached or refuses (said on stderr),
            one that is false, without a ``url``.

        Raises:
            TypeError, ValueError: an argument cannot be used.
        """
        fields = read_invitation(uses, user, hours, note)
        return self._desk.invite(fields) if self._run else Invitation.none()

    def invitations(self) -> List[Invitation]:
        """Return the invitations, open and used up; their links were told once, and are not in here."""
        return self._desk.invitations() if self._run else []

    # -- the room itself

    def update(self, **changes: Any) -> bool:
        """Change the room while people watch; return whether that is done.

        A change that cannot be brought to the server now is brought as soon as it can be reached.

        Args:
            changes: any of name, access, password, code, config, tags, notes, max_spectators, expires_hours,
                require_approval, listed, presence, allowed_users, blocked_users and webhook, as for
                `open_room`; and approval_timeout, the seconds after which a request nobody answered expires.

        Raises:
            TypeError, ValueError: there is no such setting, or a value cannot be used.
        """
        fields = read_changes(changes)
        run, opener = self._run, self._opener
        if run is None or opener is None or not fields:
            return False
        opener.fields.update(fields)  # should the room have to be opened anew
        if run.opened is None:
            return False
        if self._desk.change(fields) is None:
            run.outbox.change(fields)
            return False
        return True

    def rotate(self, what: str) -> bool:
        """Replace what lets people in; return whether that is done.

        Args:
            what: "code" or "password": whoever is in, but moderators, has to join again with the new one
                (`code`, `url` or `password`). "key": whoever acts as owner by the old key is out; this
                process goes on with the new one.

        Raises:
            ValueError: there is no such thing to replace.
        """
        if what not in ROTATES:
            raise ValueError(f"rotate() replaces one of {', '.join(ROTATES)}, not {what!r}")
        told = self._desk.rotate(what) if self._run and self._opener else None
        if told is None or self._opener is None:
            return False
        fields = self._opener.fields  # should the room have to be opened anew, it must not have the old one
        if what == "code":
            fields.pop("custom_code", None)
        elif what == "password":
            fields.pop("password_protected", None)
            fields.update(access_level="password", password=told["password"])
        return True

    def transfer(self, user_id: str) -> bool:
        """Give the room to another user of the tenant; return whether that is done.

        The room's key is worth nothing from then on; this process goes on publishing, as its API key allows.

        Raises:
            TypeError: ``user_id`` is no text.
        """
        user = _text("a user's id", user_id)
        return self._run is not None and self._desk.transfer(user)

    def extend(self, hours: float) -> bool:
        """Let the room live ``hours`` longer; return whether that is done."""
        more = read_hours("hours", hours)
        return self._run is not None and self._desk.extend(more)

    def close_room(self, *, keep: bool = True) -> bool:
        """End the room for everybody, and the run with it; return whether that is done.

        What was recorded is kept for a week; with ``keep=False`` it is removed at once.
        """
        if self._run is None:
            return False
        self.finish()
        return self._desk.close(keep=keep)

    @property
    def id(self) -> Optional[str]:
        """What programs call the room; None until it is open."""
        return self._opened.id if self._opened else None

    @property
    def code(self) -> Optional[str]:
        """What people type to come in; None until the room is open."""
        return str(self._opened.room["code"]) if self._opened else None

    @property
    def url(self) -> Optional[str]:
        """The room's page; None until the room is open."""
        return self._opened.join_url if self._opened else None

    @property
    def owner_url(self) -> Optional[str]:
        """A link that makes whoever opens it first the owner, good once and for ten minutes.

        Reading it again makes a fresh one, which asks the server. None when there is no room.
        """
        return self._desk.owner_url() if self._opened else None

    @property
    def password(self) -> Optional[str]:
        """The password, if this process set it or it was made for it."""
        return self._opened.password if self._opened else None

    @property
    def webhook_secret(self) -> Optional[str]:
        """What messages to the room's webhook are signed with, if this process set the webhook."""
        return self._opened.webhook_secret if self._opened else None

    @property
    def watching(self) -> int:
        """How many people watch, as last told by the server: at most 5 seconds old."""
        return self._run.watching if self._run else 0

    @property
    def dropped(self) -> int:
        """How many events were thinned out or given up because they could not be sent."""
        return self._run.outbox.pending.dropped if self._run else 0

    @property
    def non_finite(self) -> int:
        """How many NaN and infinite values were logged; they are shown as gaps."""
        return self._run.outbox.non_finite if self._run else 0

    def wait_opened(self, seconds: float) -> None:
        """Wait until the room is open; where it is not, one line says so."""
        if self._run is None or self._run.outbox.wait_settled(seconds):
            return
        trouble = self._run.outbox.trouble
        why = as_clause(trouble) if trouble else f"no server answers after {seconds:g} s"
        self._speaker.complain("unreachable", f"{why}; training goes on, events are kept and sent later")

    @property
    def _opened(self) -> Optional[Opened]:
        return self._run.opened if self._run else None

    def _log_anything(self, values: Mapping[Any, Any], step: int) -> None:
        """Log what is not a plain float or int under a name seen before."""
        reading = Reading()
        reading.read(values)
        stamp = reading.words.pop("timestamp", None)
        for name, kind in reading.unreadable:
            self._speaker.complain(
                f"unreadable {name}", f"{name} is a {kind}: log() takes numbers; it is left out"
            )
        self._step = step
        if self._run is None:
            return
        if reading.words:
            self._words.tell(reading.words, self._run.outbox)
        if reading.numbers:
            if len(self._names) < KNOWN_NAMES:
                self._names.update(name for name in reading.numbers if name in values)
            fields: Fields = {"type": "training_metrics", "data": {**reading.numbers, "step": step}}
            if stamp is not None:
                fields["timestamp"] = stamp
            self._run.outbox.add(SAMPLE, fields, len(reading.numbers) + 1)

    def _use(self, person: Union[Blocked, Spectator, str], power: str) -> bool:
        named = person_id(person)
        return self._run is not None and self._desk.use_power(named, power)

    def _add(self, kind: int, fields: Fields) -> None:
        if self._run is not None:
            self._run.add(kind, fields)

    def _end(self, error: Optional[str]) -> None:
        if self._run is not None:
            self._run.end_run(error)
            self._run.wait_sent(FLUSH_SECONDS)


def _mapping(metrics: Any) -> Mapping[str, Any]:
    if isinstance(metrics, MetricsData):
        return metrics.figures()
    if not isinstance(metrics, Mapping):
        raise TypeError(f"log() takes a mapping of names to numbers, not {type(metrics).__name__}")
    return metrics


def _text(what: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError(
            f"{what} is text, not {type(value).__name__}" if value != "" else f"{what} must not be empty"
        )
    return clean(value)
