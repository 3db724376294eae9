"""A room's key that is refused: somebody replaced it, or gave the room away. What lets this process go on."""

from __future__ import annotations

from dataclasses import replace

from spectator.client.api import Api
from spectator.client.errors import Refused
from spectator.client.opened import Opened


def renewed(api: Api, opened: Opened) -> Opened:
    """Return the same room with a key that is good now, as the API key allows.

    A key that may manage rooms gets the room's present key; one that may only publish is shown itself.

    Raises:
        Refused: there is no such room any more (404, 410), or the API key is no good either (401).
        Unreachable: the server does not answer.
    """
    try:
        owner_url = api.claim(opened.id)
        told = api.acting_as(None).redeem(owner_url.rpartition("#claim=")[2])
    except Refused as refused:
        if refused.status == 401:
            raise key_refused(api, refused) from refused
        if refused.status != 403 or api.bearer is None:
            raise
        return replace(opened, owner_token=api.bearer)
    room = dict(told["room"])
    return replace(
        opened,
        room={**opened.room, **room},
        owner_token=str(told["owner_token"]),
        join_url=str(room.get("join_url") or opened.join_url),
    )


def key_refused(api: Api, refused: Refused) -> Refused:
    """Return the refusal of an API key, saying what to do about it."""
    return Refused(
        refused.code,
        refused.status,
        f"{api.address.url} does not take this API key: ask its operator for another, give it to "
        f"`spectator login {api.address.url}` or SPECTATOR_API_KEY, and start again",
    )
