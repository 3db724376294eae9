from __future__ import annotations

import pytest

from spectator.client.address import Address


@pytest.mark.parametrize(
    ("url", "expected", "written"),
    [
        ("http://127.0.0.1:8000", Address("http", "127.0.0.1", 8000), "http://127.0.0.1:8000"),
        ("http://localhost", Address("http", "localhost", 80), "http://localhost"),
        ("https://host/", Address("https", "host", 443), "https://host"),
        ("https://host:8443/a/b/", Address("https", "host", 8443, "/a/b"), "https://host:8443/a/b"),
        (" http://[::1]:8000 ", Address("http", "::1", 8000), "http://[::1]:8000"),
    ],
)
def test_takes_a_url_apart(url: str, expected: Address, written: str) -> None:
    assert Address.parse(url) == expected
    assert expected.url == written


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:8000",
        "ftp://host",
        "http://",
        "http://host:99999",
        "http://host/?token=s3cret",
        "http://host/#s3cret",
        "http://ada:s3cret@host",
        "",
    ],
)
def test_refuses_what_is_no_servers_address_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="url ") as refused:
        Address.parse(url)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("LOCALHOST", True),
        ("10.0.0.1", False),
        ("host", False),
    ],
)
def test_knows_what_never_leaves_the_machine(host: str, loopback: bool) -> None:
    assert Address("http", host, 80).loopback is loopback


def test_names_the_page_of_a_room() -> None:
    assert Address.parse("https://host/proxy/8000").page("ABC234") == "https://host/proxy/8000/r/ABC234"
