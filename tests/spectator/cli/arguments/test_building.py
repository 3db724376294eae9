import argparse

import pytest

from spectator.cli.arguments import building
from spectator.settings import STORE_SCHEMES


@pytest.mark.parametrize("text", ["redis://h", "rediss://u:p@h:1/0", "unix:///s.sock", "redis+cluster://a,b"])
def test_a_stores_url_is_taken_as_it_is(text):
    assert building.store_url(text) == text


@pytest.mark.parametrize("text", ["nonsense", "", "http://h", "redis://", "unix://", "redis:h", "s3cret@h"])
def test_what_is_no_stores_url_is_told_without_repeating_it(text):
    with pytest.raises(argparse.ArgumentTypeError, match="redis://host:6379/0") as refused:
        building.store_url(text)
    assert "s3cret" not in str(refused.value)


def test_the_same_stores_are_known_as_to_the_server():
    assert building.STORE_SCHEMES == STORE_SCHEMES


@pytest.mark.parametrize("text", ["0", "8000", "65535"])
def test_a_port(text):
    assert building.port(text) == int(text)


@pytest.mark.parametrize("text", ["65536", "99999", "-1", "1e3", "٣", "", "http", "9" * 5000])
def test_what_is_no_port(text):
    with pytest.raises(argparse.ArgumentTypeError, match="0 to 65535"):
        building.port(text)


@pytest.mark.parametrize("text", ["0", "-1", "nan"])
def test_numbers_are_more_than_nothing(text):
    with pytest.raises(argparse.ArgumentTypeError, match="more than 0"):
        building.positive(float)(text)
