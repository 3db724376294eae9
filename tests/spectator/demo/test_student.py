import pytest

from spectator.demo.student import JUDGED_EPISODES, MASTERED, PATIENCE, Student


def test_it_masters_the_first_level_and_goes_on():
    student = Student(seed=7)
    for _ in range(PATIENCE):
        finished = student.practise()
        if student.has_mastered:
            break
    assert student.win_rate >= MASTERED
    assert finished.level == 1
    assert finished.end in {"goal", "lava", "time"}
    student.advance()
    assert student.level.number == 2
    assert student.win_rate == 0
    assert not student.has_mastered


def test_learning_shows_in_what_is_told():
    student = Student(seed=7)
    history = [student.practise() for _ in range(150)]
    early, late = history[:30], history[-30:]
    assert sum(one.reward for one in late) > sum(one.reward for one in early)
    assert history[-1].epsilon < history[0].epsilon
    assert history[-1].total_steps == sum(one.length for one in history) == student.total_steps
    assert [one.number for one in history] == list(range(1, 151))


def test_the_same_seed_learns_the_same():
    one, two = Student(3), Student(3)
    assert [one.practise() for _ in range(10)] == [two.practise() for _ in range(10)]


def test_patience_ends():
    student = Student(seed=7)
    assert not student.is_out_of_patience
    while not student.is_out_of_patience:
        student.practise()
    assert student.episodes == PATIENCE > JUDGED_EPISODES


def test_an_episode_that_goes_on_cannot_be_counted():
    student = Student(seed=7)
    with pytest.raises(AssertionError):
        student.end_episode(student.begin_episode())
