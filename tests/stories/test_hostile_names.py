"""Names that attack: of rooms, people, metrics, actions and alerts; the page shows each as text."""

from playwright.async_api import expect

from tests.harness.hostile import ACCEPTED, TEXTS
from tests.harness.servers import ServerProcess
from tests.stories.actors import PATIENCE_MS, Cinema, Person, Room

WORST = ("script", "image", "attribute", "template", "link", "longest", "right to left", "proto")
"""Names that a page could trip over; each is tried in each place."""

STRANGE = (*WORST, "constructor", "escapes", "override", "towering", "nul")
"""Texts beside: training code publishes them, and no form has looked at them."""


def publish(room: Room) -> None:
    """A run whose metrics, actions, alerts and notes have hostile names."""
    texts = [TEXTS[name] for name in STRANGE]
    events = [
        {"type": "training_metrics", "data": {"step": 1, **{text: n for n, text in enumerate(texts)}}},
        {
            "type": "bot_decision",
            "action_probabilities": {text: 1 / len(texts) for text in texts},
            "selected_action": texts[0],
            "step": 1,
        },
        *(
            {"type": "alert", "alert": {"level": "error", "category": text, "message": text}}
            for text in texts
        ),
        *({"type": "log", "level": "info", "message": text} for text in texts),
        {"type": "metric", "name": texts[0], "value": 1.5},
    ]
    answer = room.call("POST", "/events", events)
    assert not answer["rejected"], answer


async def is_unharmed(person: Person, *texts: str) -> None:
    """What is told is there as text; nothing of it ran, made an element or moved the page."""
    for text in texts:
        await person.sees(text.strip())
    assert await person.page.evaluate("window.__owned") is None
    assert (
        await person.page.locator("#page script, #page img, #page [onerror], #page [onmouseover]").count()
        == 0
    )
    assert await person.page.locator('#page a[href^="javascript:"]').count() == 0
    assert await person.page.evaluate("({}).__owned") is None
    wider = await person.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wider <= 0, "the page must not scroll sideways"


async def test_hostile_names_of_metrics_actions_and_alerts_are_text(server: ServerProcess, cinema: Cinema):
    room = Room(server, ACCEPTED["script"])
    noor, aiko = await cinema.person(), await cinema.person(phone=True)
    for person in (noor, aiko):
        publish(room)  # each time: a run that falls silent is no longer live
        await person.comes_in(room.url, ACCEPTED["image"], badge="Live")
        await is_unharmed(person, ACCEPTED["script"])
        await expect(person.page.locator("h1")).to_have_text(ACCEPTED["script"])
        await expect(person.page.locator(".happened li").first).to_be_visible()
        await person.page.locator("figure.chart").first.hover()
        await is_unharmed(person)


async def test_hostile_names_of_rooms_are_text_before_and_in_the_room(server: ServerProcess, cinema: Cinema):
    noor = await cinema.person(phone=True)
    for name in WORST:
        room = Room(server, ACCEPTED[name], listed=True)
        await noor.page.goto(server.url)
        await is_unharmed(noor, ACCEPTED[name])
        await noor.comes_in(room.url, "Noor")
        await expect(noor.page.locator("h1")).to_have_text(ACCEPTED[name])
        await is_unharmed(noor)
        room.call("DELETE")
        await noor.sees("The room is closed")
        await is_unharmed(noor, ACCEPTED[name])


async def test_hostile_names_of_people_are_text_for_everybody(server: ServerProcess, cinema: Cinema):
    room = Room(server, "visited by attackers", require_approval=True, presence="names")
    owner, noor = await cinema.person(), await cinema.person()
    await owner.owns(room)
    names = [ACCEPTED[name] for name in WORST]
    for name in names:
        status, _ = server.call("POST", f"/rooms/{room.code}/join", {"display_name": name}, token=None)
        assert status == 202
    await is_unharmed(owner, *names)
    await noor.page.goto(room.url)
    await noor.enter(names[0])
    await owner.presses("Let all in")
    await noor.sees_badge("Open")
    await expect(owner.people()).to_contain_text(names[0], timeout=PATIENCE_MS)
    await is_unharmed(owner)
    await noor.page.locator(".watchers").click()
    dialog = noor.page.get_by_role("dialog")
    await expect(dialog.get_by_role("listitem").first).to_have_text(names[0], timeout=PATIENCE_MS)
    await is_unharmed(noor)
    await noor.page.keyboard.press("Escape")
    await owner.does("Block", names[0])
    await noor.sees("The owner has blocked you")
    await expect(owner.page.locator(".blocked")).to_contain_text(names[0], timeout=PATIENCE_MS)
    await is_unharmed(owner)
    room.call("POST", "/invitations", {"uses": 1, "note": ACCEPTED["image"]})
    await owner.page.reload()
    await is_unharmed(owner, ACCEPTED["image"])
