"""The judge itself: histories that keep the promises, and histories that must be condemned."""

import pytest

from tests.faults.history import History

MARKS = "abcdefghij"


def numbered(text: str, first: int = 1) -> list[tuple[int, str]]:
    return list(enumerate(text, first))


def kept(count: int = 10, *, thinned: str = "", epoch: int = 1) -> History:
    """A history in which all was stored that was sent; nobody has watched yet."""
    history = History(thinned)
    history.sent(MARKS[:count])
    history.acked(MARKS[:count], offset=count)
    history.stored(numbered(MARKS[:count]), epoch=epoch)
    return history


def watched(history: History, *, epoch: int = 1, since: tuple[int, int] | None = None):
    view = history.viewer("ann")
    view.connected(since)
    if since is None:
        view.snapshot(epoch, 0)
    return view


class TestAcquitted:
    def test_everything_in_ticks(self):
        history = kept()
        view = watched(history)
        view.tick(1, 1, 4, numbered("abcd"))
        view.tick(1, 5, 10, numbered("efghij", 5))
        verdict = history.judge()
        assert not verdict.condemned, verdict
        assert (verdict.sent, verdict.acked, verdict.stored, verdict.delivered) == (10, 10, 10, 10)
        assert (verdict.declared_gaps, verdict.silent_gaps, verdict.lost, verdict.epochs) == (0, 0, 0, 1)

    def test_events_nobody_counts_have_their_numbers(self):
        history = History()
        history.sent("a")
        history.acked("a")
        history.stored([(1, None), (2, "a")], epoch=1)
        watched(history).tick(1, 1, 2, [(1, None), (2, "a")])
        assert not history.judge().condemned

    def test_a_resume_with_a_cursor(self):
        history = kept()
        view = watched(history)
        view.tick(1, 1, 4, numbered("abcd"))
        view.connected(since=(1, 4))
        view.tick(1, 5, 10, numbered("efghij", 5))
        assert not history.judge().condemned

    def test_a_conflated_message_that_says_what_it_lost(self):
        history = kept(thinned="bc")
        watched(history).conflated(1, 1, 10, {"sample": 2}, [(1, "a"), *numbered("defghij", 4)])
        verdict = history.judge()
        assert not verdict.condemned, verdict
        assert verdict.declared_gaps == 1

    def test_a_snapshot_is_a_declared_gap(self):
        history = kept()
        view = watched(history)
        view.tick(1, 1, 2, numbered("ab"))
        view.snapshot(1, 9)
        view.tick(1, 10, 10, [(10, "j")])
        verdict = history.judge()
        assert not verdict.condemned, verdict
        assert verdict.declared_gaps == 1

    def test_a_new_epoch_with_the_whole_picture_declares_what_was_lost(self):
        history = History()
        history.sent("abcd")
        history.acked("abcd")
        history.stored(numbered("abd"), epoch=2)
        view = watched(history)
        view.tick(1, 1, 3, numbered("abc"))
        view.snapshot(2, 2)
        view.tick(2, 3, 3, [(3, "d")])
        verdict = history.judge()
        assert not verdict.condemned, verdict
        assert (verdict.lost, verdict.epochs, verdict.declared_gaps) == (1, 2, 1)

    def test_a_flat_stream_with_a_skip(self):
        history = kept(thinned="bc")
        view = history.viewer("flat")
        view.connected()
        view.opening(1, 0)
        view.skip(1, 1, 4)
        view.flat(1, 1, "a")
        view.flat(1, 4, "d")
        for seq, mark in numbered("efghij", 5):
            view.flat(1, seq, mark)
        verdict = history.judge()
        assert not verdict.condemned, verdict
        assert verdict.declared_gaps == 1

    def test_a_flat_stream_begins_again_in_a_new_epoch(self):
        """It is told no epoch; what it was shown tells."""
        history = History()
        history.sent("abcde")
        history.acked("abcde")
        history.stored(numbered("abde"), epoch=2)
        view = history.viewer("flat", untold=True)
        view.connected()
        view.opening(0, 0)
        for seq, mark in numbered("abc"):
            view.flat(0, seq, mark)
        view.opening(0, 2)
        for seq, mark in numbered("de", 3):
            view.flat(0, seq, mark)
        other = watched(history)
        other.tick(1, 1, 3, numbered("abc"))
        other.snapshot(2, 4)
        verdict = history.judge()
        assert not verdict.condemned, verdict
        assert (verdict.lost, verdict.declared_gaps) == (1, 2)

    def test_one_that_left_owes_nothing(self):
        history = kept()
        view = watched(history)
        view.tick(1, 1, 4, numbered("abcd"))
        view.left = True
        assert not history.judge().condemned

    def test_what_was_sent_and_never_acknowledged_may_be_missing(self):
        history = kept(9)
        history.sent("j")
        watched(history).tick(1, 1, 9, numbered(MARKS[:9]))
        assert not history.judge().condemned


