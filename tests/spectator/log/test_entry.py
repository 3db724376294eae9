from spectator.log.entry import read_entry


def test_an_entry_is_numbered_back_from_its_id() -> None:
    fields = [b"at", b"1700", b"tag", b"0000000b", b"previous", b"0000000a", b"events", b'{"a":1}\n{"b":2}']
    entry = read_entry(b"7-0", fields)
    assert (entry.first, entry.last, entry.time_ms, entry.size) == (6, 7, 1700, 15)
    assert (entry.tag, entry.previous) == (b"0000000b", b"0000000a")
    assert entry.events == [b'{"a":1}', b'{"b":2}']
