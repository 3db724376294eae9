"""What was recorded, as a file: whole, safe to open, of one moment; by HTTP."""

import csv
import io
import json
from typing import Any
from urllib.parse import unquote

import pytest

from rooms import Busy
from spectator.log import Log, Retention
from spectator.manager import export
from spectator.state import compact
from tests.harness.hostile import ACCEPTED, TEXTS
from tests.harness.waiting import eventually
from tests.spectator.server.conftest import Reply, Site


def metrics(step: int, **more: Any) -> dict[str, Any]:
    return {"type": "training_metrics", "data": {"step": step, "loss": 1 / (step + 1), **more}}


async def exported(site: Site, room: str, form: str, token: str = "key") -> Reply:
    reply = await site.call("GET", f"/rooms/{room}/export?format={form}", token=token)
    assert reply.status == 200, reply.raw
    return reply


def rows(reply: Reply) -> list[list[str]]:
    text = reply.raw.decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:], newline="")))


def named(reply: Reply) -> str:
    told = reply.headers["Content-Disposition"]
    assert told.startswith("attachment; ")
    assert told.isascii()
    assert told.isprintable()
    return unquote(told.partition("filename*=UTF-8''")[2])


async def test_a_table_has_a_row_an_event_and_a_column_a_metric(site: Site) -> None:
    room = (await site.create(name="cartpole"))["room"]["id"]
    await site.publish(
        room,
        metrics(1, q=[1, 2]),
        {"type": "metric", "name": "-risky", "value": -3, "step": 2, "source": "w-1"},
        {"type": "log", "level": "info", "message": "no metric"},
        {"type": "training_metrics", "data": {"loss": None, "seq": 5}, "agent": "red"},
    )
    reply = await exported(site, room, "csv")
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert reply.raw.count(b"\r\n") == 4
    assert named(reply) == "cartpole.csv"
    head, first, second, third = rows(reply)
    assert head == [*export.PLACES, "loss", "q", "'-risky", "metric seq"]
    assert first[0] == "1"
    assert first[2:] == ["training_metrics", "1", "", "", "", "0.5", "[1,2]", "", ""]
    assert second[2:] == ["metric", "2", "", "w-1", "", "", "", "-3", ""]
    assert third[2:] == ["training_metrics", "", "", "", "red", "", "", "", "5"]
    assert len(first[1]) == len("2024-01-15 10:30:00.000")


async def test_lines_and_a_document_hold_every_event_with_its_number(site: Site) -> None:
    made = await site.create(name="cartpole", config={"lr": 0.1}, webhook="https://example.org/hook")
    room = made["room"]["id"]
    sent = [metrics(1), {"type": "alert", "alert": {"level": "error", "message": "NaN"}}, metrics(2)]
    await site.publish(room, *sent)
    told, *events, end = [
        json.loads(line) for line in (await exported(site, room, "ndjson")).raw.splitlines()
    ]
    assert [one["seq"] for one in events] == [1, 2, 3]
    assert [one["type"] for one in events] == [one["type"] for one in sent]
    assert events[0]["data"] == sent[0]["data"]
    assert end == {"end": {"events": 3}}
    about = told["export"]
    assert (about["first"], about["last"], about["dropped_before"]) == (1, 3, 0)
    assert (about["room"]["name"], about["room"]["config"]) == ("cartpole", {"lr": 0.1})
    assert "webhook" not in about["room"]
    reply = await exported(site, room, "json")
    document = reply.body
    assert document["events"] == events
    assert document["end"] == {"events": 3}
    assert document["export"]["room"] == about["room"]
    assert named(reply) == "cartpole.json"


async def test_an_empty_room_is_an_empty_file(site: Site) -> None:
    room = (await site.create())["room"]["id"]
    assert rows(await exported(site, room, "csv")) == [list(export.PLACES)]
    assert (await exported(site, room, "json")).body["events"] == []
    assert len((await exported(site, room, "ndjson")).raw.splitlines()) == 2


