"""Secrets of every kind, used rightly and wrongly in every flow: none is found where none belongs."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
import pytest_asyncio
from redis.asyncio import Redis
from yarl import URL

from rooms import Connection
from spectator.embedded import EmbeddedStore
from tests.harness.servers import ServerProcess
from tests.spectator.server.sockets.watching import PROTOCOL

OPERATOR_KEY = "op_5f0c1b7a9d-operators-own"
SIGNING_SECRET = "2e91f4c07ab3-signs-everything"
WEBHOOK = "hook-word-77aa5c3b19e0d2"
SECOND_WEBHOOK = "second-place-0b4466c1ff82"
HOOKS = "https://hooks.example.invalid/"
PIECE = 16
"""So many characters of a secret in a row are too many: what was cut off is found as well."""


@dataclass
class Told:
    """One answer, or all that came over one connection. ``reveals``: secrets that belong in it."""

    what: str
    text: str
    reveals: set[str]


@dataclass
class Plot:
    """The secrets by name, and everything that was told by anybody."""

    server: ServerProcess
    session: aiohttp.ClientSession
    secrets: dict[str, str] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)

    def plant(self, name: str, value: str) -> str:
        self.secrets[name] = value
        return value

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        token: str | None = None,
        reveals: str = "",
        **given: Any,
    ) -> Any:
        """One call; ``reveals`` names fields of the answer that are secrets: they belong there, nowhere else.

        What is already known under ``given["knows"]`` belongs there, too.
        """
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= given.pop("headers", {})
        knows = {self.secrets[name] for name in given.pop("knows", ())}
        url = URL(
            f"{self.server.url}{path if path[:4] in {'/r/', '/met'} else '/api/v1' + path}", encoded=True
        )
        sent = given or {"json": body}
        async with self.session.request(
            method, url, headers=headers, allow_redirects=False, **sent
        ) as answer:
            text = f"{answer.headers}\n" + (await answer.read()).decode(errors="replace")
        assert answer.status < 500, (method, path, text)
        found = {}
        if answer.content_type.endswith(("/json", "+json")):
            found = json.loads(text.partition("\n")[2])
        for name in reveals.split():
            value = found[name].rpartition("=")[2] if name == "owner_url" else found[name]
            knows.add(self.plant(f"{name} of {method} {path} {len(self.told)}", value))
            found[name] = value
        self.told.append(Told(f"{method} {path}", text, knows))
        return found

    async def socket(self, room: str, *said: Any, query: str = "", **given: Any) -> None:
        """Connect, say things, listen until there is nothing more."""
        url = f"{self.server.url}/ws/rooms/{room}{query}"
        heard = []
        async with self.session.ws_connect(url, protocols=(PROTOCOL,), **given) as socket:
            for one in said:
                await (socket.send_str(one) if isinstance(one, str) else socket.send_json(one))
            try:
                while True:
                    message = await socket.receive(timeout=0.3)
                    heard.append(f"{message.data} {message.extra}")
                    if message.type is not aiohttp.WSMsgType.TEXT:
                        break
            except TimeoutError:
                pass
        knows = {WEBHOOK} if given.get("headers") else set()
        self.told.append(Told(f"socket {room} {query}", "\n".join(heard), knows))

    def leaks(self, where: str, text: str, spared: set[str] = frozenset()) -> list[str]:  # type: ignore[assignment]
        """Which secrets stand in a text, or long pieces of them."""
        return [
            f"{name} in {where}"
            for name, secret in self.secrets.items()
            if secret not in spared and any(piece in text for piece in pieces(secret))
        ]


def pieces(secret: str) -> Iterator[str]:
    """What must not be found of a secret: of a signed token the signature; what else it says is none."""
    hidden = secret.rpartition(".")[2]
    for start in range(0, max(1, len(hidden) - PIECE + 1), PIECE // 2):
        yield hidden[start : start + PIECE]


@pytest_asyncio.fixture
async def plot(store: EmbeddedStore, connection: Connection, tmp_path: Path) -> AsyncIterator[Plot]:
    server = ServerProcess(
        tmp_path / "data",
        *("--redis", store.url),
        SPECTATOR_LOG_LEVEL="debug",
        SPECTATOR_LOG_FORMAT="json",  # it holds all that the text does, as ``message``, and more
        SPECTATOR_RATE_LIMITS="off",
        SPECTATOR_OPERATOR_KEY=OPERATOR_KEY,
        SPECTATOR_SECRET_KEYS=SIGNING_SECRET,
    )
    await asyncio.to_thread(server.start)
    async with aiohttp.ClientSession() as session:
        plot = Plot(server, session)
        plot.plant("operator key", OPERATOR_KEY)
        plot.plant("signing secret", SIGNING_SECRET)
        plot.plant("webhook", WEBHOOK)
        plot.plant("local key", server.api_key)
        yield plot
    await asyncio.to_thread(server.close)


async def run_a_tenant(plot: Plot) -> str:
    """Keys are made, listed, used and revoked; returns the key that manages the tenant."""
    call = plot.call
    await call("POST", "/tenants", {"id": "school"}, OPERATOR_KEY)
    made = {}
    for scopes in (["publish"], ["read"], ["publish", "read", "manage"]):
        made[scopes[-1]] = await call(
            "POST", "/keys", {"tenant": "school", "scopes": scopes}, OPERATOR_KEY, "key"
        )
    more = await call("POST", "/keys", {"operator": True}, OPERATOR_KEY, "key")
    await call("GET", "/keys?tenant=school", token=more["key"])
    await call("DELETE", f"/keys/{made['read']['id']}", token=OPERATOR_KEY)
    await call("GET", "/rooms", token=made["read"]["key"])
    await call("GET", "/tenants", token=made["publish"]["key"])
    await call("GET", "/usage", token=made["publish"]["key"])
    return str(made["manage"]["key"])


async def people_come(plot: Plot, key: str) -> dict[str, Any]:
    """A room with a password, a webhook and a waiting room; people come in by every way there is."""
    call, plant = plot.call, plot.plant
    fields = {
        "name": "planted",
        "password": plant("password", "91ac-first-password"),
        "webhook": HOOKS + WEBHOOK,
        "require_approval": True,
    }
    once = {"Idempotency-Key": plant("idempotency key", "4471-idempotency-key")}
    made = await call(
        "POST", "/rooms", fields, key, "owner_token owner_url webhook_secret", headers=once, knows=["webhook"]
    )
    room, code, owner = made["room"]["id"], made["room"]["code"], made["owner_token"]
    wrong = plant("wrong password", "c1d2-wrong-password")
    join = f"/rooms/{code}/join"
    await call("POST", join, {"display_name": "Eve", "password": wrong})
    asked = await call(
        "POST", join, {"display_name": "Ann", "password": fields["password"]}, None, "token visitor"
    )
    await call("GET", f"/rooms/{room}/requests/{asked['request_id']}", token=asked["token"])
    await plot.socket(room, {"type": "hello", "token": asked["token"]})
    await call("POST", f"/rooms/{room}/requests/{asked['request_id']}/approve", token=owner)
    again = await call("POST", join, {}, asked["visitor"], "token")
    invited = await call("POST", f"/rooms/{room}/invitations", {"uses": 2}, owner, "token")
    body = {"display_name": "Ben", "password": fields["password"], "invitation": invited["token"]}
    ben = await call("POST", join, body, None, "token visitor")
    await call("POST", join, {**body, "invitation": invited["token"][:-4] + "AAAA"})
    user = await call("POST", "/identities", {"user_id": "kim"}, key, "token")
    kim = await call("POST", join, {"password": fields["password"]}, user["token"], "token")
    claim = await call("POST", f"/rooms/{room}/claims", {}, owner, "owner_url")
    owned = [name for name in plot.secrets if "owner_token" in name]
    await call("POST", "/claims", {}, claim["owner_url"], knows=owned)
    await call("POST", "/claims", {}, claim["owner_url"])
    tokens = {"grant": again["token"], "other": ben["token"], "lobby": kim["token"], "owner": owner}
    return {
        "room": room,
        "code": code,
        "key": key,
        "invitation": invited["token"],
        "user": user["token"],
        **tokens,
    }


async def things_change(plot: Plot, who: dict[str, Any]) -> None:
    """It is watched, exported and looked at; passwords and keys are replaced; somebody is put out."""
    call, room, owner = plot.call, who["room"], who["owner"]
    event = {"type": "training_metrics", "data": {"loss": 1.0}}
    await call("POST", f"/rooms/{room}/events", event, who["key"])
    await plot.socket(room, {"type": "hello", "token": who["grant"]}, {"type": "auth", "token": who["grant"]})
    await plot.socket(room, {"type": "hello"}, headers={"Authorization": f"Bearer {owner}"})
    for fmt in ("csv", "json", "ndjson"):
        await call("GET", f"/rooms/{room}/export?format={fmt}", token=who["grant"])
    await call("GET", f"/rooms/{room}/history", token=who["grant"])
    await call("GET", f"/rooms/{room}", token=owner, knows=["webhook"])
    await call("GET", f"/rooms/{room}", token=who["grant"])
    await call("GET", "/rooms", token=who["key"], knows=["webhook"])
    stream = plot.session.get(
        f"{plot.server.url}/api/v1/rooms/{room}/stream", headers={"Authorization": f"Bearer {who['grant']}"}
    )
    async with stream as answer:
        plot.told.append(Told("stream", (await answer.content.readany()).decode(), set()))
    later = plot.plant("later password", "77be-later-password")
    await call("PATCH", f"/rooms/{room}", {"password": later}, owner, knows=["webhook"])
    people = (await call("GET", f"/rooms/{room}/spectators", token=owner))["spectators"]
    await call("POST", f"/rooms/{room}/spectators/{quote(people[0]['id'])}/kick", token=owner)
    await call("POST", f"/rooms/{room}/spectators/{quote(people[1]['id'])}/block", token=owner)
    await call("POST", f"/rooms/{room}/rotate", {"what": "password"}, owner, "password", knows=["webhook"])
    new = await call(
        "POST", f"/rooms/{room}/rotate", {"what": "key"}, owner, "owner_token", knows=["webhook"]
    )
    await call("GET", f"/rooms/{room}", token=owner)  # the old one
    patch = {"webhook": HOOKS + plot.plant("second webhook", SECOND_WEBHOOK)}
    knows = ["second webhook"]
    await call("PATCH", f"/rooms/{room}", patch, new["owner_token"], "webhook_secret", knows=knows)
    await call("POST", f"/rooms/{room}/transfer", {"user_id": "kim"}, new["owner_token"], knows=knows)
    await call("POST", f"/rooms/{room}/rotate", {"what": "code"}, who["user"], knows=knows)


async def things_go_wrong(plot: Plot, who: dict[str, Any]) -> None:
    """Every secret where none belongs: path, query, cookie, header, field and its name, body, message."""
    room, code = who["room"], who["code"]
    for secret in list(plot.secrets.values()):
        call = plot.call
        for path in (f"/rooms/{quote(secret)}", f"/rooms/{room}/{quote(secret)}", f"/r/{quote(secret)}"):
            await call("GET", path)
        await call("POST", f"/rooms/{quote(secret)}/join", {})
        await call("GET", f"/rooms/{room}?token={quote(secret)}&password={quote(secret)}")
        await call(
            "GET", "/rooms", headers={"Cookie": f"token={secret}", "X-Api-Key": secret, "Referer": secret}
        )
        await call("GET", "/rooms", headers={"Authorization": f"Basic {secret}"})
        await call("GET", "/rooms", headers={"Authorization": f"Bearer {secret}x"})
        await call(
            "GET", "/rooms", headers={"Host": f"{quote(secret)}.test", "Origin": f"http://{secret}.test"}
        )
        await call("POST", f"/rooms/{code}/join", {"display_name": 1, "password": [secret], "token": secret})
        await call("POST", f"/rooms/{code}/join", {secret: secret})
        await call("POST", f"/rooms/{code}/join", data=f'{{"password": "{secret}" "'.encode(), headers=JSON)
        await call("POST", f"/rooms/{code}/join", {"invitation": secret})
        await call("POST", "/rooms", {"name": "x", "access_level": secret, "custom_code": secret}, who["key"])
        await call("POST", "/rooms", {"name": "x", "webhook": f"ftp://{secret}"}, who["key"])
        await call("POST", f"/rooms/{room}/events", {"type": secret, "seq": secret}, who["key"])
        await call("POST", f"/rooms/{room}/events", data=f'{{"{secret}":'.encode(), token=who["key"])
        await call("DELETE", f"/rooms/{room}/invitations/{quote(secret)}", token=who["user"])
        await call("POST", f"/rooms/{room}/spectators/{quote(secret)}/kick", token=who["user"])
        await call("DELETE", f"/keys/{quote(secret)}", token=OPERATOR_KEY)
        await call("GET", f"/audit?tenant={quote(secret)}", token=OPERATOR_KEY)


JSON = {"Content-Type": "application/json"}


async def sockets_go_wrong(plot: Plot, who: dict[str, Any]) -> None:
    for name in ("local key", "password", "operator key"):
        secret = plot.secrets[name]
        await plot.socket(who["room"], {"type": "hello", "token": secret}, query=f"?token={secret}")
        await plot.socket(secret, {"type": "hello", "token": [secret], secret: secret})
        await plot.socket(who["room"], f'{{"type": "{secret}"')


async def everything_stored(store: EmbeddedStore) -> tuple[list[str], dict[str, str]]:
    """The names of all keys, and each key's value as text."""
    readers = {"string": "GET", "hash": "HGETALL", "list": "LRANGE", "set": "SMEMBERS", "zset": "ZRANGE"}
    spans = {"list": (0, -1), "zset": (0, -1), "stream": ("-", "+")}
    values = {}
    async with Redis(unix_socket_path=store.url.removeprefix("unix://"), encoding_errors="replace") as client:
        for key in await client.keys("*"):
            kind = (await client.type(key)).decode()
            value = await client.execute_command(readers.get(kind, "XRANGE"), key, *spans.get(kind, ()))
            values[key.decode()] = str(value)
    return list(values), values


