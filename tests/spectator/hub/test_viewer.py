from spectator.hub import packets
from spectator.hub.viewer import Stage, Variant


def say(viewer, kind: str, number: int) -> bool:
    return viewer.say(kind, packets.plain({"type": kind, "number": number}))


def test_what_is_said_leaves_at_once(viewers):
    viewer, sink = viewers()
    assert say(viewer, "crowd", 1)
    assert sink.take() == [{"type": "crowd", "number": 1}]


def test_of_each_kind_only_the_newest_waits(viewers):
    viewer, sink = viewers()
    sink.stalled = True
    say(viewer, "crowd", 1)
    for number in range(2, 1000):
        assert not say(viewer, "crowd", number)
    assert not say(viewer, "notice", 5)
    waiting = sink.buffered()
    assert waiting < 100
    sink.drain()
    assert viewer.flush()
    assert sink.take() == [
        {"type": "crowd", "number": 1},
        {"type": "crowd", "number": 999},
        {"type": "notice", "number": 5},
    ]


def test_a_long_message_goes_slice_by_slice(viewers):
    viewer, sink = viewers(Variant.V1)
    sink.stalled = True
    assert not viewer.say("long", packets.plain({"type": "x", "y": "z" * 300_000}))
    assert sink.buffered() <= 64 * 1024 + 10
    while not viewer.flush():
        assert sink.buffered() <= 64 * 1024 + 10
        sink.drain()
        sink.stalled = True
    sink.drain()
    assert len(sink.take()[0]["y"]) == 300_000


def test_nothing_is_said_to_who_has_gone(viewers):
    viewer, sink = viewers()
    viewer.stage = Stage.ENDED
    assert say(viewer, "crowd", 1)
    assert not sink.taken


def test_who_gets_events(viewers):
    viewer, _ = viewers()
    assert viewer.direct
    for change in ("hidden", "held"):
        setattr(viewer, change, True)
        viewer.settle()
        assert viewer.idle
        assert not viewer.direct
        setattr(viewer, change, False)
    viewer.settle()
    assert viewer.direct
    viewer.stage = Stage.LOBBY
    viewer.settle()
    assert viewer.idle


def test_conflation_ends_with_its_time(viewers):
    viewer, _ = viewers()
    viewer.conflate(10.0)
    viewer.conflate(5.0)
    assert not viewer.direct
    assert not viewer.idle
    assert not viewer.recovered(9.9)
    assert viewer.recovered(10.0)
    assert viewer.direct
