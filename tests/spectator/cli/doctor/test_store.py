import pytest

from spectator.cli.doctor.store import look

STORE = {
    "kind": "valkey",
    "version": "9.0",
    "mode": "standalone",
    "primaries": 1,
    "eviction": "noeviction",
    "persistence": "appendonly",
    "memory_bytes": 10,
    "memory_limit_bytes": None,
    "trip_ms": 0.2,
}


@pytest.mark.parametrize(
    ("change", "check", "level"),
    [
        ({"eviction": "allkeys-lru"}, "store.eviction", "problem"),
        ({"persistence": "none"}, "store.persistence", "warning"),
        ({"persistence": "broken"}, "store.persistence", "problem"),
        ({"trip_ms": 40.0}, "store.trip", "warning"),
        ({"memory_bytes": 95, "memory_limit_bytes": 100}, "store.memory", "warning"),
    ],
)
def test_a_store_that_will_not_do(change, check, level):
    assert [one.check for one in look(STORE)] == ["store"]
    found = {one.check: one for one in look({**STORE, **change})}
    assert found[check].level == level
    assert found[check].means
    assert found[check].do
