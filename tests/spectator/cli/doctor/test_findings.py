from spectator.cli.doctor.findings import NOTE, OK, PROBLEM, WARNING, Finding, count, verdict

LONG = "a sentence that goes on and on, longer than any line of a terminal of eighty columns ever could be"


def test_it_is_told_within_eighty_columns_below_its_level():
    text = Finding("x", PROBLEM, LONG, LONG, LONG).as_text().splitlines()
    assert text[0].startswith("problem  a sentence")
    assert max(map(len, text)) <= 80
    assert all(line.startswith(" " * 9) for line in text[1:])
    assert sum("-> " in line for line in text) == 1


def test_what_is_fine_is_told_in_a_line():
    assert Finding("x", OK, "Fine.", "what it means").as_text() == "ok       Fine."


def test_a_strangers_text_commands_no_terminal():
    assert "\x1b" not in Finding("x", WARNING, "\x1b[2J").as_text()


def test_programs_get_what_there_is_of_it():
    found = Finding("x", NOTE, "Found.", do="Do.", figures={"n": 1}).as_json()
    assert found == {"check": "x", "level": "note", "found": "Found.", "do": "Do.", "figures": {"n": 1}}


def test_the_verdict_counts():
    fine, warning, problem = (Finding("x", level, "") for level in (OK, WARNING, PROBLEM))
    assert verdict([fine]) == "All is well."
    assert verdict([fine, warning]) == "1 warning: it works; read on above what to mend."
    assert verdict([problem, problem, warning]) == "2 problems and 1 warning."
    assert count([problem, warning, warning]) == (1, 2)
