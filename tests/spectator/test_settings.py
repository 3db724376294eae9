from pathlib import Path

import pytest
from pydantic import SecretBytes, SecretStr

from spectator.settings import Settings, SettingsError, is_loopback, private_folder, runtime_dir

HOME = {"HOME": "/h"}
LONG = "0123456789abcdef"


def load(arguments=None, **environ):
    return Settings.load(arguments or {}, {**HOME, **environ})


def test_defaults_stay_on_loopback():
    settings = load()
    assert (settings.host, settings.port, settings.redis_url) == ("127.0.0.1", 8000, None)
    assert settings.data_dir == Path("/h/.local/share/spectator")
    assert "port" not in settings.model_fields_set


def test_an_argument_wins_over_the_environment_and_none_means_not_given():
    assert load({"port": 9001}, SPECTATOR_PORT="9000").port == 9001
    assert load({"port": None}, SPECTATOR_PORT="9000").port == 9000


def test_every_field_but_the_folder_is_read_from_the_environment(tmp_path):
    (tmp_path / "index.html").write_text("")
    settings = load(
        SPECTATOR_HOST="::1",
        SPECTATOR_LAN="off",
        SPECTATOR_REDIS_URL="redis://localhost",
        SPECTATOR_PUBLIC_URL="https://watch.example.org",
        SPECTATOR_HOSTS="a.example.org, b.example.org",
        SPECTATOR_SECRET_KEYS=f"{LONG}1,{LONG}2",
        SPECTATOR_OPERATOR_KEY="op_x",
        SPECTATOR_RATE_LIMITS="off",
        SPECTATOR_BEHIND_PROXY="on",
        SPECTATOR_STATIC_DIR=str(tmp_path),
        SPECTATOR_THEME="dark",
        SPECTATOR_IDLE_EXIT_S="3600",
        SPECTATOR_LOG_LEVEL="DEBUG",
        SPECTATOR_DATA_DIR="/d",
    )
    assert settings.hosts == ("a.example.org", "b.example.org")
    assert [key.get_secret_value() for key in settings.secret_keys] == [
        f"{LONG}1".encode(),
        f"{LONG}2".encode(),
    ]
    assert (settings.idle_exit_s, settings.rate_limits, settings.behind_proxy) == (3600.0, False, True)
    assert (settings.data_dir, settings.log_level, settings.static_dir) == (Path("/d"), "debug", tmp_path)


@pytest.mark.parametrize(
    ("arguments", "environ", "told"),
    [
        ({}, {"SPECTATOR_PORT": "80a"}, "SPECTATOR_PORT: use a whole number"),
        ({"port": 70000}, {}, "SPECTATOR_PORT"),
        ({}, {"SPECTATOR_RATE_LIMITS": "maybe"}, "use on or off"),
        ({}, {"SPECTATOR_IDLE_EXIT_S": "soon"}, "number of seconds"),
        ({"redis_url": "http://x"}, {}, "redis://"),
        ({"public_url": "ftp://x"}, {}, "public_url"),
        ({"hots": "x"}, {}, "no such setting"),
        ({"lan": True, "host": "0.0.0.0"}, {}, "leave host out"),
        ({"host": "0.0.0.0"}, {}, "--lan"),
        ({"host": "0.0.0.0", "operator_key": SecretStr("op_x")}, {}, "--behind-proxy"),
        ({"static_dir": Path("/nowhere")}, {}, "index.html"),
        ({"secret_keys": (SecretBytes(b"short"),)}, {}, "at least 16 bytes"),
    ],
)
def test_a_bad_setting_is_named_with_what_to_do(arguments, environ, told):
    with pytest.raises(SettingsError, match=told):
        load(arguments, **environ)


def test_no_secret_is_told_in_an_error():
    with pytest.raises(SettingsError) as error:
        load(SPECTATOR_SECRET_KEYS="swordfish")
    assert "swordfish" not in str(error.value)
    assert "op_x" not in repr(load(SPECTATOR_OPERATOR_KEY="op_x"))


def test_an_open_address_needs_operator_key_and_proxy():
    settings = load({"host": "0.0.0.0", "behind_proxy": True}, SPECTATOR_OPERATOR_KEY="op_x")
    assert settings.host == "0.0.0.0"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.9", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("x.org", False),
    ],
)
def test_what_counts_as_loopback(host, expected):
    assert is_loopback(host) is expected


def test_a_private_folder_is_made_for_its_owner_only(tmp_path):
    folder = private_folder(tmp_path / "a" / "b")
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_others_may_write_into_is_refused(tmp_path):
    tmp_path.chmod(0o777)
    with pytest.raises(SettingsError, match="chmod 700"):
        private_folder(tmp_path)


def test_a_file_in_the_folders_place_is_told(tmp_path):
    (tmp_path / "f").write_text("")
    with pytest.raises(SettingsError, match="SPECTATOR_DATA_DIR"):
        private_folder(tmp_path / "f")


def test_the_runtime_folder_is_the_systems():
    assert runtime_dir({"XDG_RUNTIME_DIR": "/run/user/1"}) == "/run/user/1"
    assert runtime_dir({}) is None
