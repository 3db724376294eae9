import asyncio

from spectator.hub import AccessWatch


async def test_a_change_wakes_who_waits():
    watch = AccessWatch()
    waiting = asyncio.get_running_loop().create_task(watch.changed(5))
    await asyncio.sleep(0)
    watch.ring()
    assert await asyncio.wait_for(waiting, 1)


async def test_a_change_before_the_wait_counts_once():
    watch = AccessWatch()
    watch.ring()
    watch.ring()
    assert await watch.changed(0)
    assert not await watch.changed(0)
