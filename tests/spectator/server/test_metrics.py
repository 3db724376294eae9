"""What /metrics shows: each number moves when its thing happens, none goes backwards, and who may read it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from rooms import Connection
from spectator.embedded import EmbeddedStore
from spectator.log import keys
from spectator.server.metered import METRICS, MOST_TENANTS, OTHER, Meter
from tests.harness.faultproxy import FaultProxy, place
from tests.harness.waiting import eventually
from tests.spectator.server.conftest import Site, running
from tests.spectator.server.sockets.watching import flat, grant, metrics, opened, watching

OPERATOR_KEY = "op_the-key-of-the-operator"
OPERATOR = {"Authorization": f"Bearer {OPERATOR_KEY}"}
DEADLINE = 60

FORMS = ("v1", "v1_deflated", "sse", "snapshot")
FLAT = ("flat", "flat_deflated")
POSTS = ("stored", "repeat", "heartbeat", "sequence_gap")

Numbers = dict[str, float]
"""By name and labels as Prometheus writes them: ``spectator_posts_total{result="stored"}``."""


def numbers(text: str) -> Numbers:
    """The samples of an answer, after making sure that it is one."""
    found: Numbers = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation, family.name
        assert family.type in {"counter", "gauge", "histogram"}, family.name
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            name = f"{sample.name}{{{labels}}}" if labels else sample.name
            assert name not in found, name
            found[name] = sample.value
    return found


class Scraper:
    """Reads /metrics again and again, and sees to it that no counter goes down."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.last: Numbers = {}
        self.moved: set[str] = set()

    async def read(self) -> Numbers:
        reply = await self.site.send("GET", "/metrics")
        assert reply.status == 200, reply.raw
        found = numbers(reply.raw.decode())
        for name, before in self.last.items():
            if name.partition("{")[0].endswith(("_total", "_count", "_sum", "_bucket")):
                assert found[name] >= before, name
        self.moved |= {name for name in found if self.last and found[name] != self.last.get(name, 0)}
        self.last = found
        return found

    async def until(self, *wanted: str) -> None:
        """Wait until each of these is more than nothing."""

        async def there() -> bool:
            found = await self.read()
            return all(found.get(name, 0) > 0 for name in wanted)

        await eventually(there, DEADLINE, " and ".join(wanted))


def long(step: int, count: int = 50) -> dict[str, Any]:
    """A metrics event of about a kilobyte."""
    return {
        "type": "training_metrics",
        "data": {"step": step, **{f"series-{n}": step / 7 for n in range(count)}},
    }


async def everybody_watches(site: Site, scraper: Scraper, made: Any) -> str:
    """Viewers of every form come, an event goes to all of them, one acks, one hides; returns its cursor."""
    code, room = made["room"]["code"], made["room"]["id"]
    tokens = [await grant(site, made, name) for name in ("Ann", "Ben", "Cem")]
    stream = site.session.get(
        f"{site.url}/api/v1/rooms/{room}/stream", headers={"Authorization": f"Bearer {tokens[0]}"}
    )
    async with (
        watching(site, code, token=tokens[0], compress=15) as deflated,
        watching(site, code, token=tokens[1]) as plain,
        flat(site, code, token=tokens[2]),
        stream as answer,
    ):
        await deflated.next("snapshot")
        await plain.next("snapshot")
        assert answer.status == 200
        await scraper.until('spectator_connections{tenant="local"}', "spectator_rooms")
        assert (await site.publish(room, metrics(1), metrics(2))).status == 200
        tick = await deflated.next("tick")
        await deflated.say(type="ack", seq=tick["to"])
        await plain.next("tick")
        await plain.say(type="visibility", hidden=True)
        await scraper.until(
            "spectator_viewer_lag_seconds_count", "spectator_hidden_viewers",
            *(f'spectator_encodes_total{{variant="{form}"}}' for form in FORMS),
        )  # fmt: skip
        found = await scraper.read()
        assert found['spectator_connections{tenant="local"}'] == 4
        assert found["spectator_deliveries_total"] >= 8, "two events for four viewers"
        flat_forms = [found.get(f'spectator_encodes_total{{variant="{form}"}}', 0) for form in FLAT]
        assert sum(flat_forms) > 0
        return str(tick["cursor"])


