"""The Host and Origin rules, and whose address counts."""

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from rooms.errors import HostNotAllowed, OriginNotAllowed
from spectator.server.hosts import Authority, Doorman, budget_name, from_loopback
from spectator.settings import Settings


class Transport:
    """A connection that says where its ends are."""

    def __init__(self, own: tuple[str, int], peer: tuple[str, int]) -> None:
        self.ends = {"sockname": own, "peername": peer}

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self.ends.get(name, default)


def doorman(**given: Any) -> Doorman:
    return Doorman(Settings(data_dir=Path("/nowhere"), **given))


def asked(
    host: str | None = "127.0.0.1:8000", own: str = "192.168.1.5", peer: str = "10.0.0.9", **headers: str
) -> web.Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if host is not None:
        named["Host"] = host
    return make_mocked_request("GET", "/", headers=named, transport=Transport((own, 8000), (peer, 4711)))


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8000",
        "LOCALHOST:9999",
        "127.0.0.1:1",
        "127.8.8.8",
        "[::1]:8000",
        "room.localhost:80",
        "localhost.:8000",
        "192.168.1.5:8000",
    ],
)
def test_loopback_names_with_any_port_and_the_bound_address_are_ours(host: str) -> None:
    assert doorman().check(asked(host)) == host


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8000",
        "192.168.1.5:8001",
        "192.168.1.6:8000",
        "192.168.1.5",
        "a b",
        "127.0.0.1:8000:1",
        "127.0.0.1:99999999",
        "[::1",
        "http://127.0.0.1",
        "user@127.0.0.1",
        "127.0.0.1/..",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "localhost..",
        "localhost:",
        "[::1%25eth0]",
        "[127.0.0.1]",
        "[::1]x",
        "0.0.0.0:8000",
        "[::]:8000",
        "l\u043ecalhost",
    ],
)
def test_any_other_host_is_not_ours(host: str | None) -> None:
    with pytest.raises(HostNotAllowed):
        doorman().check(asked(host))


@pytest.mark.parametrize("host", ["lab.example", "lab.example:8443", "LAB.example."])
def test_a_listed_name_without_a_port_takes_any(host: str) -> None:
    doorman(hosts=("lab.example",)).check(asked(host))


def test_a_listed_port_is_meant() -> None:
    ours = doorman(hosts=("lab.example:8443",))
    ours.check(asked("lab.example:8443"))
    with pytest.raises(HostNotAllowed):
        ours.check(asked("lab.example:8000"))


def test_the_public_url_is_ours() -> None:
    doorman(public_url="https://lab.example/spectator").check(asked("lab.example"))


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("localhost:9000", "http://localhost:9000"),
        ("localhost", "http://localhost"),
        ("localhost:80", "http://localhost"),
        ("[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_origin_that_equals_the_host_passes(host: str, origin: str) -> None:
    doorman().check(asked(host, Origin=origin))


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://evil.example",
        "http://localhost:8000",
        "http://127.0.0.1:8001",
        "http://127.0.0.1",
        "file://",
        "http://[",
        "chrome-extension://127.0.0.1:8000",
        "http://127.0.0.1:8000/path",
    ],
)
def test_a_foreign_origin_is_refused(origin: str) -> None:
    with pytest.raises(OriginNotAllowed):
        doorman().check(asked("127.0.0.1:8000", Origin=origin))


def test_the_public_url_and_listed_hosts_may_be_origins() -> None:
    ours = doorman(public_url="https://lab.example", hosts=("notebook.example",))
    ours.check(asked("127.0.0.1:8000", Origin="https://lab.example"))
    ours.check(asked("127.0.0.1:8000", Origin="https://notebook.example:8888"))


@pytest.mark.parametrize(
    ("path", "site", "mode", "ours"),
    [
        ("/", "cross-site", "navigate", True),  # a link from elsewhere
        ("/r/ABC234", "same-site", "navigate", True),
        ("/r/ABC234", "none", "navigate", True),
        ("/api/v1/lobby", "same-origin", "cors", True),
        ("/api/v1/lobby", "none", "navigate", True),  # typed
        ("/api/v1/rooms/ABC234", "cross-site", "no-cors", False),
        ("/api/v1/rooms/ABC234", "same-site", "no-cors", False),
        ("/api/v1/rooms/ABC234", "cross-site", "navigate", False),
        ("/ws/rooms/ABC234", "cross-site", "websocket", False),
        ("/static/app.js", "cross-site", "no-cors", False),
        ("/static/app.js", "same-origin", "cors", True),
    ],
)
def test_a_foreign_page_that_names_no_origin_is_known_by_its_browser(
    path: str, site: str, mode: str, ours: bool
) -> None:
    headers = {"Host": "localhost:8000", "Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode}
    transport = Transport(("127.0.0.1", 8000), ("127.0.0.1", 4711))
    request = make_mocked_request("GET", path, headers=headers, transport=transport)
    if ours:
        doorman().check(request)
    else:
        with pytest.raises(OriginNotAllowed):
            doorman().check(request)


def test_a_listed_origin_may_fetch_from_elsewhere() -> None:
    ours = doorman(hosts=("notebook.example",))
    ours.check(asked("localhost", Origin="https://notebook.example", Sec_Fetch_Site="cross-site"))


def test_two_origins_are_none() -> None:
    request = make_mocked_request(
        "GET",
        "/",
        headers=CIMultiDict([("Host", "localhost"), *[("Origin", "http://localhost")] * 2]),
        transport=Transport(("127.0.0.1", 1), ("127.0.0.1", 2)),
    )
    with pytest.raises(OriginNotAllowed):
        doorman().check(request)


FORWARDED = {
    "X_Forwarded_For": "6.6.6.6, 203.0.113.7",
    "X_Forwarded_Host": "localhost:1234",
    "X_Forwarded_Proto": "https",
}


def seen(ours: Doorman, request: web.Request) -> tuple[str, str, str]:
    return ours.host(request), ours.scheme(request), ours.client(request)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"behind_proxy": True},
        {"behind_proxy": True, "trusted_proxies": ("10.0.1.0/24", "2001:db8::/48")},
    ],
)
def test_forwarded_headers_count_for_nothing_from_who_is_no_trusted_proxy(settings: Any) -> None:
    assert seen(doorman(**settings), asked("localhost", **FORWARDED)) == ("localhost", "http", "10.0.0.9")


