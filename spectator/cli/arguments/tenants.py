"""The commands of an operator: tenants, keys, usage."""

from __future__ import annotations

import argparse
from typing import List, Union

from spectator.cli.arguments.building import Subparsers, group, positive, remote, store_url

QUOTAS = {
    "rooms": "rooms that have not ended",
    "seats": "people seated at once, in all rooms together",
    "events_per_second": "events published",
    "bytes_per_second": "bytes published (2M is 2 million)",
    "stored_bytes": "bytes that rooms keep (4G is 4 billion)",
    "frames_per_second": "pictures",
    "requests_per_minute": "calls with its keys, other than publishing",
}
SCOPES = ("publish", "read", "manage")
FACTORS = {"k": 10**3, "m": 10**6, "g": 10**9}
LARGEST = 10**15


def add(commands: Subparsers) -> None:
    """Add tenant, key and usage."""
    _tenant(group(commands, "tenant", "make, suspend and delete tenants; for operators"))
    _key(group(commands, "key", "make and revoke API and operator keys; for operators"))
    usage = _operator(commands, "usage", "usage", "tell what tenants use of what they may")
    _one_tenant(usage, "this one only")


def _tenant(verbs: Subparsers) -> None:
    create = _of_tenant(verbs, "create", "create", "make a tenant and its first key")
    create.add_argument("--no-key", action="store_true", help="make no key yet")
    _name_and_quotas(create)
    _operator(verbs, "list", "list_tenants", "list all tenants with their limits")
    _of_tenant(verbs, "show", "show", "show a tenant and what it uses")
    _name_and_quotas(_of_tenant(verbs, "set", "change", "change a tenant's name or quotas"))
    _of_tenant(verbs, "suspend", "suspend", "shut a tenant out; nothing of it is lost")
    _of_tenant(verbs, "resume", "resume", "let a suspended tenant go on")
    delete = _of_tenant(verbs, "delete", "delete", "remove a tenant with everything of it, for good")
    delete.add_argument("--yes", action="store_true", help="do not ask")


def _key(verbs: Subparsers) -> None:
    create = _operator(verbs, "create", "create_key", "make a key; it is printed once")
    whose = _one_tenant(create, "whose key it is")
    whose.add_argument("--operator", action="store_true", help="an operator's key, which rules over all")
    create.add_argument(
        "--scopes", type=_scopes, metavar="LIST", help="some of publish,read,manage (all of them)"
    )
    create.add_argument("--name", help="what it is for, as lists show it")
    create.add_argument("--hours", type=positive(float), metavar="H", help="how long it is good (for ever)")
    listed = _operator(verbs, "list", "list_keys", "list the keys there are, never their text")
    _one_tenant(listed, "of this one only")
    revoke = _operator(verbs, "revoke", "revoke_key", "make a key worthless, within a second")
    revoke.add_argument("key", metavar="KEY", help="its id, as `spectator key list` tells it")


def _operator(verbs: Subparsers, name: str, run: str, told: str) -> argparse.ArgumentParser:
    """Add a command that asks a server with SPECTATOR_OPERATOR_KEY, or opens the store without."""
    added = remote(verbs, name, f"tenants:{run}", told)
    added.add_argument(
        "--redis", type=store_url, metavar="URL", help="straight to this store (else the data folder's)"
    )
    return added


def _of_tenant(verbs: Subparsers, name: str, run: str, told: str) -> argparse.ArgumentParser:
    added = _operator(verbs, name, run, told)
    added.add_argument("tenant", metavar="TENANT", help="its id: small letters, digits and hyphens")
    return added


def _one_tenant(parser: argparse.ArgumentParser, told: str) -> argparse._MutuallyExclusiveGroup:
    """Let a tenant be named by its place or by an option, but once."""
    named = parser.add_mutually_exclusive_group()
    named.add_argument("tenant", nargs="?", metavar="TENANT", help=told)
    named.add_argument("--tenant", dest="of", metavar="TENANT", help="the same")
    return named


def _name_and_quotas(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", help="what it is called, for people")
    for name, told in QUOTAS.items():
        option = "--" + name.replace("_", "-")
        parser.add_argument(option, dest=name, type=amount, metavar="N", help=f"{told}; or unlimited")


def amount(text: str) -> Union[int, str]:
    """Read a limit: a whole number, with k, M or G for thousands, millions, billions; or ``unlimited``."""
    word = text.strip().lower()
    if word == "unlimited":
        return word
    factor = FACTORS.get(word[-1:], 1)
    digits = word[:-1] if factor > 1 else word
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15) or int(digits) * factor > LARGEST:
        raise argparse.ArgumentTypeError("a limit is a whole number such as 100, 2M or 4G, or unlimited")
    return int(digits) * factor


def _scopes(text: str) -> List[str]:
    scopes = [scope.strip() for scope in text.split(",") if scope.strip()]
    if not scopes or not set(scopes) <= set(SCOPES):
        raise argparse.ArgumentTypeError("scopes are some of publish,read,manage, with commas")
    return scopes