async def they_come_back(site: Site, scraper: Scraper, made: Any, cursor: str) -> None:
    """Exactly what was missed; then so much that it is conflated; then a cursor of another time."""
    code, room = made["room"]["code"], made["room"]["id"]
    token = await grant(site, made, "Dan")
    async with watching(site, code, token=token, since=cursor) as viewer:
        assert (await viewer.next("welcome"))["resume"] == "exact"
    for part in range(2):
        reply = await site.publish(room, *(long(10 + part * 400 + step) for step in range(400)))
        assert reply.status == 200, reply.raw
    async with watching(site, code, token=token, since=cursor) as viewer:
        assert (await viewer.next("welcome"))["resume"] == "conflated"
        await viewer.next("conflated", patience=DEADLINE)
    async with watching(site, code, token=token, since="1.1.00000000") as viewer:
        assert (await viewer.next("welcome"))["resume"] in {"full", "none"}
    await scraper.until(
        'spectator_resumes_total{result="exact"}', 'spectator_resumes_total{result="conflated"}',
        'spectator_resumes_total{result="none"}', 'spectator_catchups_total{kind="conflated"}',
        'spectator_catchups_total{kind="snapshot"}', 'spectator_conflated_total{class="sample"}',
        'spectator_encodes_total{variant="conflated"}',
    )  # fmt: skip


async def it_is_published_rightly_and_wrongly(site: Site, scraper: Scraper, room: str) -> None:
    first = {"Spectator_Producer": "p", "Spectator_Sequence": "1"}
    assert (await site.publish(room, metrics(5), **first)).status == 200
    assert (await site.publish(room, metrics(5), **first)).status == 200
    assert (await site.publish(room)).status == 200
    gap = {"Spectator_Producer": "p", "Spectator_Sequence": "9"}
    assert (await site.publish(room, metrics(6), **gap)).code == "sequence_gap"
    assert (await site.publish(room, metrics(6), token="sk_local_no")).code == "unauthorized"
    await scraper.until(
        *(f'spectator_posts_total{{result="{what}"}}' for what in POSTS),
        'spectator_refusals_total{call="publish",code="sequence_gap"}',
        'spectator_refusals_total{call="publish",code="unauthorized"}',
        'spectator_call_seconds_count{call="publish"}',
        "spectator_events_total", "spectator_event_bytes_total", "spectator_deliveries_total",
        "spectator_writes_total", "spectator_store_lag_seconds_count", "spectator_beat_seconds_count",
    )  # fmt: skip


async def people_ask(site: Site, scraper: Scraper) -> None:
    guarded, _ = await opened(site, password="secret-word", require_approval=True)
    code = guarded["room"]["code"]
    wrong = await site.call("POST", f"/rooms/{code}/join", {"display_name": "Eve", "password": "guess"})
    assert wrong.code == "wrong_password"
    await site.join(code, "Fay", password="secret-word")
    assert (await site.send("GET", "/nowhere")).code == "not_found"
    await scraper.until(
        'spectator_joins_total{outcome="approved"}', 'spectator_joins_total{outcome="pending_approval"}',
        'spectator_joins_total{outcome="wrong_password"}',
        'spectator_refusals_total{call="join",code="wrong_password"}',
        'spectator_refusals_total{call="other",code="not_found"}',
        'spectator_call_seconds_count{call="join"}', 'spectator_call_seconds_count{call="other"}',
    )  # fmt: skip


async def the_store_loses_events(site: Site, scraper: Scraper, connection: Connection, made: Any) -> None:
    """The log is cut off and goes on otherwise, as after a failover: all begin anew."""
    room = made["room"]["id"]
    token = await grant(site, made, "Gil")
    async with watching(site, room, token=token) as viewer:
        await viewer.next("snapshot")
        await connection.command("DEL", keys.log(room), keys.head(room), keys.checkpoint(room))
        await site.publish(room, metrics(1))
        await scraper.until('spectator_gaps_total{reason="lost"}', "spectator_epochs_total")
        await site.call("DELETE", f"/rooms/{room}", token="key")
        assert await viewer.closed() == 4510
    await scraper.until('spectator_closes_total{code="4510"}')


