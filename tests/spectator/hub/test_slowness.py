import math

from spectator.hub import Pass, Policy
from spectator.hub.slowness import Slowness


def test_the_third_time_it_stays_conflated(viewers, clock):
    slowness = Slowness(Policy(), clock)
    viewer, _ = viewers()
    assert not slowness.spares(viewer)
    clock.push(60)
    assert not slowness.spares(viewer)
    clock.push(60)
    assert slowness.spares(viewer)
    assert viewer.conflated_until == math.inf
    assert not viewer.direct
    assert slowness.spares(viewer), "and for as long as the two are not forgotten"


def test_after_five_minutes_it_counts_anew(viewers, clock):
    slowness = Slowness(Policy(), clock)
    viewer, _ = viewers()
    for _ in range(10):
        assert not slowness.spares(viewer)
        clock.push(301)


def test_each_person_for_itself(viewers, clock):
    slowness = Slowness(Policy(), clock)
    for number in range(20):
        viewer, _ = viewers()
        viewer.right = Pass("spectator", person=f"v_{number}")
        assert not slowness.spares(viewer)


def test_what_is_remembered_is_bounded(viewers, clock):
    slowness = Slowness(Policy(), clock)
    for number in range(25_000):
        viewer, _ = viewers()
        viewer.right = Pass("spectator", person=f"v_{number}")
        slowness.spares(viewer)
        clock.push(0.1)
    assert len(slowness._ended) <= 10_001
