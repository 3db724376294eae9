from tests.faults.history import Verdict
from tests.faults.outcome import Outcome, table

VERDICT = Verdict(1200, 1200, 1199, 6000, 1, 0, 0, 2, 0, 2)


def test_a_table_has_a_row_a_fault():
    told = table([Outcome("killed", VERDICT, 0.5, 1.25), Outcome("paused", VERDICT, 2.0)]).splitlines()
    assert told[0].startswith("| fault | sent | acked | stored | delivered | lost |")
    assert told[2] == "| killed | 1,200 | 1,200 | 1,199 | 6,000 | 1 | 0 | 0 | 2 | 0 | 0.50 s | 1.2 s |"
    assert told[3].endswith("| 2.00 s |  |")
    assert len({line.count("|") for line in told}) == 1
