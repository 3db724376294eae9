import asyncio

from spectator.hub.outage import Outage


async def test_it_tells_of_changes_only():
    told: list[bool] = []
    outage = Outage(told.append)
    assert outage.over
    outage.answered()
    outage.failed()
    outage.failed()
    assert not outage.over
    outage.answered()
    outage.answered()
    assert told == [False, True]


async def test_one_can_wait_for_its_end():
    outage = Outage(lambda _: None)
    await outage.wait()
    outage.failed()
    waiting = asyncio.get_running_loop().create_task(outage.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    outage.answered()
    await asyncio.wait_for(waiting, 1)
