from __future__ import annotations

import socket
import ssl
import threading
from typing import Iterator, List

import pytest

from spectator.client.address import Address
from spectator.client.errors import Unreachable
from spectator.client.transport import Transport, proxy_for
from tests.spectator.client.fake_server import Call, FakeServer, Reply


@pytest.fixture
def silent() -> Iterator[Address]:
    """A port that accepts connections and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield Address("http", "127.0.0.1", listener.getsockname()[1])


@pytest.fixture
def rude() -> Iterator[Address]:
    """A port that does not speak HTTP."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"220 smtp ready\r\n\r\n")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield Address("http", "127.0.0.1", listener.getsockname()[1])
        thread.join(5)


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ports(fake: FakeServer) -> List[str]:
    return [call.headers["x-port"] for call in fake.calls]


def test_asks_and_answers(fake: FakeServer) -> None:
    fake.troubles.append(lambda call: Reply(201, {"echo": call.body.decode()}, (("X-Thing", "1"),)))
    answer = Transport(Address.parse(fake.url), keep=False).exchange("POST", "/x", {"A": "b"}, b"hello", 5)
    assert answer.status == 201
    assert answer.headers["x-thing"] == "1"
    assert answer.body == b'{"echo": "hello"}'
    assert fake.calls[0].headers["a"] == "b"


def test_the_servers_own_path_comes_first(fake: FakeServer) -> None:
    Transport(Address.parse(fake.url + "/proxy/1"), keep=False).exchange("GET", "/healthz", {}, None, 5)
    assert fake.calls[0].path == "/proxy/1/healthz"


def test_keeps_its_connection_and_opens_another_when_it_was_closed(fake: FakeServer) -> None:
    transport = Transport(Address.parse(fake.url))
    transport.exchange("GET", "/healthz", {}, None, 5)
    kept = transport._socket
    transport.exchange("GET", "/healthz", {}, None, 5)
    assert transport._socket is kept
    closing = [True]
    fake.troubles.append(lambda _: Reply(0, None) if closing and closing.pop() else None)
    assert transport.exchange("GET", "/healthz", {}, None, 5).status == 200
    transport.close()
    transport.close()
    assert transport._socket is None


def test_nobody_there() -> None:
    address = Address("http", "127.0.0.1", unused_port())
    with pytest.raises(Unreachable, match="cannot be reached: Connection refused"):
        Transport(address).exchange("GET", "/", {}, None, 5)


def test_nobody_answers(silent: Address) -> None:
    with pytest.raises(Unreachable, match="no answer in time"):
        Transport(silent).exchange("GET", "/", {}, None, 0.05)


def test_somebody_else_answers(rude: Address) -> None:
    with pytest.raises(Unreachable, match="does not speak HTTP"):
        Transport(rude).exchange("GET", "/", {}, None, 5)


def test_a_name_that_does_not_exist() -> None:
    with pytest.raises(Unreachable, match="cannot be reached"):
        Transport(Address("http", "nowhere.invalid", 80)).exchange("GET", "/", {}, None, 5)


def test_tls_is_checked(fake: FakeServer) -> None:
    with pytest.raises(Unreachable, match="cannot be reached"):
        Transport(Address("https", "127.0.0.1", fake.port)).exchange("GET", "/", {}, None, 5)


def test_an_untrusted_certificate_says_what_to_set() -> None:
    error = ssl.SSLCertVerificationError()
    error.verify_message = "self signed certificate"
    told = str(Transport(Address("https", "host", 443))._unreachable(error))
    assert "self signed certificate" in told
    assert "SSL_CERT_FILE" in told


def test_loopback_never_goes_through_a_proxy(monkeypatch: pytest.MonkeyPatch, fake: FakeServer) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert proxy_for(Address.parse(fake.url)) is None
    assert (
        Transport(Address.parse(fake.url), keep=False).exchange("GET", "/healthz", {}, None, 5).status == 200
    )


def test_others_go_through_the_proxy_that_is_set(monkeypatch: pytest.MonkeyPatch, fake: FakeServer) -> None:
    monkeypatch.setenv("http_proxy", f"http://ada:s3cret@127.0.0.1:{fake.port}")
    monkeypatch.setenv("no_proxy", "near.example")
    assert proxy_for(Address.parse("http://near.example")) is None
    fake.troubles.append(lambda _: Reply(200, {}))
    Transport(Address.parse("http://far.example/base"), keep=False).exchange("GET", "/healthz", {}, None, 5)
    (call,) = fake.calls
    assert call.path == "http://far.example/base/healthz"
    assert call.headers["proxy-authorization"].startswith("Basic ")


def test_https_asks_the_proxy_for_a_tunnel(monkeypatch: pytest.MonkeyPatch, fake: FakeServer) -> None:
    def refuse(call: Call) -> Reply:
        return Reply(407, {})

    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{fake.port}")
    fake.troubles.append(refuse)
    with pytest.raises(Unreachable):
        Transport(Address.parse("https://far.example"), keep=False).exchange("GET", "/healthz", {}, None, 5)
    (call,) = fake.calls
    assert (call.method, call.path) == ("CONNECT", "far.example:443")
    assert "authorization" not in call.headers  # the server's business is not the proxy's
