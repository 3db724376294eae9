"""Settings of the server: an argument, else ``SPECTATOR_*``, else the default; checked strictly, once."""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretBytes, SecretStr, ValidationError, model_validator

from spectator.protocol.folders import data_folder

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK_NAMES = frozenset({"localhost", "ip6-localhost", "ip6-loopback"})
LOOPBACK_NETWORKS = ("127.0.0.0/8", "::1/128")
STORE_SCHEMES = (
    "redis", "rediss", "unix", "redis+cluster", "rediss+cluster", "redis+sentinel", "rediss+sentinel",
)  # fmt: skip
SHORTEST_SECRET = 16
OPERATOR_KEY = re.compile(r"op_[A-Za-z0-9_-]{16,200}")


class SettingsError(Exception):
    """A setting that cannot be used; the message names it and says what to set instead."""


class Settings(BaseModel):
    """What a server is told before it starts. ``Settings.load`` is the way in."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)  # 0: any free one
    lan: bool = False
    workers: int = Field(default=1, ge=1, le=64)  # processes that share the port
    redis_url: str | None = None  # None: the embedded store in data_dir
    data_dir: Path
    public_url: str | None = None
    hosts: tuple[str, ...] = ()  # further names this server answers to
    secret_keys: tuple[SecretBytes, ...] = ()  # empty: the file "secret" in data_dir; newest first
    operator_key: SecretStr | None = None
    rate_limits: bool = True
    checkpoints: Literal["newest", "before"] = (
        "newest"  # before: as the release before reads them, to go back
    )
    webhook_networks: tuple[Network, ...] = ()  # private ones that webhooks may reach
    behind_proxy: bool = False
    trusted_proxies: tuple[
        str, ...
    ] = ()  # networks whose X-Forwarded-* count; empty: this machine's loopback
    tls_cert: Path | None = None  # PEM: the certificate and what leads to its authority
    tls_key: Path | None = None  # PEM, without a passphrase; None: it stands in tls_cert too
    static_dir: Path | None = None
    theme: str | None = Field(default=None, pattern=r"^[a-z0-9-]{1,32}$")
    idle_exit_s: float | None = Field(default=None, gt=0)  # seconds without publisher and viewer; None: stay
    metrics: Literal["local", "open", "off"] = "local"  # who may read /metrics beside the operator
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"
    tracing: Literal["off", "otlp"] = "off"  # otlp: spans to where OTEL_EXPORTER_OTLP_ENDPOINT says

    @classmethod
    def load(cls, arguments: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Self:
        """Return the settings of ``arguments`` (None: not given), ``environ`` and the defaults.

        Raises:
            SettingsError: a value that cannot be used, or two that contradict each other.
        """
        environ = os.environ if environ is None else environ
        values: dict[str, Any] = {"data_dir": data_folder(environ)}
        for field, parse in FROM_ENVIRONMENT.items():
            name = f"SPECTATOR_{field.upper()}"
            if environ.get(name):
                values[field] = _parsed(name, parse, environ[name])
        values.update({field: value for field, value in arguments.items() if value is not None})
        try:
            return cls(**values)
        except ValidationError as error:
            raise SettingsError(_told(error)) from None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.redis_url is not None and urlsplit(self.redis_url).scheme not in STORE_SCHEMES:
            raise ValueError(
                "redis_url must begin with redis://, rediss://, unix://, redis+cluster:// or redis+sentinel://"
            )
        if self.public_url is not None and urlsplit(self.public_url).scheme not in {"http", "https"}:
            raise ValueError("public_url must begin with http:// or https://")
        if self.static_dir is not None and not (self.static_dir / "index.html").is_file():
            raise ValueError("static_dir must be a folder with an index.html")
        return self

    @model_validator(mode="after")
    def _keeps_its_secrets(self) -> Self:
        if any(len(key.get_secret_value()) < SHORTEST_SECRET for key in self.secret_keys):
            raise ValueError(f"each key of secret_keys needs at least {SHORTEST_SECRET} bytes")
        if self.operator_key and not OPERATOR_KEY.fullmatch(self.operator_key.get_secret_value()):
            raise ValueError(
                "operator_key must look like op_<secret>, its secret of 16 to 200 letters, digits, - and _; "
                "spectator key create --operator makes one"
            )
        return self

    @model_validator(mode="after")
    def _keeps_its_doors(self) -> Self:
        """What may be reached from elsewhere needs an operator, and a line that nobody can read along."""
        if self.tls_key is not None and self.tls_cert is None:
            raise ValueError("tls_key was given without tls_cert")
        if self.trusted_proxies and not self.behind_proxy:
            raise ValueError("trusted_proxies names the proxies of --behind-proxy, which was not given")
        for network in self.trusted_proxies:
            _check_network(network)
        if self.lan and self.tls_cert is not None:
            raise ValueError(
                "lan is plain HTTP on whatever addresses there are: name the certificate's --host"
            )
        if self.lan and not is_loopback(self.host):
            raise ValueError("lan chooses the addresses itself: leave host out")
        covered = self.operator_key and (self.behind_proxy or self.tls_cert)
        if not self.lan and not is_loopback(self.host) and not covered:
            raise ValueError(
                "host is not a loopback address. For the local network use --lan; for the internet set "
                "SPECTATOR_OPERATOR_KEY and either serve TLS (--tls-cert and --tls-key) or put a TLS proxy "
                "before it (--behind-proxy)"
            )
        return self


def is_loopback(host: str) -> bool:
    """Tell whether ``host`` (a name or an address) can be reached from this machine only."""
    if host.lower() in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def private_folder(path: Path) -> Path:
    """Make ``path`` (and what is above it) if needed, readable by its owner only; return it.

    Raises:
        SettingsError: it cannot be made, or others may write into it.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = path.stat()
    except OSError as error:
        raise SettingsError(
            f"The folder {path} cannot be used ({error.strerror}). "
            "Set SPECTATOR_DATA_DIR or --data to another."
        ) from error
    # A folder that was there before keeps its mode: it may be somebody's home.
    if status.st_uid not in {os.geteuid(), 0} or status.st_mode & 0o022:
        raise SettingsError(
            f"Others may write into the folder {path}. Say chmod 700, or set SPECTATOR_DATA_DIR or --data."
        )
    return path