@pytest.mark.timeout(300)  # a thousand calls
async def test_no_secret_is_told_kept_or_written_down(plot: Plot, store: EmbeddedStore) -> None:
    key = await run_a_tenant(plot)
    who = await people_come(plot, key)
    await things_change(plot, who)
    await things_go_wrong(plot, who)
    await sockets_go_wrong(plot, who)
    for token in (OPERATOR_KEY, key):
        audit = await plot.call("GET", "/audit?limit=100", token=token)
        assert audit["entries"]
    await plot.call("GET", "/metrics")
    assert len(plot.secrets) > 25
    found: list[str] = []
    for one in plot.told:
        found += plot.leaks(f"the answer to {one.what[:60]}", one.text, one.reveals)
        addresses = " ".join(re.findall(r"(?:https?|wss?)://[^\s\"'#\\]*", one.text))
        found += plot.leaks(f"an address told by {one.what[:60]}", addresses, {WEBHOOK, SECOND_WEBHOOK})
    names, values = await everything_stored(store)
    found += plot.leaks("the names of the store", "\n".join(names))
    document = values.pop(f"sp:{{{who['room']}}}:room")
    assert SECOND_WEBHOOK in document, "what is to be called must be known"
    found += plot.leaks("the room", document, {SECOND_WEBHOOK})
    for name, value in values.items():
        found += plot.leaks(f"what is stored under {name}", value)
    assert plot.server.process is not None
    arguments = Path(f"/proc/{plot.server.process.pid}/cmdline").read_text()
    found += plot.leaks("the arguments of the process", arguments)
    found += plot.leaks("server.json", (plot.server.data_dir / "server.json").read_text())
    await asyncio.to_thread(plot.server.close)
    log = plot.server.log.read_text()
    assert len(log.splitlines()) > 500, "it was not told to tell everything"
    for line in log.splitlines():
        assert {"time", "level", "event", "message"} <= json.loads(line).keys()
        found += plot.leaks(f"the log: {line[:200]}", line)
    assert not found, "\n".join(found[:40])
