from spectator.cli.qr import qr_text


def test_a_code_is_drawn_in_blocks():
    drawn = qr_text("http://192.168.1.2:8000/r/ABC234")
    assert len(drawn.splitlines()) > 10
    assert set("\u2588\u2580\u2584") & set(drawn)
