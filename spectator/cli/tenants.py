"""What an operator does in the terminal: tenants, keys, usage."""

from __future__ import annotations

import argparse
import sys
from typing import Any, Dict, List, Mapping, Optional, Union

from spectator.cli.exits import CommandError, Exit
from spectator.cli.operating import ApiDesk, StoreDesk, desk, usage_desk
from spectator.cli.output import Output, printable, table

QUOTAS = (
    "rooms",
    "seats",
    "events_per_second",
    "bytes_per_second",
    "stored_bytes",
    "frames_per_second",
    "requests_per_minute",
)
BYTES = frozenset({"bytes_per_second", "stored_bytes"})
UNLIMITED = "unlimited"
SIZES = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


def create(arguments: argparse.Namespace, out: Output) -> int:
    """Make a tenant and, unless told otherwise, its first key."""
    at = desk(arguments)
    fields: Dict[str, Any] = {"id": arguments.tenant, "quotas": _quotas(arguments)}
    if arguments.name is not None:
        fields["name"] = arguments.name
    made = at.create_tenant(fields)
    lines = [f"Tenant {made['id']} is made."]
    told: Dict[str, Any] = {"tenant": made, "key": None}
    if arguments.no_key:
        lines.append(f"It has no key yet: spectator key create {made['id']}")
    else:
        told["key"] = at.create_key({"tenant": made["id"], "name": "first"})
        lines += _key_lines(told["key"])
    out.result(told, "\n".join(lines))
    return Exit.DONE


def list_tenants(arguments: argparse.Namespace, out: Output) -> int:
    """List all tenants with their limits."""
    found = desk(arguments).tenants()
    rows = [
        [
            one["id"],
            one["name"],
            one["status"],
            *(_limit(name, one["quotas"][name]) for name in QUOTAS),
            one["created_at"][:10],
        ]
        for one in found
    ]
    head = ["TENANT", "NAME", "STATUS", "ROOMS", "SEATS", "EVENTS/S", "BYTES/S", "STORED"]
    out.result({"tenants": found}, table([*head, "FRAMES/S", "CALLS/MIN", "SINCE"], rows))
    return Exit.DONE


def show(arguments: argparse.Namespace, out: Output) -> int:
    """Show one tenant and what it uses."""
    at = desk(arguments)
    one = at.tenant(arguments.tenant)
    (used,) = at.usage(arguments.tenant)
    keys = at.keys(arguments.tenant)
    about = [
        ["tenant", one["id"]],
        ["name", one["name"]],
        ["status", one["status"]],
        ["since", one["created_at"]],
        ["keys", str(len(keys))],
    ]
    text = "\n".join(f"{name:<8}{printable(value)}" for name, value in about)
    told = {**one, "usage": used["quotas"], "keys": keys}
    out.result(told, f"{text}\n\n{table(['QUOTA', 'USED', 'LIMIT'], _used(used))}")
    return Exit.DONE


def change(arguments: argparse.Namespace, out: Output) -> int:
    """Change a tenant's name or quotas; what is not given stays."""
    fields: Dict[str, Any] = {}
    quotas = _quotas(arguments)
    if quotas:
        fields["quotas"] = quotas
    if arguments.name is not None:
        fields["name"] = arguments.name
    if not fields:
        raise CommandError(
            "invalid_request", "Say what to change. See: spectator tenant set --help", Exit.USAGE
        )
    one = desk(arguments).change_tenant(arguments.tenant, fields)
    limits = ", ".join(f"{name.replace('_', ' ')} {_limit(name, one['quotas'][name])}" for name in quotas)
    name = f"name {printable(one['name'])}" if arguments.name is not None else ""
    told = ", ".join(part for part in (name, limits) if part)
    out.result(one, f"Tenant {one['id']}: {told}. It holds within a second.")
    return Exit.DONE


def suspend(arguments: argparse.Namespace, out: Output) -> int:
    """Shut a tenant out for a while; nothing of it is lost."""
    one = desk(arguments).change_tenant(arguments.tenant, {"status": "suspended"})
    out.result(
        one,
        f"Tenant {one['id']} is suspended: its keys are refused, its rooms are shut, who watched is sent "
        f"away.\nNothing is lost; it goes on with: spectator tenant resume {one['id']}",
    )
    return Exit.DONE


def resume(arguments: argparse.Namespace, out: Output) -> int:
    """Let a suspended tenant go on."""
    one = desk(arguments).change_tenant(arguments.tenant, {"status": "active"})
    out.result(one, f"Tenant {one['id']} goes on.")
    return Exit.DONE


def delete(arguments: argparse.Namespace, out: Output) -> int:
    """Remove a tenant with everything of it, after asking."""
    at = desk(arguments)
    one = at.tenant(arguments.tenant)
    if not arguments.yes:
        _confirm(at, one)
    at.delete_tenant(one["id"])
    out.result({"deleted": one["id"]}, f"Tenant {one['id']} is deleted, with everything that was its own.")
    return Exit.DONE


