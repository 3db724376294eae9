"""Being let in: approved by API, denied, from the owner's panel, withdrawn."""

from playwright.async_api import expect

from tests.harness.servers import ServerProcess
from tests.harness.waiting import eventually
from tests.stories.actors import Cinema, Script


async def asked(training: Script, name: str) -> str:
    """The id of the request of ``name``, as the training script lists it."""

    def found() -> str | None:
        return next((request["id"] for request in training.ask("requests") if request["name"] == name), None)

    return str(await eventually(found, 10, f"the request of {name}"))


async def test_approved_by_the_script_the_waiting_person_is_let_in(
    server: ServerProcess, script, cinema: Cinema
):
    training = script("written-exam", password="s3cret", require_approval=True)
    noor = await cinema.person()
    await noor.type_code(server.url, training.code)
    await noor.enter("Noor", "s3cret")
    await noor.sees("The owner has been told")
    assert training.ask(f"approve {await asked(training, 'Noor')}") is True
    await noor.sees_badge("Live")
    await noor.sees_figure_move("Reward")


async def test_approved_by_the_http_api(server: ServerProcess, script, cinema: Cinema):
    training = script("seminar", require_approval=True)
    noor = await cinema.person()
    await noor.type_code(server.url, training.code)
    await noor.enter("Noor")
    await noor.sees("The owner has been told")
    _, told = server.call("GET", f"/rooms/{training.id}/requests")
    request = told["requests"][0]["id"]
    assert server.call("POST", f"/rooms/{training.id}/requests/{request}/approve")[0] == 200
    await noor.sees_badge("Live")


async def test_denied_is_told_at_once(server: ServerProcess, script, cinema: Cinema):
    training = script("closed-door", require_approval=True)
    sven = await cinema.person()
    await sven.type_code(server.url, training.code)
    await sven.enter("Sven")
    await sven.sees("The owner has been told")
    assert training.ask(f"deny {await asked(training, 'Sven')}") is True
    await sven.sees("The owner did not let you in")
    status, _ = server.call("POST", f"/rooms/{training.id}/requests/none/approve")
    assert status == 404


async def test_the_owner_answers_in_the_panel(server: ServerProcess, script, cinema: Cinema):
    training = script("with-a-panel", require_approval=True)
    owner = await cinema.person()
    await owner.page.goto(training.facts["owner_url"])
    await owner.sees("Only you see this")
    assert "claim" not in owner.page.url, "the credential leaves the address"
    noor, sven = await cinema.person(), await cinema.person()
    for person, name in ((noor, "Noor"), (sven, "Sven")):
        await person.type_code(server.url, training.code)
        await person.enter(name)
        await person.sees("The owner has been told")
    await owner.page.get_by_role("button", name="Let Noor in").click()
    await noor.sees_badge("Live")
    await owner.page.get_by_role("button", name="Deny Sven").click()
    await sven.sees("The owner did not let you in")
    await expect(owner.page.locator("table.people")).to_contain_text("Noor")


async def test_who_has_left_is_not_listed_as_here(server: ServerProcess, script, cinema: Cinema):
    training = script("left-again")
    owner, noor = await cinema.person(), await cinema.person()
    await noor.join(server.url, training.code, "Noor")
    await owner.page.goto(training.facts["owner_url"])
    await expect(owner.page.locator("table.people")).to_contain_text("Noor")
    await noor.page.goto("about:blank")
    # The seat waits up to 30 s for who lost the connection, and the panel looks every 4 s.
    await expect(owner.page.get_by_text("Nobody else is here")).to_be_visible(timeout=40_000)


async def test_an_owner_link_works_once(server: ServerProcess, script, cinema: Cinema):
    training = script("claimed")
    owner, thief = await cinema.person(), await cinema.person()
    link = training.facts["owner_url"]
    await owner.page.goto(link)
    await owner.sees("Only you see this")
    await thief.page.goto(link)
    await thief.sees("already used")
    await owner.page.reload()
    await owner.sees("Only you see this")


async def test_who_withdraws_is_no_longer_asked_for(server: ServerProcess, script, cinema: Cinema):
    training = script("changed-my-mind", require_approval=True)
    noor = await cinema.person()
    await noor.type_code(server.url, training.code)
    await noor.enter("Noor")
    await asked(training, "Noor")
    await noor.page.get_by_role("button", name="Withdraw the request").click()
    await eventually(lambda: not training.ask("requests"), 10, "the request to be gone")


async def test_a_second_tab_of_somebody_who_waits_waits_too(server: ServerProcess, script, cinema: Cinema):
    training = script("two-tabs", require_approval=True)
    noor = await cinema.person()
    await noor.type_code(server.url, training.code)
    await noor.enter("Noor")
    await noor.sees("The owner has been told")
    other = await cinema.tab(noor)
    await other.page.goto(f"{server.url}/r/{training.code}")
    await other.sees("The owner has been told")
    assert len(training.ask("requests")) == 1
    assert training.ask(f"approve {await asked(training, 'Noor')}") is True
    await noor.sees_badge("Live")
    await other.sees_badge("Live")


async def test_the_owner_closes_the_room_for_everybody(server: ServerProcess, script, cinema: Cinema):
    training = script("over-now")
    owner, noor = await cinema.person(), await cinema.person()
    await noor.join(server.url, training.code, "Noor")
    await owner.page.goto(training.facts["owner_url"])
    await owner.page.get_by_role("button", name="Close room").click()
    await owner.page.get_by_role("button", name="Close for everybody").click()
    await noor.sees("The room is closed")
