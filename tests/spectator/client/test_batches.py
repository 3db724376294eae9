from __future__ import annotations

import gzip
import json
import math

from spectator.client.batches import WORTH_GZIP, Numbering, encoded, numbered, pack
from spectator.client.pending import EVENT, Entry


def entry(n: int, **more: object) -> Entry:
    return Entry(EVENT, 1_700_000_000.25 + n, {"type": "training_event", "n": n, **more}, 3)


def test_each_event_has_its_time() -> None:
    assert json.loads(encoded([entry(0), entry(1)], lambda: None)) == [
        {"timestamp": "2023-11-14T22:13:20.250000Z", "type": "training_event", "n": 0},
        {"timestamp": "2023-11-14T22:13:21.250000Z", "type": "training_event", "n": 1},
    ]


def test_an_event_that_knows_its_time_keeps_it() -> None:
    (event,) = json.loads(encoded([entry(0, timestamp="2020-01-01T00:00:00Z")], lambda: None))
    assert event["timestamp"] == "2020-01-01T00:00:00Z"


def test_an_event_that_goes_again_keeps_the_time_it_had() -> None:
    again = entry(0)
    assert encoded([again], lambda: None) == encoded([again], lambda: None)


def test_numbers_follow_each_other_and_a_new_producer_begins_anew() -> None:
    numbering = Numbering()
    first, second = pack([entry(0)], numbering, gzip=False), pack([entry(1)], numbering, gzip=False)
    numbering.renew()
    third = pack([entry(2)], numbering, gzip=False)
    assert [batch.sequence for batch in (first, second, third)] == [1, 2, 1]
    producers = [batch.headers["Spectator-Producer"] for batch in (first, second, third)]
    assert producers[0] == producers[1] != producers[2]
    assert first.headers["Spectator-Sequence"] == "1"


def test_the_same_body_can_go_under_another_number() -> None:
    numbering = Numbering()
    batch = pack([entry(0)], numbering, gzip=False)
    again = numbered(batch.entries, batch.body, {"Content-Type": "application/json"}, numbering)
    assert again.body is batch.body
    assert again.sequence == 2


def test_large_bodies_are_compressed_when_asked() -> None:
    entries = [entry(n, text="x" * 100) for n in range(200)]
    plain = pack(entries, Numbering(), gzip=False)
    packed = pack(entries, Numbering(), gzip=True)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body) // 4


def test_small_bodies_are_not_worth_it() -> None:
    batch = pack([entry(0)], Numbering(), gzip=True)
    assert len(batch.body) < WORTH_GZIP
    assert "Content-Encoding" not in batch.headers


def test_non_finite_numbers_travel_as_null_and_are_counted() -> None:
    counted = []
    batch = pack(
        [entry(0, a=math.nan, b=math.inf)], Numbering(), gzip=False, non_finite=lambda: counted.append(1)
    )
    (told,) = json.loads(batch.body)
    assert (told["a"], told["b"]) == (None, None)
    assert len(counted) == 2
