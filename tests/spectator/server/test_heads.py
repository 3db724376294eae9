import asyncio

import pytest

from spectator.server.heads import Heads
from tests.harness.waiting import eventually


class Connection:
    def __init__(self) -> None:
        self.gone = False
        self.parted = False

    def hang_up(self) -> None:
        self.gone = True

    def part(self) -> None:
        self.parted = True


async def test_an_address_has_only_so_many():
    heads, some = Heads(of_one=3), [Connection() for _ in range(4)]
    assert [heads.begin(one, "192.0.2.1") for one in some] == [True, True, True, False]
    assert heads.begin(Connection(), "192.0.2.2"), "others are as free as before"
    heads.end(some[0])
    assert heads.begin(some[3], "192.0.2.1")
    assert len(heads) == 4


async def test_who_is_refused_is_not_counted():
    heads, refused = Heads(of_one=0), Connection()
    assert not heads.begin(refused, "192.0.2.1")
    heads.end(refused)
    assert len(heads) == 0


@pytest.mark.parametrize(("of_one", "address"), [(1, ""), (None, "192.0.2.1")])
async def test_a_proxy_is_not_counted_nor_is_anybody_without_limits(of_one: int | None, address: str):
    heads = Heads(of_one)
    assert all(heads.begin(Connection(), address) for _ in range(100))


async def test_who_takes_too_long_is_ended_and_who_came_later_has_the_time_left():
    heads, first, came, later = Heads(seconds=0.2), Connection(), Connection(), Connection()
    heads.begin(first, "a")
    heads.begin(came, "a")
    heads.end(came)
    await eventually(lambda: first.gone)
    began = asyncio.get_running_loop().time()
    heads.begin(later, "a")
    await eventually(lambda: later.gone)
    assert asyncio.get_running_loop().time() - began >= 0.2
    assert not came.gone
    assert len(heads) == 0


async def test_an_address_has_only_so_many_of_all_kinds():
    heads = Heads(all_of_one=2)
    assert [heads.enter("192.0.2.1") for _ in range(3)] == [True, True, False]
    assert heads.enter("192.0.2.2"), "others are as free as before"
    heads.leave("192.0.2.1")
    assert heads.enter("192.0.2.1")


@pytest.mark.parametrize(("of_one", "address"), [(1, ""), (None, "192.0.2.1")])
async def test_a_proxy_has_as_many_as_it_likes_and_so_has_everybody_without_limits(
    of_one: int | None, address: str
):
    heads = Heads(of_one, all_of_one=1)
    assert all(heads.enter(address) for _ in range(100))


async def test_of_those_that_are_kept_for_another_request_the_longest_idle_makes_way():
    heads, some = Heads(idle=2), [Connection() for _ in range(4)]
    heads.rest(some[0])
    heads.rest(some[1])
    heads.stir(some[0])  # it asks again
    heads.rest(some[0])
    heads.rest(some[2])
    assert [one.parted for one in some] == [False, True, False, False]
    heads.stir(some[3])
    heads.rest(some[3])
    assert [one.parted for one in some] == [True, True, False, False]
