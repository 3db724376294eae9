"""``examples/deploy``: what it names is there, what it starts exists, its numbers agree.

There is no Docker engine where the tests run, so images are not built; everything else is used as it stands.
"""

import configparser
import json
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import trustme
import yaml

from spectator.cli.arguments import parser
from spectator.settings import FROM_ENVIRONMENT
from tests.harness.proxies import proxy
from tests.harness.servers import ROOT

DEPLOY = ROOT / "examples" / "deploy"
SETTINGS = {"SPECTATOR_DATA_DIR", *(f"SPECTATOR_{field.upper()}" for field in FROM_ENVIRONMENT)}
LONGEST_END_S = 10


def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, continued lines joined."""
    text = re.sub(r"\\\n\s*", "", (DEPLOY / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines]


def instruction(name: str) -> str:
    """The last of this name: what counts in the image."""
    return [rest for one, rest in instructions() if one == name][-1]


def unit() -> dict[str, list[str]]:
    """The unit's settings; one that stands several times has several values."""
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / "spectator.service").read_text().splitlines():
        if line and line[0] not in "#[":
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


# ---------------------------------------------------------------- Dockerfile


def test_the_image_starts_a_command_that_there_is() -> None:
    entry, words = json.loads(instruction("ENTRYPOINT")), json.loads(instruction("CMD"))
    assert entry == ["python", "-P", "-m", "spectator"]
    asked = parser().parse_args(words)
    assert (asked.command, asked.host, asked.port) == ("serve", "0.0.0.0", int(instruction("EXPOSE")))
    assert f"127.0.0.1:{asked.port}/readyz" in instruction("HEALTHCHECK")


def test_the_image_runs_as_nobody_special_and_keeps_its_data_apart() -> None:
    names = [name for name, _ in instructions()]
    assert instruction("USER") == "spectator"
    assert "USER" in names[names.index("RUN") :]
    assert instruction("VOLUME") == "/data"
    assert "SPECTATOR_DATA_DIR=/data" in instruction("ENV")
    assert "mode 0700 /data" in next(rest for _, rest in instructions() if "install --directory" in rest)
    assert len([name for name in names if name == "FROM"]) == 2  # what builds is not what runs


def test_the_image_is_built_of_files_that_there_are() -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    taken = [line[1:] for line in ignored if line.startswith("!")]
    assert [name for name in taken if not (ROOT / name).exists()] == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = {"pyproject.toml", "hatch_build.py", "static", project["project"]["readme"]}
    needed |= {*project["project"]["license-files"]}
    needed |= {*project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]}
    assert needed <= set(taken)
    for name in re.findall(r"EXTRA=(\w+)", (DEPLOY / "Dockerfile").read_text()):
        assert name in project["project"]["optional-dependencies"]
    assert project["project"]["name"] in (DEPLOY / "Dockerfile").read_text()


def test_the_check_of_health_is_a_program() -> None:
    command = json.loads(instruction("HEALTHCHECK").partition("CMD ")[2])
    compile(command[-1], "HEALTHCHECK", "exec")
    assert command[:3] == ["python", "-P", "-c"]


# ---------------------------------------------------------------- compose


def test_the_servers_are_told_settings_that_there_are() -> None:
    services = compose()["services"]
    for name in ("server-a", "server-b"):
        assert set(services[name]["environment"]) <= SETTINGS
        assert services[name]["read_only"]
        assert services[name]["cap_drop"] == ["ALL"]
        assert int(services[name]["stop_grace_period"].removesuffix("s")) > LONGEST_END_S
        assert services[name]["volumes"] == [f"data-{name[-1]}:/data"]  # a key and a server.json of its own
        assert (DEPLOY / services[name]["build"]["context"]).resolve() == ROOT
        assert (ROOT / services[name]["build"]["dockerfile"]).is_file()


def test_what_has_to_be_filled_in_is_told() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    wanted = set(re.findall(r"\$\{(\w+):\?", text))
    told = re.findall(r"^(\w+)=", (DEPLOY / "environment.example").read_text(), re.MULTILINE)
    assert wanted == set(told)
    assert {name for name in told if name.startswith("SPECTATOR_")} <= SETTINGS


def test_the_store_keeps_what_it_is_given() -> None:
    store = compose()["services"]["store"]
    words = shlex.split(store["command"])
    told = dict(zip(words[1::2], words[2::2], strict=True))
    assert (told["--appendonly"], told["--maxmemory-policy"]) == ("yes", "noeviction")
    assert store["configs"] == [{"source": "users", "target": told["--aclfile"]}]


def test_ports_and_networks_agree() -> None:
    told = compose()
    services, text = told["services"], (DEPLOY / "haproxy.cfg").read_text()
    port = instruction("EXPOSE")
    for name in ("server-a", "server-b"):
        assert f"{name}:{port}" in text
        # Not the network: a gateway in it stands for strangers, who would say for themselves who they are.
        only = services["proxy"]["networks"]["inside"]["ipv4_address"]
        assert services[name]["environment"]["SPECTATOR_TRUSTED_PROXIES"] == only
        assert "@store:6379/" in services[name]["environment"]["SPECTATOR_REDIS_URL"]
    (published,) = services["proxy"]["ports"]
    assert f"bind :{published.rpartition(':')[2]}\n" in text
    source, target, mode = services["proxy"]["volumes"][0].split(":")
    assert (DEPLOY / source).is_file()
    assert (target, mode) == ("/usr/local/etc/haproxy/haproxy.cfg", "ro")