def test_a_trusted_proxy_says_who_asks_and_how_and_never_for_which_host() -> None:
    request = asked("localhost", peer="127.0.0.1", **FORWARDED)
    assert seen(doorman(behind_proxy=True), request) == ("localhost", "https", "203.0.113.7")
    named = doorman(behind_proxy=True, trusted_proxies=("10.0.0.0/24",))
    assert seen(named, asked("localhost", **FORWARDED)) == ("localhost", "https", "203.0.113.7")
    assert seen(named, request) == ("localhost", "http", "127.0.0.1")  # loopback is named no more


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("6.6.6.6, 203.0.113.7, 10.1.0.1", "203.0.113.7"),
        ("203.0.113.7, 10.1.0.2,10.1.0.1", "203.0.113.7"),
        ("10.1.0.2, 10.1.0.1", "10.1.0.2"),
        ("203.0.113.7:4711", "203.0.113.7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("6.6.6.6, unknown", "10.1.0.9"),
        ("6.6.6.6, _hidden, 10.1.0.1", "10.1.0.1"),
        ("6.6.6.6,", "10.1.0.9"),
        ("", "10.1.0.9"),
        ("::ffff:10.1.0.1", "::ffff:10.1.0.1"),
    ],
)
def test_what_stands_before_the_first_untrusted_address_is_invented(forwarded: str, client: str) -> None:
    ours = doorman(behind_proxy=True, trusted_proxies=("10.1.0.0/16",))
    assert ours.client(asked("localhost", peer="10.1.0.9", X_Forwarded_For=forwarded)) == client


def test_several_headers_are_one_list() -> None:
    headers = CIMultiDict([("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-For", "203.0.113.7, 10.1.0.2")])
    transport = Transport(("192.168.1.5", 8000), ("10.1.0.1", 4711))
    request = make_mocked_request("GET", "/", headers=headers, transport=transport)
    assert doorman(behind_proxy=True, trusted_proxies=("10.1.0.0/16",)).client(request) == "203.0.113.7"


@pytest.mark.parametrize(
    ("target", "host", "ours"),
    [
        ("/room", "localhost:8000", True),
        ("*", "localhost:8000", True),
        ("http://localhost:8000/room", "localhost:8000", True),
        ("http://LOCALHOST:8000/room", "localhost:8000", True),
        ("http://evil.example/room", "localhost:8000", False),
        ("http://localhost:8000@evil.example/room", "localhost:8000", False),
        ("http://localhost:8001/room", "localhost:8000", False),
        ("evil.example:443", "localhost:8000", False),
        ("//evil.example/room", "localhost:8000", True),  # a path, though it looks like a host
    ],
)
def test_a_target_that_names_a_host_names_the_same(target: str, host: str, ours: bool) -> None:
    transport = Transport(("127.0.0.1", 8000), ("127.0.0.1", 4711))
    request = make_mocked_request("GET", target, headers={"Host": host}, transport=transport)
    if ours:
        doorman().check(request)
    else:
        with pytest.raises(HostNotAllowed):
            doorman().check(request)


def test_two_hosts_are_none() -> None:
    headers = CIMultiDict([("Host", "localhost"), ("Host", "localhost")])
    request = make_mocked_request(
        "GET", "/", headers=headers, transport=Transport(("127.0.0.1", 1), ("::1", 2))
    )
    with pytest.raises(HostNotAllowed):
        doorman().check(request)


@pytest.mark.parametrize("host", ["[::1]:8000", "[0:0:0:0:0:0:0:1]:8000", "[2001:DB8:0::7]:8000"])
def test_an_ipv6_address_is_the_same_however_it_is_written(host: str) -> None:
    doorman().check(asked(host, own="2001:db8::7"))


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("not an address", "unknown"),
        ("", "unknown"),
    ],
)
def test_failures_are_counted_by_address_or_network(address: str, name: str) -> None:
    assert budget_name(address) == name


@pytest.mark.parametrize(
    ("address", "expected"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("192.168.1.5", False), ("", False)],
)
def test_loopback_is_recognised(address: str, expected: bool) -> None:
    assert from_loopback(address) is expected


def test_an_authority_is_a_name_and_a_port() -> None:
    assert Authority.parse("LAB.example.:80") == Authority("lab.example", 80)
    assert Authority.parse("[::1]") == Authority("::1", None)
