"""What the fan-out says of a server that did not keep up, and when the guard fails."""

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from tests.bench import guard
from tests.bench.__main__ import arguments
from tests.bench.candidates import LIMIT, LIMIT_BEAT, V1, WEBSOCKETS
from tests.bench.effort import TINY
from tests.bench.fan_out_tables import cpu, goal, latency
from tests.bench.figures import written
from tests.bench.goals import goals
from tests.bench.sample import Sample
from tests.bench.table import DOCUMENT, Table, put

RECORDED = {"margin": 0.25, "ratios": {"one send an event": 1.0, "one send a beat": 3.0}}


def sample(**more: Any) -> Sample:
    """A server that delivered 1,000 events in a second, of whose core it used a half."""
    told = {
        "events": 1_000, "in_time": 1_000, "due": 1_000, "seconds": 1.0, "server": 0.5, "store": 0.1,
        "load": 0.2, "p50": 0.001, "p95": 0.002, "p99": 0.004, "bytes": 300_000, "misordered": 0, **more,
    }  # fmt: skip
    return Sample(more.pop("candidate", V1), 1_000, 100.0, told, idle=0, busy=0)


def test_who_kept_up_is_shown_with_its_latencies() -> None:
    assert cpu([sample()]) == "500"
    assert latency([sample()]) == "1 / 2 / 4"


def test_who_did_not_keep_up_is_shown_with_the_share_that_came_and_without_latencies() -> None:
    late = sample(in_time=500, server=0.99)
    assert cpu([late]) == "990 (50%)"
    assert latency([late]) == "(50%)"


def test_a_full_load_generator_is_not_blamed_on_the_server() -> None:
    assert cpu([sample(in_time=500, load=0.99)]) == "500 (50%, load full)"
    assert cpu([sample(in_time=500, load=0.99, server=0.98)]) == "980 (50%)"


def test_a_busy_machine_is_told() -> None:
    assert cpu([sample(in_time=500)]) == "500 (50%, neither full)"


def test_what_was_not_tried_is_shown_as_such() -> None:
    assert cpu([]) == latency([]) == "—"


def test_the_goal_is_shown_as_a_multiple_of_the_c_program() -> None:
    samples = [
        Sample(one, 1_000, 100.0, {**sample().told, "server": spent, "misordered": 1}, idle=0, busy=0)
        for one, spent in ((V1, 0.4), (LIMIT, 0.2), (LIMIT_BEAT, 0.1))
    ]
    table = goal(samples, (V1, LIMIT, LIMIT_BEAT, WEBSOCKETS))
    assert [row[4:6] for row in table.rows] == [("2", "4"), ("1", "2"), ("0.5", "1")]
    assert "declared: 1 from spectator, plain, 1 from C" in table.note


@pytest.mark.parametrize(("ratio", "worse"), [(0.5, 0), (1.2, 0), (1.3, 1)])
def test_a_ratio_beyond_the_margin_is_worse(ratio: float, worse: int) -> None:
    found = {"one send an event": ratio, "one send a beat": 3.0}
    assert len(guard.compare(RECORDED, found)) == worse


def test_the_guard_fails_on_a_worse_ratio_and_on_nothing_else(tmp_path: Path) -> None:
    record = tmp_path / "guard.json"
    assert guard.main(TINY, record=True, path=record) == 0
    kept = json.loads(record.read_text())
    assert set(kept["ratios"]) == set(RECORDED["ratios"])
    assert all(ratio > 0 for ratio in kept["ratios"].values())
    for share, status in ((0.5, 0), (1.0, 0), (1.3, 1)):
        found = {name: ratio * share for name, ratio in kept["ratios"].items()}
        assert guard.verdict(found, record) == status


def test_a_record_of_the_guard_is_kept() -> None:
    assert set(json.loads(guard.RECORD.read_text())["ratios"]) == set(RECORDED["ratios"])


def test_the_record_is_written_by_a_whole_run_of_the_guard_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert arguments(["--guard", "--record"]).record
    for given in (["--record"], ["--guard", "--record", "--tiny"], ["--guard", "--record", "--quick"]):
        with pytest.raises(SystemExit):
            arguments(given)
        assert "--record" in capsys.readouterr().err


def test_a_short_run_writes_nothing_unless_told_where() -> None:
    assert arguments(["--quick"]).document is None
    assert arguments(["--dry"]).document is None
    assert arguments(["--tiny", "--document", "here.md"]).document == Path("here.md")
    assert arguments([]).document is not None


def test_an_unknown_peer_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert arguments(["--peers", "bun,channels"]).effort.peers == ("bun", "channels")
    with pytest.raises(SystemExit):
        arguments(["--peers", "bnu"])
    assert "there is no 'bnu'; on request there are bun" in capsys.readouterr().err


def test_a_table_replaces_what_stood_between_its_markers() -> None:
    table = Table("one", ("a", "b"), [("x", "1")])
    text = "before\n<!-- bench:one -->\nold\n<!-- /bench:one -->\nafter\n"
    wanted = "before\n<!-- bench:one -->\n| a | b |\n|---|---:|\n| x | 1 |\n<!-- /bench:one -->\nafter\n"
    assert put(text, [table]) == wanted
    assert put(wanted, [table]) == wanted


def test_a_table_without_a_place_is_an_error() -> None:
    with pytest.raises(ValueError, match="bench:one"):
        put("nothing here", [Table("one", ("a",))])


def test_a_goal_is_judged_by_the_worst_figure_in_the_document() -> None:
    log_call = Table("log-call", ("server", "median, us"), [("up", "6.37"), ("gone", "11")])
    events = Table(
        "events", ("", "decode + check, events/s"), [("decision", "627,756"), ("nested state", "1")]
    )
    fan_out = Table(
        "fan-out-goal",
        ("server", "form", "CPU a delivered event, us"),
        [
            ("spectator", "plain", "3"),
            ("C, bare", "plain", "1"),
            ("ws", "plain", "6"),
            ("ws", "deflate", "1 (9%)"),
        ],
    )
    text = put(DOCUMENT.read_text(), [Table(name, ("",)) for name in names_in(DOCUMENT.read_text())])
    found = {row[0]: row[2:] for row in goals(put(text, [log_call, events, fan_out])).rows}
    assert found["`room.log(...)`, median, server up, hanging or gone"] == ("11 us", "**missed**")
    assert found["decode and check, batches of 100"] == ("627,756 events/s", "held")
    assert found["the same, as a multiple of each peer"] == ("0.5 x", "held")
    assert found["`import spectator`"] == ("n/a", "not measured")


def names_in(document: str) -> list[str]:
    return re.findall(r"<!-- bench:(\S+) -->", document)


def test_nothing_measured_is_written_as_such() -> None:
    assert written(math.nan) == "n/a"
