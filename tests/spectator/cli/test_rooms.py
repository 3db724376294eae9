from tests.harness.terminal import spectator_command, spectator_json


def test_a_room_is_created_listed_shown_and_closed(server):
    made = spectator_json(server.data_dir, "room", "create", "cli room", "--seats", "3", "--listed")
    code = made["room"]["code"]
    assert made["room"]["max_spectators"] == 3
    assert code in [room["code"] for room in spectator_json(server.data_dir, "room", "list")["rooms"]]
    assert spectator_json(server.data_dir, "room", "show", code)["name"] == "cli room"
    assert spectator_json(server.data_dir, "room", "close", code) == {"closed": code, "removed": False}
    assert spectator_json(server.data_dir, "room", "show", code)["status"] == "ended"


def test_people_are_told_how_to_watch(server):
    done = spectator_command(server.data_dir, "room", "create", "told")
    watch, owner = done.stdout.splitlines()
    assert watch.startswith(f"watch at {server.url}/r/")
    assert owner.startswith("owner: spectator open ")
    assert "rk_" not in done.stdout


def test_a_password_is_read_not_given_as_an_argument(server):
    made = spectator_json(server.data_dir, "room", "create", "secret", "--password", typed="s3cret\n")
    assert made["room"]["access_level"] == "password"
    code = made["room"]["code"]
    asked = {"display_name": "Ann", "password": "s3cret"}
    assert server.call("POST", f"/rooms/{code}/join", asked, token=None)[0] == 200


def test_no_password_given_is_told(server):
    done = spectator_command(server.data_dir, "room", "create", "secret", "--password")
    assert (done.returncode, done.stderr) == (1, "spectator: No password was given.\n")


def test_a_generated_password_is_shown_once(server):
    done = spectator_command(server.data_dir, "room", "create", "secret", "--generate-password")
    assert "password: " in done.stdout


def test_a_code_of_ones_own(server):
    made = spectator_json(server.data_dir, "room", "create", "mine", "--code", "mynce2")
    assert made["room"]["code"] == "MYNCE2"
    done = spectator_command(server.data_dir, "room", "create", "other", "--code", "MYNCE2")
    assert done.returncode == 1
    assert "code" in done.stderr.lower()


def test_the_owners_link_is_a_claim_in_the_fragment(server):
    code = spectator_json(server.data_dir, "room", "create", "owned")["room"]["code"]
    url = spectator_json(server.data_dir, "open", code)["owner_url"]
    assert url.startswith(f"{server.url}/r/{code}#claim=")
    done = spectator_command(server.data_dir, "open", code, "--no-browser")
    assert "#claim=" in done.stdout
    assert "good once" in done.stdout


def test_a_closed_room_is_not_listed_as_one_that_runs(server):
    code = spectator_json(server.data_dir, "room", "create", "over")["room"]["code"]
    spectator_command(server.data_dir, "publish", code, typed="reward=1\n")
    spectator_command(server.data_dir, "room", "close", code)
    lines = spectator_command(server.data_dir, "room", "list").stdout.splitlines()
    (told,) = [line.split() for line in lines if line.startswith(code)]
    assert told[3] == "ended"


def test_lists_and_shows_for_people(server):
    code = spectator_json(server.data_dir, "room", "create", "shown")["room"]["code"]
    listed = spectator_command(server.data_dir, "room", "list").stdout
    assert listed.startswith("CODE")
    assert code in listed
    assert "shown" in listed
    assert "max_spectators" in spectator_command(server.data_dir, "room", "show", code).stdout


def test_contradictions_are_told_by_the_server(server):
    done = spectator_command(
        server.data_dir, "room", "create", "x", "--access", "public", "--password", typed="s3cret\n"
    )
    assert done.returncode == 1
    assert done.stderr.startswith("spectator: ")


def test_what_was_recorded_stays_a_while_or_is_removed_at_once(server):
    told = {"kept": "stays for a week", "removed": "is removed"}
    for name, options in (("kept", []), ("removed", ["--remove"])):
        made = spectator_json(server.data_dir, "room", "create", f"cli close {name}")
        code, key = made["room"]["code"], made["owner_token"]
        server.call("POST", f"/rooms/{code}/events", {"type": "training_metrics", "data": {"loss": 1}})
        done = spectator_command(server.data_dir, "room", "close", code, *options)
        assert done.stdout == f"Room {code} is closed; what was recorded {told[name]}.\n"
        status, history = server.call("GET", f"/rooms/{made['room']['id']}/history", token=key)
        assert bool(status == 200 and history["metrics"]) is (name == "kept")


def test_a_room_is_created_with_all_that_an_owner_may_set(server):
    made = spectator_json(
        server.data_dir,
        *("room", "create", "cli create all", "--approve", "--presence", "nothing", "--allow", "ada"),
        *("--allow", "grace", "--webhook", "https://example.org/requests"),
    )
    room = made["room"]
    assert (room["presence"], room["allowed_users"]) == ("nothing", ["ada", "grace"])
    assert room["webhook"] == "https://example.org/requests"
    assert made["webhook_secret"].startswith("wh_")
