"""What an owner does about people while they watch: remove, block, make moderator, ask all in again."""

import re

from playwright.async_api import expect

from tests.harness.servers import ServerProcess
from tests.stories.actors import NO_WEBSOCKETS, PATIENCE_MS, Cinema, Person, Room

MINUTE_MS = 60_000


async def asks_in_vain(person: Person, words: str) -> None:
    """Join from the card, and be told why not."""
    await person.page.locator("button[type=submit]").click()
    await person.sees(words)


async def test_who_is_removed_is_told_and_counts_down_to_the_way_back(server: ServerProcess, cinema: Cinema):
    room = Room(server, "removed")
    owner, noor = await cinema.person(), await cinema.person()
    await noor.page.clock.install()
    await owner.owns(room)
    await noor.comes_in(room.url, "Noor")
    await owner.does("Remove", "Noor")
    await noor.sees("The owner ended your visit")
    await noor.sees_badge("Removed")
    await expect(noor.page.get_by_role("timer")).to_have_text(
        re.compile(r"^You can ask again in (1 minute|\d\d s)\.$"), timeout=PATIENCE_MS
    )
    back = noor.page.get_by_role("button", name="Ask again")
    await expect(back).to_be_disabled()
    await expect(owner.people()).not_to_contain_text("Noor", timeout=PATIENCE_MS)
    await noor.page.clock.fast_forward(MINUTE_MS)
    await back.click()
    await expect(noor.page.get_by_label("Your name")).to_have_value("Noor")
    # The page's clock went ahead, the server's did not: it still says no, and for how long.
    await asks_in_vain(noor, "The owner did not let you in")
    await expect(noor.page.get_by_role("timer")).to_have_text(re.compile(r"in \d\d s\.$"))


async def test_who_is_blocked_stays_out_until_unblocked(server: ServerProcess, cinema: Cinema):
    room = Room(server, "blocked-out")
    owner, mallory = await cinema.person(), await cinema.person()
    await owner.owns(room)
    await mallory.comes_in(room.url, "Mallory")
    await owner.does("Block", "Mallory")
    await mallory.sees("The owner has blocked you")
    await mallory.sees_badge("Blocked")
    await mallory.page.goto(room.url)
    await asks_in_vain(mallory, "The owner has blocked you")
    await owner.presses("Unblock Mallory")
    await expect(owner.page.locator(".blocked")).to_have_count(0, timeout=PATIENCE_MS)
    await mallory.comes_in(room.url, "Mallory")


async def test_a_new_code_asks_all_spectators_to_come_in_again(server: ServerProcess, cinema: Cinema):
    room = Room(server, "new-code")
    owner, noor, mod = await cinema.person(), await cinema.person(), await cinema.person()
    await owner.owns(room)
    await noor.comes_in(room.url, "Noor")
    await mod.comes_in(room.url, "Mira")
    await owner.does("Make moderator", "Mira")
    await expect(mod.page.locator("#handle")).to_be_visible(timeout=PATIENCE_MS)
    await owner.starts_over("New code for everybody")
    await owner.presses("Ask everybody in again")
    await noor.sees("its code has changed")
    await expect(noor.page.get_by_label("Room code")).to_have_value("")
    code = owner.page.locator(".code-text")
    await expect(code).not_to_have_text(room.code, timeout=PATIENCE_MS)
    await noor.page.get_by_label("Room code").fill(room.code)
    await noor.presses("Continue")
    await noor.sees("There is no such room")
    await noor.page.get_by_label("Room code").fill(await code.inner_text())
    await noor.presses("Continue")
    await expect(noor.page.get_by_label("Your name")).to_have_value("Noor", timeout=PATIENCE_MS)
    await noor.page.locator("button[type=submit]").click()
    await noor.sees_badge("Open")
    await mod.sees_badge("Open")


async def test_a_new_password_asks_all_spectators_for_it(server: ServerProcess, cinema: Cinema):
    room = Room(server, "new-password", password="the old one")
    owner, noor, sven = await cinema.person(), await cinema.person(), await cinema.person()
    await owner.owns(room)
    await noor.comes_in(room.url, "Noor", "the old one")
    await sven.comes_in(room.url, "Sven", "the old one")
    await owner.starts_over("New password for everybody")
    await owner.presses("Ask everybody in again")
    password = await owner.shown_once()
    for person, name in ((noor, "Noor"), (sven, "Sven")):
        await person.sees("Your place in the room has ended")
        await expect(person.page.get_by_label("Your name")).to_have_value(name)
    await noor.enter("Noor", password)
    await noor.sees_badge("Open")
    await sven.enter("Sven", "the old one")
    await sven.sees("That is not the password")


async def test_a_moderator_looks_after_people_until_the_owner_takes_it_back(
    server: ServerProcess, cinema: Cinema
):
    room = Room(server, "helped", require_approval=True)
    owner, mira, noor = await cinema.person(), await cinema.person(), await cinema.person()
    await owner.owns(room)
    await mira.page.goto(room.url)
    await mira.enter("Mira")
    await owner.presses("Let Mira in")
    await mira.sees_badge("Open")
    handle = mira.page.locator("#handle")
    await expect(handle).to_have_count(0)
    await owner.does("Make moderator", "Mira")
    await mira.sees("You are a moderator now")
    await mira.sees("Moderators see this")
    await expect(mira.page.get_by_role("heading", name="Settings")).to_have_count(0)
    await expect(mira.page.get_by_role("heading", name="Invite")).to_have_count(0)
    await noor.page.goto(room.url)
    await noor.enter("Noor")
    await mira.presses("Let Noor in")
    await noor.sees_badge("Open")
    await mira.does("Remove", "Noor")
    await noor.sees("The owner ended your visit")
    await mira.page.reload()
    await mira.sees("Moderators see this")
    await owner.does("Make spectator", "Mira")
    await mira.sees("You are a spectator again")
    await expect(handle).to_have_count(0, timeout=PATIENCE_MS)
    await mira.sees_badge("Open")


async def test_who_waits_goes_on_waiting_through_a_new_code(server: ServerProcess, cinema: Cinema):
    room = Room(server, "waits-on", require_approval=True)
    owner, noor = await cinema.person(), await cinema.person()
    await owner.owns(room)
    await noor.page.goto(room.url)
    await noor.enter("Noor")
    await noor.sees("The owner has been told")
    room.call("POST", "/rotate", {"what": "code"})
    await noor.page.reload()
    await noor.sees("The owner has been told")
    await owner.presses("Let Noor in")
    await noor.sees_badge("Open")
    code = str(room.call("GET")["code"])
    await expect(noor.page).to_have_url(re.compile(f"/r/{code}$"), timeout=PATIENCE_MS)
    await noor.page.reload()
    await noor.sees_badge("Open")


async def test_where_websockets_are_blocked_the_reason_comes_over_the_stream(
    server: ServerProcess, cinema: Cinema
):
    room = Room(server, "removed-over-a-stream")
    owner, noor = await cinema.person(), await cinema.person(script=NO_WEBSOCKETS)
    await owner.owns(room)
    await noor.comes_in(room.url, "Noor")
    await owner.does("Make moderator", "Noor")
    await noor.sees("Moderators see this")
    await owner.does("Remove", "Noor")
    await noor.sees("The owner ended your visit")
