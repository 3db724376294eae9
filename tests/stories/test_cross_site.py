"""Other people's pages in the visitor's own Chromium: they open nothing, read nothing, change nothing.

The attacks are those a page has: sockets, fetches of every mode, forms, beacons, pictures, scripts, frames.
They are made from wherever a page can stand, and from our own page too, where the same lines succeed: what
fails elsewhere fails because the server, and what it tells the browser, says so.
"""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Frame, Page

from tests.harness.browsers import launch_options
from tests.harness.servers import ServerProcess
from tests.harness.waiting import eventually

NAMES = "MAP evil.example 127.0.0.1, MAP rebound.example 127.0.0.1"
UNHELPED = "LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests,PrivateNetworkAccessSendPreflights"
"""What newer browsers do about pages that reach for a machine's own addresses; not all do: it is off here."""

ATTACK = """
async ({base, code}) => {
  const api = `${base}/api/v1/rooms/${code}`;
  const said = {};
  const attempt = async (name, act) => {
    try { said[name] = await act(); } catch (error) { said[name] = "failed"; }
  };
  const socket = (protocols) => new Promise((done) => {
    const opened = new WebSocket(base.replace("http", "ws") + `/ws/rooms/${code}`, protocols);
    opened.onopen = () => { done("opened"); opened.close(); };
    opened.onerror = () => done("failed");
  });
  const loaded = (tag, attribute, path) => new Promise((done) => {
    const made = document.createElement(tag);
    made.onload = () => done("loaded");
    made.onerror = () => done("failed");
    made[attribute] = base + path;
    if (tag === "link") made.rel = "stylesheet";
    document.body.append(made);
  });
  const send = (mode, method, headers, body) =>
    fetch(`${api}/join`, {method, mode, headers, body}).then((answer) => `${answer.type} ${answer.status}`);
  const mallory = JSON.stringify({display_name: "Mallory"});

  await attempt("flat socket", () => socket([]));
  await attempt("v1 socket", () => socket(["spectator.v1"]));
  await attempt("read", async () => (await fetch(api)).json().then((room) => room.code));
  await attempt("read the lobby", async () =>
    (await (await fetch(`${base}/api/v1/lobby`)).text()).slice(0, 9));
  await attempt("read with a credential", async () =>
    (await fetch(`${base}/api/v1/rooms`, {headers: {Authorization: "Bearer sk_local_x"}})).status);
  await attempt("join", () => send("cors", "POST", {"Content-Type": "application/json"}, mallory));
  await attempt("join unread", () => send("no-cors", "POST", {"Content-Type": "text/plain"}, mallory));
  await attempt("change", () =>
    fetch(api, {method: "PATCH", headers: {"Content-Type": "application/json"}, body: "{}"})
      .then((answer) => answer.status));
  await attempt("beacon", async () => {
    navigator.sendBeacon(`${api}/join`, new Blob([mallory], {type: "text/plain"}));
    return "sent";
  });
  await attempt("events", () => new Promise((done) => {
    const source = new EventSource(`${api}/stream`);
    source.onopen = () => done("opened");
    source.onerror = () => { source.close(); done("failed"); };
  }));
  await attempt("script", () => loaded("script", "src", "/static/js/main.js?x"));
  await attempt("picture", () => loaded("img", "src", "/favicon.ico"));
  await attempt("style", () => loaded("link", "href", "/docs.css"));
  return said;
}
"""

FORM = """
({base, code}) => {
  const frame = document.createElement("iframe");
  frame.name = "hidden";
  const form = document.createElement("form");
  form.action = `${base}/api/v1/rooms/${code}/join`;
  form.method = "POST";
  form.enctype = "text/plain";
  form.target = "hidden";
  const field = document.createElement("input");
  field.name = '{"display_name": "Mallory", "x": "';
  field.value = '"}';
  form.append(field);
  document.body.append(frame, form);
  form.submit();
}
"""

FRAMED = """
({base, code}) => new Promise((done) => {
  const frame = document.createElement("iframe");
  frame.onload = () => {
    try { done(frame.contentDocument === null ? "nothing" : frame.contentDocument.title); }
    catch { done("nothing"); }
  };
  frame.src = `${base}/r/${code}`;
  document.body.append(frame);
})
"""

NOTHING = {
    "flat socket": "failed",
    "v1 socket": "failed",
    "read": "failed",
    "read the lobby": "failed",
    "read with a credential": "failed",
    "join": "failed",
    "change": "failed",
    "events": "failed",
    "script": "failed",
    "picture": "failed",
    "style": "failed",
}


class Elsewhere(ThreadingHTTPServer):
    """A web server of somebody else: every address is an empty page; ``/framed`` holds a sandboxed one."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Pages)
        self.port = self.server_address[1]


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        inner = "&lt;!doctype html&gt;&lt;body&gt;"
        frame = f'<iframe sandbox="allow-scripts allow-forms" srcdoc="{inner}"></iframe>'
        body = (
            f"<!doctype html><title>elsewhere</title><body>{frame if 'framed' in self.path else ''}".encode()
        )
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
        """Say nothing."""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    with Elsewhere() as opened:
        thread = threading.Thread(target=opened.serve_forever, daemon=True)
        thread.start()
        yield opened
        opened.shutdown()
        thread.join()


@pytest_asyncio.fixture(loop_scope="session")
async def victim(browser: Browser) -> AsyncIterator[Page]:
    """A page of a Chromium to which the attacker's names lead to this machine."""
    options: Any = launch_options()
    options["args"] += [f"--host-resolver-rules={NAMES}", f"--disable-features={UNHELPED}"]
    opened = await browser.browser_type.launch(**options)
    yield await opened.new_page()
    await opened.close()


