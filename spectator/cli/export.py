"""``spectator export CODE``: what was recorded, as a file."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, Iterator, Optional
from urllib.parse import quote

from spectator.cli.exits import CommandError, Exit
from spectator.cli.finding import api
from spectator.cli.output import Output, printable
from spectator.client import http1
from spectator.client.api import BASE, Api, authorization, decode
from spectator.client.errors import Unreachable
from spectator.client.transport import Answer, Transport
from spectator.protocol.filenames import safe_stem

SILENCE = 60.0  # seconds
LARGEST_PROBLEM = 64 * 1024  # bytes


def export(arguments: argparse.Namespace, out: Output) -> int:
    """Write the file whole or not at all; one that is there stays unless ``--force`` says otherwise."""
    server = api(arguments)
    form = arguments.format or _form_of(arguments.output)
    if str(arguments.output) == "-":
        _copy(_pieces(server, arguments.room, form), sys.stdout.buffer)
        return Exit.DONE
    path = arguments.output or Path(_name(server, arguments.room, form))
    if path.is_dir():
        path = path / _name(server, arguments.room, form)
    if path.exists() and not arguments.force:
        raise _there(path)
    size = _write(path, _pieces(server, arguments.room, form), force=arguments.force)
    out.result({"file": str(path), "format": form, "bytes": size}, f"{printable(path)}  ({size:,} bytes)")
    return Exit.DONE


def _form_of(path: Optional[Path]) -> str:
    """The form that a file's ending names, else ndjson."""
    ending = path.suffix[1:].lower() if path is not None else ""
    return ending if ending in {"csv", "json", "ndjson"} else "ndjson"


def _name(server: Api, room: str, form: str) -> str:
    """A file's name made of the room's. The server's own word for it is not taken: it could be any path."""
    return f"{safe_stem(str(server.room(room).get('name') or ''), 'export')}.{form}"


def _pieces(server: Api, room: str, form: str) -> Iterator[bytes]:
    """The file as it comes. Raises ``Unreachable`` when it breaks off: what came then is not the whole."""
    path = f"{BASE}/rooms/{quote(room, safe='')}/export?format={form}"
    transport = Transport(server.address, keep=False)
    try:
        response = transport.open("GET", path, authorization(server.bearer), None, SILENCE)
        if response.status != 200:
            decode(Answer(response.status, response.headers, response.read(LARGEST_PROBLEM)), server.address)
            raise Unreachable(
                f"{server.address.url} answered {response.status} and nothing that was asked for"
            )
        yield from response.pieces()
    except (OSError, http1.NotHttp, http1.ClosedEarly) as error:
        raise Unreachable(
            f"{server.address.url} broke off in the middle of the file; nothing was kept"
        ) from error
    finally:
        transport.close()


def _write(path: Path, pieces: Iterator[bytes], *, force: bool) -> int:
    """Write beside the place, then put it there in one step. Returns the bytes."""
    try:
        number, made = tempfile.mkstemp(prefix=".spectator-", suffix=".part", dir=str(path.parent))
    except OSError as error:
        raise CommandError("invalid_request", f"{printable(path.parent)}: {error.strerror}") from None
    beside = Path(made)
    try:
        with os.fdopen(number, "wb") as file:
            size = _copy(pieces, file)
        _open_to_all(beside)
        if force:
            beside.replace(path)
        else:
            _put(beside, path)
        return size
    except OSError as error:
        raise CommandError("invalid_request", f"{printable(path)}: {error.strerror}") from None
    finally:
        with suppress(FileNotFoundError):
            beside.unlink()


def _put(beside: Path, path: Path) -> None:
    """Give the file its name, unless somebody else has taken it meanwhile."""
    try:
        os.link(str(beside), str(path))
    except FileExistsError:
        raise _there(path) from None
    except OSError:  # a file system without links
        if path.exists():
            raise _there(path) from None
        beside.replace(path)


def _open_to_all(path: Path) -> None:
    """Give a temporary file the mode that a plain one would have here."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)


def _copy(pieces: Iterator[bytes], into: IO[bytes]) -> int:
    size = 0
    for piece in pieces:
        into.write(piece)
        size += len(piece)
    into.flush()
    return size


def _there(path: Path) -> CommandError:
    return CommandError(
        "invalid_request", f"{printable(path)} is there already. Say --force, or another name by -o."
    )