async def test_an_ended_room_is_exported_too(site: Site) -> None:
    made = await site.create()
    room = made["room"]["id"]
    await site.publish(room, metrics(1))
    await site.call("DELETE", f"/rooms/{room}", token="key")
    assert len((await exported(site, room, "ndjson", made["owner_token"])).raw.splitlines()) == 3


async def test_who_may_watch_may_export_and_nobody_else(site: Site) -> None:
    made = await site.create(password="hunter2")
    code, room = made["room"]["code"], made["room"]["id"]
    grant = (await site.join(code, password="hunter2"))["token"]
    assert (await exported(site, room, "csv", grant)).status == 200
    assert (await site.call("GET", f"/rooms/{code}/export")).code == "unauthorized"
    other = await site.create()
    stranger = (await site.join(other["room"]["code"]))["token"]
    assert (await site.call("GET", f"/rooms/{room}/export", token=stranger)).code == "room_not_found"


async def test_a_form_there_is_none_of(site: Site) -> None:
    room = (await site.create())["room"]["id"]
    reply = await site.call("GET", f"/rooms/{room}/export?format=xlsx", token="key")
    assert (reply.status, reply.code, reply.body["field"]) == (422, "invalid_request", "format")


@pytest.mark.parametrize("name", ACCEPTED.values(), ids=ACCEPTED)
async def test_a_hostile_room_becomes_a_plain_file(site: Site, name: str) -> None:
    room = (await site.create(name=name))["room"]["id"]
    reply = await exported(site, room, "csv")
    file = named(reply)
    assert file.endswith(".csv")
    assert not set(file) & set('/\\:*?"<>|\r\n')
    assert not file.startswith((".", "-"))


async def test_hostile_metrics_and_texts_are_text_in_every_form(site: Site) -> None:
    room = (await site.create())["room"]["id"]
    names = {f"{text[:100]}{number}": number for number, text in enumerate(TEXTS.values())}
    for name, value in names.items():  # one at a time: some are refused as names, and that is an answer too
        await site.publish(room, {"type": "training_metrics", "data": {name: value, "note": name}})
    events = (await exported(site, room, "json")).body["events"]
    taken = [name for event in events for name in event["data"] if name != "note"]
    head, *body = rows(await exported(site, room, "csv"))
    assert len(head) - len(export.PLACES) == len(set(taken)) + 1
    for cell in [*head, *(cell for row in body for cell in row)]:
        number = cell.replace(".", "").replace("-", "", 1).isdigit()
        assert number or not cell.lstrip().startswith(tuple("=+-@")), cell


async def test_only_what_there_was_when_it_began(site: Site) -> None:
    room = (await site.create())["room"]["id"]
    exporter = export.Exporter(Log(site.manager.connection, Retention(page=500)))
    for start in range(0, 50, 10):
        await site.publish(room, *(metrics(step) for step in range(start, start + 10)))
    forms: list[export.Format] = ["ndjson", "csv"]
    begun = [await exporter.begin(room, form, {}) for form in forms]
    await site.publish(room, metrics(50, later=1))
    lines, table = [b"".join([piece async for piece in one.pieces]) for one in begun]
    assert [len(lines.splitlines()), len(table.splitlines())] == [52, 51]
    assert {(one.first, one.last) for one in begun} == {(1, 50)}


async def test_a_long_log_is_read_page_by_page_in_small_pieces(site: Site) -> None:
    room = (await site.create())["room"]["id"]
    log = Log(site.manager.connection, Retention(page=10_000))
    for start in range(0, 2000, 100):
        await site.publish(room, *(metrics(step, text="x" * 100) for step in range(start, start + 100)))
    exporter = export.Exporter(log)
    for form in ("ndjson", "json", "csv"):
        begun = await exporter.begin(room, form, {})  # type: ignore[arg-type]  # one of the forms
        pieces = [piece async for piece in begun.pieces]
        assert len(pieces) > 3
        assert max(map(len, pieces)) < 2 * export.PIECE
        whole = b"".join(pieces)
        assert whole.count(b"x" * 100) == 2000
        if form == "json":
            assert len(json.loads(whole)["events"]) == 2000


