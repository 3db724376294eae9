"""Looking back: few at a time, and a bounded number in the queue."""

import asyncio
import json

import pytest

from rooms import Busy, Connection
from spectator.log import Log
from spectator.manager import history
from spectator.manager.history import Historian
from spectator.state import Span
from spectator.tasks import Tasks


async def test_a_room_without_events_has_no_course(connection: Connection) -> None:
    body = await Historian(Log(connection)).history("r_nothing", (), Span(), 100)
    assert json.loads(body)["metrics"] == {}


async def test_more_than_are_taken_on_are_told_to_come_back(connection: Connection) -> None:
    historian = Historian(Log(connection))
    calls = [historian.history(f"r_{n}", (), Span(), 100) for n in range(history.MOST_QUEUED + 5)]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    refused = [one for one in outcomes if isinstance(one, Busy)]
    assert len(refused) == 5
    assert refused[0].retry_after is not None
    assert await historian.history("r_nothing", (), Span(), 100), "afterwards there is room again"


async def test_one_room_does_not_take_all_turns(connection: Connection) -> None:
    historian = Historian(Log(connection))
    same = [historian.history("r_same", (), Span(), 100) for _ in range(history.MOST_OF_ROOM + 3)]
    outcomes = await asyncio.gather(
        *same, historian.history("r_other", (), Span(), 100), return_exceptions=True
    )
    assert sum(isinstance(one, Busy) for one in outcomes) == 3
    assert isinstance(outcomes[-1], bytes)


async def test_who_gives_up_gives_the_turn_back(connection: Connection) -> None:
    historian = Historian(Log(connection))
    tasks = Tasks("callers")
    for number in range(history.MOST_OF_ROOM):
        tasks.start(historian.history("r_nothing", (), Span(), 100), f"call {number}")
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await historian.history("r_nothing", (), Span(), 100)
    await tasks.stop()
    assert await historian.history("r_nothing", (), Span(), 100)
