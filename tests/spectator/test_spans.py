from spectator.spans import UNMARKED, unmarked


def test_off_there_is_one_nothing_for_all():
    assert unmarked("store", {"x": 1}, within=True) is unmarked("checkpoint") is UNMARKED
    with unmarked("store") as marked:
        marked.note({"y": 2})


def test_an_error_goes_its_way():
    try:
        with unmarked("store"):
            raise KeyError
    except KeyError:
        return
    raise AssertionError("it was swallowed")
