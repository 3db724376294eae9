"""The main job: a script opens a room, people join with code and password and see the run live."""

from playwright.async_api import expect

from tests.harness.servers import ServerProcess
from tests.stories.actors import NO_WEBSOCKETS, Cinema


async def test_code_and_password_lead_to_a_chart_that_moves(server: ServerProcess, script, cinema: Cinema):
    training = script("cartpole-dqn", password="s3cret gate")
    noor = await cinema.person()
    await noor.join(server.url, training.code, "Noor", "s3cret gate")
    await noor.sees("cartpole-dqn")
    await noor.sees_figure_move("Reward")
    await noor.sees_chart_drawn("Reward")
    await expect(noor.page.get_by_role("heading", name="Decision")).to_be_visible()
    await noor.sees("75.0 %")
    await expect(noor.page.get_by_role("row", name="Right")).to_contain_text("0.9")


async def test_every_number_that_is_logged_gets_a_chart(server: ServerProcess, script, cinema: Cinema):
    training = script("own-names")
    noor = await cinema.person()
    await noor.join(server.url, training.code, "Noor")
    titles = await noor.page.locator("figure.chart h3").all_inner_texts()
    assert any("own" in title.lower() for title in titles), titles


async def test_a_wrong_password_says_so_and_the_right_one_still_opens(
    server: ServerProcess, script, cinema: Cinema
):
    training = script("locked", password="lava-gate-7")
    sven = await cinema.person()
    await sven.type_code(server.url, training.code)
    await sven.enter("Sven", "guess")
    await sven.sees("That is not the password")
    await expect(sven.page.get_by_label("Your name")).to_have_value("Sven")
    await sven.enter("Sven", "lava-gate-7")
    await sven.sees_badge("Live")


async def test_a_link_needs_no_typing_and_a_phone_is_enough(server: ServerProcess, script, cinema: Cinema):
    training = script("on-the-phone")
    aiko = await cinema.person(phone=True, dark=True)
    await aiko.page.goto(training.facts["url"])
    await aiko.enter("Aiko")
    await aiko.sees_badge("Live")
    await aiko.sees_figure_move("Reward")
    overflow = await aiko.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0, "the page must not scroll sideways"


async def test_a_reloaded_tab_continues_without_asking(server: ServerProcess, script, cinema: Cinema):
    training = script("reloaded", password="once is enough")
    noor = await cinema.person()
    await noor.join(server.url, training.code, "Noor", "once is enough")
    await noor.sees_figure_move("Reward")
    await noor.page.reload()
    await noor.sees_badge("Live")
    await noor.sees_figure_move("Reward")
    status, told = server.call("GET", f"/rooms/{training.id}/spectators")
    assert status == 200
    assert [person["name"] for person in told["spectators"]] == ["Noor"], "one person, one seat"


async def test_where_websockets_are_blocked_the_room_comes_as_a_stream(
    server: ServerProcess, script, cinema: Cinema
):
    training = script("behind-a-wall")
    priya = await cinema.person(script=NO_WEBSOCKETS)
    await priya.join(server.url, training.code, "Priya")
    await priya.sees_figure_move("Reward")


async def test_two_people_see_each_other_counted(server: ServerProcess, script, cinema: Cinema):
    training = script("together")
    noor, sven = await cinema.person(), await cinema.person()
    await noor.join(server.url, training.code, "Noor")
    await sven.join(server.url, training.code, "Sven")
    for person in (noor, sven):
        await expect(person.page.locator(".watchers b")).to_have_text("2")


async def test_hostile_names_are_text_everywhere(server: ServerProcess, script, cinema: Cinema):
    nasty = '<img src=x onerror="window.owned=1">'
    training = script(nasty)
    owner = await cinema.person()
    await owner.page.goto(training.facts["owner_url"])
    await owner.sees_badge("Live")
    mallory = await cinema.person()
    await mallory.join(server.url, training.code, nasty)
    await owner.sees(nasty)
    await expect(mallory.page.locator("h1")).to_have_text(nasty)
    for person in (owner, mallory):
        assert await person.page.evaluate("window.owned") is None


async def test_a_private_room_looks_like_none(server: ServerProcess, script, cinema: Cinema):
    training = script("nobody-sees-me", access="private")
    seen = []
    for code in (training.code, "ZZZZ22"):
        person = await cinema.person()
        await person.type_code(server.url, code)
        await person.sees("There is no such room")
        words = (await person.page.locator("main").inner_text()).split()
        seen.append([word for word in words if len(word) > 1])  # the boxes hold what was typed
    assert seen[0] == seen[1]


async def test_a_full_room_says_so_and_the_owner_sees_how_many(server: ServerProcess, script, cinema: Cinema):
    training = script("one-seat", max_spectators=1)
    noor, sven, owner = await cinema.person(), await cinema.person(), await cinema.person()
    await noor.join(server.url, training.code, "Noor")
    await sven.type_code(server.url, training.code)
    await sven.enter("Sven")
    await sven.sees("room is full")
    await owner.page.goto(training.facts["owner_url"])
    await owner.sees("found the room full")
