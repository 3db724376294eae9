"""TLS as a person sets it up: a certificate of their own, a reload, sockets that hold, wrong files."""

import asyncio
import contextlib
import json
import signal
import socket
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from spectator.server.tls import Certificate
from spectator.settings import Settings, SettingsError
from tests.harness.servers import ServerProcess, environment
from tests.harness.terminal import spectator_command
from tests.harness.waiting import eventually

NAMES = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Pki:
    """An authority, a folder for what it signs, and a way to sign."""

    folder: Path
    authority: trustme.CA

    @property
    def cert(self) -> Path:
        return self.folder / "cert.pem"

    @property
    def key(self) -> Path:
        return self.folder / "key.pem"

    @property
    def trusted(self) -> Path:
        return self.folder / "authority.pem"

    def issue(self) -> None:
        """Write a fresh certificate and its key, in the place of those before."""
        issued = self.authority.issue_cert(*NAMES)
        issued.private_key_pem.write_to_path(self.key)
        self.key.chmod(0o600)
        self.cert.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
        self.authority.cert_pem.write_to_path(self.trusted)

    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.trusted)


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    made = Pki(tmp_path, trustme.CA())
    made.issue()
    return made


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """What the server below has its certificate from."""
    made = Pki(tmp_path_factory.mktemp("served"), trustme.CA())
    made.issue()
    return made


@pytest.fixture(scope="module")
def secured(served: Pki) -> Iterator[ServerProcess]:
    """A server under TLS, one for all: each test makes rooms of its own."""
    process = ServerProcess(
        served.folder / "data",
        *("--host", "localhost", "--tls-cert", str(served.cert), "--tls-key", str(served.key)),
        SPECTATOR_RATE_LIMITS="off",
    )
    process.trust = served.trust()
    process.start()
    yield process
    process.close()


def serial(server: ServerProcess, pki: Pki) -> str:
    """The number of the certificate that a new connection is shown."""
    with (
        socket.create_connection(("127.0.0.1", port_of(server)), timeout=10) as plain,
        pki.trust().wrap_socket(plain, server_hostname="localhost") as connected,
    ):
        shown: Any = connected.getpeercert()
        return str(shown["serialNumber"])


def port_of(server: ServerProcess) -> int:
    return int(server.url.rsplit(":", 1)[1])


def test_addresses_are_https_everywhere(secured: ServerProcess) -> None:
    told = json.loads((secured.data_dir / "server.json").read_text())
    assert told["url"].startswith("https://localhost:")
    assert f"serving at {told['url']}" in secured.log.read_text()
    _, made = secured.call("POST", "/rooms", {})
    assert made["join_url"].startswith(told["url"])
    assert made["ws_url"].startswith(told["url"].replace("https", "wss"))


def test_a_script_finds_it_and_publishes_with_the_authority_it_is_told_of(
    secured: ServerProcess, served: Pki
) -> None:
    script = (
        "import spectator\n"
        "room = spectator.open_room('tls', wait=20)\n"
        "room.log(loss_value=1.0)\n"
        "room.finish()\n"
        "print(room.url)\n"
    )
    trusting = {"SSL_CERT_FILE": str(served.trusted), "SPECTATOR_AUTOSTART": "off"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", script],
        env=environment(secured.data_dir, **trusting),
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(secured.url)
    _, rooms = secured.call("GET", "/rooms")
    assert "finished" in {room["run"]["status"] for room in rooms["rooms"] if room["name"] == "tls"}


def test_without_the_authority_the_client_says_what_to_set(secured: ServerProcess) -> None:
    done = spectator_command(
        secured.data_dir, "room", "list", "--url", secured.url, SPECTATOR_API_KEY=secured.api_key
    )
    assert done.returncode == 3
    assert "certificate is not trusted" in done.stderr
    assert "SSL_CERT_FILE" in done.stderr


def test_plain_http_is_not_spoken(secured: ServerProcess) -> None:
    with socket.create_connection(("127.0.0.1", port_of(secured)), timeout=10) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            assert b"HTTP" not in plain.recv(100)
    assert "Traceback" not in secured.log.read_text()


def test_an_old_version_is_not_spoken(secured: ServerProcess, served: Pki) -> None:
    old = served.trust()
    with pytest.deprecated_call():
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with (
        socket.create_connection(("127.0.0.1", port_of(secured)), timeout=10) as plain,
        pytest.raises(ssl.SSLError),
    ):
        old.wrap_socket(plain, server_hostname="localhost")


def test_only_under_tls_a_browser_is_told_to_stay_with_it(
    secured: ServerProcess, server: ServerProcess
) -> None:
    for one, told in ((secured, "max-age=31536000"), (server, None)):
        with urllib.request.urlopen(f"{one.url}/healthz", timeout=10, context=one.trust) as answer:
            assert answer.headers["Strict-Transport-Security"] == told


@pytest.mark.may_block("a server is started before it")
async def test_a_new_certificate_at_sighup_and_who_watches_stays(secured: ServerProcess, served: Pki) -> None:
    assert secured.process is not None
    _, made = await asyncio.to_thread(secured.call, "POST", "/rooms", {})
    room, owner = made["room"]["id"], made["owner_token"]
    before = serial(secured, served)
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=served.trust())) as session,
        session.ws_connect(made["ws_url"], protocols=("spectator.v1",)) as socket_,
    ):
        await socket_.send_json({"type": "hello", "token": owner})
        await told(socket_, "snapshot")
        served.issue()
        assert serial(secured, served) == before
        secured.process.send_signal(signal.SIGHUP)
        await eventually(lambda: serial(secured, served) != before, what="the new certificate")
        changed = serial(secured, served)

        served.issue()
        served.key.write_text("no key at all")  # half of a pair: the one in use stays whole
        secured.process.send_signal(signal.SIGHUP)
        await eventually(lambda: "the certificate stays as it was" in secured.log.read_text())
        assert serial(secured, served) == changed

        # Read while they come: one who does not read falls behind, which is not what is asked here.
        reading = asyncio.ensure_future(messages(socket_, 50))  # noqa: TID251 - awaited below
        for step in range(50):  # large ones: many TLS records each
            event = {"type": "log", "level": "info", "message": f"{step} " + "x" * 40_000}
            status, _ = await asyncio.to_thread(secured.call, "POST", f"/rooms/{room}/events", event)
            assert status == 200
        seen = await reading
        assert seen == [str(step) for step in range(50)]


