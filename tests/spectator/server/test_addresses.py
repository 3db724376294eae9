"""Which addresses the server calls by itself: judged one by one, however they are written."""

import ipaddress
import socket

import pytest

from spectator.server.addresses import ForbiddenAddressError, Guarded, is_public, plain

PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e"]
PRIVATE = [
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1",
    "169.254.169.254", "169.254.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    "192.88.99.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::1", "::", "::127.0.0.1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1",
    "2001:db8::1", "2001::1", "2001:0:c000:201::1", "2002:7f00:1::", "2002:0a01:0203::1", "2002:a9fe:a9fe::",
    "100::1", "3fff::1", "5f00::1", "4000::1",
]  # fmt: skip
WRAPPED = ["::ffff:{}", "64:ff9b::{}"]


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_is_called(text: str) -> None:
    assert Guarded((), public=True).allows(text)


@pytest.mark.parametrize("text", PRIVATE)
def test_any_other_is_not(text: str) -> None:
    assert not Guarded((), public=True).allows(text)


@pytest.mark.parametrize("wrapped", WRAPPED)
@pytest.mark.parametrize("text", [one for one in PRIVATE + PUBLIC if ":" not in one])
def test_one_that_ipv6_wraps_is_judged_as_what_is_in_it(wrapped: str, text: str) -> None:
    assert Guarded((), public=True).allows(wrapped.format(text)) == (text in PUBLIC)


def test_a_listed_network_is_called_and_plain_http_reaches_nothing_else() -> None:
    networks = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))
    for public in (False, True):
        guard = Guarded(networks, public=public)
        assert guard.allows("10.1.2.3")
        assert guard.allows("::ffff:10.1.2.3")
        assert guard.allows("fd00::1")
        assert not guard.allows("192.168.1.1")
        assert guard.allows("8.8.8.8") == public


def test_what_is_no_address_is_not_called() -> None:
    for text in ("", "localhost", "0x7f.1", "2130706433", "127.1", "1.2.3.4.5", "example.org"):
        assert plain(text) is None
        assert not Guarded((), public=True).allows(text)


def test_no_socket_is_made_for_a_forbidden_address() -> None:
    guard = Guarded((), public=True)
    info = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 80))
    with pytest.raises(ForbiddenAddressError) as caught:
        guard(info)
    assert "169.254" not in str(caught.value)
    made = guard((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 80)))
    assert not made.getblocking()
    made.close()


def test_documentation_addresses_are_private_to_the_judge() -> None:
    assert not is_public(ipaddress.IPv4Address("192.0.2.1"))
