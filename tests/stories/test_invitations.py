"""Invitation links: good for so many, for one user, for rooms that do not exist for others."""

import re

from playwright.async_api import expect

from tests.harness.servers import ServerProcess
from tests.stories.actors import PATIENCE_MS, Cinema, Person, Room


async def makes_invitation(owner: Person, *, uses: int = 1, user: str = "", note: str = "") -> str:
    """Make an invitation in the panel; return its link, which is shown this once."""
    await owner.presses("New invitation")
    await owner.page.get_by_label("For how many people").fill(str(uses))
    await owner.page.get_by_label("Only for this user").fill(user)
    await owner.page.get_by_label("Note").fill(note)
    await owner.presses("Make the link")
    link = await owner.shown_once()
    await owner.presses("Done")
    return link


async def follows(person: Person, link: str, name: str) -> None:
    """Open an invitation, give a name, press the button."""
    await person.page.goto(link)
    await person.sees("You are invited")
    assert "#" not in person.page.url, "the credential leaves the address"
    await person.enter(name)


async def test_an_invitation_for_one_lets_one_in(server: ServerProcess, cinema: Cinema):
    room = Room(server, "by-invitation", access_level="invite_only", require_approval=True)
    owner, noor, sven = await cinema.person(), await cinema.person(), await cinema.person()
    await owner.owns(room)
    link = await makes_invitation(owner, note="For the judge")
    listed = owner.page.get_by_role("list", name="Invitations")
    await expect(listed).to_contain_text("good for one person", timeout=PATIENCE_MS)
    await follows(noor, link, "Noor")
    await noor.sees_badge("Open")
    await expect(listed).to_contain_text("used up", timeout=PATIENCE_MS)
    await follows(sven, link, "Sven")
    await sven.sees("This invitation does not work any more")
    await sven.presses("Join without it")
    await expect(sven.page.locator("button[type=submit]")).to_have_text("Join")
    await sven.page.locator("button[type=submit]").click()
    await sven.sees("This room is for invited people")
    await noor.page.reload()
    await noor.sees_badge("Open")


async def test_a_link_into_a_private_room_asks_the_server_nothing_before_the_name(
    server: ServerProcess, cinema: Cinema
):
    room = Room(server, "not-for-all", access_level="private", require_approval=True)
    owner, noor = await cinema.person(), await cinema.person()
    await owner.owns(room)
    link = await makes_invitation(owner, uses=2)
    asked: list[str] = []
    noor.page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    await follows(noor, link, "Noor")
    await noor.sees_badge("Open")
    calls = [one for one in asked if "/api/" in one]
    assert re.match(r"POST .*/join$", calls[0]), calls
    assert not [
        one for one in asked if "invite" in one.split("/", 3)[3].removeprefix("static/js/view/invite")
    ]


async def test_a_withdrawn_invitation_opens_nothing_and_a_private_room_stays_unknown(
    server: ServerProcess, cinema: Cinema
):
    room = Room(server, "taken-back", access_level="private")
    owner, noor = await cinema.person(), await cinema.person()
    await owner.owns(room)
    link = await makes_invitation(owner)
    await owner.presses(re.compile("^Withdraw"))
    await expect(owner.page.get_by_role("list", name="Invitations")).to_contain_text(
        "withdrawn", timeout=PATIENCE_MS
    )
    await follows(noor, link, "Noor")
    await noor.sees("This invitation opens no room")
    await noor.page.goto(room.url)
    await noor.sees("There is no such room")


async def test_an_invitation_for_a_user_is_nobody_elses(server: ServerProcess, cinema: Cinema):
    room = Room(server, "for-ada", access_level="invite_only")
    owner, ada, sven = await cinema.person(), await cinema.person(), await cinema.person()
    await owner.owns(room)
    link = await makes_invitation(owner, user="ada")
    await follows(sven, link, "Ada")
    await sven.sees("This invitation does not work any more")
    await ada.page.goto(f"{link}&identity={room.identity('ada')}")
    await ada.sees("You are signed in by your link")
    await ada.page.locator("button[type=submit]").click()
    await ada.sees_badge("Open")
    await expect(owner.people()).to_contain_text("ada", timeout=PATIENCE_MS)
