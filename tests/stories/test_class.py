"""A class: a teacher opens a room on the network, twelve students knock, each sees what they should."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from spectator.server.listening import private_addresses
from tests.harness.servers import ServerProcess
from tests.stories.actors import PATIENCE_MS, Cinema, Person, Script

STUDENTS = (
    "Aiko", "Bram", "Chloé", "Dmitri", "Élodie", "Fatima",
    "Giulia", "Hassan", "Ines", "Jonas", "Kwame", "Luís",
)  # fmt: skip
REFUSED = "Luís"
KICKED = "Bram"
ONE_BY_ONE = STUDENTS[:4]
AT_ONCE = 4
"""Pages that are loaded at once: so many processes of a browser fit into this machine. All knock together."""

BACK = ("Aiko", "Ines")
"""Who comes in again with the new password before the end."""


@pytest.fixture
def classroom(tmp_path: Path) -> Iterator[ServerProcess]:
    """A server for everybody on this network, with its limits on."""
    server = ServerProcess(tmp_path / "data", "--lan")
    server.start()
    yield server
    server.close()


@pytest.fixture
def lesson(classroom: ServerProcess) -> Iterator[Script]:
    """The teacher's training, in a room that asks before anybody enters."""
    script = Script(classroom, "lesson", {"password": "blackboard", "require_approval": True})
    yield script
    script.end()


@pytest.mark.timeout(300)
async def test_a_class_from_the_first_knock_to_the_end(lesson: Script, cinema: Cinema):
    assert private_addresses(), "this machine has no address on a private network"
    link = lesson.facts["url"]
    assert private_addresses()[0] in link, "the link is for the others on this network"
    teacher = await cinema.person()
    await teacher.page.goto(lesson.facts["owner_url"])
    await teacher.sees("Only you see this")

    students = {name: await cinema.person(phone=n % 3 == 2) for n, name in enumerate(STUDENTS)}
    for few in batches(list(students.values())):
        await asyncio.gather(*(student.page.goto(link) for student in few))
    await asyncio.gather(*(knocks(student, name) for name, student in students.items()))
    await expect(teacher.page.locator("#handle .count")).to_have_text(str(len(STUDENTS)), timeout=PATIENCE_MS)

    await let_in(teacher, students)
    inside = {name: student for name, student in students.items() if name != REFUSED}
    await teacher.presses(re.compile(r"^\d+\b.*watching$"))
    who = teacher.page.get_by_role("dialog", name="Who is watching")
    await expect(who).to_contain_text(f"{len(inside) + 1} watching", timeout=PATIENCE_MS)
    await teacher.page.keyboard.press("Escape")
    await expect(who).to_have_count(0, timeout=PATIENCE_MS)
    await expect(teacher.people().locator("tbody tr")).to_have_count(len(inside) + 1, timeout=PATIENCE_MS)
    await inside["Aiko"].sees_figure_move("Reward")

    await teacher.does("Remove", KICKED)
    await inside.pop(KICKED).sees("The owner ended your visit")

    password = await new_password(teacher, inside)
    await teacher.presses("Close room")
    await teacher.presses("Close for everybody")
    await asyncio.gather(*(person.sees("The room is closed") for person in (teacher, *map(inside.pop, BACK))))
    for name, student in inside.items():
        await student.enter(name, password)
        await student.sees("The room is closed")
    await students[REFUSED].sees("The owner did not let you in")
    await students[KICKED].sees("The owner ended your visit")


def batches(people: list[Person]) -> list[list[Person]]:
    """The people in the order they came, a few at a time."""
    return [people[n : n + AT_ONCE] for n in range(0, len(people), AT_ONCE)]


async def knocks(student: Person, name: str) -> None:
    """Ask to be let in."""
    await student.enter(name, "blackboard")
    await student.sees("The owner has been told")


async def let_in(teacher: Person, students: dict[str, Person]) -> None:
    """Answer the requests: some by themselves, one with no, the others all at once."""
    for name in ONE_BY_ONE:
        await teacher.presses(f"Let {name} in")
        await students[name].sees_badge("Live")
    await teacher.presses(f"Deny {REFUSED}")
    await students[REFUSED].sees("The owner did not let you in")
    await teacher.presses("Let all in")
    waited = [student for name, student in students.items() if name != REFUSED]
    await asyncio.gather(*(student.sees_badge("Live") for student in waited))
    await teacher.sees("Nobody is waiting.")


async def new_password(teacher: Person, inside: dict[str, Person]) -> str:
    """Ask all to come in again with a new password; some do, and are let in."""
    await teacher.starts_over("New password for everybody")
    await teacher.presses("Ask everybody in again")
    password = await teacher.shown_once()
    await teacher.page.get_by_role("dialog").get_by_role("button", name="Done").click()
    for name, student in inside.items():
        await student.sees("Your place in the room has ended")
        await expect(student.page.get_by_label("Your name")).to_have_value(name)
        await expect(student.page.get_by_label("Password", exact=True)).to_have_value("")
    await asyncio.gather(*(again(teacher, inside[name], name, password) for name in BACK))
    return password


async def again(teacher: Person, student: Person, name: str, password: str) -> None:
    await student.enter(name, password)
    await teacher.presses(f"Let {name} in")
    await student.sees_badge("Live")
