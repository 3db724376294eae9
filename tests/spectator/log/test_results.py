from spectator.log import Retention


def test_what_is_kept_is_what_the_design_says() -> None:
    keep = Retention()
    assert keep.checkpoint_after == 4 * 1024 * 1024
    assert keep.keep_bytes == 16 * 1024 * 1024
    assert keep.keep_ms == 24 * 3600 * 1000
    assert keep.series == 500
