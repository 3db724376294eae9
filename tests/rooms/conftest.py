from collections.abc import AsyncIterator

import pytest_asyncio

from spectator.embedded import EmbeddedStore
from tests.rooms.world import World, world_on


@pytest_asyncio.fixture
async def world(store: EmbeddedStore) -> AsyncIterator[World]:
    async with world_on(store.url) as opened:
        yield opened