@pytest.fixture
def code(server: ServerProcess) -> str:
    """A room that anybody with the code may enter: all that stands between is whose page asks."""
    status, made = server.call("POST", "/rooms", {"listed": True, "max_spectators": 50})
    assert status == 201
    return str(made["room"]["code"])


def refusals(server: ServerProcess, code: str) -> int:
    """How many calls about this room the server refused as another page's, or another name's."""
    lines = server.log.read_text().splitlines()
    return sum(code in line and (" 403 " in line or " 421 " in line) for line in lines)


async def came_in(server: ServerProcess, code: str) -> list[str]:
    _, told = await asyncio.to_thread(server.call, "GET", f"/rooms/{code}/spectators")
    return [one["name"] for one in told["spectators"]]


async def attack(place: Page | Frame, server: ServerProcess, code: str, base: str) -> None:
    """Try everything from there, and see that nothing came of it."""
    target = {"base": base, "code": code}
    before = refusals(server, code)
    said = await place.evaluate(ATTACK, target)
    assert {name: said[name] for name in NOTHING} == NOTHING, json.dumps(said)
    assert said["join unread"] in {"failed", "opaque 0"}
    await place.evaluate(FORM, target)
    # The handshakes, the calls without preflight and the form did reach the server, and were refused there.
    await eventually(lambda: refusals(server, code) >= before + 4, what="the refusals")
    assert await place.evaluate(FRAMED, target) == "nothing"
    assert await came_in(server, code) == []


async def test_a_page_of_another_site(
    victim: Page, server: ServerProcess, elsewhere: Elsewhere, code: str
) -> None:
    await victim.goto(f"http://evil.example:{elsewhere.port}/")
    await attack(victim, server, code, server.url)


async def test_a_page_on_another_port_of_the_same_host(
    victim: Page, server: ServerProcess, elsewhere: Elsewhere, code: str
) -> None:
    await victim.goto(f"http://127.0.0.1:{elsewhere.port}/")
    await attack(victim, server, code, server.url)


async def test_a_sandboxed_frame(
    victim: Page, server: ServerProcess, elsewhere: Elsewhere, code: str
) -> None:
    await victim.goto(f"http://127.0.0.1:{elsewhere.port}/framed")
    (frame,) = victim.main_frame.child_frames
    assert await frame.evaluate("self.origin") == "null"
    await attack(frame, server, code, server.url)


async def test_a_data_url(victim: Page, server: ServerProcess, code: str) -> None:
    await victim.goto("data:text/html,<!doctype html><body>")
    assert await victim.evaluate("self.origin") == "null"
    await attack(victim, server, code, server.url)


async def test_a_name_that_was_rebound_to_this_machine(
    victim: Page, server: ServerProcess, code: str
) -> None:
    """The page came from the name's old address; now the name leads here: the same origin, says a browser."""
    base = f"http://rebound.example:{server.url.rsplit(':', 1)[1]}"
    await victim.route(
        f"{base}/attack",
        lambda route: route.fulfill(content_type="text/html", body="<!doctype html><body>"),
    )
    await victim.goto(f"{base}/attack")
    said = await victim.evaluate(ATTACK, {"base": base, "code": code})
    assert {said["flat socket"], said["v1 socket"], said["events"]} == {"failed"}
    assert {said["script"], said["picture"], said["style"]} == {"failed"}
    # Its own origin may read what comes, and that is the refusal: of any room it learns the same.
    assert said["join"] == said["join unread"] == "basic 421", json.dumps(said)
    assert said["change"] == said["read with a credential"] == 421
    assert said["read"] is None or said["read"] == "host_not_allowed"
    assert said["read the lobby"].startswith('{"title"')
    assert await came_in(server, code) == []


async def test_our_own_page_may_what_the_others_tried(victim: Page, server: ServerProcess, code: str) -> None:
    """The same lines from the right origin: the attacks are real ones."""
    await victim.goto(f"{server.url}/docs")
    said = await victim.evaluate(ATTACK, {"base": server.url, "code": code})
    assert said["flat socket"] == said["v1 socket"] == "opened"
    assert said["read"] == code
    assert said["join"] == "basic 200"
    assert said["change"] == said["read with a credential"] == 401
    assert {said["script"], said["picture"], said["style"]} == {"loaded"}
    assert "Mallory" in await came_in(server, code)


async def test_a_link_from_elsewhere_still_leads_to_the_room(
    victim: Page, server: ServerProcess, elsewhere: Elsewhere, code: str
) -> None:
    await victim.goto(f"http://evil.example:{elsewhere.port}/")
    await victim.evaluate("(url) => { location.href = url; }", f"{server.url}/r/{code}")
    await victim.wait_for_url(f"{server.url}/r/{code}")
    await victim.get_by_role("button", name="Watch").or_(victim.get_by_role("textbox")).first.wait_for()
