"""What log, counters and traces are told of a request: of a call, of a socket, and of what is neither."""

from types import SimpleNamespace

from rooms import Caller
from spectator.server.observing import Seen, kind_of
from spectator.server.table import ROUTES
from spectator.stats import CALLS
from tests.spectator.server.conftest import Site


def noted(room=None, caller=None):
    call = SimpleNamespace(caller=caller) if caller is not None else None
    return SimpleNamespace(known_room=room, call=call, tenant=None)


def test_each_request_has_a_name_of_its_own():
    names = {Seen().id for _ in range(1000)}
    assert len(names) == 1000
    assert all(len(name) == 16 and int(name, 16) >= 0 for name in names)


def test_the_room_of_a_call_is_told_as_soon_as_it_is_known():
    seen = Seen()
    assert (seen.room, seen.tenant) == (None, None)
    seen.follow(noted())
    assert (seen.room, seen.tenant) == (None, None)
    seen.follow(noted(caller=Caller("api_key", tenant="lab")))
    assert (seen.room, seen.tenant) == (None, "lab")
    seen.follow(noted(SimpleNamespace(id="r_1", tenant="school"), Caller("anonymous")))
    assert (seen.room, seen.tenant) == ("r_1", "school")


def test_a_socket_says_where_it_stood():
    seen = Seen()
    seen.stood_in("r_1", "lab")
    assert (seen.room, seen.tenant) == ("r_1", "lab")
    seen.stood_in("", None)
    assert seen.room is None


def test_publishing_and_joining_are_told_apart_from_the_rest():
    kinds = {(route.method, route.path): kind_of(route) for route in ROUTES}
    assert set(kinds.values()) == set(CALLS)
    assert [call for call, kind in kinds.items() if kind == "join"] == [("POST", "/rooms/{room}/join")]
    assert ("POST", "/rooms/{room}/events") in [call for call, kind in kinds.items() if kind == "publish"]


async def test_what_waits_for_something_to_happen_is_not_timed(site: Site) -> None:
    made = await site.create(require_approval=True)
    asked = await site.join(made["room"]["code"])
    counted = site.manager.stats.calls["other"]
    path = f"/rooms/{made['room']['id']}/requests/{asked['request_id']}"
    before = counted.count
    assert (await site.call("GET", f"{path}?wait=0.1", token=asked["token"])).status == 200
    assert counted.count == before
    assert (await site.call("GET", "/lobby")).status == 200
    assert counted.count == before + 1


async def test_an_answer_names_its_request(site: Site) -> None:
    first, other = [(await site.send("GET", "/healthz")).headers["X-Request-ID"] for _ in range(2)]
    assert first != other
