from spectator.log import Cursor
from spectator.state import State


def test_a_room_in_which_nothing_happened_is_empty() -> None:
    state = State()
    assert state.cursor == Cursor.START
    assert state.run is None
    assert state == State()
    assert [*state.series, *state.episodes, *state.alerts, *state.newest.items()] == []
