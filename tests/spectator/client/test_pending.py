from __future__ import annotations

import random
import threading
import time
from typing import Any, Dict, List

import pytest

from spectator.client.pending import (
    CAPACITY,
    ENTRY_CELLS,
    EPISODE,
    EVENT,
    LIFE,
    NOTE,
    SAMPLE,
    STATE,
    Entry,
    Pending,
    newest_states,
    oldest_out,
    thin,
)
from tests.spectator.client.until import until


def sample(step: int, **values: float) -> Entry:
    return Entry(SAMPLE, float(step), {"data": {**values, "step": step}}, ENTRY_CELLS + len(values) + 1)


def series(entries: List[Entry], name: str) -> Dict[int, Any]:
    return {
        entry.fields["data"]["step"]: entry.fields["data"][name]
        for entry in entries
        if entry.kind == SAMPLE and name in entry.fields["data"]
    }


def add_sample(pending: Pending, step: int, **values: float) -> None:
    pending.add(SAMPLE, float(step), {"data": {**values, "step": step}}, len(values) + 1)


def test_comes_out_in_the_order_it_went_in() -> None:
    pending = Pending()
    for step in range(10):
        add_sample(pending, step, loss=step)
    first = pending.take(4, 1_000)
    rest = pending.take(100, 1_000)
    assert [entry.fields["data"]["step"] for entry in first + rest] == list(range(10))
    assert len(pending) == 0
    assert pending.dropped == 0


def test_a_batch_is_bounded_by_its_size_too() -> None:
    pending = Pending()
    for step in range(10):
        add_sample(pending, step, loss=step)
    assert len(pending.take(100, 1)) == 1


def test_put_back_keeps_the_order() -> None:
    pending = Pending()
    for step in range(4):
        add_sample(pending, step, loss=step)
    taken = pending.take(3, 1_000)
    pending.put_back(taken[1:])
    assert [entry.fields["data"]["step"] for entry in pending.take(10, 1_000)] == [1, 2, 3]


@pytest.mark.parametrize("names", [1, 5, 40])
def test_stays_bounded_and_keeps_extremes_and_the_last_value(names: int) -> None:
    chance = random.Random(names)
    pending = Pending(capacity=4_000 if names < 40 else CAPACITY)
    low, high = {}, {}
    values: Dict[str, float] = {}
    for step in range(20_000):
        values = {f"m{index}": chance.gauss(0, 1) for index in range(names)}
        for name, value in values.items():
            low[name] = min(value, low.get(name, value))
            high[name] = max(value, high.get(name, value))
        add_sample(pending, step, **values)
        assert pending._cells <= pending._capacity
    kept = pending.take(10**9, 10**9)
    assert pending._cells == 0
    assert pending.dropped == 20_000 - len(kept)
    for name in values:
        found = series(kept, name)
        assert min(found.values()) == low[name]
        assert max(found.values()) == high[name]
        assert found[19_999] == values[name]


def test_thinned_values_stay_at_their_own_steps() -> None:
    entries = [sample(step, reward=float((step * 7919) % 1000), loss=float(step)) for step in range(5_000)]
    kept = thin(entries, 2_000)
    assert sum(entry.cells for entry in kept) <= 2_000
    for name in ("reward", "loss"):
        before = series(entries, name)
        assert all(before[step] == value for step, value in series(kept, name).items())


def test_thinning_is_even_over_time() -> None:
    kept = thin([sample(step, loss=float(step)) for step in range(10_000)], 3_000)
    steps = sorted(series(kept, "loss"))
    first_half = [step for step in steps if step < 5_000]
    assert 0.4 < len(first_half) / len(steps) < 0.6


