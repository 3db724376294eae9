"""What docs/operations.md says in numbers, names and rules, beside what the code does."""

import re

import yaml

from spectator.hub.codes import Close
from spectator.hub.hub import AFTER_MS, RETURN_MS
from spectator.hub.policy import Policy
from spectator.manager.manager import MOST_WAITS
from spectator.nodes import ALIVE_MS
from spectator.server.heads import ALL_OF_ONE, IDLE
from spectator.server.running import ENDED_BY_S, STORED_BY_S
from spectator.server.turns import AT_ONCE
from spectator.server.webhooks import AT_ONCE as WEBHOOKS_AT_ONCE
from spectator.server.workers import END_S
from tests.docs.blocks import ROOT, blocks

TEXT = re.sub(r"\s+", " ", (ROOT / "docs" / "operations.md").read_text())


def test_the_rule_for_the_store_is_the_one_that_is_tested() -> None:
    told = yaml.safe_load((ROOT / "examples" / "deploy" / "compose.yaml").read_text())
    users = re.sub(r"\$\{STORE_PASSWORD:[^}]*\}", "PASSWORD", told["configs"]["users"]["content"])
    (block,) = [block for block in blocks("text") if block.place.startswith("docs/operations.md")]
    assert users == f"user default off\n{block.text}"


def test_the_bounds_of_a_process_are_those_of_the_code() -> None:
    policy = Policy()
    for number, what in (
        (policy.client_viewers, "viewers of one address ({}"),
        (policy.client_strangers, "of which {} may be strangers"),
        (ALL_OF_ONE, "its connections of any kind ({})"),
        (IDLE, "those kept between two requests ({})"),
        (policy.room_viewers, "of a room ({})"),
        (policy.node_viewers, "of the process ({})"),
        (AT_ONCE, "calls worked on at once ({})"),
        (WEBHOOKS_AT_ONCE, "webhooks under way ({})"),
        (MOST_WAITS, "calls that wait for an answer ({})"),
    ):
        assert what.format(f"{number:,}") in TEXT


def test_the_end_is_as_long_as_is_written() -> None:
    assert "within ten seconds in all" in TEXT
    assert max(STORED_BY_S, ENDED_BY_S, END_S) < 10
    assert f"({RETURN_MS} ms for each, three seconds at least)" in TEXT
    assert AFTER_MS[Close.RESTARTING][1] == 3000
    assert f"lapses after {ALIVE_MS // 1000} s" in TEXT
