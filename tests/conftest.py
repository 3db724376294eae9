"""Fixtures for all tests: a real store, a real server, a real browser; see tests/harness."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.harness.blocked import LoopWitness
from tests.harness.browsers import launch_options
from tests.harness.servers import ServerProcess

STORY_DEADLINE_S = 300  # people, pages and processes: on a busy machine each step takes its time

if TYPE_CHECKING:
    from rooms import Connection, RoomManager
    from spectator.embedded import EmbeddedStore


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell starts what runs in the background so, and the processes of the tests would inherit it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "may_block(reason): the event loop of this test may stand still")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak-s", type=float, default=600.0, help="seconds of the soak (make faults)")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            # A browser lives on the loop that started it, so its tests share one loop.
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(STORY_DEADLINE_S))


@pytest.fixture(autouse=True)
def _no_blocked_loop(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that blocks its event loop, with the stack where it stood."""
    name = "_session_witness" if "browser" in request.fixturenames else "_witness"
    if request.node.get_closest_marker("asyncio") and not request.node.get_closest_marker("may_block"):
        witness: LoopWitness = request.getfixturevalue(name)
        yield
        if witness.blocked:
            pytest.fail(f"the event loop was blocked here:\n{witness.blocked}")
    else:
        yield


@pytest_asyncio.fixture
async def _witness() -> AsyncIterator[LoopWitness]:
    witness = LoopWitness(asyncio.get_running_loop())
    witness.start()
    yield witness
    witness.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def _session_witness() -> AsyncIterator[LoopWitness]:
    witness = LoopWitness(asyncio.get_running_loop())
    witness.start()
    yield witness
    witness.stop()


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[EmbeddedStore]":
    """A running embedded store; ``store.url`` is ``unix://...``. Shared: flush what you write."""
    from spectator.embedded import EmbeddedStore

    opened = EmbeddedStore.start(tmp_path_factory.mktemp("store"))
    yield opened
    opened.stop()


@pytest_asyncio.fixture
async def connection(store: "EmbeddedStore") -> "AsyncIterator[Connection]":
    """A connection to an empty store."""
    import rooms

    opened = await rooms.connect(store.url)
    await opened.command("FLUSHALL", "SYNC")
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def rooms(connection: "Connection") -> "RoomManager":
    """The rooms of an empty store, with a secret of the tests."""
    from rooms import Passwords, RoomManager, Secrets

    hasher = await asyncio.to_thread(Passwords)  # it hashes once when it is made, which is slow on purpose
    return RoomManager(connection, Secrets([b"a secret of the tests, long enough"]), hasher=hasher)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A running server for tests that leave it as it is; make rooms of your own in it."""
    process = ServerProcess(tmp_path_factory.mktemp("served") / "data", SPECTATOR_RATE_LIMITS="off")
    process.start()
    yield process
    process.close()


@pytest.fixture
def fresh_server(tmp_path: Path) -> Iterator[ServerProcess]:
    """A running server of this test's own, with its limits on: kill it, restart it, fill it."""
    process = ServerProcess(tmp_path / "data")
    process.start()
    yield process
    process.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(**launch_options())
        yield opened
        await opened.close()


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser window of its own: no storage shared with other tests."""
    opened = await browser.new_context()
    yield opened
    await opened.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext) -> AsyncIterator[Page]:
    """A page that fails the test when a script of it throws."""
    opened = await context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    assert not errors, errors
