from __future__ import annotations

import socket
from typing import Iterator, List, Tuple

import pytest

from spectator.client.http1 import LARGEST_HEAD, ClosedEarly, NotHttp, Response, lines, request

Pair = Tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    with ours, theirs:
        yield ours, theirs


def answered(pair: Pair, data: bytes, *, close: bool = False) -> Response:
    ours, theirs = pair
    theirs.sendall(data)
    if close:
        theirs.close()
    return Response(ours)


def test_a_request() -> None:
    assert request("POST", "/x", "host:80", {"A": "b"}, b"body") == (
        b"POST /x HTTP/1.1\r\nHost: host:80\r\nA: b\r\nContent-Length: 4\r\n\r\nbody"
    )
    assert request("GET", "/x", "host", {}, None) == b"GET /x HTTP/1.1\r\nHost: host\r\n\r\n"
    assert request("POST", "/x", "host", {}, None).endswith(b"Content-Length: 0\r\n\r\n")


@pytest.mark.parametrize("where", ["/x\r\nEvil: 1", "/x\nEvil: 1"])
def test_nothing_gets_into_the_head_by_a_line_break(where: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        request("GET", where, "host", {}, None)
    with pytest.raises(ValueError, match="line break"):
        request("GET", "/", "host", {"A": where}, None)


def test_a_body_of_known_length_leaves_the_connection_for_the_next(pair: Pair) -> None:
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  b \r\n\r\nhello"
    first = answered(pair, ok)
    assert (first.status, first.headers["x-a"], first.read(99), first.reusable) == (200, "b", b"hello", True)
    assert answered(pair, ok).read(99) == b"hello"


def test_a_body_in_chunks(pair: Pair) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    response = answered(pair, head + b"5\r\nhello\r\n6;note=1\r\n world\r\n0\r\nTrailer: x\r\n\r\n")
    assert response.reusable
    assert response.read(99) == b"hello world"


def test_a_body_that_ends_with_the_connection(pair: Pair) -> None:
    response = answered(pair, b"HTTP/1.0 200 OK\r\n\r\nhello", close=True)
    assert not response.reusable
    assert response.read(99) == b"hello"


@pytest.mark.parametrize("status", [204, 304])
def test_no_body(pair: Pair, status: int) -> None:
    response = answered(pair, b"HTTP/1.1 %d No\r\n\r\n" % status)
    assert response.reusable
    assert response.read(99) == b""


def test_what_comes_in_between_is_passed_over(pair: Pair) -> None:
    data = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    response = answered(pair, data)
    assert (response.status, response.reusable) == (200, False)


def test_a_head_may_come_in_pieces(pair: Pair) -> None:
    ours, theirs = pair
    theirs.sendall(b"HTTP/1.1 200 OK\r\nContent-")
    theirs.sendall(b"Length: 2\r\n\r\nok")
    assert Response(ours).read(9) == b"ok"


@pytest.mark.parametrize(
    "data",
    [
        b"220 smtp ready\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * LARGEST_HEAD + b"\r\n\r\n",
    ],
)
def test_what_is_no_http(pair: Pair, data: bytes) -> None:
    with pytest.raises(NotHttp):
        answered(pair, data).read(99)


def test_more_than_is_taken(pair: Pair) -> None:
    with pytest.raises(NotHttp, match="more than 4 bytes"):
        answered(pair, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").read(4)


@pytest.mark.parametrize(("data", "began"), [(b"", False), (b"HTTP/1.1 200 OK\r\n", True)])
def test_a_connection_that_was_closed_early(pair: Pair, data: bytes, began: bool) -> None:
    with pytest.raises(ClosedEarly) as closed:
        answered(pair, data, close=True)
    assert closed.value.began is began


def test_a_body_that_breaks_off(pair: Pair) -> None:
    with pytest.raises(ClosedEarly):
        answered(pair, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel", close=True).read(99)


@pytest.mark.parametrize(
    ("pieces", "found"),
    [
        ([b"a\nb\n"], [b"a", b"b"]),
        ([b"a", b"b\r", b"\n\nc"], [b"ab", b""]),
        ([], []),
    ],
)
def test_lines(pieces: List[bytes], found: List[bytes]) -> None:
    assert list(lines(pieces, 99)) == found


def test_a_line_without_end() -> None:
    with pytest.raises(NotHttp):
        list(lines([b"xxx", b"xxx"], 5))
