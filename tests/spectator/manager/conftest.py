"""A started domain without HTTP, over a real and empty store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from rooms import Connection
from spectator.embedded import EmbeddedStore
from spectator.manager import Manager
from spectator.settings import Settings


@pytest_asyncio.fixture
async def manager(store: EmbeddedStore, connection: Connection, tmp_path: Path) -> AsyncIterator[Manager]:
    opened = await Manager.open(Settings(data_dir=tmp_path, rate_limits=False), store.url)
    await opened.start()
    yield opened
    await opened.stop()
