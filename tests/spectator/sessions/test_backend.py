from __future__ import annotations

import sys

import pytest

from spectator.sessions.backend import is_user, make_backend
from spectator.sessions.over_http import ServedRooms


@pytest.mark.parametrize("url", [None, "http://127.0.0.1:8000", "https://host"])
def test_servers_by_http(url: str) -> None:
    assert isinstance(make_backend(url, None), ServedRooms)


@pytest.mark.parametrize("url", ["ftp://host", "host", "http://ada:s3cret@host"])
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(ValueError, match="url ") as refused:
        make_backend(url, None)
    assert "s3cret" not in str(refused.value)


def test_a_store_needs_what_a_server_needs() -> None:
    if sys.version_info < (3, 11):
        with pytest.raises(ValueError, match=r"3\.11"):
            make_backend("redis://127.0.0.1:6379", None)


@pytest.mark.parametrize(
    ("person", "user", "same"),
    [
        ("u:local:ada", "ada", True),
        ("u:local:a:b", "a:b", True),
        ("u:local:ada", "local:ada", False),
        ("v_ada", "ada", False),
        ("ada", "ada", False),
    ],
)
def test_a_person_is_a_user(person: str, user: str, same: bool) -> None:
    assert is_user(person, user) is same
