import asyncio

from spectator.hub.outage import Outage, Weather


async def test_it_tells_of_changes_only():
    told: list[Weather] = []
    outage = Outage(told.append)
    assert outage.over
    outage.answered()
    outage.failed()
    outage.failed()
    assert not outage.over
    outage.answered()
    outage.answered()
    assert told == [Weather.AWAY, Weather.FAIR]


async def test_a_full_store_answers_and_is_full_until_it_takes_something():
    told: list[Weather] = []
    outage = Outage(told.append)
    outage.refused()
    outage.answered()
    assert outage.over
    assert outage.full
    outage.failed()
    outage.answered()
    assert not outage.full
    outage.refused()
    outage.took()
    assert told == [Weather.FULL, Weather.AWAY, Weather.FAIR, Weather.FULL, Weather.FAIR]


async def test_one_can_wait_for_its_end():
    outage = Outage(lambda _: None)
    await outage.wait()
    outage.failed()
    waiting = asyncio.get_running_loop().create_task(outage.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    outage.answered()
    await asyncio.wait_for(waiting, 1)


async def test_of_a_divided_store_a_part_that_is_away_ends_nothing_for_the_others():
    told: list[Weather] = []
    outage = Outage(told.append, divided=True)
    outage.failed()
    assert outage.over
    outage.vanished()
    assert not outage.over
    outage.failed()
    assert not outage.over  # that nothing answers is known; one more that does not is no news
    outage.answered_in_part()
    assert outage.over
    outage.answered()
    assert told == [Weather.AWAY, Weather.FAIR]
