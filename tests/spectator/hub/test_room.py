from rooms import Present
from spectator.hub import Pass
from spectator.hub.room import RoomHub
from spectator.log import Wants


def describe(*_):
    return {}


def admit(room: RoomHub, viewers, person: str | None, *, seated: bool = True):
    viewer, _ = viewers()
    viewer.right = Pass("spectator", person=person, seated=seated)
    room.admit(viewer, describe)
    return viewer


def test_a_person_counts_once_and_a_key_each_time(viewers):
    room = RoomHub("r", 0.0)
    first, second = admit(room, viewers, "ann"), admit(room, viewers, "ann")
    key = admit(room, viewers, None)
    admit(room, viewers, None)
    assert room.watching() == 3
    assert room.of("ann") == {first, second}
    room.dismiss(first)
    assert room.watching() == 3
    room.dismiss(second)
    room.dismiss(second)
    room.dismiss(key)
    assert room.watching() == 1
    assert room.people() == []


def test_a_sequence_of_viewers_stays_as_it_is(viewers):
    room = RoomHub("r", 0.0)
    first = admit(room, viewers, "ann")
    seen = room.viewers
    admit(room, viewers, "ben")
    room.dismiss(first)
    assert seen == (first,)
    assert len(room.viewers) == 1


def test_the_store_counts_people_on_all_nodes_and_this_node_at_least_its_own(viewers):
    room = RoomHub("r", 0.0)
    for person in ("ann", "ben"):
        admit(room, viewers, person)
    assert (room.watching(), room.named()) == (2, ("ann", "ben"))
    room.present = Present(7, ("far", "ann"))
    assert (room.watching(), room.named()) == (7, ("far", "ann"))
    room.present = Present(1, ("far",))
    assert room.watching() == 2, "what the store lost for a moment comes back with the next renewal"
    admit(room, viewers, None)
    room.keys_elsewhere = 3
    assert (room.watching(), room.keys) == (6, 1)


def test_who_is_on_the_way_in_is_not_given_up(viewers):
    room = RoomHub("r", 0.0)
    assert not room.has("ann")
    room.arriving["ann"] += 1
    assert room.has("ann")
    room.arriving["ann"] -= 1
    viewer = admit(room, viewers, "ann")
    assert room.has("ann")
    room.dismiss(viewer)
    assert not room.has("ann")


def test_viewers_by_an_api_key_are_known(viewers):
    room = RoomHub("r", 0.0)
    admit(room, viewers, "ann")
    viewer, _ = viewers()
    viewer.right = Pass("reader", key_id="k")
    room.admit(viewer, describe)
    assert room.keyed == (viewer,)
    room.dismiss(viewer)
    assert room.keyed == ()


def test_a_hidden_tab_wants_nothing(viewers):
    room = RoomHub("r", 0.0)
    viewer = admit(room, viewers, "ann")
    assert room.wants() == Wants(decisions=True, episodes=True)
    viewer.hidden = True
    assert room.wants() == Wants()


def test_when_it_is_needed(viewers):
    room = RoomHub("r", 0.0)
    assert not room.needed
    viewer = admit(room, viewers, "ann")
    assert room.needed
    room.dismiss(viewer)
    assert not room.needed
    room.listeners.add(lambda: None)
    assert room.needed
