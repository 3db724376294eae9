"""`open_room`: the one line that a training script needs."""

from __future__ import annotations

from typing import Any, Dict, Iterable, Optional, Sequence, Union

from spectator.client.environment import Environment
from spectator.client.lifetime import interactive
from spectator.client.opening import Opener
from spectator.client.room import Room
from spectator.client.stderr import Speaker
from spectator.client.terms import Terms, read_terms
from spectator.protocol.levels import AccessLevel


def open_room(
    name: str,
    *,
    access: Union[str, AccessLevel, None] = None,
    password: Union[str, bool, None] = None,
    config: Any = None,
    tags: Union[str, Sequence[str]] = (),
    notes: Optional[str] = None,
    code: Optional[str] = None,
    new: bool = False,
    max_spectators: int = 100,
    require_approval: bool = False,
    expires_hours: float = 24,
    listed: bool = False,
    presence: Optional[str] = None,
    allowed_users: Optional[Iterable[str]] = None,
    blocked_users: Optional[Iterable[str]] = None,
    webhook: Optional[str] = None,
    lan: bool = False,
    wait: float = 5,
    url: Optional[str] = None,
    api_key: Optional[str] = None,
    quiet: bool = False,
) -> Room:
    """Open a room in which others can watch this training, and begin a run in it.

    The same name with the same key is the same room with the same code, as long as it lives; while another
    run is live in it, a second room ``name-2`` is opened. Of a room that is found again, seats and lifetime
    are set anew; what else is not given stays as it is, so that leaving a guard out never takes it away.

    Args:
        name: what the room is called, at most 64 characters.
        access: public, password, invite_only or private; public when left out.
        password: what people must know; alone it means access "password". True makes one (`Room.password`).
        config: what the run is made with, shown to viewers: a dict, a dataclass or a namespace.
        tags: words to find the room by.
        notes: what the run is about.
        code: the code you would like, 6 to 12 letters and digits without 0, O, 1 and I.
        new: always a new room.
        max_spectators: seats.
        require_approval: whether the owner lets each person in.
        expires_hours: how long the room lives after its last event.
        listed: show a public room on the server's front page.
        presence: what spectators are told about who is here: names, count (when left out) or nothing.
        allowed_users: ids of users of yours who may come in at the levels invite_only and private, and need
            no approval; a signed identity proves who they are (``POST /identities``).
        blocked_users: ids of users of yours who may not come in.
        webhook: an https address that is told of each request to come in.
        lan: if a server has to be started, let it serve the local network too.
        wait: seconds to wait for a server.
        url: the server, else `SPECTATOR_URL`, else this user's own on this machine, started if need be.
        api_key: the key for it, else `SPECTATOR_API_KEY`, else this user's own server's.
        quiet: say nothing on stderr.

    Returns:
        The room. When there is no server its `code` is None; it opens itself as soon as there is one.

    Raises:
        ValueError, TypeError: an argument, or a setting in the environment, cannot be used. Nothing else
        raises.
    """
    environment = Environment.read()
    terms = read_terms(
        name,
        access=access,
        password=password,
        config=config,
        tags=tags,
        notes=notes,
        code=code,
        new=new,
        max_spectators=max_spectators,
        require_approval=require_approval,
        expires_hours=expires_hours,
        listed=listed,
        presence=presence,
        allowed_users=allowed_users,
        blocked_users=blocked_users,
        webhook=webhook,
        lan=lan,
        wait=wait,
        url=url or environment.url,
        api_key=api_key or environment.api_key,
    )
    return _begin(terms, environment, Speaker(quiet=quiet))


def _begin(terms: Terms, environment: Environment, speaker: Speaker) -> Room:
    """Begin to open the room; wait as long as the terms allow."""
    if environment.mode == "offline":
        speaker.say(
            "SPECTATOR_MODE=offline: nothing is sent, and nothing is kept for later; nobody can watch"
        )
    if environment.mode != "online" or environment.rank != 0:
        return Room(terms.name, speaker, None)
    if interactive():
        _finish_earlier(terms)
    room = Room(terms.name, speaker, Opener(terms, environment, speaker), patience=terms.wait)
    room.wait_opened(terms.wait)
    if interactive():
        _live[terms.name] = room
    return room


_live: Dict[str, Room] = {}  # of an interactive session, by name


def _finish_earlier(terms: Terms) -> None:
    """In a notebook a cell that is run again means the same room again, not a second run beside the first."""
    earlier = _live.pop(terms.name, None)
    if earlier is not None and terms.fields["reuse"]:
        earlier.finish()
