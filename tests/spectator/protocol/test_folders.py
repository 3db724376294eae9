from pathlib import Path

import pytest

from spectator.protocol.folders import data_folder


@pytest.mark.parametrize(
    ("environ", "platform", "expected"),
    [
        ({"HOME": "/h"}, "linux", "/h/.local/share/spectator"),
        ({"HOME": "/h", "XDG_DATA_HOME": "/x"}, "linux", "/x/spectator"),
        ({"HOME": "/h", "XDG_DATA_HOME": "relative"}, "linux", "/h/.local/share/spectator"),
        ({"HOME": "/h", "XDG_DATA_HOME": "/x"}, "darwin", "/h/Library/Application Support/spectator"),
        ({"HOME": "/h", "SPECTATOR_DATA_DIR": "/d"}, "darwin", "/d"),
    ],
)
def test_the_folder_follows_the_setting_then_the_platform(environ, platform, expected):
    assert data_folder(environ, platform) == Path(expected)


def test_a_relative_setting_becomes_absolute():
    assert data_folder({"HOME": "/h", "SPECTATOR_DATA_DIR": "here"}).is_absolute()


def test_without_home_the_users_own_is_taken():
    assert data_folder({}, "linux") == Path.home() / ".local" / "share" / "spectator"
