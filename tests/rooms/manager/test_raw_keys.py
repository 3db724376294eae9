import pytest

from rooms import InvalidRequest
from rooms.manager.raw_keys import check_api_key, check_operator_key, is_key, key_digest, key_id, new_key


def test_a_fresh_key_has_the_shape_of_one_and_256_bits_of_its_own() -> None:
    keys = {new_key("acme-2") for _ in range(100)} | {new_key(None) for _ in range(100)}
    assert len(keys) == 200
    assert all(is_key(key) for key in keys)
    assert {key[:3] for key in keys} == {"sk_", "op_"}
    assert min(len(key.removeprefix("sk_acme-2_").removeprefix("op_")) for key in keys) == 43
    check_api_key(new_key("acme-2"), "acme-2")
    check_operator_key(new_key(None))


@pytest.mark.parametrize(
    "raw", ["op_short", "sk_local_aaaaaaaaaaaaaaaa", "", "op_" + "a" * 201, "op_ä" + "a" * 20]
)
def test_what_is_no_operator_s_key(raw: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_operator_key(raw)
    assert caught.value.field == "key"
    assert not raw or raw not in caught.value.message


def test_a_key_is_known_by_hashes_that_do_not_tell_of_each_other() -> None:
    raw = new_key("acme")
    assert key_id(raw).removeprefix("k_") not in key_digest(raw)
    assert key_digest(raw) == key_digest(raw)
    assert key_id(raw) != key_id(new_key("acme"))
