import pytest

from rooms import codes


def test_a_code_has_no_letters_that_look_alike() -> None:
    assert len(codes.ALPHABET) == 32
    assert not set("0O1I") & set(codes.ALPHABET)


@pytest.mark.parametrize("length", [6, 9, 12])
def test_fresh_codes_have_the_length_asked_for(length: int) -> None:
    drawn = {codes.new_code(length) for _ in range(200)}
    assert len(drawn) == 200
    assert all(len(code) == length and codes.is_code(code) for code in drawn)


@pytest.mark.parametrize("typed", ["abc234", " ABC 234 ", "abc-234", "AbC\u2013234", "a b c 2 3 4"])
def test_a_code_is_read_as_people_type_it(typed: str) -> None:
    assert codes.normalise(typed) == "ABC234"


@pytest.mark.parametrize("text", ["ABC23", "ABC2340", "ABCDEFGHJKLMN", "ABC23!", "", "ÄBC234", "ABC234\n"])
def test_what_is_no_code(text: str) -> None:
    assert not codes.is_code(text)


def test_ids_say_what_they_are_of() -> None:
    room_id = codes.new_id("r")
    assert codes.is_room_id(room_id)
    assert room_id.startswith("r_")
    assert len(room_id) == 18
    assert not codes.is_room_id(codes.new_id("v"))
    assert not codes.is_room_id(room_id.upper())


def test_a_generated_password_can_be_read_out() -> None:
    password = codes.new_password()
    assert [len(group) for group in password.split("-")] == [4, 4, 4]
    assert not set("0o1il") & set(password)
    assert codes.new_password() != password
