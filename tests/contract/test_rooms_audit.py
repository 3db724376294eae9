"""What the audit promises, on every kind of store: once, in order, bounded, and nobody else's."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from rooms import Actor, AuditEntry, InvalidRequest, NewTenant, RoomManager, Secrets
from rooms.store import AuditStore, Batch, keys
from tests.rooms.world import DAY, HOUR, KEY, SECOND, SECRET, World, world_on

OWNER = Actor("room_key")


@pytest_asyncio.fixture
async def world(store_url: str) -> AsyncIterator[World]:
    async with world_on(store_url) as opened:
        yield opened


def doing(what: str = "kick", **fields: object) -> AuditEntry:
    return AuditEntry(**({"what": what, "outcome": "ok", "actor": OWNER, "tenant": "local"} | fields))  # type: ignore[arg-type]  # by name


async def told(world: World, tenant: str | None = "local", **asked: object) -> list[AuditEntry]:
    await world.manager.audit.flush()
    found, _ = await world.manager.audit.entries(tenant, **asked)  # type: ignore[arg-type]  # by name
    return found


async def test_what_was_noted_is_told_newest_first_with_all_of_it(world: World) -> None:
    first = doing("kick", room="r_1", subject="v_1", client="192.0.2.1", actor=Actor("api_key", "k_1", "ci"))
    world.manager.audit.note(first)
    await world.manager.audit.flush()
    world.manager.audit.note(doing("join", outcome="wrong_password", actor=Actor("anonymous")))
    last, kick = await told(world)
    assert (last.what, last.outcome, last.actor) == ("join", "wrong_password", Actor("anonymous", None, None))
    assert (kick.what, kick.room, kick.subject, kick.client) == ("kick", "r_1", "v_1", "192.0.2.1")
    assert (kick.actor, kick.tenant, kick.count) == (Actor("api_key", "k_1", "ci"), "local", 1)
    assert abs(kick.at_ms - world.clock.now_ms()) < 60 * SECOND


async def test_each_tenant_has_its_own_and_the_operator_too(world: World) -> None:
    await world.manager.tenants.create(NewTenant(id="other"))
    for tenant in ("local", "other", None):
        world.manager.audit.note(doing(tenant=tenant, subject=f"of {tenant}"))
    assert [one.subject for one in await told(world)] == ["of local"]
    assert [one.subject for one in await told(world, "other")] == ["of other"]
    assert [one.subject for one in await told(world, None)] == ["of None"]


async def test_doings_and_visits_are_one_list_that_can_be_turned_page_by_page(world: World) -> None:
    audit = world.manager.audit
    for number in range(7):
        audit.note(doing(subject=f"d{number}"))
        audit.note(doing("join", subject=f"v{number}"))
        await audit.flush()
    whole = await told(world)
    assert len(whole) == 14
    paged, before = [], None
    for _ in range(6):
        page, before = await audit.entries("local", before=before, limit=3)
        paged += page
        if before is None:
            break
    assert paged == whole
    assert len({one.id for one in paged}) == 14


async def test_a_page_may_be_of_one_room_one_kind_or_one_time(world: World) -> None:
    world.manager.audit.note(doing(room="r_1", subject="a"))
    world.manager.audit.note(doing("block", room="r_2", subject="b"))
    assert [one.subject for one in await told(world, room="r_1")] == ["a"]
    assert [one.subject for one in await told(world, what="block")] == ["b"]
    assert await told(world, since_ms=world.clock.now_ms() + HOUR) == []
    assert len(await told(world, since_ms=world.clock.now_ms() - HOUR)) == 2


async def test_a_place_that_is_none_is_refused(world: World) -> None:
    for before in ("", "x", "1-1", "1-1d\n", "٣-1d", "9" * 40 + "-1d"):
        with pytest.raises(InvalidRequest) as caught:
            await world.manager.audit.entries("local", before=before)
        assert caught.value.field == "before"


async def test_what_happened_at_once_is_told_in_the_order_it_happened(world: World) -> None:
    audit, asked = world.manager.audit, ["kick", "join", "join", "block", "join", "rotate", "kick", "kick"]
    for number, what in enumerate(asked):
        audit.note(doing(what, subject=str(number)))
    await audit.flush()
    audit.note(doing(subject="8"))  # perhaps within the same millisecond
    assert [one.subject for one in await told(world)] == [str(number) for number in range(8, -1, -1)]


async def test_nothing_of_a_deleted_tenant_comes_back(world: World) -> None:
    await world.manager.tenants.create(NewTenant(id="gone"))
    world.manager.audit.note(doing(tenant="gone"))
    await world.manager.audit.flush()
    world.manager.audit.note(doing(tenant="gone"))  # noted, and the tenant deleted before it is written
    await world.manager.tenants.delete("gone")
    await world.manager.audit.flush()
    for key in keys.of_audit("gone"):
        assert not await world.connection.command("EXISTS", key)


async def test_a_batch_that_is_sent_again_is_written_once(world: World) -> None:
    store = AuditStore(world.connection)
    batch = Batch("local", 1, [("", doing())])
    assert await store.write("n", [batch]) == [True]
    assert await store.write("n", [batch]) == [True]
    assert await store.write("m", [batch]) == [True]  # another node's first
    assert await store.write("n", [Batch("local", 2, [("", doing())])]) == [True]
    assert await store.write("ms", [batch]) == [True]  # whatever a node is called
    assert len(await told(world)) == 4


async def test_visitors_push_out_visitors_and_never_what_owners_did(world: World) -> None:
    store = AuditStore(world.connection, kept=50)
    knocks = [doing("join", outcome="wrong_password", client=f"192.0.2.{number}") for number in range(200)]
    await store.write("n", [Batch("local", 1, [("", entry) for entry in (doing("rotate"), *knocks)])])
    assert len(await told(world, what="join")) == 50
    assert [one.what for one in await told(world, what="rotate")] == ["rotate"]


async def test_what_is_older_than_thirty_days_is_not_told_nor_kept(world: World) -> None:
    world.manager.audit.note(doing(subject="old"))
    assert len(await told(world)) == 1
    world.clock.push(31 * DAY)
    assert await told(world) == []
    world.manager.audit.note(doing("join"))  # whatever is written lets go of what is old
    await world.manager.audit.flush()
    doings, *_ = keys.of_audit("local")
    assert await world.connection.command("XLEN", doings) == 0
    assert 0 < await world.connection.command("PTTL", keys.of_audit("local")[1]) <= 30 * DAY


async def test_a_key_from_a_new_address_is_noted_once_on_all_nodes_together(world: World) -> None:
    caller = await world.manager.caller(KEY)
    audit = world.manager.audit
    for client in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
        audit.key_used(caller, client)
    assert sorted(str(one.client) for one in await told(world, what="key_address")) == [
        "192.0.2.1",
        "192.0.2.2",
    ]
    other = RoomManager(world.connection, Secrets([SECRET]))
    for client in ("192.0.2.1", "192.0.2.3"):
        other.audit.key_used(caller, client)
    await other.audit.flush()
    await other.close()
    new = await told(world, what="key_address")
    assert sorted(str(one.client) for one in new) == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    assert {one.actor.id for one in new} == {caller.key_id}
    assert KEY not in repr(new)


async def test_a_refused_join_is_found_in_the_audit_of_its_room(world: World) -> None:
    room = (await world.room(password="hunter2")).room
    at_ms = world.clock.now_ms()
    refused = AuditEntry("join", "wrong_password", Actor("anonymous"), client="192.0.2.9", at_ms=at_ms)
    typed = f"{room.code[:3].lower()}-{room.code[3:]}"
    world.manager.audit.note(refused, ref=typed)
    world.manager.audit.note(refused, ref=room.id)
    world.manager.audit.note(AuditEntry("join", "room_not_found", Actor("anonymous")), ref="ZZZ999")
    (found,) = await told(world, what="join")
    assert (found.room, found.count) == (room.id, 2)
    (missed,) = await told(world, None, what="join")
    assert missed.room is None
    assert "ZZZ999" not in repr(missed)
