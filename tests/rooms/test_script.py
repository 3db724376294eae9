import hashlib

import pytest

from rooms import Script


def test_the_sha_is_that_of_the_text() -> None:
    script = Script("one", "return 1")
    assert script.sha == hashlib.sha1(b"return 1", usedforsecurity=False).hexdigest()


def test_a_script_is_read_from_beside_the_modules() -> None:
    script = Script.load("rooms.store", "admit.lua")
    assert script.name == "admit"
    assert "KEYS" in script.text


def test_a_missing_script_is_an_error_at_once() -> None:
    with pytest.raises(FileNotFoundError):
        Script.load("rooms.store", "nothing.lua")
