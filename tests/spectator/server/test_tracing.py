"""Spans of a real server in the test's own loop, kept in memory; and that nothing of it is there when off."""

import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from rooms import Connection
from spectator.embedded import EmbeddedStore
from spectator.manager import Manager
from spectator.manager.local import local_key
from spectator.server.listening import open_sockets, url_of
from spectator.server.running import answering
from spectator.server.tracing import Tracer, tracing
from spectator.settings import Settings, SettingsError
from spectator.spans import UNMARKED, unmarked
from tests.harness.servers import environment
from tests.harness.waiting import eventually
from tests.spectator.server.conftest import Site
from tests.spectator.server.sockets.watching import grant, metrics, opened, watching

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"


class Traced:
    """A server and the spans it has ended."""

    def __init__(self, site: Site, kept: InMemorySpanExporter) -> None:
        self.site = site
        self.kept = kept

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.kept.get_finished_spans() if span.name == name]

    async def one(self, name: str) -> ReadableSpan:
        return (await eventually(lambda: self.named(name), 60, name))[-1]

    def within(self, outer: ReadableSpan) -> Sequence[ReadableSpan]:
        assert outer.context is not None
        return [
            span
            for span in self.kept.get_finished_spans()
            if span.parent is not None and span.parent.span_id == outer.context.span_id
        ]


@pytest_asyncio.fixture
async def traced(
    store: EmbeddedStore, connection: Connection, tmp_path: Path, page_folder: Path
) -> AsyncIterator[Traced]:
    kept = InMemorySpanExporter()
    tracer = Tracer(SimpleSpanProcessor(kept))
    settings = Settings(data_dir=tmp_path, port=0, rate_limits=False, static_dir=page_folder)
    sockets = open_sockets(settings)
    manager = await Manager.open(settings, store.url, span=tracer.span)
    await manager.start()
    try:
        async with answering(manager, settings, sockets), aiohttp.ClientSession() as session:
            yield Traced(Site(url_of(sockets[0]), local_key(tmp_path), manager, session), kept)
    finally:
        await manager.stop()
        tracer.stop()


async def test_a_batch_is_a_part_of_the_publishers_trace_with_its_way_to_the_store(traced: Traced) -> None:
    _, room = await opened(traced.site)
    await traced.site.publish(room, metrics(1), traceparent=f"00-{TRACE}-{CALLER}-01")
    call = await traced.one("POST /rooms/{room}/events")
    assert call.context is not None
    assert call.parent is not None
    assert (f"{call.context.trace_id:032x}", f"{call.parent.span_id:016x}") == (TRACE, CALLER)
    told = dict(call.attributes or {})
    assert told["http.request.method"] == "POST"
    assert told["http.route"] == "/rooms/{room}/events"
    assert told["http.response.status_code"] == 200
    assert (told["spectator.room"], told["spectator.tenant"]) == (room, "local")
    stored = {(span.attributes or {}).get("db.operation.name") for span in traced.within(call)}
    assert "append" in stored
    assert all(span.name == "store" for span in traced.within(call))


async def test_only_a_publisher_is_asked_for_its_trace(traced: Traced) -> None:
    await traced.site.call("GET", "/lobby", traceparent=f"00-{TRACE}-{CALLER}-01")
    call = await traced.one("GET /lobby")
    assert call.parent is None
    assert call.context is not None
    assert f"{call.context.trace_id:032x}" != TRACE


async def test_a_refusal_is_no_error_of_the_server_and_names_its_code(traced: Traced) -> None:
    made, _ = await opened(traced.site, password="secret-word")
    body = {"display_name": "Eve", "password": "a-guess"}
    await traced.site.call("POST", f"/rooms/{made['room']['code']}/join", body)
    call = await traced.one("POST /rooms/{room}/join")
    told = dict(call.attributes or {})
    assert (told["http.response.status_code"], told["error.type"]) == (403, "wrong_password")
    assert call.status.is_unset
    for span in traced.kept.get_finished_spans():
        assert "a-guess" not in span.to_json()


def test_an_error_is_told_by_its_kind_alone() -> None:
    kept = InMemorySpanExporter()
    tracer = Tracer(SimpleSpanProcessor(kept))
    with pytest.raises(ValueError, match="what was sent"), tracer.span("checkpoint"):
        raise ValueError("what was sent")
    tracer.stop()
    (span,) = kept.get_finished_spans()
    assert dict(span.attributes or {}) == {"error.type": "ValueError"}
    assert not span.status.is_ok
    assert not span.status.is_unset
    assert "what was sent" not in span.to_json()


async def test_a_hub_that_reads_for_its_viewers_says_so(traced: Traced) -> None:
    made, room = await opened(traced.site)
    async with watching(traced.site, room, token=await grant(traced.site, made)) as viewer:
        await viewer.next("snapshot")
        await traced.site.publish(room, metrics(1))
        await viewer.next("tick")
    read = await traced.one("hub read")
    assert dict(read.attributes or {})["spectator.rooms"] == 1
    assert [span.name for span in traced.within(read)] == ["store"]


async def test_a_checkpoint_is_a_span(traced: Traced) -> None:
    _, room = await opened(traced.site)
    values = {f"series-{number}": 1 / 7 for number in range(50)}
    long = {"type": "training_metrics", "data": values}
    for _ in range(8):
        await traced.site.publish(room, *[long] * 600)
    written = await traced.one("checkpoint")
    assert dict(written.attributes or {})["spectator.room"] == room
    assert traced.within(written)


async def test_what_goes_on_every_second_by_itself_is_no_trace(traced: Traced) -> None:
    looked = traced.site.manager.stats.store_trip
    await eventually(lambda: looked.count > 1, 60, "two looks at the store")
    assert not traced.named("store")


# ---------------------------------------------------------------- off


async def test_it_is_off_unless_asked_for(tmp_path: Path) -> None:
    async with tracing(Settings(data_dir=tmp_path)) as span:
        assert span is unmarked
        assert span("anything", {"x": 1}) is UNMARKED


ASKED = """
import asyncio, sys
from pathlib import Path
from spectator.settings import Settings
from spectator.server.running import domain
from spectator.server.tracing import tracing

async def main():
    async with tracing(Settings(data_dir=Path("."))) as span:
        with span("work", {"x": 1}) as marked:
            marked.note({"y": 2})

asyncio.run(main())
ours = ("opentelemetry.sdk.trace", "opentelemetry.exporter")
print([name for name in sys.modules if name.startswith(ours)])
"""
"""Of OpenTelemetry redis-py loads the counters by itself, where they are installed, and no spans."""


def test_nothing_is_imported_while_it_is_off(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", ASKED],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() == "[]", done.stderr


async def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(SettingsError, match=r"pip install 'spectator-rooms\[otel\]'"):
        async with tracing(Settings(data_dir=tmp_path, tracing="otlp")):
            pass
