"""Addresses for people: nothing secret where a server would see it."""

from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest

from rooms import Connection
from spectator.embedded import EmbeddedStore
from spectator.server.links import Links, qr_svg
from tests.spectator.server.conftest import running


@pytest.mark.parametrize("root", ["http://127.0.0.1:8000", "https://lab.example/spectator"])
def test_claim_and_invitation_stand_in_the_fragment_only(root: str) -> None:
    links = Links(root)
    for link, fragment in (
        (links.owner("ABC234", "cl_secret"), "claim=cl_secret"),
        (links.invited("ABC234", "in_secret"), "invite=in_secret"),
    ):
        parts = urlsplit(link)
        assert parts.fragment == fragment
        assert "secret" not in parts.path + parts.query
        assert parts.path.endswith("/r/ABC234")


@pytest.mark.parametrize(
    ("root", "socket"),
    [
        ("http://127.0.0.1:8000", "ws://127.0.0.1:8000/ws/rooms/r_1"),
        ("https://lab.example/spectator", "wss://lab.example/spectator/ws/rooms/r_1"),
    ],
)
def test_the_socket_is_absolute_and_as_safe_as_the_page(root: str, socket: str) -> None:
    assert Links(root).socket("r_1") == socket


def test_the_qr_code_is_svg_without_script_and_size() -> None:
    svg = ET.fromstring(qr_svg("http://127.0.0.1:8000/r/ABC234"))  # noqa: S314 - our own text
    assert svg.tag == "{http://www.w3.org/2000/svg}svg"
    assert "viewBox" in svg.attrib
    assert {child.tag.rpartition("}")[2] for child in svg.iter()} == {"svg", "path"}


async def test_behind_a_proxy_addresses_are_the_visitors(
    store: EmbeddedStore, connection: Connection, tmp_path: Path, page_folder: Path
) -> None:
    settings = {"static_dir": page_folder, "behind_proxy": True, "hosts": ("lab.example",)}
    async with running(store.url, tmp_path, **settings) as site:
        forwarded = {"Host": "lab.example", "X_Forwarded_Proto": "https"}
        made = (await site.call("POST", "/rooms", {}, token="key", **forwarded)).body
        assert made["join_url"] == f"https://lab.example/r/{made['room']['code']}"
        assert made["ws_url"].startswith("wss://lab.example/ws/rooms/")


async def test_the_public_url_is_what_people_are_given(
    store: EmbeddedStore, connection: Connection, tmp_path: Path, page_folder: Path
) -> None:
    settings = {"static_dir": page_folder, "public_url": "https://lab.example/spectator/"}
    async with running(store.url, tmp_path, **settings) as site:
        made = await site.create()
        assert made["join_url"] == f"https://lab.example/spectator/r/{made['room']['code']}"
        assert made["ws_url"] == f"wss://lab.example/spectator/ws/rooms/{made['room']['id']}"
