import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from redis.exceptions import ConnectionError as StoreGone
from redis.exceptions import DataError

from rooms.flights import COMMANDS, FLIGHTS, Command, Flights
from tests.harness.waiting import eventually


class Store:
    """Answers each command with its own name, as soon as it is let go."""

    def __init__(self) -> None:
        self.flights: list[int] = []  # commands in each
        self.at_once = self.most_at_once = 0
        self.open = asyncio.Event()
        self.open.set()
        self.fails: Exception | None = None

    async def send(self, commands: Sequence[Command]) -> list[Any]:
        self.flights.append(len(commands))
        if any(part is None for command in commands for part in command):
            raise DataError("None cannot be sent")
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.open.wait()
        finally:
            self.at_once -= 1
        if self.fails is not None:
            raise self.fails
        return [command[0] for command in commands]


@pytest.fixture
async def store() -> Store:
    return Store()


@pytest.fixture
async def flights(store: Store) -> Flights:
    return Flights(store.send, limit_s=0.2)


async def many(flights: Flights, count: int) -> list[Any]:
    asked = [flights.ask([(f"GET {number}",)]) for number in range(count)]
    return list(await asyncio.gather(*asked, return_exceptions=True))


async def test_what_is_asked_at_once_goes_together_and_comes_back_to_each(
    store: Store, flights: Flights
) -> None:
    assert await many(flights, 100) == [[f"GET {number}"] for number in range(100)]
    assert store.flights == [100]


async def test_one_asks_for_several_and_gets_them_in_order(store: Store, flights: Flights) -> None:
    several, one = await asyncio.gather(flights.ask([("A",), ("B",)]), flights.ask([("C",)]))
    assert (several, one) == (["A", "B"], ["C"])
    assert store.flights == [3]


async def test_what_comes_while_all_are_under_way_waits_for_the_next(store: Store, flights: Flights) -> None:
    store.open.clear()
    waiting = []
    for number in range(FLIGHTS + 20):
        waiting.append(asyncio.ensure_future(flights.ask([(number,)])))  # noqa: TID251 - awaited below
        for _ in range(5):
            await asyncio.sleep(0)
    assert store.at_once == FLIGHTS
    store.open.set()
    assert await asyncio.gather(*waiting) == [[number] for number in range(FLIGHTS + 20)]
    assert store.flights == [1] * FLIGHTS + [20]
    assert store.most_at_once == FLIGHTS


async def test_a_flight_is_full_and_the_rest_takes_the_next(store: Store, flights: Flights) -> None:
    assert len(await many(flights, COMMANDS + 7)) == COMMANDS + 7
    assert store.flights == [COMMANDS, 7]


async def test_what_one_asks_together_is_never_divided(store: Store, flights: Flights) -> None:
    replies = await flights.ask([(number,) for number in range(2 * COMMANDS)])
    assert replies == list(range(2 * COMMANDS))
    assert store.flights == [2 * COMMANDS]


async def test_a_failure_is_told_to_all_in_the_flight_and_to_those_behind_it(store: Store) -> None:
    flights = Flights(
        store.send, limit_s=60
    )  # on a slow machine the first must not give up before all are off
    store.open.clear()
    store.fails = StoreGone("gone")
    asked = asyncio.ensure_future(many(flights, FLIGHTS * COMMANDS + 30))  # noqa: TID251 - awaited below
    while store.at_once < FLIGHTS:
        await asyncio.sleep(0)
    store.open.set()
    assert all(isinstance(reply, StoreGone) for reply in await asked)
    assert len(store.flights) == FLIGHTS
    store.fails = None
    assert await many(flights, 2) == [["GET 0"], ["GET 1"]]


async def test_a_store_that_does_not_answer_is_not_waited_for(store: Store, flights: Flights) -> None:
    store.open.clear()
    replies = await asyncio.wait_for(many(flights, 3), timeout=2)
    assert [type(reply) for reply in replies] == [TimeoutError] * 3


async def test_an_argument_that_cannot_be_sent_is_its_callers_defect_alone(
    store: Store, flights: Flights
) -> None:
    asked = [flights.ask([("A",)]), flights.ask([("SET", None)]), flights.ask([("B",)])]
    replies = list(await asyncio.gather(*asked, return_exceptions=True))
    assert (replies[0], replies[2]) == (["A"], ["B"])
    assert isinstance(replies[1], DataError)