# ---------------------------------------------------------------- proxies


def test_haproxy_takes_its_file() -> None:
    done = subprocess.run(
        [proxy("haproxy"), "-c", "-f", DEPLOY / "haproxy.cfg"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


class Told(BaseHTTPRequestHandler):
    """Answers with what it was told of who asks."""

    def do_GET(self) -> None:
        body = json.dumps([self.path, self.headers.get_all("X-Forwarded-For")]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_told: Any) -> None:
        """Nothing: the test says what was asked."""


@pytest.fixture
def before_haproxy(tmp_path: Path) -> Iterator[int]:
    """The port of haproxy with the file as it stands, but for its addresses."""
    behind = ThreadingHTTPServer(("127.0.0.1", 0), Told)
    Thread(target=behind.serve_forever, daemon=True).start()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        text = (DEPLOY / "haproxy.cfg").read_text()
        text = text.replace("resolvers docker init-addr last,libc,none", "").replace(
            "bind :8080", f"bind fd@{taken.fileno()}"
        )
        text = re.sub(r"server-[ab]:8000", f"127.0.0.1:{behind.server_port}", text)
        (tmp_path / "haproxy.cfg").write_text(text)
        running = subprocess.Popen(
            [proxy("haproxy"), "-db", "-f", tmp_path / "haproxy.cfg"],
            pass_fds=[taken.fileno()],
            stdout=subprocess.DEVNULL,
        )
        try:
            yield taken.getsockname()[1]
        finally:
            running.kill()
            running.wait()
            behind.shutdown()
            behind.server_close()


def asked(port: int, path: str) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers={"X-Forwarded-For": "203.0.113.77"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_haproxy_hides_the_numbers_and_says_itself_who_asks(before_haproxy: int) -> None:
    assert json.loads(asked(before_haproxy, "/r/ABC")[1]) == ["/r/ABC", ["127.0.0.1"]]
    for path in ("/metrics", "/metrics?all", "/%6detrics", "/metric%73"):
        assert asked(before_haproxy, path)[0] == 404, path


def test_nginx_takes_its_file(tmp_path: Path) -> None:
    site = (DEPLOY / "nginx.conf").read_text()
    name = re.search(r"server_name (\S+);", site)[1]
    made = trustme.CA().issue_cert(name)
    made.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "pair.pem"))
    site = re.sub(r"/etc/ssl/spectator/\w+\.pem", str(tmp_path / "pair.pem"), site)
    (tmp_path / "site.conf").write_text(site)
    paths = "".join(
        f"{kind}_temp_path {tmp_path};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{paths}"
    (tmp_path / "nginx.conf").write_text(f"{main}include {tmp_path}/site.conf;\n}}\n")
    done = subprocess.run(
        [proxy("nginx"), "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "path", ["cluster/haproxy.cfg", "deploy/haproxy.cfg", "cluster/nginx.conf", "deploy/nginx.conf"]
)
def test_proxies_let_sockets_and_streams_pass(path: str) -> None:
    text = (DEPLOY.parent / path).read_text()
    if path.endswith("haproxy.cfg"):
        assert "timeout tunnel 1h" in text
        assert "uri /readyz" in text
        assert "option forwardfor" in text
    else:
        for line in (
            "proxy_buffering off;",
            "proxy_http_version 1.1;",
            "proxy_set_header Upgrade $http_upgrade;",
        ):
            assert line in text
        assert "X-Forwarded-For $proxy_add_x_forwarded_for;" in text
        assert "non_idempotent" not in text  # a POST that was sent is the publisher's to repeat


# ---------------------------------------------------------------- systemd


def test_the_unit_starts_and_stops_what_there_is() -> None:
    told = unit()
    words = shlex.split(told["ExecStart"][0])
    assert words[1:4] == ["-P", "-m", "spectator"]
    asked = parser().parse_args(words[4:])
    assert (asked.command, asked.workers) == ("serve", 4)
    assert told["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert told["KillMode"] == ["mixed"]  # the parent alone is told: twice would mean at once
    assert int(told["TimeoutStopSec"][0]) > LONGEST_END_S
    names = {value.partition("=")[0] for value in told["Environment"]}
    assert names <= SETTINGS | {"XDG_RUNTIME_DIR"}
    assert f"SPECTATOR_DATA_DIR=/var/lib/{told['StateDirectory'][0]}" in told["Environment"]
    assert f"XDG_RUNTIME_DIR=/run/{told['RuntimeDirectory'][0]}" in told["Environment"]
    for hardened in ("NoNewPrivileges", "PrivateTmp", "ProtectHome", "RestrictNamespaces"):
        assert told[hardened] == ["yes"]


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    text = (DEPLOY / "spectator.service").read_text()
    configparser.RawConfigParser(strict=False).read_string(text)
    program = shutil.which("systemd-analyze")
    if program is None:
        return  # read as a file of sections is all that can be done here
    text = re.sub(r"^(User|Group)=.*$", r"\1=root", text, flags=re.MULTILINE)
    (tmp_path / "spectator.service").write_text(text.replace("/opt/spectator/bin/python", sys.executable))
    done = subprocess.run(
        [program, "verify", tmp_path / "spectator.service"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "spectator.service" not in done.stderr, done.stderr  # no warning about it either
