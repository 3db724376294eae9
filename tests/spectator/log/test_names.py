"""The names of series; that a room has no more than it may is shown in tests/contract/test_log_append.py."""

import json
from typing import Any

from rooms import Connection
from spectator.events import decode
from spectator.log.names import Names


def measured(**values: Any) -> Any:
    return decode(json.dumps({"type": "training_metrics", "data": values}).encode(), 0)


async def test_names_that_are_known_cost_no_call(connection: Connection) -> None:
    names = Names(connection, 10)
    await names.admit("r_1", measured(a=1, b=2))
    await connection.close()
    batch = measured(a=3)
    assert await names.admit("r_1", batch) is batch, "the store is gone, and was not asked"


async def test_only_numbers_take_a_place(connection: Connection) -> None:
    names = Names(connection, 1)
    assert (await names.admit("r_1", measured(text="x", flag=True, step=1, episode=2, a=1))).rejected == []
    assert (await names.admit("r_1", measured(b=1))).rejected == [(1, "too_many_series")]


async def test_the_first_names_come_first(connection: Connection) -> None:
    names = Names(connection, 1)
    batch = decode(b'{"type":"metric","name":"z","value":1}\n{"type":"metric","name":"a","value":1}', 0)
    assert (await names.admit("r_1", batch)).rejected == [(2, "too_many_series")]


async def test_the_rooms_used_last_are_remembered_and_not_more_names_than_said(
    connection: Connection,
) -> None:
    names = Names(connection, 10, most_known=20)
    for number in range(30):
        await names.admit("r_often", measured(a=1, b=2))
        await names.admit(f"r_{number}", measured(a=1, b=2, c=3))
    assert sum(len(known) + 1 for known in names._known.values()) == names._count <= 20
    assert {"r_often", "r_29"} <= names._known.keys()
    assert "r_0" not in names._known
    assert (await names.admit("r_0", measured(a=1))).rejected == [], "the store knows it still"
