"""The names of series; that a room has no more than it may is shown in tests/contract/test_log_append.py."""

import json
from typing import Any

import pytest

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


class Counted:
    """A store that counts what it is asked for."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.parts = 0

    async def run(self, script: Any, keys: Any, args: Any) -> Any:
        self.parts += len(args)
        return await self._connection.run(script, keys, args)

    async def command(self, *parts: Any) -> Any:
        self.parts += len(parts)
        return await self._connection.command(*parts)


@pytest.mark.parametrize("begun", ["", '{"type":"training_event","event":"training_started"}\n'])
async def test_a_batch_of_many_names_costs_the_store_no_more_than_a_room_may_have(
    connection: Connection, begun: str
) -> None:
    counted: Any = Counted(connection)
    names = Names(counted, 10)
    lines = "\n".join(
        json.dumps({"type": "training_metrics", "data": {f"n{line}_{number}": 1 for number in range(5)}})
        for line in range(400)
    )
    admitted = await names.admit("r_1", decode((begun + lines).encode(), 0))
    assert len(admitted.samples) == 2, "the first ten names"
    assert {code for _, code in admitted.rejected} == {"too_many_series"}
    assert counted.parts < 30


async def test_names_that_the_store_knows_are_found_behind_any_number_of_others(
    connection: Connection,
) -> None:
    await Names(connection, 3).admit("r_1", measured(a=1, b=2))
    elsewhere = Names(connection, 3)
    events = [*({f"x{number}": 1} for number in range(50)), {"a": 1}, {"b": 1}, {"c": "text"}]
    lines = "\n".join(json.dumps({"type": "training_metrics", "data": event}) for event in events)
    admitted = await elsewhere.admit("r_1", decode(lines.encode(), 0))
    assert [sorted(values) for _, values in admitted.samples] == [["x0"], ["a"], ["b"], ["c"]]
    assert len(admitted.rejected) == 49
