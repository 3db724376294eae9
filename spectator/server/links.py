"""Addresses that are given to people: the room's link, the owner's link, the socket, the QR code."""

from __future__ import annotations

import io
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import segno
from aiohttp import web

from spectator.server.keys import DOORMAN, HOST, JOIN_ROOT, SETTINGS


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses below one root.

    Args:
        root: where the server's page ``/`` is seen by people, without a trailing slash, for example
            ``http://127.0.0.1:8000`` or ``https://lab.example.org/spectator``.
    """

    root: str

    def room(self, code: str) -> str:
        """What a spectator opens."""
        return f"{self.root}/r/{code}"

    def owner(self, code: str, claim: str) -> str:
        """What the owner opens: the claim rides in the fragment, which browsers send to no server."""
        return f"{self.root}/r/{code}#claim={claim}"

    def invited(self, code: str, invitation: str) -> str:
        """What somebody invited opens: like the claim, the token reaches no server by the link."""
        return f"{self.root}/r/{code}#invite={invitation}"

    def socket(self, room_id: str) -> str:
        """The absolute ``ws://`` or ``wss://`` address of a room."""
        parts = urlsplit(self.root)
        scheme = "wss" if parts.scheme == "https" else "ws"
        return urlunsplit((scheme, parts.netloc, f"{parts.path}/ws/rooms/{room_id}", "", ""))


def own_links(request: web.Request) -> Links:
    """Addresses for whoever asks: the public one, else that under which they asked."""
    public = request.app[SETTINGS].public_url
    if public is not None:
        return Links(public.rstrip("/"))
    return Links(f"{request.app[DOORMAN].scheme(request)}://{request[HOST]}")


def join_links(request: web.Request) -> Links:
    """Addresses for spectators elsewhere: with ``--lan`` the machine's own, whoever asks."""
    root = request.app[JOIN_ROOT]
    return Links(root) if root else own_links(request)


def qr_svg(text: str) -> str:
    """A QR code as SVG text, black on white with four modules of white around it, without size and script."""
    buffer = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        buffer, kind="svg", border=4, dark="#000", light="#fff", xmldecl=False, omitsize=True, nl=False
    )
    return buffer.getvalue().decode("utf-8")