class TestCondemned:
    @pytest.fixture
    def history(self) -> History:
        return kept()

    def condemned(self, history: History, kind: str, count: int = 1):
        verdict = history.judge()
        assert verdict.condemned
        assert getattr(verdict, kind) == count, verdict
        return verdict

    def test_a_silent_gap_between_ticks(self, history):
        view = watched(history)
        view.tick(1, 1, 4, numbered("abcd"))
        view.tick(1, 6, 10, numbered("fghij", 6))
        self.condemned(history, "silent_gaps")

    def test_a_silent_gap_inside_a_tick(self, history):
        watched(history).tick(1, 1, 10, numbered("abcd") + numbered("fghij", 6))
        self.condemned(history, "silent_gaps")

    def test_the_end_that_never_came(self, history):
        watched(history).tick(1, 1, 9, numbered("abcdefghi"))
        self.condemned(history, "silent_gaps")

    def test_a_viewer_that_was_shown_nothing(self, history):
        history.viewer("ann").connected()
        self.condemned(history, "silent_gaps")

    def test_a_duplicate(self, history):
        view = watched(history)
        view.tick(1, 1, 5, numbered("abcde"))
        view.tick(1, 5, 10, numbered("efghij", 5))
        self.condemned(history, "duplicated")

    def test_a_duplicate_after_a_resume(self, history):
        view = watched(history)
        view.tick(1, 1, 5, numbered("abcde"))
        view.connected(since=(1, 5))
        view.tick(1, 4, 10, numbered("defghij", 4))
        self.condemned(history, "duplicated", 2)

    def test_an_event_stored_twice(self):
        history = kept(4)
        history.stored(numbered("abbcd"), epoch=1)
        watched(history).snapshot(1, 5)
        verdict = self.condemned(history, "duplicated")
        assert verdict.stored == 4

    def test_stored_out_of_order(self):
        history = History()
        history.sent("abcd")
        history.acked("abcd")
        history.stored(numbered("acbd"), epoch=1)
        self.condemned(history, "out_of_order")

    def test_two_producers_may_be_mixed_but_each_keeps_its_order(self):
        history = History()
        history.sent("ab", "one")
        history.sent("cd", "two")
        history.stored(numbered("acbd"), epoch=1)
        assert not history.judge().condemned
        history.stored(numbered("adbc"), epoch=1)
        self.condemned(history, "out_of_order")

    def test_shown_out_of_order(self):
        history = kept(4)
        view = watched(history)
        view.tick(1, 1, 1, [(1, "a")])
        view.conflated(1, 2, 4, {"sample": 1}, [(4, "d"), (2, "b"), (3, "c")])
        assert history.judge().out_of_order

    def test_acknowledged_and_lost(self, history):
        history.stored(numbered(MARKS[:9]), epoch=1)
        watched(history).tick(1, 1, 9, numbered(MARKS[:9]))
        self.condemned(history, "lost")

    def test_acknowledged_under_a_number_that_another_has(self, history):
        history.acked("c", offset=2)
        watched(history).tick(1, 1, 10, numbered(MARKS))
        verdict = history.judge()
        assert verdict.condemned, "the answer named another place than the log"

    def test_a_hole_in_the_log(self, history):
        history.stored(numbered("abcd") + numbered("efghij", 6), epoch=1)
        assert history.judge().silent_gaps

    def test_a_resume_that_was_partial(self, history):
        view = watched(history)
        view.tick(1, 1, 4, numbered("abcd"))
        view.connected(since=(1, 4))
        view.tick(1, 7, 10, numbered("ghij", 7))
        self.condemned(history, "silent_gaps")

    def test_a_part_without_the_whole(self, history):
        view = history.viewer("ann")
        view.connected()
        view.tick(1, 7, 10, numbered("ghij", 7))
        self.condemned(history, "silent_gaps")

    def test_an_epoch_that_was_used_twice(self, history):
        """The store lost its tail, wrote others under the same numbers, and nobody said so."""
        view = watched(history)
        view.tick(1, 1, 10, numbered("abcdefgxyz"))
        self.condemned(history, "silent_gaps", 3)

    def test_two_viewers_who_saw_different_events_under_one_number(self):
        history = kept(4, epoch=2)
        for mark in "cx":
            view = watched(history)
            view.tick(1, 1, 3, numbered(f"ab{mark}"))
            view.snapshot(2, 4)
        assert history.judge().condemned

    def test_a_new_epoch_without_the_whole(self):
        history = kept(4, epoch=2)
        view = watched(history)
        view.tick(1, 1, 2, numbered("ab"))
        view.tick(2, 3, 4, numbered("cd", 3))
        self.condemned(history, "silent_gaps")

    def test_back_to_an_epoch_that_is_over(self):
        history = kept(4, epoch=2)
        view = watched(history, epoch=2)
        view.tick(2, 1, 2, numbered("ab"))
        view.tick(1, 3, 4, numbered("cd", 3))
        self.condemned(history, "out_of_order")

    def test_a_snapshot_older_than_what_was_shown(self, history):
        view = watched(history)
        view.tick(1, 1, 10, numbered(MARKS))
        view.snapshot(1, 8)
        assert history.judge().out_of_order == 1

    def test_conflation_that_does_not_say_so(self):
        history = kept(4, thinned="bc")
        watched(history).conflated(1, 1, 4, {"sample": 0}, [(1, "a"), (4, "d")])
        self.condemned(history, "silent_gaps")

    def test_conflation_that_leaves_out_what_may_not_be(self):
        history = kept(4, thinned="b")
        watched(history).conflated(1, 1, 4, {"sample": 2}, [(1, "a"), (4, "d")])
        self.condemned(history, "silent_gaps")

    def test_a_skip_that_leaves_out_what_may_not_be(self):
        history = kept(4, thinned="b")
        view = history.viewer("flat")
        view.connected()
        view.opening(1, 0)
        view.skip(1, 1, 3)
        view.flat(1, 1, "a")
        view.flat(1, 4, "d")
        self.condemned(history, "silent_gaps")

    def test_a_flat_stream_that_goes_on_as_if_nothing_had_been_lost(self):
        history = History()
        history.sent("abcde")
        history.acked("abcde")
        history.stored(numbered("abde"), epoch=2)
        view = history.viewer("flat", untold=True)
        view.connected()
        view.opening(0, 0)
        for seq, mark in [*numbered("abc"), (4, "e")]:
            view.flat(0, seq, mark)
        assert history.judge().silent_gaps

    def test_a_flat_stream_with_a_hole(self):
        history = kept(4)
        view = history.viewer("flat")
        view.connected()
        view.opening(1, 0)
        view.flat(1, 1, "a")
        view.flat(1, 3, "c")
        view.flat(1, 4, "d")
        self.condemned(history, "silent_gaps")


def test_a_verdict_can_be_read():
    history = kept(4)
    text = str(history.judge())
    assert text.startswith("sent=4 acked=4 stored=4 delivered=0 lost=0")
    history.viewer("ann").connected()
    assert "ann ended at None" in str(history.judge())
