"""Coming in and going, by HTTP."""

import time

import pytest

from rooms import Connection
from spectator.embedded import EmbeddedStore
from spectator.tasks import Tasks
from tests.harness.waiting import eventually
from tests.spectator.server.conftest import Site, running


async def test_a_public_room_lets_in(site: Site) -> None:
    made = await site.create(name="open")
    joined = await site.join(made["room"]["code"], "Ann")
    assert joined["status"] == "approved"
    assert joined["role"] == "spectator"
    assert joined["visitor"]
    assert joined["spectator_id"].startswith("v_")
    assert joined["room"]["id"] == made["room"]["id"]
    assert joined["room"]["current_spectators"] == 1
    assert "turned_away" not in joined["room"]
    assert joined["ws_url"].endswith(f"/ws/rooms/{made['room']['id']}")


async def test_the_same_visitor_is_one_person(site: Site) -> None:
    code = (await site.create(max_spectators=1))["room"]["code"]
    first = await site.join(code)
    again = await site.call("POST", f"/rooms/{code}/join", {"display_name": "Ann"}, token=first["visitor"])
    assert (again.status, again.body["spectator_id"]) == (200, first["spectator_id"])
    assert "visitor" not in again.body
    other = await site.call("POST", f"/rooms/{code}/join", {"display_name": "Bob"})
    assert (other.status, other.code) == (409, "room_full")


async def test_a_password_is_asked_and_checked(site: Site) -> None:
    code = (await site.create(password="s3cret"))["room"]["code"]
    path = f"/rooms/{code}/join"
    missing = await site.call("POST", path, {"display_name": "Ann"})
    assert (missing.status, missing.code) == (401, "password_required")
    wrong = await site.call("POST", path, {"display_name": "Ann", "password": "s3cret2"})
    assert (wrong.status, wrong.code) == (403, "wrong_password")
    assert "s3cret2" not in wrong.raw.decode()
    long = await site.call("POST", path, {"display_name": "Ann", "password": "x" * 2000})
    assert (long.status, long.code, long.body["field"]) == (422, "invalid_request", "password")
    right = await site.call("POST", path, {"display_name": "Ann", "password": "s3cret"})
    assert right.status == 200


async def test_invitation_only(site: Site) -> None:
    code = (await site.create(access_level="invite_only"))["room"]["code"]
    path = f"/rooms/{code}/join"
    assert (await site.call("POST", path, {"display_name": "Ann"})).code == "invitation_required"
    invited = await site.call("POST", path, {"display_name": "Ann", "invitation": "in_wrong"})
    assert invited.code == "invitation_spent"


@pytest.mark.parametrize(
    "body",
    [
        {"display_name": 7},
        {"display_name": "a" * 65},
        {"display_name": "a\nb"},
        {"more": 1},
        {"password": []},
    ],
)
async def test_a_malformed_join_is_refused(site: Site, body: dict[str, object]) -> None:
    code = (await site.create())["room"]["code"]
    assert (await site.call("POST", f"/rooms/{code}/join", body)).code == "invalid_request"


async def test_leaving_frees_the_seat(site: Site) -> None:
    made = await site.create(max_spectators=1)
    code, room = made["room"]["code"], made["room"]["id"]
    joined = await site.join(code)
    left = await site.call("POST", f"/rooms/{room}/leave", {}, token=joined["token"])
    assert (left.status, left.body) == (200, {"status": "left"})
    assert (await site.join(code, "Bob"))["status"] == "approved"
    after = await site.call("GET", f"/rooms/{room}/history", token=joined["token"])
    assert after.code == "unauthorized"
    assert (await site.call("POST", f"/rooms/{code}/leave", {})).code == "unauthorized"
    assert (await site.call("POST", f"/rooms/{code}/leave", {}, token="key")).code == "not_allowed"


