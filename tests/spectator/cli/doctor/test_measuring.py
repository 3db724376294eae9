from spectator.cli.doctor.measuring import PROMISED, Measured, judge, percentile, shown


def test_what_holds_is_ok_and_what_does_not_is_explained():
    fast = Measured({"log": [0.008] * 100, "steady": [4.0] * 40, "burst": [30.0] * 100})
    assert [one.level for one in judge(fast, here=True)] == ["ok", "ok", "ok"]
    slow = Measured({"log": [0.5] * 100, "steady": [4.0] * 40 + [90.0] * 5, "burst": [300.0] * 100})
    found = list(judge(slow, here=True))
    assert [one.level for one in found] == ["warning", "warning", "warning"]
    assert all(one.means and one.do for one in found)
    assert {one.means for one in judge(slow, here=False)} != {one.means for one in found}, (
        "a network is in it"
    )


def test_what_did_not_arrive_is_a_problem():
    (found,) = judge(Measured(lost=3), here=True)
    assert (found.check, found.level) == ("measured.lost", "problem")


def test_what_was_measured_is_told_beside_what_is_promised():
    told = Measured({"log": [0.004, 0.002, 0.003]}).figures()["log"]
    assert told == {"median_ms": 0.003, "p99_ms": 0.004, "promised_ms": list(PROMISED["log"]), "count": 3}


def test_times_as_people_read_them():
    assert (shown(0.0123), shown(4.4), shown(60.0)) == ("12 us", "4 ms", "60 ms")
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
