"""The servers this user has logged in to: a file of addresses and API keys, readable by its owner alone.

A key is kept with the address it was checked at and is shown to no other. The address of the last login is
where everything goes when neither an address nor a key is given otherwise.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, Optional, Tuple

from spectator.client.address import Address
from spectator.client.errors import SpectatorError
from spectator.protocol.json_text import json_text

FILE = "logins.json"


@dataclass(frozen=True)
class _Kept:
    """What the file says: the keys by address, and which address was the last."""

    last: Optional[str] = None
    keys: Dict[str, str] = field(default_factory=dict, repr=False)


class Logins:
    """What ``spectator login`` keeps in one folder. Every call reads or writes the file anew.

    Each raises `SpectatorError` when the file cannot be read or written, or others may read it.
    """

    def __init__(self, folder: Path) -> None:
        """Remember the folder; it is made with the first login."""
        self.path = folder / FILE

    def key(self, address: Address) -> Optional[str]:
        """Return the key of exactly this address; None when there is none."""
        return self._read().keys.get(address.url)

    def last(self) -> Optional[Tuple[Address, str]]:
        """Return address and key of the last login; None when there is none."""
        kept = self._read()
        if kept.last is None or kept.last not in kept.keys:
            return None
        return Address.parse(kept.last), kept.keys[kept.last]

    def addresses(self) -> List[str]:
        """Return the addresses whose keys are kept, that of the last login first."""
        kept = self._read()
        return sorted(kept.keys, key=lambda url: (url != kept.last, url))

    def keep(self, address: Address, key: str) -> None:
        """Keep a key; its address becomes the last one."""
        self._write(_Kept(address.url, {**self._read().keys, address.url: key}))

    def forget(self, address: Optional[Address] = None) -> List[str]:
        """Forget one address, or all; return those that were forgotten."""
        kept = self._read()
        gone = [url for url in kept.keys if address is None or url == address.url]
        if gone:
            left = {url: key for url, key in kept.keys.items() if url not in gone}
            self._write(_Kept(kept.last if kept.last in left else None, left))
        return gone

    def _read(self) -> _Kept:
        try:
            with self.path.open(encoding="utf-8") as file:
                # Of the file that is open, not of whatever bears its name a moment later.
                status = os.fstat(file.fileno())
                if os.name == "posix" and (status.st_mode & 0o077 or status.st_uid != os.geteuid()):
                    raise SpectatorError(
                        f"others may read the keys in {self.path}; say: chmod 600 {self.path} "
                        "(and replace the keys, if this machine has other users)"
                    )
                told = json.load(file)
            keys = {str(url): str(key) for url, key in dict(told["keys"]).items()}
            return _Kept(told.get("last"), keys)
        except FileNotFoundError:
            return _Kept()
        except (AttributeError, KeyError, TypeError, ValueError):
            raise SpectatorError(
                f"{self.path} is not what `spectator login` writes; remove it and log in again"
            ) from None
        except OSError as error:
            raise SpectatorError(f"{self.path} cannot be read ({error.strerror})") from error

    def _write(self, kept: _Kept) -> None:
        draft = self.path.with_name(f".{FILE}.{os.urandom(8).hex()}")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(str(draft), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(json_text({"last": kept.last, "keys": kept.keys}) + "\n")
                draft.replace(self.path)  # a reader meets the old file or the new one
            except BaseException:
                draft.unlink()
                raise
        except OSError as error:
            raise SpectatorError(f"{self.path} cannot be written ({error.strerror})") from error