def runtime_dir(environ: Mapping[str, str] | None = None) -> str | None:
    """Return the folder that the system keeps for this user's sockets, None where it names none."""
    return (os.environ if environ is None else environ).get("XDG_RUNTIME_DIR") or None


def _check_network(text: str) -> None:
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise ValueError(
            f"trusted_proxies: {error}; write networks such as 10.1.0.0/16 or 10.1.2.3"
        ) from None


def _parsed(name: str, parse: Callable[[str], Any], text: str) -> Any:
    try:
        return parse(text.strip())
    except ValueError as error:
        raise SettingsError(f"{name}: {error}") from None


def _told(error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        field = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            message = "there is no such setting"
        lines.append(f"{field} (SPECTATOR_{field.upper()}): {message}" if field else message)
    return "; ".join(lines)


def _switch(text: str) -> bool:
    if text.lower() in {"on", "1", "true", "yes"}:
        return True
    if text.lower() in {"off", "0", "false", "no"}:
        return False
    raise ValueError(f"use on or off, not {text!r}")


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"use a whole number, not {text!r}") from None


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"use a number of seconds, not {text!r}") from None


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(part) for part in _list(text))
    except ValueError:
        raise ValueError(f"use networks such as 10.0.0.0/8, separated by commas, not {text!r}") from None


def _keys(text: str) -> tuple[SecretBytes, ...]:
    return tuple(SecretBytes(part.encode()) for part in _list(text))


def _path(text: str) -> Path:
    return Path(text).expanduser().absolute()


# data_dir is missing here: data_folder reads it, as the client does.
FROM_ENVIRONMENT: dict[str, Callable[[str], Any]] = {
    "host": str,
    "port": _whole,
    "lan": _switch,
    "workers": _whole,
    "redis_url": str,
    "public_url": str,
    "hosts": _list,
    "secret_keys": _keys,
    "operator_key": SecretStr,
    "rate_limits": _switch,
    "checkpoints": str.lower,
    "webhook_networks": _networks,
    "behind_proxy": _switch,
    "trusted_proxies": _list,
    "tls_cert": _path,
    "tls_key": _path,
    "static_dir": _path,
    "theme": str,
    "idle_exit_s": _seconds,
    "metrics": str.lower,
    "log_level": str.lower,
    "log_format": str.lower,
    "tracing": str.lower,
}