def create_key(arguments: argparse.Namespace, out: Output) -> int:
    """Make a key and print it, this once."""
    fields: Dict[str, Any] = {}
    if arguments.operator:
        fields["operator"] = True
    tenant = _named(arguments)
    if tenant is not None:
        fields["tenant"] = tenant
    elif not arguments.operator:
        raise CommandError("invalid_request", "Say whose key it is: a tenant, or --operator.", Exit.USAGE)
    given = {"scopes": arguments.scopes, "name": arguments.name, "expires_hours": arguments.hours}
    fields.update({name: value for name, value in given.items() if value is not None})
    made = desk(arguments).create_key(fields)
    out.result(made, "\n".join(_key_lines(made)))
    return Exit.DONE


def list_keys(arguments: argparse.Namespace, out: Output) -> int:
    """List the keys there are; none of them is printed."""
    found = desk(arguments).keys(_named(arguments))
    rows = [
        [
            one["id"],
            one["tenant"] or "(operator)",
            ",".join(one["scopes"]) or "all tenants",
            one["name"],
            one["created_at"][:10],
            _ends(one),
        ]
        for one in found
    ]
    text = table(["KEY", "TENANT", "SCOPES", "NAME", "SINCE", "ENDS"], rows) if rows else "There are no keys."
    out.result({"keys": found}, text)
    return Exit.DONE


def revoke_key(arguments: argparse.Namespace, out: Output) -> int:
    """Make a key worthless."""
    desk(arguments).revoke(arguments.key)
    out.result(
        {"revoked": arguments.key},
        f"Key {printable(arguments.key)} is worth nothing any more: calls, publishers and sockets that use "
        "it are refused within a second.\n"
        "Rooms that it made stay; their room keys ended with it.",
    )
    return Exit.DONE


def usage(arguments: argparse.Namespace, out: Output) -> int:
    """Tell what tenants use of what they may."""
    found = usage_desk(arguments).usage(_named(arguments))
    parts = []
    for one in found:
        status = "" if one["status"] == "active" else f" ({one['status']})"
        parts.append(f"{one['tenant']}{status}\n{table(['QUOTA', 'USED', 'LIMIT'], _used(one))}")
    out.result({"usage": found}, "\n\n".join(parts))
    return Exit.DONE


def _named(arguments: argparse.Namespace) -> Optional[str]:
    """The tenant that was named, by its place or by ``--tenant``."""
    tenant: Optional[str] = arguments.tenant if arguments.tenant is not None else arguments.of
    return tenant


def _quotas(arguments: argparse.Namespace) -> Dict[str, Optional[int]]:
    """The quotas that were given; None stands for unlimited."""
    given = {name: getattr(arguments, name) for name in QUOTAS}
    return {name: None if value == UNLIMITED else value for name, value in given.items() if value is not None}


def _key_lines(made: Mapping[str, Any]) -> List[str]:
    lines = [f"key: {made['key']}"]
    if made["kind"] == "operator":
        lines.append("Shown this once. Whoever holds it rules over every tenant: keep it out of scripts.")
    else:
        scopes = ", ".join(made["scopes"])
        lines.append(f"Shown this once; only its hash is kept. It may: {scopes}.")
    if made["expires_at"] is not None:
        lines.append(f"It ends at {made['expires_at']}.")
    return lines


def _ends(one: Mapping[str, Any]) -> str:
    return "never" if one["expires_at"] is None else str(one["expires_at"])[:16].replace("T", " ")


def _used(one: Mapping[str, Any]) -> List[List[str]]:
    rows = []
    for name in QUOTAS:
        quota = one["quotas"][name]
        used = "not counted" if quota["used"] is None else _amount(name, quota["used"])
        rows.append([name.replace("_", " "), used, _limit(name, quota["limit"])])
    return rows


def _limit(name: str, value: Optional[int]) -> str:
    return UNLIMITED if value is None else _amount(name, value)


def _amount(name: str, value: int) -> str:
    """A number as people read it: bytes in kB, MB and GB, all else with its thousands set apart."""
    if name not in BYTES:
        return f"{value:,}"
    for size, unit in SIZES:
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value} B"


def _confirm(at: Union[ApiDesk, StoreDesk], one: Mapping[str, Any]) -> None:
    """Have the tenant's id typed. Raises ``CommandError`` when something else was."""
    (used,) = at.usage(one["id"])
    rooms, stored = used["quotas"]["rooms"]["used"], used["quotas"]["stored_bytes"]["used"]
    print(
        f"This deletes tenant {one['id']} ({printable(one['name'])}) for good: {rooms} active rooms, "
        f"{_amount('stored_bytes', stored or 0)} of recordings, {len(at.keys(one['id']))} keys, its "
        f"people and its audit.\nType {one['id']} to go on: ",
        end="",
        file=sys.stderr,
        flush=True,
    )
    if sys.stdin.readline().strip() != one["id"]:
        raise CommandError("not_confirmed", "Nothing was deleted.")
