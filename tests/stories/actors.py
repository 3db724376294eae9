"""Who acts in the stories: a training script, and people with a browser."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from tests.harness.servers import ROOT, ServerProcess, environment
from tests.harness.waiting import eventually

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
PATIENCE_MS = 60_000
"""For a slow machine with a dozen browsers on it: a story asks whether, never how soon."""

# Like a proxy that ends every attempt: the connection is closed before it was open.
NO_WEBSOCKETS = """
window.WebSocket = class {
  constructor() {
    setTimeout(() => this.onclose?.({ code: 1006, reason: "", wasClean: false }), 0);
  }
  send() {}
  close() {}
};
"""


class Script:
    """``tests/stories/trainer.py`` in a process of its own, on the data folder of ``server``."""

    def __init__(self, server: ServerProcess, name: str, options: dict[str, Any]) -> None:
        command = [sys.executable, "-P", str(Path(__file__).parent / "trainer.py"), name, json.dumps(options)]
        more = {
            "SPECTATOR_AUTOSTART": "off",
            "SPECTATOR_URL": server.url,
            "SPECTATOR_API_KEY": server.api_key,
        }
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(server.data_dir, **more),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.facts: dict[str, Any] = self._answer()
        self.id: str = self.facts["id"]
        self.code: str = self.facts["code"]

    def ask(self, command: str) -> Any:
        """Give one command and return what the script answers."""
        self._write(command)
        return self._answer()

    def finish(self) -> str:
        """Let the script end as it would by itself; return what it said on stderr."""
        self._write("finish")
        _, said = self.process.communicate(timeout=20)
        assert self.process.returncode == 0, said
        return said

    def kill(self) -> None:
        """SIGKILL: the run ends without a word."""
        self.process.kill()
        self.process.communicate(timeout=10)

    def end(self) -> None:
        if self.process.poll() is None:
            self.finish()

    def _write(self, command: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def _answer(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            _, said = self.process.communicate(timeout=10)
            raise AssertionError(f"the training script ended:\n{said}")
        return json.loads(line)


class Room:
    """A room made over HTTP in which nothing is trained: for stories about people.

    Args:
        server: where.
        name: of the room, unique among the stories on one server.
        api_key: whose; the server's own if left out.
        fields: of ``POST /rooms``.
    """

    def __init__(self, server: ServerProcess, name: str, *, api_key: str = "api_key", **fields: Any) -> None:
        status, made = server.call("POST", "/rooms", {"name": name, **fields}, token=api_key)
        assert status == 201, made
        self.server = server
        self.id: str = made["room"]["id"]
        self.code: str = made["room"]["code"]
        self.url: str = made["join_url"]
        self.key: str = made["owner_token"]

    def call(self, method: str, path: str = "", body: Any = None) -> dict[str, Any]:
        """What one call below the room answers to its owner."""
        status, answer = self.server.call(method, f"/rooms/{self.id}{path}", body, token=self.key)
        assert status < 300, answer
        return answer

    def owner_url(self) -> str:
        """A link that makes whoever opens it owner, once."""
        return str(self.call("POST", "/claims")["owner_url"])

    def identity(self, user: str) -> str:
        """The token of a user of the room's tenant."""
        status, made = self.server.call("POST", "/identities", {"user_id": user})
        assert status < 300, made
        return str(made["token"])