async def a_long_log(site: Site, scraper: Scraper) -> None:
    """More than four megabytes after the checkpoint: one is written."""
    _, room = await opened(site)
    for part in range(8):
        reply = await site.publish(room, *(long(part * 600 + step) for step in range(600)))
        assert reply.status == 200, reply.raw
    await scraper.until('spectator_checkpoints_total{outcome="written"}')


ELSEWHERE = {
    "spectator_info": "always 1",
    "spectator_nodes": "always 1 here",
    "spectator_store_up": "test_it_tells_when_the_store_is_away",
    "spectator_store_full": "tests/spectator/hub/test_outage.py",
    "spectator_slow_viewers": "tests/spectator/hub/test_census.py",
    "spectator_too_slow_total": "tests/spectator/hub/test_hub.py",
}
"""What this story does not move, and where it is moved."""


@pytest.mark.timeout(300)
@pytest.mark.may_block("five megabytes are folded while it lasts")
async def test_every_number_moves_when_its_thing_happens_and_none_goes_back(
    site: Site, connection: Connection
) -> None:
    scraper = Scraper(site)
    await scraper.read()
    made, room = await opened(site)
    cursor = await everybody_watches(site, scraper, made)
    await it_is_published_rightly_and_wrongly(site, scraper, room)
    await they_come_back(site, scraper, made, cursor)
    await people_ask(site, scraper)
    await the_store_loses_events(site, scraper, connection, made)
    await a_long_log(site, scraper)
    await scraper.until("spectator_store_trip_seconds_count", "spectator_loop_lag_seconds_count")
    after = await scraper.read()
    still = {
        metric.name for metric in METRICS if not any(name.startswith(metric.name) for name in scraper.moved)
    }
    assert still <= ELSEWHERE.keys(), still - ELSEWHERE.keys()
    assert {"process_resident_memory_bytes", "process_cpu_seconds_total"} <= after.keys()


async def test_it_tells_when_the_store_is_away(
    store: EmbeddedStore, connection: Connection, tmp_path: Path, page_folder: Path
) -> None:
    with FaultProxy(place(store.url)) as proxy:
        given = {"static_dir": page_folder, "operator_key": SecretStr(OPERATOR_KEY)}
        async with running(proxy.url("redis"), tmp_path, **given) as site:
            scraper = Scraper(site)
            await scraper.until("spectator_store_up")
            proxy.refuse()

            async def away() -> bool:
                return (await scraper.read())["spectator_store_up"] == 0

            await eventually(away, DEADLINE, "the store to be away")
            elsewhere = {**OPERATOR, "X-Forwarded-For": "203.0.113.5"}
            assert (await site.send("GET", "/metrics", headers=elsewhere)).status == 200, (
                "then it matters most"
            )
            proxy.heal()
            await scraper.until("spectator_store_up")


# ---------------------------------------------------------------- its form


async def test_the_text_says_of_each_what_it_is(site: Site) -> None:
    reply = await site.send("GET", "/metrics")
    assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert reply.headers["Cache-Control"] == "no-store"
    families = {family.name: family for family in text_string_to_metric_families(reply.raw.decode())}
    for metric in METRICS:
        family = families[metric.name.removesuffix("_total") if metric.kind == "counter" else metric.name]
        assert (family.type, family.documentation) == (metric.kind, metric.told)


async def test_whoever_asks_for_open_metrics_gets_that(site: Site) -> None:
    accept = "application/openmetrics-text; version=1.0.0"
    reply = await site.send("GET", "/metrics", headers={"Accept": accept})
    assert reply.headers["Content-Type"].startswith("application/openmetrics-text")
    assert {family.name for family in open_families(reply.raw.decode())} >= {"spectator_events"}


