"""Sockets: the port that was named or the first free one, and the private addresses with --lan."""

import ipaddress
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from spectator.server import listening
from spectator.server.listening import CannotListenError, open_sockets, private_addresses, url_of
from spectator.settings import Settings


@pytest.fixture
def opened() -> Iterator[list[socket.socket]]:
    found: list[socket.socket] = []
    yield found
    for one in found:
        one.close()


def settings(**given: Any) -> Settings:
    return Settings(data_dir=Path("/nowhere"), **given)


def test_any_free_port(opened: list[socket.socket]) -> None:
    opened += open_sockets(settings(port=0))
    (one,) = opened
    host, port = one.getsockname()
    assert host == "127.0.0.1"
    assert port > 0
    assert url_of(one) == f"http://127.0.0.1:{port}"


def test_a_named_port_in_use_is_refused_with_what_to_do(opened: list[socket.socket]) -> None:
    opened += open_sockets(settings(port=0))
    port = opened[0].getsockname()[1]
    with pytest.raises(CannotListenError, match=f"port {port} is in use; choose another with --port"):
        open_sockets(settings(port=port))


def test_without_a_named_port_the_next_free_one_is_taken(opened: list[socket.socket]) -> None:
    opened += open_sockets(settings())
    opened += open_sockets(settings())
    ports = [one.getsockname()[1] for one in opened]
    assert all(port in listening.PORTS for port in ports)
    assert ports[0] < ports[1]


def test_when_all_are_taken_it_says_so(opened: list[socket.socket]) -> None:
    def take_all() -> None:
        for _ in range(len(listening.PORTS) + 1):
            opened.extend(open_sockets(settings()))

    with pytest.raises(CannotListenError, match="8000 to 8019 are in use"):
        take_all()


def test_an_address_of_another_machine_is_refused() -> None:
    proxied = settings(
        host="nowhere.invalid", port=0, operator_key=SecretStr("op_0123456789abcdef"), behind_proxy=True
    )
    with pytest.raises(CannotListenError, match=r"cannot listen on nowhere\.invalid"):
        open_sockets(proxied)


def test_ipv6_loopback(opened: list[socket.socket]) -> None:
    opened += open_sockets(settings(host="::1", port=0))
    assert url_of(opened[0]).startswith("http://[::1]:")


def test_lan_binds_loopback_first_and_private_addresses_on_the_same_port(opened: list[socket.socket]) -> None:
    opened += open_sockets(settings(lan=True, port=0))
    addresses = [one.getsockname()[0] for one in opened]
    assert addresses == ["127.0.0.1", *private_addresses()]
    assert len({one.getsockname()[1] for one in opened}) == 1


def test_private_addresses_are_private() -> None:
    for address in private_addresses():
        ip = ipaddress.ip_address(address)
        assert ip.is_private
        assert not ip.is_loopback


def test_a_socket_that_listens_everywhere_is_named_by_loopback(opened: list[socket.socket]) -> None:
    opened.append(socket.create_server(("0.0.0.0", 0)))
    assert url_of(opened[0]).startswith("http://127.0.0.1:")


def test_a_loopback_name_that_leads_elsewhere_is_not_listened_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs neither key nor TLS must be this machine's own, whatever its hosts file says."""
    asked = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *more, **how: asked("0.0.0.0", *more, **how))
    with pytest.raises(CannotListenError, match=r"localhost leads to 0\.0\.0\.0 .* not its loopback"):
        open_sockets(settings(host="localhost", port=0))


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({"host": "localhost"}, "https://localhost:{port}"),
        ({"host": "127.0.0.1"}, "https://127.0.0.1:{port}"),
        ({"host": "localhost", "public_url": "https://lab.example/x/"}, "https://lab.example/x"),
        (
            {"host": "localhost", "public_url": "https://lab.example", "behind_proxy": True},
            "https://localhost:{port}",
        ),
    ],
)
def test_under_tls_the_address_is_a_name_where_one_is_known(
    opened: list[socket.socket], given: dict[str, Any], url: str
) -> None:
    secured = settings(port=0, tls_cert=Path("/cert.pem"), **given)
    opened += open_sockets(secured)
    assert url_of(opened[0], secured) == url.format(port=opened[0].getsockname()[1])
