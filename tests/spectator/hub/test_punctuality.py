from spectator.hub.punctuality import LOOK_S, Punctuality
from spectator.stats import Stats


async def test_it_notes_by_how_much_it_woke_late(clock):
    late = Stats().loop_lag
    turns = iter((100.0, 100.0 + LOOK_S + 0.2))
    await Punctuality(lambda: next(turns), late).round()
    assert late.count == 1
    assert abs(late.total - 0.2) < 1e-9
