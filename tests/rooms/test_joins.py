from itertools import product
from typing import get_args

import pytest

from rooms import RequestSettled, joins
from rooms.models import RequestStatus


@pytest.mark.parametrize(
    ("step", "status"),
    [("approve", "approved"), ("deny", "denied"), ("withdraw", "gone"), ("time", "expired")],
)
def test_a_waiting_request_takes_any_step(step: joins.Step, status: str) -> None:
    assert joins.step("pending_approval", step) == status


@pytest.mark.parametrize(("status", "step"), [("approved", "approve"), ("denied", "deny")])
def test_repeats_are_harmless(status: RequestStatus, step: joins.Step) -> None:
    assert joins.step(status, step) == status


def test_everything_else_contradicts_what_was_settled() -> None:
    for status, step in product(get_args(RequestStatus), get_args(joins.Step)):
        if (status, step) not in joins.TRANSITIONS:
            with pytest.raises(RequestSettled, match="already"):
                joins.step(status, step)


def test_nothing_leads_from_expired_to_approved() -> None:
    assert not [key for key in joins.TRANSITIONS if key[0] == "expired"]


def test_the_diagram_draws_every_transition() -> None:
    drawn = joins.diagram().splitlines()
    assert drawn[0] == "stateDiagram-v2"
    assert len(drawn) == 2 + len(joins.TRANSITIONS)
    assert "    pending_approval --> denied: deny" in drawn
