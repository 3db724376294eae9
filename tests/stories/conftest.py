"""Actors of the stories: training scripts in processes of their own, people in browsers of their own."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.harness.servers import ServerProcess
from tests.stories.actors import PATIENCE_MS, Cinema, Script


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a story wait for processes (nothing of ours runs in its own loop), and each step take long."""
    expect.set_options(timeout=PATIENCE_MS)
    for item in items:
        if "stories" in item.path.parts:
            item.add_marker(pytest.mark.may_block("scripts and servers are processes of their own"))


@pytest.fixture
def script(server: ServerProcess) -> Iterator[Any]:
    """``script(name, **options)`` starts a training script on the shared server; ended with the test."""
    yield from _scripts(server)


@pytest.fixture
def fresh_script(fresh_server: ServerProcess) -> Iterator[Any]:
    """``script`` on a server of this test's own."""
    yield from _scripts(fresh_server)


def _scripts(server: ServerProcess) -> Iterator[Any]:
    started: list[Script] = []

    def start(name: str, **options: Any) -> Script:
        started.append(Script(server, name, options))
        return started[-1]

    yield start
    for one in started:
        one.end()


@pytest_asyncio.fixture(loop_scope="session")
async def cinema(browser: Browser) -> AsyncIterator[Cinema]:
    """Seats people in front of browsers; ends with the test, and fails it if a page's script threw."""
    opened = Cinema(browser)
    yield opened
    await opened.close()
