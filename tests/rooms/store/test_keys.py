from rooms.bells import channel_of
from rooms.store import keys

ROOM = "r_0123456789abcdef"


def test_every_key_of_a_room_carries_its_hash_tag() -> None:
    all_keys = [*keys.every_part(ROOM), channel_of(ROOM)]
    assert all(key.startswith(f"sp:{{{ROOM}}}:") for key in all_keys)
    assert len(set(all_keys)) == len(keys.PARTS) + 1


def test_parts_come_in_the_order_asked_for() -> None:
    assert keys.of_room(ROOM, "seats", "room") == [f"sp:{{{ROOM}}}:seats", f"sp:{{{ROOM}}}:room"]


def test_no_key_shows_a_credential_or_an_address() -> None:
    shown = [
        keys.name(keys.digest("local", "k_1", "hunter2")),
        keys.replay(keys.digest("hunter2")),
        keys.person_waiting("hunter2"),
        keys.bucket("client", "hunter2"),
    ]
    assert not [key for key in shown if "hunter2" in key]


def test_parts_of_a_name_cannot_be_shifted_into_each_other() -> None:
    assert keys.digest("ab", "c") != keys.digest("a", "bc")
    assert keys.digest("a", "") != keys.digest("a")
    assert keys.digest("\ud800") != keys.digest("?")
