import pytest

from spectator.log import keys

OWN = (keys.room, keys.waiting, keys.log, keys.head, keys.checkpoint, keys.producers, keys.crowd, keys.series)


@pytest.mark.parametrize("key", OWN, ids=lambda key: key.__name__)
def test_all_keys_of_a_room_lie_in_one_slot(key: object) -> None:
    assert callable(key)
    assert key("r_1").startswith("sp:{r_1}:")
