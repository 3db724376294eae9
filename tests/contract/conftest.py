"""Every contract test runs on the embedded store, on valkey over TCP with a password, and on a cluster.

A test asks for ``connection`` (or ``rooms``, which is made from it) as everywhere else.
"""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

import rooms
from spectator.embedded import EmbeddedStore
from tests.contract.stores import cluster_of_three, tcp_with_password


@pytest.fixture(scope="session")
def tcp_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with tcp_with_password(tmp_path_factory.mktemp("tcp")) as url:
        yield url


@pytest.fixture(scope="session")
def cluster_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with cluster_of_three(tmp_path_factory.mktemp("cluster")) as url:
        yield url


@pytest.fixture(scope="session", params=["embedded", "tcp", "cluster"])
def store_url(request: pytest.FixtureRequest) -> str:
    """The URL of each of the three stores in turn."""
    if request.param == "embedded":
        store: EmbeddedStore = request.getfixturevalue("store")
        return store.url
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest_asyncio.fixture
async def connection(store_url: str) -> AsyncIterator[rooms.Connection]:
    """A connection to an empty store, of each of the three kinds in turn."""
    opened = await rooms.connect(store_url)
    await opened.command("FLUSHALL", "SYNC")
    yield opened
    await opened.close()
