import base64
import json
from itertools import permutations
from secrets import token_hex

import pytest

from rooms import Secrets, Unauthorized
from rooms.tokens import LONGEST_TOKEN, PREFIXES

OLD = b"an old secret of sixteen bytes or more"
NEW = b"a new secret of sixteen bytes or more"


def test_a_token_gives_back_what_was_signed() -> None:
    secrets = Secrets([NEW])
    token = secrets.verify(secrets.sign("grant", {"r": "r_1", "p": "v_1"}, 5))
    assert (token.kind, token.fields, token.expires_at_ms) == ("grant", {"r": "r_1", "p": "v_1"}, 5)


def test_the_same_fields_give_the_same_token() -> None:
    secrets = Secrets([NEW])
    fields = {"r": "r_1", "n": 1}
    assert secrets.sign("room_key", fields, None) == Secrets([NEW]).sign("room_key", fields, None)
    assert secrets.sign("room_key", fields, None).startswith("rk_")


@pytest.mark.parametrize(("kind", "other"), list(permutations(PREFIXES, 2)))
def test_a_token_is_worth_nothing_as_another_kind(kind: str, other: str) -> None:
    secrets = Secrets([NEW])
    text = secrets.sign(kind, {"r": "r_1"}, None)
    with pytest.raises(Unauthorized):
        secrets.verify(PREFIXES[other] + text[3:])


def test_secrets_rotate_as_a_list() -> None:
    before = Secrets([OLD]).sign("visitor", {"p": "v_1"}, None)
    rotating = Secrets([NEW, OLD])
    assert rotating.verify(before).fields == {"p": "v_1"}
    after = rotating.sign("visitor", {"p": "v_1"}, None)
    assert Secrets([NEW]).verify(after).kind == "visitor"
    with pytest.raises(Unauthorized):
        Secrets([OLD]).verify(after)
    with pytest.raises(Unauthorized):
        Secrets([NEW]).verify(before)


def test_no_byte_of_a_token_can_be_changed() -> None:
    secrets = Secrets([NEW])
    text = secrets.sign("grant", {"r": "r_1"}, 5)
    for place in range(len(text) - 1):  # the last character of base64 has bits that do not count
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        with pytest.raises(Unauthorized):
            secrets.verify(changed)


def test_a_payload_of_ones_own_is_refused() -> None:
    forged = base64.urlsafe_b64encode(json.dumps({"r": "r_1", "x": None}).encode()).decode().rstrip("=")
    with pytest.raises(Unauthorized):
        Secrets([NEW]).verify(f"rk_{forged}.{'A' * 86}")


@pytest.mark.parametrize("text", ["", "x", "rk_", "gr_abc", "gr_.", "zz_abc.def", "gr_\x00.é", "sk_local_x"])
def test_what_is_no_token(text: str) -> None:
    with pytest.raises(Unauthorized):
        Secrets([NEW]).verify(text)


@pytest.mark.parametrize("prefix", [*PREFIXES.values(), "sk_"])
@pytest.mark.parametrize("rest", ["\udcff.x", "é.é", "a.b\x00", "\ud800"])
def test_what_is_not_even_text_is_no_token(prefix: str, rest: str) -> None:
    with pytest.raises(Unauthorized):
        Secrets([NEW]).verify(prefix + rest)


def test_a_huge_token_is_not_even_looked_at() -> None:
    secrets = Secrets([NEW])
    text = secrets.sign("grant", {"r": token_hex(LONGEST_TOKEN)}, None)
    with pytest.raises(Unauthorized):
        secrets.verify(text)


def test_the_signature_is_sha512() -> None:
    signature = Secrets([NEW]).sign("grant", {}, None).rpartition(".")[2]
    assert len(base64.urlsafe_b64decode(signature + "==")) == 64


@pytest.mark.parametrize("keys", [[], [b"short"], [NEW, b""]])
def test_weak_secrets_are_refused(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Secrets(keys)


def test_fingerprints_tell_secrets_apart_and_nothing_else() -> None:
    secrets = Secrets([NEW, OLD])
    assert secrets.fingerprints == (*Secrets([NEW]).fingerprints, *Secrets([OLD]).fingerprints)
    assert len(set(secrets.fingerprints)) == 2
    assert all(NEW.decode() not in mark and len(mark) == 24 for mark in secrets.fingerprints)
    assert "secret" not in repr(secrets.verify(secrets.sign("grant", {"p": "secret"}, None)))


def test_a_secret_is_derived_from_each_for_one_purpose_alone() -> None:
    old, new = b"an old secret, long enough", b"a new secret, long enough"
    before, after = Secrets([old]), Secrets([new, old])
    (first,) = before.derived("webhook r_1")
    assert after.derived("webhook r_1")[1] == first, "what was told is known as long as its secret is"
    assert first not in {*after.derived("webhook r_2"), after.derived("webhook r_1")[0]}
    assert old.decode() not in first
    after.replace([new])
    assert after.derived("webhook r_1") == Secrets([new]).derived("webhook r_1")


def test_tokens_of_before_are_worth_what_they_were() -> None:
    """How keys are derived may be made cheaper, never another: links and grants are out there."""
    secrets = Secrets([b"x" * 32, b"y" * 32])
    signed = (
        "gr_eyJhIjoxLCJuIjoiw6kiLCJ4Ijo1fQ.4EptbmvYNMtk2BPc6Lsbcau8cHKEh4QTSG-eqq3XAoHhY0Yfddod7BT6GVIqqU2YE3KQ_"
        "rc2Rr5BF2AZ-54Zrw"
    )
    assert secrets.sign("grant", {"a": 1, "n": "é"}, 5) == signed
    assert dict(secrets.verify(signed).fields) == {"a": 1, "n": "é"}
