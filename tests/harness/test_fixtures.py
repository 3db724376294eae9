import json
import urllib.request

import pytest

from tests.harness.servers import ROOT, environment


async def test_the_connection_is_to_an_empty_store(connection):
    assert await connection.command("DBSIZE") == 0
    await connection.command("SET", "left behind", "1")


async def test_nothing_is_left_behind_for_the_next_test(connection):
    assert await connection.command("DBSIZE") == 0


def test_a_child_gets_no_setting_of_ours(monkeypatch, tmp_path):
    monkeypatch.setenv("SPECTATOR_URL", "http://elsewhere")
    told = environment(tmp_path, SPECTATOR_LAN="on")
    assert "SPECTATOR_URL" not in told
    assert (told["SPECTATOR_DATA_DIR"], told["SPECTATOR_LAN"]) == (str(tmp_path), "on")
    assert told["PYTHONPATH"] == str(ROOT)


def test_the_server_answers(server):
    with urllib.request.urlopen(f"{server.url}/healthz") as answer:
        assert answer.status == 200
    assert server.call("GET", "/rooms")[0] == 200
    assert server.call("GET", "/rooms", token=None)[0] == 401


@pytest.mark.timeout(180)
@pytest.mark.faults
def test_a_server_of_ones_own_can_be_killed_and_comes_back(fresh_server):
    before = fresh_server.url
    _, made = fresh_server.call("POST", "/rooms", {"name": "kept"})
    fresh_server.kill()
    fresh_server.restart()
    assert fresh_server.url == before
    assert fresh_server.call("GET", f"/rooms/{made['room']['code']}")[1]["name"] == "kept"
    told = json.loads((fresh_server.data_dir / "server.json").read_text())
    assert told["pid"] == fresh_server.process.pid


async def test_the_page_loads_without_an_error(server, page):
    answer = await page.goto(server.url)
    assert answer.status == 200
    assert "spectator" in (await page.title()).lower()
