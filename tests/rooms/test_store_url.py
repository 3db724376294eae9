import pytest

from rooms import StoreUnsuitable
from rooms.store_url import parse


def test_a_socket() -> None:
    address = parse("unix:///run/spectator/store.sock")
    assert not address.cluster
    assert address.first.name == "/run/spectator/store.sock"
    assert address.first.options["path"] == "/run/spectator/store.sock"
    assert "host" not in address.first.options


def test_a_server_with_a_password_that_no_repr_shows() -> None:
    address = parse("redis://user:hunter2@example.org:7000/3")
    assert (address.hosts, address.first.name) == ((("example.org", 7000),), "example.org:7000")
    assert address.first.options["password"] == "hunter2"
    assert address.first.options["db"] == 3
    assert "hunter2" not in repr(address) + repr(address.first)


def test_defaults() -> None:
    assert parse("redis://localhost").hosts == (("localhost", 6379),)


def test_tls() -> None:
    assert parse("rediss://example.org").first.options["connection_class"].__name__ == "SSLConnection"


def test_a_cluster_by_several_nodes() -> None:
    address = parse("redis+cluster://:hunter2@one:7000,two:7001")
    assert address.cluster
    assert address.hosts == (("one", 7000), ("two", 7001))
    assert address.node("three", 7002).options["password"] == "hunter2"


def test_sentinels_by_the_name_of_what_they_watch() -> None:
    address = parse("redis+sentinel://user:hunter2@one:7000,two/rooms/3?sentinel_password=hunter3")
    assert (address.hosts, address.service) == ((("one", 7000), ("two", 26379)), "rooms")
    assert not address.cluster
    assert address.options["username"] == "user"
    assert address.options["password"] == "hunter2"
    assert address.options["db"] == 3
    assert "sentinel_password" not in address.options
    assert address.asking == {"password": "hunter3"}
    assert "hunter" not in repr(address)
    assert parse("redis+sentinel://one/my%2Frooms").service == "my/rooms"
    assert parse("redis://one:7000").sentinels() is None


def test_sentinels_by_tls() -> None:
    address = parse("rediss+sentinel://one/rooms?ssl_ca_certs=/ca.pem")
    assert address.options["connection_class"].__name__ == "SSLConnection"
    assert address.sentinels() is not None


def test_every_command_has_its_time() -> None:
    options = parse("redis://localhost").first.options
    assert (options["socket_timeout"], options["socket_connect_timeout"]) == (0.8, 0.8)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://hunter2@localhost",
        "redis",
        "unix://",
        "unix+cluster:///x",
        "redis+sentinel://localhost:26379",
        "redis+sentinel://:hunter2@localhost:26379/",
        "redis+sentinel://localhost:26379/rooms/0/more",
        "redis+sentinel://localhost:port/rooms",
        "unix+sentinel:///x",
        "redis+cluster+sentinel://localhost/rooms",
        "redis://localhost:port",
        "redis://:hunter2@localhost:99999999",
        "redis://:hunter2@localhost?socket_timeout=x",
        "redis://:hunter2@localhost/zero",
        "redis+sentinel://:hunter2@localhost/rooms/zero",
        "redis+cluster://:hunter2@localhost/3",
        "redis://:hunter2@localhost?no_such_option=hunter2",
        "redis+sentinel://localhost/rooms?no_such_option=hunter2",
        "unix:///path/to.sock?max_connections=3",
    ],
)
def test_what_is_not_understood_is_said_without_repeating_it(url: str) -> None:
    with pytest.raises(StoreUnsuitable) as caught:
        parse(url)
    assert "hunter2" not in caught.value.message
    assert any(scheme in caught.value.message for scheme in ("unix:///", "redis://", "redis+sentinel://"))