def test_axes_stay_with_what_is_kept() -> None:
    entries = [
        Entry(
            SAMPLE, float(n), {"data": {"a": float(n % 3), "b": -float(n), "step": n, "episode": n // 9}}, 6
        )
        for n in range(1_000)
    ]
    kept = thin(entries, 500)
    assert all(entry.fields["data"]["episode"] == entry.fields["data"]["step"] // 9 for entry in kept)


def test_not_a_number_is_no_extreme() -> None:
    entries = [sample(step, loss=float("nan") if step % 2 else float(step)) for step in range(1_000)]
    kept = series(thin(entries, 200), "loss")
    assert kept[998] == 998.0
    assert kept[0] == 0.0


def test_nothing_is_thinned_that_fits() -> None:
    entries = [sample(step, loss=1.0) for step in range(100)]
    assert thin(entries, 10_000) is entries


def test_of_decisions_the_newest_stays() -> None:
    states = [Entry(STATE, float(n), {"n": n}, 3) for n in range(5)]
    mixed = [*states[:3], sample(1, loss=1.0), *states[3:]]
    assert newest_states(mixed) == [sample(1, loss=1.0), states[-1]]


def test_events_outlive_everything_but_the_life_of_the_run() -> None:
    pending = Pending(capacity=2_000)
    pending.add(LIFE, 0.0, {"event": "training_started"}, 3)
    for n in range(100):
        pending.add(EVENT, float(n), {"n": n}, 3)
        pending.add(NOTE, float(n), {"n": n}, 3)
        pending.add(STATE, float(n), {"n": n}, 3)
    for step in range(10_000):
        add_sample(pending, step, loss=float(step))
    kept = pending.take(10**9, 10**9)
    assert [entry.kind for entry in kept].count(LIFE) == 1
    assert [entry.fields["n"] for entry in kept if entry.kind == EVENT] == list(range(100))
    assert [entry.fields["n"] for entry in kept if entry.kind == STATE] == [99]


def test_notes_go_before_other_events_and_the_oldest_first() -> None:
    entries = [Entry(EVENT, 0.0, {"n": 0}, 10), *[Entry(NOTE, float(n), {"n": n}, 10) for n in range(5)]]
    kept = oldest_out(entries, 40)
    assert [(entry.kind, entry.fields["n"]) for entry in kept] == [
        (EVENT, 0),
        (NOTE, 2),
        (NOTE, 3),
        (NOTE, 4),
    ]


def test_a_flood_of_events_is_bounded_too() -> None:
    pending = Pending(capacity=1_000)
    pending.add(LIFE, 0.0, {}, 3)
    for n in range(5_000):
        pending.add(EVENT, float(n), {"n": n}, 3)
    kept = pending.take(10**9, 10**9)
    assert kept[0].kind == LIFE
    assert kept[-1].fields["n"] == 4_999
    assert len(kept) + pending.dropped == 5_001


def test_threads_lose_nothing() -> None:
    pending = Pending()
    taken: List[Entry] = []
    done = threading.Event()

    def work(offset: int) -> None:
        for n in range(1_000):
            pending.add(EVENT, 0.0, {"n": offset + n}, 1)

    def drain() -> None:
        while not done.is_set() or len(pending):
            taken.extend(pending.take(50, 10_000))

    workers = [threading.Thread(target=work, args=(1_000 * index,)) for index in range(4)]
    drainer = threading.Thread(target=drain)
    for thread in [*workers, drainer]:
        thread.start()
    for thread in workers:
        thread.join()
    done.set()
    drainer.join()
    assert sorted(entry.fields["n"] for entry in taken) == list(range(4_000))


def test_who_logs_does_not_make_the_room() -> None:
    """Another thread does it, before the queue is full; what is added meanwhile stays, in order."""
    pending = Pending()
    step = 0
    while pending._cells <= CAPACITY * 3 // 4:
        add_sample(pending, step, loss=step)
        step += 1
    assert len(pending) == step
    until(lambda: pending.dropped > 0)
    assert pending._cells <= CAPACITY // 2
    add_sample(pending, step, loss=step)
    taken = pending.take(10**9, 10**9)
    steps = [entry.fields["data"]["step"] for entry in taken]
    assert steps == sorted(steps)
    assert steps[-1] == step
    assert len(taken) + pending.dropped == step + 1


def test_what_is_taken_while_room_is_made_comes_once_and_in_order() -> None:
    pending = Pending(capacity=4_000)
    taken: List[int] = []
    done = threading.Event()

    def carry() -> None:
        while not done.is_set() or pending:
            got = pending.take(7, 1_000)
            taken.extend(entry.fields["data"]["step"] for entry in got)
            if len(got) == 7:
                pending.put_back(got[4:])
                del taken[-3:]

    carrier = threading.Thread(target=carry)
    carrier.start()
    for step in range(20_000):
        add_sample(pending, step, loss=step % 17)
        if step % 50 == 0:
            time.sleep(0.0001)  # a training has other things to do, too
    done.set()
    carrier.join(60)
    assert taken == sorted(set(taken))
    assert taken[-1] == 19_999
    assert len(taken) + pending.dropped == 20_000


def test_an_episode_given_up_while_its_steps_come_is_given_up_whole() -> None:
    pending = Pending(capacity=4_000)

    def add_episode(name: str, kind: str) -> None:
        pending.add(EPISODE, 0.0, {"type": kind, "episode_id": name}, 8)

    for number in range(400):
        name = str(number)
        add_episode(name, "episode_start")
        for _ in range(10):
            add_episode(name, "episode_steps")
        add_episode(name, "episode_end")
        if number % 100 == 50:
            until(lambda: pending._cells <= pending._begin)
    sent = [entry.fields["episode_id"] for entry in pending.take(10**9, 10**9)]
    assert {sent.count(name) for name in set(sent)} == {12}, "an episode is whole or not there"
    assert len(sent) + pending.dropped == 400 * 12


def test_a_child_makes_its_own_room() -> None:
    pending = Pending(capacity=1_000)
    for step in range(1_000):
        add_sample(pending, step, loss=step)
    until(lambda: not pending._full.is_set())  # in a real child there is no thread that still works
    pending.clear()
    for step in range(300):
        add_sample(pending, step, loss=step)
    until(lambda: pending._cells <= 500)
    assert pending._maker is not None


def test_a_signal_handler_may_add_while_its_thread_adds() -> None:
    pending = Pending()
    with pending._lock:  # as if the signal came in the middle of an add
        pending.add(EVENT, 0.0, {}, 1)
    assert len(pending) == 1


def test_a_child_begins_with_nothing_and_no_lock_of_its_parent() -> None:
    pending = Pending()
    pending.add(EVENT, 0.0, {}, 1)
    held = threading.Thread(target=pending._lock.acquire)  # a thread that does not exist in the child
    held.start()
    held.join()
    pending.clear()
    pending.add(EVENT, 1.0, {}, 1)
    assert [entry.time for entry in pending.take(9, 99)] == [1.0]
    assert pending.dropped == 0
