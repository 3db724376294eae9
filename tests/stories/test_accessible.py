"""What a screen reader and a keyboard find: axe in every state, focus, the panel without a mouse."""

import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.harness.servers import ROOT, ServerProcess
from tests.stories.actors import PATIENCE_MS, Cinema, Person, Room

AXE = ROOT / "static" / "node_modules" / "axe-core" / "axe.min.js"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
LEAST_TARGET_PX = 44


async def is_clean(page: Page) -> None:
    """Axe finds nothing wrong with what the page shows now."""
    await page.evaluate(AXE.read_text())
    found: dict[str, Any] = await page.evaluate("rules => axe.run(document, rules)", RULES)
    assert [
        f"{one['id']}: {node['html']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ] == []


@pytest.mark.parametrize(("phone", "dark"), [(False, False), (True, True)], ids=["desktop", "phone-dark"])
async def test_the_owners_panel_is_clean_in_every_state(
    server: ServerProcess, cinema: Cinema, phone: bool, dark: bool
):
    room = Room(server, f"clean-panel-{phone}", password="pass word", require_approval=True)
    owner = await cinema.person(phone=phone, dark=dark)
    await owner.page.goto(room.owner_url())
    await owner.sees_badge("Open")
    if phone:
        await owner.page.locator("#handle").click()
    noor, _ = await two_knock(cinema, room)
    await owner.presses("Let Noor in")
    await noor.sees_badge("Open")
    await owner.page.get_by_role("button", name="Options for Noor").click(timeout=PATIENCE_MS)
    await is_clean(owner.page)
    await owner.presses("Block")
    await owner.presses("New invitation")
    await owner.presses("Start over or give away")
    await owner.presses("Extend")
    await owner.presses("Change code")
    await is_clean(owner.page)
    if phone:
        await targets_are_large(owner.page)
    await owner.presses("Make the link")
    await owner.shown_once()
    await is_clean(owner.page)
    await owner.starts_over("Give the room away")
    await is_clean(owner.page)


async def two_knock(cinema: Cinema, room: Room) -> tuple[Person, Person]:
    """Noor, who has a dark phone, and Sven wait to be let in."""
    noor, sven = await cinema.person(phone=True, dark=True), await cinema.person()
    for person, name in ((noor, "Noor"), (sven, "Sven")):
        await person.page.goto(room.url)
        await person.enter(name, "pass word")
        await person.sees("The owner has been told")
    return noor, sven


async def targets_are_large(page: Page) -> None:
    """Everything in the panel that a finger presses is large enough, or its row is."""
    sizes: list[list[Any]] = await page.evaluate(
        """() => [...document.querySelectorAll('.panel button, .panel input, .panel select')]
            .map(one => one.closest('label') ?? one)
            .map(one => [one.textContent.trim() || one.id, one.getBoundingClientRect().height])"""
    )
    assert sizes
    assert [size for size in sizes if size[1] < LEAST_TARGET_PX] == []


async def test_each_way_out_of_a_room_is_clean(server: ServerProcess, cinema: Cinema):
    room = Room(server, "clean-ends", password="pass word", require_approval=True)
    noor, sven = await two_knock(cinema, room)
    await is_clean(noor.page)
    requests = {one["name"]: one["id"] for one in room.call("GET", "/requests")["requests"]}
    room.call("POST", f"/requests/{requests['Sven']}/deny")
    await sven.sees("The owner did not let you in")
    await is_clean(sven.page)
    room.call("POST", f"/requests/{requests['Noor']}/approve")
    await noor.sees_badge("Open")
    await noor.page.locator(".watchers").click()
    await is_clean(noor.page)
    await noor.page.keyboard.press("Escape")
    room.call("POST", "/rotate", {"what": "password"})
    await noor.sees("Your place in the room has ended")
    await is_clean(noor.page)
    await sven.page.goto(f"{room.url}#invite=in_none")
    await sven.sees("You are invited")
    await is_clean(sven.page)


async def test_the_panel_works_without_a_mouse(server: ServerProcess, cinema: Cinema):
    room = Room(server, "by-keyboard")
    owner, noor = await cinema.person(), await cinema.person()
    await owner.owns(room)
    await noor.comes_in(room.url, "Noor")
    page = owner.page
    options = page.get_by_role("button", name="Options for Noor")
    await options.focus()
    remove = page.get_by_role("button", name="Remove", exact=True)
    await page.keyboard.press("Enter")
    await expect(remove).to_be_focused(timeout=PATIENCE_MS)
    await page.keyboard.press("Escape")
    await expect(options).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(remove).to_be_focused(timeout=PATIENCE_MS)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Cancel")).to_be_focused(timeout=PATIENCE_MS)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await noor.sees("The owner ended your visit")
    await expect(page.get_by_role("heading", name="People")).to_be_focused(timeout=PATIENCE_MS)
    close = page.get_by_role("button", name="Close room")
    await close.focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    await expect(dialog.locator(":focus")).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(close).to_be_focused()


async def test_changes_of_state_are_spoken(server: ServerProcess, cinema: Cinema):
    room = Room(server, "spoken", require_approval=True)
    owner, noor = await cinema.person(), await cinema.person()
    await owner.owns(room)
    await noor.page.goto(room.url)
    await noor.enter("Noor")
    spoken = owner.page.get_by_role("status")
    await expect(spoken.filter(has_text="One person waits to be let in")).to_have_count(
        1, timeout=PATIENCE_MS
    )
    await owner.presses("Let Noor in")
    await noor.sees_badge("Open")
    await owner.does("Remove", "Noor")
    heard = noor.page.get_by_role("status").filter(has_text=re.compile("^The owner ended your visit"))
    await expect(heard).to_have_count(1, timeout=PATIENCE_MS)