async def test_who_goes_away_spoils_nothing_for_the_others(store: Store, flights: Flights) -> None:
    leaving = asyncio.ensure_future(flights.ask([("A",)]))  # noqa: TID251 - cancelled below
    staying = asyncio.ensure_future(flights.ask([("B",)]))  # noqa: TID251 - awaited below
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == ["B"]
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_closing_ends_what_is_under_way(store: Store, flights: Flights) -> None:
    store.open.clear()
    asked = asyncio.ensure_future(flights.ask([("A",)]))  # noqa: TID251 - awaited below
    while not store.at_once:
        await asyncio.sleep(0)
    await flights.close()
    with pytest.raises(asyncio.CancelledError):
        await asked


async def test_readers_who_ask_the_same_in_one_moment_share_an_answer(store: Store) -> None:
    flights = Flights(store.send, limit_s=0.2, shared=lambda command: command[0] == "GET")
    asked = [flights.ask([("GET", "code"), (f"ADD {number}",)]) for number in range(100)]
    assert await asyncio.gather(*asked) == [["GET", f"ADD {number}"] for number in range(100)]
    assert store.flights == [101], "one reading for all, and each of the writes"
    await asyncio.gather(flights.ask([("GET", "code")]), flights.ask([("GET", "other")]))
    assert store.flights == [101, 2], "who asks later is told anew, and of another key something else"


async def test_nobody_shares_what_was_asked_before_they_came(store: Store) -> None:
    flights = Flights(store.send, limit_s=5, shared=lambda _: True)
    store.open.clear()
    first = asyncio.ensure_future(flights.ask([("GET",)]))  # noqa: TID251 - awaited below
    while not store.at_once:
        await asyncio.sleep(0)
    second = asyncio.ensure_future(flights.ask([("GET",)]))  # noqa: TID251 - awaited below
    while store.at_once < 2:
        await asyncio.sleep(0)
    store.open.set()
    assert await asyncio.gather(first, second) == [["GET"], ["GET"]]
    assert store.flights == [1, 1]


class TestSilence:
    """The store stands still: who waits is told, and nobody else begins to."""

    @pytest.fixture
    async def silent(self, store: Store, flights: Flights) -> Flights:
        store.open.clear()
        with pytest.raises(TimeoutError):
            await flights.ask([("GET",)])
        assert flights.silent
        return flights

    async def test_one_finds_out_and_the_others_do_not_wait(self, store: Store, silent: Flights) -> None:
        probe = asyncio.ensure_future(silent.ask([("PROBE",)]))  # noqa: TID251 - awaited below
        await asyncio.sleep(0)
        told = await many(silent, 600)
        assert all(isinstance(error, TimeoutError) for error in told)
        assert not probe.done(), "none of them waited for the end of its time"
        assert len(store.flights) == 2, "only the first and the probe were sent"
        with pytest.raises(TimeoutError):
            await probe

    async def test_an_answer_ends_it(self, store: Store, silent: Flights) -> None:
        probe = asyncio.ensure_future(silent.ask([("PROBE",)]))  # noqa: TID251 - awaited below
        await asyncio.sleep(0)
        store.open.set()
        assert await probe == ["PROBE"]
        assert not silent.silent
        assert await many(silent, 50) == [[f"GET {number}"] for number in range(50)]

    async def test_those_who_took_off_later_are_told_with_the_first(self, store: Store) -> None:
        flights, loop = Flights(store.send, limit_s=1.0), asyncio.get_running_loop()
        store.open.clear()
        began = loop.time()
        first = asyncio.ensure_future(flights.ask([("FIRST",)]))  # noqa: TID251 - awaited below
        await eventually(lambda: loop.time() - began > 0.5)
        later = asyncio.ensure_future(flights.ask([("LATER",)]))  # noqa: TID251 - awaited below
        await asyncio.wait([first])
        for _ in range(5):
            await asyncio.sleep(0)
        assert later.done()
        told = await asyncio.gather(first, later, return_exceptions=True)
        assert all(isinstance(error, TimeoutError) for error in told)

    async def test_one_that_hangs_while_others_are_answered_is_no_silence(self, store: Store) -> None:
        async def send(commands: Sequence[Command]) -> list[Any]:
            if commands[0][0] == "HANG":
                await asyncio.Event().wait()
            return [command[0] for command in commands]

        flights = Flights(send, limit_s=0.2)
        hanging = asyncio.ensure_future(flights.ask([("HANG",)]))  # noqa: TID251 - awaited below
        for _ in range(5):
            await asyncio.sleep(0)
        assert await flights.ask([("GET",)]) == ["GET"]
        with pytest.raises(TimeoutError):
            await hanging
        assert not flights.silent

    async def test_a_connection_that_is_reset_is_no_silence(self, store: Store, flights: Flights) -> None:
        store.fails = StoreGone("reset")
        assert all(isinstance(error, StoreGone) for error in await many(flights, 3))
        assert not flights.silent