async def messages(socket_: aiohttp.ClientWebSocketResponse, count: int) -> list[str]:
    """The first word of each logged message, until there are ``count``."""
    seen: list[str] = []
    while len(seen) < count:
        events = (await told(socket_, "tick", "conflated"))["events"]  # a log line is in either
        seen += [event["message"].split()[0] for event in events]
    return seen


async def told(socket_: aiohttp.ClientWebSocketResponse, *kinds: str) -> Any:
    while True:
        message = await socket_.receive(timeout=60)
        assert message.type is aiohttp.WSMsgType.TEXT, (message.type, socket_.close_code)
        if (said := json.loads(message.data))["type"] in kinds:
            return said


class TestFiles:
    """What is wrong with them is said before anything listens."""

    def told(self, cert: Path, key: Path | None) -> str:
        with pytest.raises(SettingsError) as error:
            Certificate(cert, key)
        return str(error.value)

    def test_a_pair_that_belongs_together(self, pki: Pki) -> None:
        context = Certificate(pki.cert, pki.key).context
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2

    def test_both_in_one_file(self, pki: Pki) -> None:
        pki.cert.write_bytes(pki.key.read_bytes() + pki.cert.read_bytes())
        assert Certificate.of(Settings(data_dir=pki.folder, tls_cert=pki.cert)) is not None
        assert Certificate.of(Settings(data_dir=pki.folder)) is None

    def test_a_key_of_another(self, pki: Pki) -> None:
        cert = pki.cert.read_bytes()
        pki.issue()
        pki.cert.write_bytes(cert)
        assert f"the key in {pki.key} is not that of the certificate" in self.told(pki.cert, pki.key)

    @pytest.mark.parametrize("name", ["nowhere.pem", "."])
    def test_a_file_that_cannot_be_read(self, pki: Pki, name: str) -> None:
        assert f"{pki.folder / name} cannot be read" in self.told(pki.cert, pki.folder / name)
        assert f"{pki.folder / name} cannot be read" in self.told(pki.folder / name, pki.key)

    def test_a_file_that_holds_something_else(self, pki: Pki) -> None:
        pki.cert.write_text("")
        assert "no certificate and its key, as PEM, in" in self.told(pki.cert, pki.key)

    def test_a_certificate_without_a_key(self, pki: Pki) -> None:
        assert "no certificate and its key, as PEM, in" in self.told(pki.cert, None)

    def test_a_key_under_a_passphrase_is_not_asked_for_on_the_terminal(self, pki: Pki) -> None:
        loaded = serialization.load_pem_private_key(pki.key.read_bytes(), None)
        pki.key.write_bytes(
            loaded.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.BestAvailableEncryption(b"swordfish"),
            )
        )
        assert "locked by a passphrase" in self.told(pki.cert, pki.key)

    def test_a_key_that_everybody_reads_is_said(self, pki: Pki, caplog: pytest.LogCaptureFixture) -> None:
        pki.key.chmod(0o644)
        Certificate(pki.cert, pki.key)
        assert f"run: chmod 600 {pki.key}" in caplog.text

    def test_the_server_does_not_start_with_them(self, pki: Pki, tmp_path: Path) -> None:
        done = spectator_command(tmp_path / "data", "serve", "--port", "0", "--tls-cert", str(pki.key))
        assert done.returncode == 4
        assert "no certificate and its key" in done.stderr
        assert not (tmp_path / "data" / "server.json").exists()
