from pathlib import Path

import pytest
from redis.crc import key_slot

from tests.harness.cluster import cluster
from tests.harness.sentinel import watched_by_sentinels

KEY = "{a}one"


@pytest.mark.faults
@pytest.mark.long
@pytest.mark.timeout(300)
def test_slots_move_and_nodes_take_over_and_only_what_was_cut_off_is_lost(tmp_path: Path):
    with cluster(tmp_path) as nodes:
        slot = key_slot(KEY.encode())
        first = nodes.primary_of(KEY)
        for name in "abc":
            first.command("SET", f"{{a}}{name}", name)
        second = nodes.fail_over(first)
        assert nodes.primary_of(KEY) is second
        elsewhere = nodes.others(second)[0]
        halves: list[int] = []
        nodes.move(slot, elsewhere, lambda: halves.append(second.command("CLUSTER", "COUNTKEYSINSLOT", slot)))
        assert (halves, nodes.primary_of(KEY)) == ([2], elsewhere)
        nodes.move_at_once(slot, second)
        copy = nodes.replica_of(second)
        nodes.cut(copy)
        second.command("SET", "{a}a", "acknowledged, then lost")
        assert nodes.take_over(second) is copy
        assert [copy.command("GET", f"{{a}}{name}") for name in "abc"] == ["a", "b", "c"]
        nodes.come_back(second)
        assert not second.primary
        assert nodes.kill_and_wait(copy) is second
    assert not any(node.alive for node in nodes.nodes)


@pytest.mark.faults
@pytest.mark.long
@pytest.mark.timeout(300)
def test_sentinels_make_another_primary_of_the_replica(tmp_path: Path):
    with watched_by_sentinels(tmp_path) as watched:
        before = watched.primary
        before.command("SET", "a", "kept")
        now = watched.kill_primary()
        assert now is not before
        assert now.command("GET", "a") == "kept"
    assert not any(server.alive for server in (*watched.servers, *watched.sentinels))
