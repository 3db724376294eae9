"""The page and the readable API: told the way to the root, sent once."""

from pathlib import Path

from rooms import Connection
from spectator.embedded import EmbeddedStore
from tests.spectator.server.conftest import Site, running


async def test_the_page_is_told_the_way_to_the_root(site: Site) -> None:
    assert b'<base href="./">' in (await site.send("GET", "/")).raw
    assert b'<base href="../">' in (await site.send("GET", "/r/ABC234")).raw


async def test_a_theme_that_was_set_is_in_the_page(
    store: EmbeddedStore, connection: Connection, tmp_path: Path, page_folder: Path
) -> None:
    async with running(store.url, tmp_path, static_dir=page_folder, theme="projector") as site:
        assert b'data-theme="projector"' in (await site.send("GET", "/")).raw


async def test_a_page_that_is_known_is_not_sent_again(site: Site) -> None:
    tag = (await site.send("GET", "/")).headers["ETag"]
    reply = await site.send("GET", "/", headers={"If-None-Match": tag})
    assert (reply.status, reply.raw) == (304, b"")


async def test_a_page_that_is_known_keeps_its_policy(site: Site) -> None:
    """A browser replaces the headers it stored by those of a 304: a stricter policy would stop the page."""
    first = await site.send("GET", "/")
    again = await site.send("GET", "/", headers={"If-None-Match": first.headers["ETag"]})
    assert again.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]