async def test_asking_waiting_and_being_let_in(site: Site) -> None:
    made = await site.create(name="exam", require_approval=True)
    code, room = made["room"]["code"], made["room"]["id"]
    reply = await site.call("POST", f"/rooms/{code}/join", {"display_name": "Ann"})
    asked = reply.body
    assert (reply.status, asked["status"]) == (202, "pending_approval")
    assert asked["room"]["name"] == "exam"
    assert "id" not in asked["room"]
    own = f"/rooms/{room}/requests/{asked['request_id']}"
    waiting = await site.call("GET", own, token=asked["token"])
    assert waiting.body == {"request_id": asked["request_id"], "status": "pending_approval"}
    listed = await site.call("GET", f"/rooms/{room}/requests", token=made["owner_token"])
    (request,) = listed.body["requests"]
    assert (request["id"], request["name"], request["status"]) == (
        asked["request_id"],
        "Ann",
        "pending_approval",
    )
    assert (await site.call("GET", f"/rooms/{room}", token="key")).body["waiting"] == 1
    approved = await site.call("POST", f"{own}/approve", {}, token=made["owner_token"])
    assert (approved.status, approved.body["status"]) == (200, "approved")
    answered = await site.call("GET", own, token=asked["token"])
    assert answered.body["status"] == "approved"
    shown = await site.call("GET", f"/rooms/{room}", token=answered.body["token"])
    assert shown.body["id"] == room


async def test_a_waiting_call_is_answered_at_once_when_the_owner_answers(site: Site) -> None:
    made = await site.create(require_approval=True)
    asked = await site.join(made["room"]["code"])
    own = f"/rooms/{made['room']['id']}/requests/{asked['request_id']}"
    began = time.monotonic()
    tasks = Tasks("test")
    call = tasks.start(site.call("GET", f"{own}?wait=25", token=asked["token"]), "the waiting call")
    await eventually(lambda: site.manager.waiting == 1, what="the call waits")
    assert (await site.call("POST", f"{own}/deny", {}, token="key")).body["status"] == "denied"
    reply = await call
    assert reply.body["status"] == "denied"
    assert time.monotonic() - began < 20  # it asked for 25


async def test_a_waiting_call_without_an_answer_ends_with_how_things_stand(site: Site) -> None:
    made = await site.create(require_approval=True)
    asked = await site.join(made["room"]["code"])
    own = f"/rooms/{made['room']['id']}/requests/{asked['request_id']}"
    reply = await site.call("GET", f"{own}?wait=0.2", token=asked["token"])
    assert reply.body["status"] == "pending_approval"
    assert (await site.call("GET", f"{own}?wait=60", token=asked["token"])).code == "invalid_request"


async def test_asking_again_is_the_same_request(site: Site) -> None:
    code = (await site.create(require_approval=True))["room"]["code"]
    asked = await site.join(code)
    again = await site.call("POST", f"/rooms/{code}/join", {"display_name": "Ann"}, token=asked["visitor"])
    assert (again.status, again.body["request_id"]) == (202, asked["request_id"])


async def test_withdrawing(site: Site) -> None:
    made = await site.create(require_approval=True)
    asked = await site.join(made["room"]["code"])
    own = f"/rooms/{made['room']['id']}/requests/{asked['request_id']}"
    gone = await site.call("DELETE", own, token=asked["token"])
    assert (gone.status, gone.body) == (200, {"status": "withdrawn"})
    listed = await site.call("GET", f"/rooms/{made['room']['id']}/requests", token="key")
    assert listed.body["requests"] == []
    assert (await site.call("GET", own, token=asked["token"])).code in {"request_not_found", "room_not_found"}


async def test_a_request_is_its_askers_alone(site: Site) -> None:
    made = await site.create(require_approval=True)
    code, room = made["room"]["code"], made["room"]["id"]
    ann, bob = await site.join(code, "Ann"), await site.join(code, "Bob")
    own = f"/rooms/{room}/requests/{ann['request_id']}"
    for method in ("GET", "DELETE"):
        assert (await site.call(method, own, token=bob["token"])).code == "request_not_found"
        assert (await site.call(method, own, token=made["owner_token"])).code == "not_allowed"
        nobody = await site.call(method, f"/rooms/{code}/requests/{ann['request_id']}")
        assert nobody.code == "unauthorized"