async def test_no_room_code_or_person_is_in_it(site: Site) -> None:
    made, room = await opened(site, name="a-name-of-its-own")
    token = await grant(site, made, "Zebulon")
    async with watching(site, made["room"]["code"], token=token) as viewer:
        await viewer.next("snapshot")
        await site.publish(room, metrics(1))
        text = (await site.send("GET", "/metrics")).raw.decode()
    for secret in (room, made["room"]["code"], "a-name-of-its-own", "Zebulon", token, site.key):
        assert secret not in text


def test_there_are_so_many_tenants_and_no_more(site: Site) -> None:
    meter = Meter(site.manager)
    many = {f"t{number}": 1 for number in range(MOST_TENANTS + 50)}
    first = meter._tenants(many)
    assert len(first) == MOST_TENANTS + 1
    assert first[OTHER] == 50
    later = meter._tenants({"t1000": 3, "t0": 2})
    assert len(later) == MOST_TENANTS + 1
    assert (later["t0"], later["t1"], later[OTHER]) == (2, 0, 3), "a tenant that has a label keeps it"


# ---------------------------------------------------------------- who may read it


@asynccontextmanager
async def served(
    store: EmbeddedStore, folder: Path, page: Path, **given: Any
) -> AsyncIterator[Callable[..., Any]]:
    """A server; yields what asks for /metrics with these headers and tells status and code."""
    settings = {"static_dir": page, "operator_key": SecretStr(OPERATOR_KEY), **given}
    async with running(store.url, folder, **settings) as site:

        async def ask(**headers: str) -> tuple[int, str | None]:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            reply = await site.send("GET", "/metrics", headers=named)
            return reply.status, reply.code

        ask.key = site.key  # type: ignore[attr-defined]  # a credential of the same server
        yield ask


async def test_this_machine_reads_it_and_nobody_through_a_proxy_on_it(
    store: EmbeddedStore, connection: Connection, tmp_path: Path, page_folder: Path
) -> None:
    async with served(store, tmp_path, page_folder) as ask:
        assert await ask() == (200, None)
        for forwarded in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via", "X-Forwarded-Proto"):
            assert await ask(**{forwarded: "127.0.0.1"}) == (401, "unauthorized"), forwarded
        assert await ask(Host="lab.localhost") == (200, None)
        assert await ask(X_Forwarded_For="10.0.0.1", **OPERATOR) == (200, None)


async def test_the_old_http_of_a_proxy_that_adds_nothing_is_not_this_machine(
    store: EmbeddedStore, connection: Connection, tmp_path: Path, page_folder: Path
) -> None:
    async with running(store.url, tmp_path, static_dir=page_folder) as site:
        host, port = place(site.url)
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"GET /metrics HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        assert b" 401 " in await reader.readline()
        writer.close()


async def test_behind_a_proxy_no_loopback_is_believed(
    store: EmbeddedStore, connection: Connection, tmp_path: Path, page_folder: Path
) -> None:
    async with served(store, tmp_path, page_folder, behind_proxy=True) as ask:
        assert await ask() == (401, "unauthorized")
        assert await ask(X_Forwarded_For="127.0.0.1") == (401, "unauthorized")
        assert await ask(X_Forwarded_For="::1", X_Forwarded_Proto="https") == (401, "unauthorized")
        assert await ask(**OPERATOR) == (200, None)
        assert await ask(Authorization=f"Bearer {ask.key}") == (403, "not_allowed")  # type: ignore[attr-defined]


async def test_it_can_be_opened_and_turned_off(
    store: EmbeddedStore, connection: Connection, tmp_path: Path, page_folder: Path
) -> None:
    async with served(store, tmp_path, page_folder, behind_proxy=True, metrics="open") as ask:
        assert await ask(X_Forwarded_For="203.0.113.5") == (200, None)
    async with served(store, tmp_path, page_folder, metrics="off") as ask:
        assert await ask() == (404, "not_found")
        assert await ask(**OPERATOR) == (404, "not_found")


async def test_json_is_for_siblings_alone(site: Site) -> None:
    reply = await site.send("GET", "/metrics", headers={"Accept": "application/json"})
    assert reply.headers["Content-Type"].startswith("text/plain")
    with pytest.raises(json.JSONDecodeError):
        json.loads(reply.raw)
