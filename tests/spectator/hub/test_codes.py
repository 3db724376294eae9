import pytest

from spectator.hub.codes import Close


@pytest.mark.parametrize("code", Close)
def test_the_range_says_whether_to_come_back(code: Close):
    assert code.reconnect == (4000 <= code < 4500)
    assert 4000 <= code < 5000


@pytest.mark.parametrize("code", Close)
def test_a_reason_fits_into_a_close_frame_and_says_something(code: Close):
    assert 10 < len(code.reason.encode()) <= 123


def test_the_codes_of_the_published_protocol():
    assert {int(code) for code in Close} == {
        *(4001, 4002, 4003, 4004, 4005),
        *(4500, 4501, 4503, 4504, 4508, 4509, 4510, 4511, 4512, 4513),
    }