async def test_a_denied_asker_waits_a_minute(site: Site) -> None:
    made = await site.create(require_approval=True)
    code, room = made["room"]["code"], made["room"]["id"]
    asked = await site.join(code)
    await site.call("POST", f"/rooms/{room}/requests/{asked['request_id']}/deny", {}, token="key")
    again = await site.call("POST", f"/rooms/{code}/join", {"display_name": "Ann"}, token=asked["visitor"])
    assert (again.status, again.code) == (403, "approval_denied")
    assert 1 <= int(again.headers["Retry-After"]) <= 60


async def test_guessing_is_budgeted(
    store: EmbeddedStore, connection: Connection, tmp_path: object, page_folder: object
) -> None:
    async with running(store.url, tmp_path, static_dir=page_folder, rate_limits=True) as site:  # type: ignore[arg-type]  # pytest's own paths
        codes = set()
        for number in range(60):
            reply = await site.call("GET", f"/rooms/QQQQ{number:02}".replace("0", "A").replace("1", "B"))
            codes.add(reply.code)
            if reply.code == "too_many_attempts":
                assert int(reply.headers["Retry-After"]) >= 1
                break
        assert codes == {"room_not_found", "too_many_attempts"}
        made = await site.create()
        known = await site.call("GET", f"/rooms/{made['room']['id']}", token=made["owner_token"])
        assert known.status == 200, "a valid owner is never refused"


async def test_a_publisher_is_told_how_many_wait(site: Site) -> None:
    made = await site.create(require_approval=True, max_spectators=1)
    room, code = made["room"]["id"], made["room"]["code"]
    waiting = [await site.join(code, name) for name in ("Ann", "Ben")]
    assert (await site.publish(room)).body["requests"] == 2
    path = f"/rooms/{room}/requests/{waiting[0]['request_id']}"
    await site.call("POST", f"{path}/approve", token="key")
    assert (await site.publish(room)).body["requests"] == 1


async def test_approving_into_a_full_room_is_refused_and_the_request_goes_on_waiting(site: Site) -> None:
    made = await site.create(require_approval=True, max_spectators=1)
    room, code = made["room"]["id"], made["room"]["code"]
    ann, ben = [await site.join(code, name) for name in ("Ann", "Ben")]
    requests = f"/rooms/{room}/requests"
    assert (await site.call("POST", f"{requests}/{ann['request_id']}/approve", token="key")).status == 200
    full = await site.call("POST", f"{requests}/{ben['request_id']}/approve", token="key")
    assert (full.status, full.code) == (409, "room_full")
    asked = await site.call("GET", f"{requests}/{ben['request_id']}", token=ben["token"])
    assert asked.body["status"] == "pending_approval"
    (left,) = (await site.call("GET", requests, token="key")).body["requests"]
    assert (left["id"], left["name"], left["user_id"]) == (ben["request_id"], "Ben", None)


async def test_who_waits_for_a_room_that_closes_is_told_at_once(site: Site) -> None:
    made = await site.create(require_approval=True)
    room = made["room"]["id"]
    ann = await site.join(made["room"]["code"])
    path = f"/rooms/{room}/requests/{ann['request_id']}"
    tasks = Tasks("the test")
    asked = tasks.start(site.call("GET", f"{path}?wait=25", token=ann["token"]), "wait for the answer")
    await eventually(lambda: room in site.manager.hub._node.rooms)
    await site.call("DELETE", f"/rooms/{room}", token=made["owner_token"])
    reply = await asked
    assert (reply.status, reply.code) == (410, "room_closed")
    await tasks.stop()
