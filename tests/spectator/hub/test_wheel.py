from spectator.hub.wheel import Wheel


def test_what_is_due_comes_out_in_order_and_once():
    wheel, rung = Wheel(grain=0.1), []
    for when in (10.35, 10.05, 10.2):
        wheel.at(when, rung.append, when)
    assert _turn(wheel, 10.0) == 0
    assert _turn(wheel, 10.31) == 2
    assert rung == [10.05, 10.2]
    assert _turn(wheel, 10.31) == 0
    assert _turn(wheel, 99.0) == 1
    assert len(wheel) == 0


def test_a_timer_is_never_early():
    wheel = Wheel(grain=0.1)
    wheel.at(10.01, print)
    assert wheel.turn(10.0) == []
    assert wheel.turn(10.009) == []
    assert len(wheel.turn(10.15)) == 1


def test_a_timer_set_for_the_past_runs_at_the_next_turn():
    wheel, rung = Wheel(grain=0.1), []
    wheel.turn(50.0)
    wheel.at(10.0, rung.append, "late")
    assert _turn(wheel, 50.1) == 1
    assert rung == ["late"]


def test_timers_set_while_turning_wait_for_their_time():
    wheel, rung = Wheel(grain=0.1), []

    def again(number: int) -> None:
        rung.append(number)
        if number < 3:
            wheel.at(10.0, again, number + 1)

    wheel.at(10.0, again, 1)
    for turn in range(5):
        _turn(wheel, 10.0 + turn * 0.1)
    assert rung == [1, 2, 3]


def _turn(wheel: Wheel, now: float) -> int:
    due = wheel.turn(now)
    for call, subject in due:
        call(subject)
    return len(due)
