"""The characters and the rooms of the matrix: every kind of credential, good and bad, over two tenants."""

from dataclasses import dataclass, field, replace
from typing import Any

from rooms import Secrets
from spectator.manager.local import local_secrets
from tests.spectator.server.conftest import Site

OPERATOR_KEY = "op_the-key-of-the-operator"
UNLIMITED = dict.fromkeys(
    [
        "rooms", "seats", "events_per_second", "bytes_per_second", "stored_bytes", "frames_per_second",
        "requests_per_minute",
    ]
)  # fmt: skip


@dataclass
class Cast:
    """Credentials by character, and rooms as addresses name them, by place."""

    site: Site
    tokens: dict[str, str | None] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    request_id: str = ""

    async def call(self, method: str, path: str, body: Any = None, *, by: str = "manage key") -> Any:
        """A call that must succeed."""
        reply = await self.site.call(method, path, body, token=self.tokens[by])
        assert reply.status < 300, (method, path, reply.raw)
        return reply.body

    async def elsewhere(self, character: str, place: str) -> "Cast":
        """The same cast, with a fresh room at this place in which the character is what it was there."""
        maker = "foreign manage key" if place.startswith("foreign") else "manage key"
        level = "private" if "private" in place else "public"
        made = await self.call("POST", "/rooms", {"access_level": level}, by=maker)
        code, room = made["room"]["code"], made["room"]["id"]
        tokens = dict(self.tokens)
        if character in {"room key", "other room's key"}:
            tokens[character] = made["owner_token"]
        elif character == "owner identity":
            await self.call("POST", f"/rooms/{room}/transfer", {"user_id": "eve"})
        elif character in {"spectator", "moderator"}:
            joined = await self.site.join(code, character)
            tokens[character] = joined["token"]
            if character == "moderator":
                await self.call("POST", f"/rooms/{room}/spectators/{joined['spectator_id']}/promote")
        return replace(self, tokens=tokens, places={place: room if place.endswith(" id") else code})

    async def claim(self) -> str:
        """A fresh claim on the own room."""
        told = await self.call("POST", f"/rooms/{self.places['own id']}/claims")
        return str(told["owner_url"].partition("#claim=")[2])


async def gather(site: Site) -> Cast:
    """Let everybody come in, and some go again."""
    cast = Cast(site, {"none": None, "garbage": "garbage", "operator": OPERATOR_KEY})
    for name in ("one", "two"):
        await cast.call("POST", "/tenants", {"id": name, "quotas": UNLIMITED}, by="operator")
    for tenant, prefix in (("one", ""), ("two", "foreign ")):
        for scope in ("publish", "read", "manage"):
            cast.tokens[f"{prefix}{scope} key"] = await _key(cast, tenant, [scope])
    await _worthless_keys(cast)
    for user in ("ann", "eve"):
        told = await cast.call("POST", "/identities", {"user_id": user})
        cast.tokens["owner identity" if user == "eve" else "identity"] = told["token"]
    told = await cast.call("POST", "/identities", {"user_id": "ann"}, by="foreign manage key")
    cast.tokens["foreign identity"] = told["token"]
    await _rooms(cast)
    await _people(cast)
    cast.tokens["claim"] = await cast.claim()
    told = await cast.call("POST", f"/rooms/{cast.places['own id']}/invitations", {})
    cast.tokens["invitation"] = told["token"]
    return cast


async def _key(cast: Cast, tenant: str, scopes: list[str], **more: Any) -> str:
    told = await cast.call("POST", "/keys", {"tenant": tenant, "scopes": scopes, **more}, by="operator")
    return str(told["key"])


async def _worthless_keys(cast: Cast) -> None:
    cast.tokens["expired key"] = await _key(cast, "one", ["manage"], expires_hours=1e-7)
    made = await cast.call("POST", "/keys", {"tenant": "one", "scopes": ["manage"]}, by="operator")
    await cast.call("DELETE", f"/keys/{made['id']}", by="operator")
    cast.tokens["revoked key"] = made["key"]


async def _rooms(cast: Cast) -> None:
    own = await cast.call("POST", "/rooms", {"max_spectators": 1000})
    room = own["room"]["id"]
    # Owner and key change hands: the first key is of an old generation from then on.
    await cast.call("POST", f"/rooms/{room}/transfer", {"user_id": "eve"})
    rotated = await cast.call("POST", f"/rooms/{room}/rotate", {"what": "key"})
    cast.tokens["old room key"], cast.tokens["room key"] = own["owner_token"], rotated["owner_token"]
    other = await cast.call("POST", "/rooms", {"max_spectators": 1000})
    cast.tokens["other room's key"] = other["owner_token"]
    private = await cast.call("POST", "/rooms", {"access_level": "private"})
    foreign = await cast.call("POST", "/rooms", {"max_spectators": 1000}, by="foreign manage key")
    hidden = await cast.call("POST", "/rooms", {"access_level": "private"}, by="foreign manage key")
    for place, made in {"own": own, "other": other, "private": private, "foreign": foreign}.items():
        cast.places |= {place: made["room"]["code"], f"{place} id": made["room"]["id"]}
    cast.places |= {
        "foreign private": hidden["room"]["code"],
        "unknown": "ZZZZZZ",
        "unknown id": "r_0123456789abcdef",
    }


async def _people(cast: Cast) -> None:
    site, code, room = cast.site, cast.places["own"], cast.places["own id"]
    for who in ("spectator", "moderator", "left", "kicked"):
        joined = await site.join(code, who)
        cast.tokens[who], person = joined["token"], joined["spectator_id"]
        if who == "spectator":
            cast.tokens["visitor"] = joined["visitor"]
            cast.tokens["expired grant"] = _expired(cast, joined["token"])
        elif who == "moderator":
            await cast.call("POST", f"/rooms/{room}/spectators/{person}/promote")
        elif who == "left":
            await cast.call("POST", f"/rooms/{room}/leave", by="left")
        else:
            await cast.call("POST", f"/rooms/{room}/spectators/{person}/kick")
    await cast.call("PATCH", f"/rooms/{room}", {"require_approval": True})
    asked = await site.join(code, "asker")
    cast.tokens["asker"], cast.request_id = asked["token"], asked["request_id"]
    await cast.call("PATCH", f"/rooms/{room}", {"require_approval": False})


def _expired(cast: Cast, grant: str) -> str:
    """The same grant, as it will be when its hour is over."""
    secrets = Secrets(local_secrets(cast.site.manager.settings.data_dir))
    return secrets.sign("grant", secrets.verify(grant).fields, 1)
