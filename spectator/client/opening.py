"""Opening a room: which server, with which key, and what the first answer means."""

from __future__ import annotations

import os
import time
from typing import Any, Dict, Optional

from spectator.client.address import Address
from spectator.client.api import Api
from spectator.client.environment import Environment
from spectator.client.errors import NoServer, Refused
from spectator.client.local_server import LocalServer
from spectator.client.logins import Logins
from spectator.client.opened import Opened
from spectator.client.rekeying import key_refused, renewed
from spectator.client.stderr import Speaker
from spectator.client.terms import Terms

START_AGAIN = 60.0  # seconds before another server is started after one that did not come up


class Opener:
    """Opens the room of some terms, as often as needed: the server may come later, or be replaced."""

    def __init__(self, terms: Terms, environment: Environment, speaker: Speaker) -> None:
        """Remember what was asked for; nothing is done yet."""
        self.fields: Dict[str, Any] = dict(terms.fields)
        self._terms = terms
        self._environment = environment
        self._speaker = speaker
        # One key for all attempts: a creation whose answer was lost is not repeated, but answered again.
        self._idempotency_key = os.urandom(16).hex()
        self._start_after = 0.0  # monotonic
        self._told = ""  # the id of the room whose link was said

    def begin(self) -> Dict[str, Any]:
        """Return what is told with the begin of a run."""
        return {"name": self._terms.name, "config": self.fields.get("config", {})}

    def open(self) -> Opened:
        """Open the room.

        Raises:
            NoServer: there is none, and none can be started.
            Unreachable: it does not answer.
            Refused: it answered no.
        """
        api = self._find()
        try:
            told = api.create_room(self.fields, self._idempotency_key)
        except Refused as refused:
            if refused.status == 401:
                raise key_refused(api, refused) from refused
            told = self._without_code(api, refused)
        claim = self._idempotency_key if self.fields.get("reuse") else None
        self._idempotency_key = os.urandom(16).hex()  # opening it anew is another wish
        opened = Opened(
            address=api.address,
            room=dict(told["room"]),
            owner_token=str(told["owner_token"]),
            join_url=str(told.get("join_url") or api.address.page(str(told["room"]["code"]))),
            owner_url=told.get("owner_url"),
            password=told.get("password") or self.fields.get("password"),
            webhook_secret=told.get("webhook_secret"),
            claim=claim,
        )
        if opened.id != self._told:
            self._told = opened.id
            self._announce(opened)
        return opened

    def renew(self, opened: Opened) -> Opened:
        """Return the same room with a key that is good now; see `spectator.client.rekeying.renewed`."""
        return renewed(self._find(), opened)

    def _announce(self, opened: Opened) -> None:
        say = self._speaker.say
        name, code = opened.room.get("name"), opened.room["code"]
        if name not in {None, self._terms.name}:
            say(f"a live run is in the room {self._terms.name!r}: this one is {name!r}")
        made = self.fields.get("password_protected") and opened.password
        password = f" · password: {opened.password}" if made else ""
        say(f"watch at {opened.join_url} (code {code}){password} · owner: spectator open {code}")
        if opened.address.scheme == "http" and not opened.address.loopback:
            say("the key and all that is logged cross the network readable; better is an https:// address")
        if self._terms.lan and Address.parse(opened.join_url).loopback:
            say("the server runs without --lan: say `spectator stop`, then run this again")

    def _find(self) -> Api:
        terms = self._terms
        start = time.monotonic() >= self._start_after
        try:
            api = find_api(self._environment, terms.address, terms.api_key, lan=terms.lan, start=start)
        except NoServer:
            if start:
                self._start_after = time.monotonic() + START_AGAIN
            raise
        if not api.has_credential:
            raise Refused(
                "unauthorized",
                401,
                f"no API key for {api.address.url}: say `spectator login {api.address.url}`, or set "
                "SPECTATOR_API_KEY",
            )
        return api

    def _without_code(self, api: Api, refused: Refused) -> Dict[str, Any]:
        """A code that somebody else has must not keep the training from being watched."""
        if refused.code != "code_taken" or "custom_code" not in self.fields:
            raise refused
        code = self.fields.pop("custom_code")
        self._speaker.say(f"the code {code} is taken; this room gets another one")
        self._idempotency_key = os.urandom(16).hex()  # it is another request
        return api.create_room(self.fields, self._idempotency_key)


def find_api(
    environment: Environment,
    address: Optional[Address],
    api_key: Optional[str],
    *,
    lan: bool = False,
    start: bool = True,
) -> Api:
    """Return the server to use and the key to show it.

    The server: ``address``, else the environment's URL, else, where no key is given either, that of the last
    ``spectator login``, else this user's own, which is started if ``start`` and the environment allow it.
    The key: ``api_key``, else the environment's, else the one kept by a login to exactly this address, else,
    for this user's own server and no other, the data folder's.

    Raises:
        NoServer: there is none, and none can be started.
        SpectatorError: the kept logins cannot be used.
        ValueError: the environment's URL cannot be used.
    """
    local = LocalServer(environment.data_dir)
    logins = Logins(environment.config_dir) if environment.config_dir else None
    key = api_key or environment.api_key
    if address is None and environment.url is not None:
        address = Address.parse(environment.url)
    if address is not None:
        return Api(address, key or _kept_key(address, logins, local))
    # A login is an address and a key together: who gives a key alone means their own server, as ever.
    last = logins.last() if logins and key is None and not lan else None
    if last is not None:
        return Api(*last)
    found = local.find_or_start(lan=lan) if start and environment.autostart else local.find()
    if found is None:
        raise NoServer(
            "no server runs; start one: spectator serve, or set SPECTATOR_URL to the address of one"
        )
    return Api(found.address, key or found.key)


def _kept_key(address: Address, logins: Optional[Logins], local: LocalServer) -> Optional[str]:
    """Return the key that is kept for exactly this address: by a login, or in the data folder."""
    key = logins.key(address) if logins else None
    if key is None:
        found = local.find()
        if found is not None and found.address == address:
            key = found.key
    return key
