from types import SimpleNamespace

from spectator.hub import Pass
from spectator.hub.census import UNKNOWN, census
from spectator.hub.room import RoomHub


def room(viewers, tenant: str | None, count: int) -> tuple[RoomHub, list]:
    made = RoomHub("r", 0.0)
    if tenant is not None:
        made.glance = SimpleNamespace(room=SimpleNamespace(tenant=tenant))
    come = []
    for _ in range(count):
        viewer, _ = viewers()
        viewer.right = Pass("reader")
        made.admit(viewer, lambda *_: {})
        viewer.go_live()
        come.append(viewer)
    return made, come


def test_viewers_are_counted_by_the_tenant_of_their_room(viewers):
    waiting, _ = viewers()
    first, _ = room(viewers, "lab", 2)
    first.lobby[waiting] = lambda: None
    found = census(
        [first, room(viewers, "lab", 1)[0], room(viewers, "school", 1)[0], room(viewers, None, 0)[0]]
    )
    assert found.rooms == 4
    assert found.connections == {"lab": 4, "school": 1}
    assert census([room(viewers, None, 1)[0]]).connections == {UNKNOWN: 1}


def test_who_is_behind_is_slow_and_who_hides_is_not(viewers):
    made, (behind, held, hidden, fine) = room(viewers, "lab", 4)
    behind.conflate(1e9)
    held.held = True
    hidden.hidden = True
    for viewer in (behind, held, hidden, fine):
        viewer.settle()
    found = census([made])
    assert (found.slow, found.hidden) == (2, 1)