class Person:
    """Somebody in front of a browser window of their own."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context = context
        self.page = page
        self.thrown: list[str] = []
        page.on("pageerror", lambda error: self.thrown.append(str(error)))

    async def type_code(self, url: str, code: str) -> None:
        """Open the first page and type the code, the way one reads it aloud."""
        await self.page.goto(url)
        await self.page.get_by_label("Room code").fill(f"{code[:3].lower()} {code[3:].lower()}")
        await self.page.get_by_role("button", name="Continue").click()

    async def enter(self, name: str, password: str | None = None) -> None:
        """Fill in the card before the room and press its button."""
        field = self.page.get_by_label("Your name")
        await expect(field).to_be_visible(timeout=PATIENCE_MS)
        await field.fill(name)
        if password is not None:
            await self.page.get_by_label("Password", exact=True).fill(password)
        await self.page.locator("button[type=submit]").click()

    async def join(self, url: str, code: str, name: str, password: str | None = None) -> None:
        """Come from the first page into the room, and see it live."""
        await self.type_code(url, code)
        await self.enter(name, password)
        await self.sees_badge("Live")

    async def comes_in(self, link: str, name: str, password: str | None = None, badge: str = "Open") -> None:
        """Open a link, fill in the card, and be in the room."""
        await self.page.goto(link)
        await self.enter(name, password)
        await self.sees_badge(badge)

    async def owns(self, room: Room) -> None:
        """Open the room's owner link, and have the panel."""
        await self.page.goto(room.owner_url())
        await self.sees("Only you see this")

    async def presses(self, button: str | re.Pattern[str]) -> None:
        """Press a button that is found by what it says."""
        exact = isinstance(button, str)
        await self.page.get_by_role("button", name=button, exact=exact).click(timeout=PATIENCE_MS)

    async def does(self, action: str, name: str) -> None:
        """Do something about a person in the panel, through the question where one is asked."""
        await self.page.get_by_role("button", name=f"Options for {name}", exact=True).click(
            timeout=PATIENCE_MS
        )
        await self.presses(action)
        if action in {"Remove", "Block"}:
            await self.presses(f"{action} {name}")

    async def changes(self, setting: str, value: str, *, saved: bool = True) -> None:
        """Change a text among the settings; ``saved``: and see that it was taken."""
        await self.presses(f"Change {setting.lower()}")
        field = self.page.locator(".setting-form").get_by_label(setting, exact=True)
        await field.fill(value)
        await self.presses("Save")
        if saved:
            await expect(field).to_have_count(0, timeout=PATIENCE_MS)

    async def chooses(self, group: str, option: str) -> None:
        """Choose one of several among the settings."""
        group_of = self.page.get_by_role("radiogroup", name=group)
        await group_of.get_by_role("radio", name=option, exact=True).check(timeout=PATIENCE_MS)

    async def starts_over(self, doing: str) -> None:
        """Open the question before a new code, password, key or owner."""
        if not await self.page.get_by_role("button", name=doing).count():
            await self.presses("Start over or give away")
        await self.page.get_by_role("button", name=doing).click()

    async def shown_once(self) -> str:
        """What the page shows only now: a password or a link."""
        box = self.page.locator(".once-text")
        await expect(box).to_be_visible(timeout=PATIENCE_MS)
        return await box.inner_text()

    def people(self) -> Locator:
        """The panel's list of who is here."""
        return self.page.locator("table.people")

    def figure(self, title: str) -> Locator:
        """The value of a key figure."""
        card = self.page.locator("section.figure").filter(has=self.page.get_by_text(title, exact=True))
        return card.locator("b")

    def chart(self, title: str) -> Locator:
        return self.page.locator("figure.chart").filter(
            has=self.page.get_by_role("heading", name=title, exact=True)
        )

    async def sees(self, words: str) -> None:
        await expect(self.page.get_by_text(words).first).to_be_visible(timeout=PATIENCE_MS)

    async def sees_badge(self, words: str, patience_ms: float = PATIENCE_MS) -> None:
        """The badge at the head of the room says ``words``."""
        await expect(self.page.locator(".status-line .badge")).to_have_text(words, timeout=patience_ms)

    async def sees_figure_move(self, title: str, deadline: float = 60.0) -> None:
        """A key figure takes two further values: what is seen is live, not a picture."""
        seen: set[str] = set()

        async def moved() -> bool:
            seen.add(await self.figure(title).inner_text())
            return len(seen) > 2

        await eventually(moved, deadline, f"a moving {title}")

    async def sees_chart_drawn(self, title: str) -> None:
        """The chart's canvas holds a picture that changes."""
        canvas = self.chart(title).locator("canvas")
        await expect(canvas).to_be_visible(timeout=PATIENCE_MS)
        pictures: set[str] = set()

        async def changed() -> bool:
            pictures.add(await canvas.evaluate("canvas => canvas.toDataURL()"))
            return len(pictures) > 1

        await eventually(changed, 60, f"a changing chart {title}")


class Cinema:
    """Gives people browser windows."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._people: list[Person] = []

    async def person(self, *, phone: bool = False, dark: bool = False, script: str = "") -> Person:
        """A new person with nothing stored; ``script`` runs before any script of a page."""
        context = await self._browser.new_context(
            viewport=PHONE if phone else DESKTOP,  # type: ignore[arg-type] # a TypedDict of the same keys
            has_touch=phone,
            is_mobile=phone,
            color_scheme="dark" if dark else "light",
        )
        if script:
            await context.add_init_script(script)
        person = Person(context, await context.new_page())
        self._people.append(person)
        return person

    async def tab(self, person: Person) -> Person:
        """Another tab in somebody's browser."""
        opened = Person(person.context, await person.context.new_page())
        self._people.append(opened)
        return opened

    async def close(self) -> None:
        thrown = [error for person in self._people for error in person.thrown]
        for person in self._people:
            await person.context.close()
        assert not thrown, thrown
