from pathlib import Path

import pytest
from pydantic import SecretBytes, SecretStr

from spectator.settings import Settings, SettingsError, is_loopback, private_folder, runtime_dir

HOME = {"HOME": "/h"}
LONG = "0123456789abcdef"
OPERATOR = f"op_{LONG}"


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
        SPECTATOR_OPERATOR_KEY=OPERATOR,
        SPECTATOR_RATE_LIMITS="off",
        SPECTATOR_BEHIND_PROXY="on",
        SPECTATOR_TRUSTED_PROXIES="10.1.0.0/16, 2001:db8::/48",
        SPECTATOR_TLS_CERT="~/cert.pem",
        SPECTATOR_TLS_KEY="/key.pem",
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
    assert settings.trusted_proxies == ("10.1.0.0/16", "2001:db8::/48")
    assert (settings.tls_cert, settings.tls_key) == (Path("~/cert.pem").expanduser(), Path("/key.pem"))
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
        ({"host": "0.0.0.0", "operator_key": SecretStr(OPERATOR)}, {}, "--behind-proxy"),
        ({"host": "0.0.0.0", "behind_proxy": True}, {}, "SPECTATOR_OPERATOR_KEY"),
        ({"host": "0.0.0.0", "tls_cert": Path("/c")}, {}, "SPECTATOR_OPERATOR_KEY"),
        ({"host": "::", "operator_key": SecretStr(OPERATOR)}, {}, "not a loopback address"),
        ({"host": "", "operator_key": SecretStr(OPERATOR)}, {}, "not a loopback address"),
        ({"host": "lab.example.org", "operator_key": SecretStr(OPERATOR)}, {}, "not a loopback address"),
        ({"tls_key": Path("/k")}, {}, "without tls_cert"),
        ({"lan": True, "tls_cert": Path("/c")}, {}, "lan is plain HTTP"),
        ({"trusted_proxies": ("10.0.0.0/8",)}, {}, "--behind-proxy"),
        ({"behind_proxy": True, "trusted_proxies": ("10.0.0.1/8",)}, {}, "host bits set.*10.1.0.0/16"),
        ({"behind_proxy": True, "trusted_proxies": ("proxy",)}, {}, "trusted_proxies"),
        ({}, {"SPECTATOR_OPERATOR_KEY": "op_short"}, "operator_key must look like op_<secret>"),
        ({}, {"SPECTATOR_OPERATOR_KEY": f"sk_local_{LONG}"}, "operator_key must look like op_<secret>"),
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
    with pytest.raises(SettingsError) as error:
        load(SPECTATOR_OPERATOR_KEY="op_swordfish")
    assert "swordfish" not in str(error.value)
    assert OPERATOR not in repr(load(SPECTATOR_OPERATOR_KEY=OPERATOR))


@pytest.mark.parametrize("cover", [{"behind_proxy": True}, {"tls_cert": Path("/c"), "tls_key": Path("/k")}])
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "lab.example.org"])
def test_an_open_address_needs_an_operator_key_and_tls_or_a_proxy(host, cover):
    assert load({"host": host, **cover}, SPECTATOR_OPERATOR_KEY=OPERATOR).host == host


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


def test_networks_that_webhooks_may_reach_are_read_as_networks(tmp_path):
    named = {"SPECTATOR_DATA_DIR": str(tmp_path)}
    assert Settings.load({}, named).webhook_networks == ()
    given = Settings.load({}, named | {"SPECTATOR_WEBHOOK_NETWORKS": "10.0.0.0/8, fd00::/8"})
    assert [str(one) for one in given.webhook_networks] == ["10.0.0.0/8", "fd00::/8"]
    for wrong in ("everywhere", "10.0.0.1/8", "10.0.0.0/33"):
        with pytest.raises(SettingsError, match=r"SPECTATOR_WEBHOOK_NETWORKS: use networks such as"):
            Settings.load({}, named | {"SPECTATOR_WEBHOOK_NETWORKS": wrong})
