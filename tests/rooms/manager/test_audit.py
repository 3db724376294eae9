"""While the store is away entries are held, and what did not fit is said; what is read is bounded."""

from pathlib import Path

import pytest

from rooms import Actor, AuditEntry, RoomManager, Secrets, connect
from rooms.audit import HELD
from rooms.manager import audit
from tests.rooms.servers import own_store
from tests.rooms.world import KEY, SECRET, World

OWNER = Actor("room_key")


def doing(what: str = "kick", **fields: object) -> AuditEntry:
    return AuditEntry(**({"what": what, "outcome": "ok", "actor": OWNER, "tenant": "local"} | fields))  # type: ignore[arg-type]  # by name


@pytest.mark.faults
async def test_a_store_that_is_away_loses_nothing_that_fits_and_the_rest_is_counted(tmp_path: Path) -> None:
    with own_store(tmp_path) as store:
        connection = await connect(store.url)
        manager = RoomManager(connection, Secrets([SECRET]))
        manager.audit.note(doing(subject="before"))
        with store.paused():
            await manager.audit.flush()
            for number in range(HELD + 7):
                manager.audit.note(doing(room=f"r_{number}"))
            await manager.audit.flush()
        manager.audit.note(doing("rotate", subject="after"))
        await manager.audit.flush()
        await manager.audit.flush()
        found, following = [], None
        while True:
            page, following = await manager.audit.entries("local", before=following, limit=1000)
            found += page
            if following is None:
                break
        assert [one.subject for one in found if one.subject == "before"] == ["before"], "once, not twice"
        assert sum(one.what == "kick" and one.room is not None for one in found) == HELD
        (missed,) = [one for one in found if one.what == "missed"]
        assert missed.count == 8, "the last, and the one that came after"
        await manager.close()
        await connection.close()


async def test_the_memory_of_addresses_is_bounded(world: World) -> None:
    caller = await world.manager.caller(KEY)
    for number in range(3 * audit.ADDRESSES):
        world.manager.audit.key_used(caller, f"2001:db8:0:{number:x}::/64")
        await world.manager.audit.flush()
    found, _ = await world.manager.audit.entries("local", what="key_address")
    assert len(found) == 3 * audit.ADDRESSES
    world.manager.audit.key_used(caller, "2001:db8:0:0::/64")  # forgotten here, and known to the store
    await world.manager.audit.flush()
    found, _ = await world.manager.audit.entries("local", what="key_address")
    assert len(found) == 3 * audit.ADDRESSES


async def test_a_filter_reads_so_much_and_says_where_to_go_on(world: World) -> None:
    world.manager.audit.note(doing("rotate"))
    await world.manager.audit.flush()
    for start in range(0, audit.SCANNED + 100, 150):
        for number in range(start, start + 150):
            world.manager.audit.note(doing("join", room=f"r_{number}"))
        await world.manager.audit.flush()
    found, following = await world.manager.audit.entries("local", what="rotate")
    assert found == []
    assert following is not None
    found, following = await world.manager.audit.entries("local", what="rotate", before=following)
    assert [one.what for one in found] == ["rotate"]
    assert following is None
