"""What watchers see when scripts end, fall silent or start again, and when servers and stores go away."""

import contextlib
import os
import re
import signal

import pytest
from playwright.async_api import expect

from spectator.embedded.machine import socket_path
from spectator.embedded.process import pid_of
from tests.harness.servers import ServerProcess
from tests.harness.waiting import until
from tests.stories.actors import Cinema


async def test_the_script_run_twice_lands_in_the_same_room(server: ServerProcess, script, cinema: Cinema):
    first = script("run-twice")
    noor = await cinema.person()
    await noor.join(server.url, first.code, "Noor")
    first.finish()
    await noor.sees_badge("Ended")
    second = script("run-twice")
    assert (second.id, second.code) == (first.id, first.code)
    await noor.sees_badge("Live")
    await noor.sees_figure_move("Reward")


async def test_two_scripts_at_once_have_two_rooms(script):
    first, second = script("twins"), script("twins")
    assert first.id != second.id
    assert first.code != second.code


@pytest.mark.faults
async def test_a_killed_trainer_is_shown_as_silent(server: ServerProcess, script, cinema: Cinema):
    training = script("killed")
    noor = await cinema.person()
    await noor.join(server.url, training.code, "Noor")
    training.kill()
    # 15 s without a word, and the second in which the server looks.
    await noor.sees_badge("Silent", 18_000)
    await noor.sees("No news from the training")


async def test_the_last_value_of_a_burst_arrives(server: ServerProcess, script, cinema: Cinema):
    training = script("burst")
    noor = await cinema.person()
    await noor.join(server.url, training.code, "Noor")
    training.ask("value 4321")
    await expect(noor.figure("Reward")).to_have_attribute("title", re.compile("4,?321"))


async def test_a_restarted_server_is_found_again(fresh_server: ServerProcess, fresh_script, cinema: Cinema):
    training = fresh_script("restarted")
    noor = await cinema.person()
    await noor.join(fresh_server.url, training.code, "Noor")
    fresh_server.restart()
    await noor.sees_badge("Live", 30_000)
    await noor.sees_figure_move("Reward", 30)


@pytest.mark.faults
async def test_a_killed_server_and_its_store_come_back_under_a_live_room(
    fresh_server: ServerProcess, fresh_script, cinema: Cinema
):
    training = fresh_script("shaken")
    noor = await cinema.person()
    await noor.join(fresh_server.url, training.code, "Noor")
    fresh_server.kill()
    fresh_server.restart()
    await noor.sees_badge("Live", 30_000)
    await noor.sees_figure_move("Reward", 30)
    killed = store_pid(fresh_server)
    os.kill(killed, signal.SIGKILL)
    until(lambda: store_pid(fresh_server) not in (0, killed), 20, "a new store")
    await noor.sees_badge("Live", 30_000)
    await noor.sees_figure_move("Reward", 30)


def store_pid(server: ServerProcess) -> int:
    """The process of the embedded store of ``server``, 0 when none answers."""
    path = socket_path(server.data_dir, os.environ.get("XDG_RUNTIME_DIR"))
    with contextlib.suppress(OSError):
        return pid_of(path)
    return 0