async def test_what_was_dropped_before_is_said(site: Site) -> None:
    room = (await site.create(name="long"))["room"]["id"]
    log = Log(site.manager.connection, Retention(checkpoint_after=1, keep_bytes=20_000))
    for start in range(0, 1000, 100):
        await site.publish(room, *(metrics(step, text="x" * 50) for step in range(start, start + 100)))
    assert await compact(log, room)
    reply = await exported(site, room, "json")
    told = reply.body["export"]
    assert told["first"] > 1
    assert told["dropped_before"] == told["first"] - 1
    assert reply.body["events"][0]["seq"] == told["first"]
    assert named(reply) == f"long from {told['first']}.json"
    assert reply.headers["Spectator-Events"] == f"{told['first']}-1000"
    assert rows(await exported(site, room, "csv"))[1][0] == str(told["first"])


async def test_a_file_that_cannot_be_finished_is_cut_off_and_never_ended(site: Site) -> None:
    room = (await site.create())["room"]["id"]
    for start in range(0, 2000, 100):
        await site.publish(room, *(metrics(step, text="x" * 100) for step in range(start, start + 100)))
    small = Log(site.manager.connection, Retention(page=10_000, checkpoint_after=1, keep_bytes=1))
    begun = await export.Exporter(small).begin(room, "ndjson", {})
    assert await compact(small, room)  # everything that was not read yet is gone
    with pytest.raises(Exception, match="not kept any more"):
        b"".join([piece async for piece in begun.pieces])


async def test_a_few_at_a_time_on_a_node_of_a_tenant_and_of_a_room(site: Site) -> None:
    exporter = site.manager.exporter
    with exporter.turn("r_1", "a"), exporter.turn("r_1", "a"):
        with pytest.raises(Busy), exporter.turn("r_1", "a"):
            pass
        with exporter.turn("r_2", "a"):
            with pytest.raises(Busy), exporter.turn("r_3", "a"):
                pass
            with exporter.turn("r_9", "b"), pytest.raises(Busy), exporter.turn("r_8", "c"):
                pass
    with exporter.turn("r_1", "a"):
        pass


async def test_spectators_leave_a_place_to_who_holds_a_key(site: Site) -> None:
    """Anybody may be a spectator of a public room, and as slow at reading as they like."""
    exporter = site.manager.exporter
    with exporter.turn("r_1", "a", guest=True), exporter.turn("r_2", "a", guest=True):
        for room, tenant in (("r_1", "a"), ("r_3", "a")):
            with pytest.raises(Busy), exporter.turn(room, tenant, guest=True):
                pytest.fail("spectators left no place")
        with exporter.turn("r_1", "a"):
            pass
        with exporter.turn("r_4", "b", guest=True):
            with pytest.raises(Busy), exporter.turn("r_5", "c", guest=True):
                pytest.fail("spectators left no place on the node")
            with exporter.turn("r_5", "c"):
                assert exporter.under_way == export.AT_ONCE


async def test_a_spectator_counts_as_one_and_the_owner_does_not(site: Site) -> None:
    made = await site.create()
    room, inside = made["room"], await site.join(made["room"]["code"])
    url = f"{site.url}/api/v1/rooms/{room['id']}/export"
    with site.manager.exporter.turn(room["id"], "local", guest=True):
        for token, status in ((inside["token"], 503), (made["owner_token"], 200), (site.key, 200)):
            async with site.session.get(url, headers={"Authorization": f"Bearer {token}"}) as answer:
                assert answer.status == status


async def test_who_leaves_midway_gives_the_turn_back(site: Site) -> None:
    room = (await site.create())["room"]["id"]
    for start in range(0, 20_000, 1000):
        await site.publish(room, *(metrics(step, text="x" * 400) for step in range(start, start + 1000)))
    url = f"{site.url}/api/v1/rooms/{room}/export"
    for _ in range(export.AT_ONCE + 2):
        async with site.session.get(url, headers={"Authorization": f"Bearer {site.key}"}) as answer:
            assert answer.status == 200
            await answer.content.readexactly(1000)
            answer.close()
        await eventually(lambda: not site.manager.exporter.under_way, what="the turn is given back")
