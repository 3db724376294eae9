import json
from pathlib import Path

from rooms import Connection, connect
from spectator.nodes import ALIVE_MS, KEPT_MS, KEY, Nodes, Worker, is_alive, read_nodes
from tests.harness.waiting import eventually
from tests.rooms.servers import own_store


def names(nodes: Nodes) -> set[str]:
    return {row.name for row in nodes.live}


async def pass_time(connection: Connection, ms: int) -> None:
    """Let this node's idea of the store's clock go on; steps below a jump."""
    while ms > 0:
        step = min(ms, 4_000)
        connection.clock.observe(connection.clock.now_ms() + step)
        ms -= step


async def test_nodes_find_each_other_and_one_that_ends_is_gone_at_once(connection: Connection) -> None:
    here, there = (Nodes(connection, checkpoint=2, beat_s=0.05) for _ in range(2))
    await here.start()
    await there.start()
    both = {here.name, there.name}
    await eventually(lambda: names(here) == both and names(there) == both)
    await there.stop()
    await eventually(lambda: names(here) == {here.name})
    await here.stop()
    assert await read_nodes(connection) == []


async def test_one_that_was_killed_is_gone_when_its_row_is_old(connection: Connection) -> None:
    here, killed = Nodes(connection, checkpoint=1, beat_s=0.05), Nodes(connection, checkpoint=1)
    await killed.start()
    await here.start()
    assert names(here) == {here.name, killed.name}
    await killed._tasks.stop()  # as a kill does: nothing is taken back
    await pass_time(connection, ALIVE_MS - 2_000)
    assert names(here) == {here.name, killed.name}
    await pass_time(connection, 3_000)
    assert names(here) == {here.name}
    rows = {row.name: row for row in await read_nodes(connection)}
    assert not is_alive(
        rows[killed.name], connection.clock.now_ms()
    )  # people can still see that it was there
    await pass_time(connection, KEPT_MS)

    async def forgotten() -> bool:
        return not await connection.command("HEXISTS", KEY, killed.name)

    await eventually(forgotten)
    await here.stop()


async def test_after_a_jump_of_the_clock_nobody_is_taken_for_dead(connection: Connection) -> None:
    new, old = Nodes(connection, checkpoint=3), Nodes(connection, checkpoint=2)
    await old.start()
    await new.start()
    connection.clock.observe(connection.clock.now_ms() + 2 * 3_600_000)
    assert names(new) == {new.name, old.name}
    assert new.checkpoint == 2
    await new.stop()
    await old.stop()


async def test_a_checkpoint_is_written_in_a_version_that_every_living_node_reads(
    connection: Connection,
) -> None:
    new, old = Nodes(connection, checkpoint=3, beat_s=0.05), Nodes(connection, checkpoint=2)
    await new.start()
    assert new.checkpoint == 3
    await old.start()
    await eventually(lambda: new.checkpoint == 2)
    await old.stop()
    await eventually(lambda: new.checkpoint == 3)
    await new.stop()


async def test_rows_of_other_versions_are_read_and_damaged_ones_left_out(connection: Connection) -> None:
    now = connection.clock.now_ms()
    newer = {"name": "newer", "version": "9", "checkpoint": 7, "seen_ms": now, "a_field_of_tomorrow": [1]}
    await connection.command("HSET", KEY, "newer", json.dumps(newer))
    await connection.command("HSET", KEY, "damaged", b"\xff{")
    nodes = Nodes(connection, checkpoint=1, worker=Worker(2, 4), connections=lambda: 17)
    await nodes.start()
    assert names(nodes) == {"newer", nodes.name}
    row = next(row for row in await read_nodes(connection) if row.name == nodes.name)
    assert (row.worker, row.connections, row.stopping) == (2, 17, False)
    await nodes.say_stopping()
    row = next(row for row in await read_nodes(connection) if row.name == nodes.name)
    assert row.stopping
    await nodes.stop()


async def test_while_the_store_is_away_the_last_picture_stands_and_stopping_raises_nothing(
    tmp_path: Path,
) -> None:
    with own_store(tmp_path) as own:
        connection = await connect(own.url)
        nodes, other = Nodes(connection, checkpoint=1, beat_s=0.05), Nodes(connection, checkpoint=1)
        await other.start()
        await nodes.start()
        await other._tasks.stop()
        with own.paused():
            await nodes.say_stopping()
            assert names(nodes) == {nodes.name, other.name}
            await nodes.stop()
        await connection.close()
