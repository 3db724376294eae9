"""The owner's key: changed, given away; and what an owner changes while people watch."""

import re

from playwright.async_api import expect

from tests.harness.servers import ServerProcess
from tests.stories.actors import PATIENCE_MS, Cinema, Room


async def test_a_new_key_ends_the_old_one_everywhere_but_in_this_browser(
    server: ServerProcess, cinema: Cinema
):
    room = Room(server, "rekeyed")
    owner, other = await cinema.person(), await cinema.person()
    await owner.owns(room)
    await other.owns(room)
    tab = await cinema.tab(owner)
    await tab.owns(room)
    await owner.starts_over("New owner key")
    await owner.page.get_by_role("dialog").get_by_role("button", name="New owner key").click()
    await owner.sees("This page has the new key")
    await other.sees("Your owner key does not work any more")
    await owner.changes("Name", "renamed by the new key")
    await tab.changes("Name", "renamed in the other tab")
    await expect(owner.page.locator("h1")).to_have_text("renamed in the other tab", timeout=PATIENCE_MS)
    await owner.page.reload()
    await owner.sees("Only you see this")
    await other.presses("Join as a spectator")
    await other.enter("Mira")
    await other.sees_badge("Open")


async def test_a_room_that_is_given_away_has_a_new_owner(server: ServerProcess, cinema: Cinema):
    room = Room(server, "given-away")
    owner, ada = await cinema.person(), await cinema.person()
    await owner.owns(room)
    await owner.starts_over("Give the room away")
    await owner.page.get_by_label("User id of the new owner").fill("ada")
    await owner.presses("Give it away")
    await owner.sees("The room has a new owner")
    await owner.page.reload()
    await expect(owner.page.get_by_label("Your name")).to_be_visible(timeout=PATIENCE_MS)
    await ada.page.goto(f"{room.url}#identity={room.identity('ada')}")
    await ada.page.locator("button[type=submit]").click()
    await ada.sees("Only you see this")
    await ada.changes("Name", "adas room")
    await owner.page.reload()
    await owner.sees("adas room")


async def test_changes_are_seen_by_those_who_watch_without_a_reload(server: ServerProcess, cinema: Cinema):
    room = Room(server, "changing", max_spectators=5)
    owner, noor, sven = await cinema.person(), await cinema.person(), await cinema.person()
    await owner.owns(room)
    await noor.comes_in(room.url, "Noor")
    await owner.changes("Name", "changed")
    await expect(noor.page.locator("h1")).to_have_text("changed", timeout=PATIENCE_MS)
    await owner.changes("Code", "QQQQ77")
    await expect(noor.page).to_have_url(re.compile("/r/QQQQ77$"), timeout=PATIENCE_MS)
    await owner.presses("Fewer seats")
    await noor.page.locator(".watchers").click()
    await noor.sees("4 seats")
    await owner.chooses("Who gets in", "Password")
    password = await owner.shown_once()
    await owner.presses("Done")
    await sven.type_code(server.url, "QQQQ77")
    await sven.enter("Sven", password)
    await sven.sees_badge("Open")
    await owner.chooses("Who gets in", "Public")
    await owner.chooses("Who gets in", "Password")
    await owner.shown_once()
    await owner.chooses("Who gets in", "Private")
    await expect(owner.page.locator(".once-text")).to_have_count(0, timeout=PATIENCE_MS)
    await sven.sees_badge("Open")
    stranger = await cinema.person()
    await stranger.type_code(server.url, "QQQQ77")
    await stranger.sees("There is no such room")


async def test_a_change_that_fails_says_why_beside_the_field_and_loses_nothing(
    server: ServerProcess, cinema: Cinema
):
    taken = Room(server, "has-the-code")
    room = Room(server, "wants-the-code")
    owner = await cinema.person()
    await owner.owns(room)
    await owner.changes("Code", taken.code, saved=False)
    await owner.sees("That code is taken")
    await expect(owner.page.locator(".setting-form").get_by_label("Code")).to_have_value(taken.code)
    await owner.page.keyboard.press("Escape")
    seats = owner.page.get_by_label("Seats", exact=True)
    await seats.fill("many")
    await seats.press("Enter")
    await owner.sees("A room has 1 to 10,000 seats.")
    await expect(seats).to_have_value("many")
    await owner.changes("Name", " ", saved=False)
    await owner.sees("A name has 1 to 64 characters")


async def test_who_is_here_is_told_as_the_owner_allows(server: ServerProcess, cinema: Cinema):
    room = Room(server, "who-is-here", presence="names")
    owner, noor, sven = await cinema.person(), await cinema.person(), await cinema.person()
    await owner.owns(room)
    await noor.comes_in(room.url, "Noor")
    await sven.comes_in(room.url, "Sven")
    await noor.page.locator(".watchers").click()
    dialog = noor.page.get_by_role("dialog")
    await expect(dialog.get_by_text("Sven", exact=True)).to_be_visible(timeout=PATIENCE_MS)
    await owner.chooses("Others see", "Number")
    await expect(dialog).not_to_contain_text("Sven", timeout=PATIENCE_MS)
    await expect(dialog).to_contain_text("watching")
    await owner.chooses("Others see", "Nothing")
    await expect(dialog).to_contain_text("does not show who is here", timeout=PATIENCE_MS)
    await expect(noor.page.locator(".watchers b")).to_have_count(0)
    await noor.page.reload()
    await noor.sees_badge("Open")
    await expect(noor.page.locator(".watchers b")).to_have_count(0)
    await expect(owner.people()).to_contain_text("Sven", timeout=PATIENCE_MS)
    await owner.chooses("Others see", "Names")
    await noor.page.locator(".watchers").click()
    await expect(dialog.get_by_text("Sven", exact=True)).to_be_visible(timeout=PATIENCE_MS)


async def test_the_link_of_a_closed_room_says_so_at_once(server: ServerProcess, cinema: Cinema):
    room = Room(server, "closed-before")
    room.call("DELETE")
    noor = await cinema.person()
    await noor.page.goto(room.url)
    await noor.sees("The room has ended")


async def test_a_letter_that_codes_lack_is_named_until_the_code_is_whole(
    server: ServerProcess, cinema: Cinema
):
    room = Room(server, "mistyped", custom_code="ABC2DE")
    noor = await cinema.person()
    await noor.page.goto(server.url)
    field = noor.page.get_by_label("Room code")
    await field.press_sequentially("AB0C2")
    await noor.sees("Codes have no 0 and no O")
    await field.press_sequentially("D")
    await noor.sees("Codes have no 0 and no O")
    await field.press_sequentially("E")
    await expect(noor.page.get_by_text("Codes have no 0")).to_have_count(0)
    await noor.presses("Continue")
    await noor.sees(room.code[:3])
    await expect(noor.page.get_by_label("Your name")).to_be_visible(timeout=PATIENCE_MS)
