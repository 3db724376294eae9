from importlib import import_module, metadata

import pytest

from spectator.cli.arguments import parser


def parsed(*words):
    return parser().parse_args(words)


def test_what_was_not_given_is_none_so_that_the_environment_may_say():
    arguments = parsed("serve")
    assert (arguments.port, arguments.lan, arguments.redis_url, arguments.behind_proxy) == (None,) * 4


def test_serve_takes_its_options():
    arguments = parsed("serve", "--port", "0", "--lan", "--redis", "redis://h", "--static", "page")
    assert (arguments.port, arguments.lan, arguments.redis_url) == (0, True, "redis://h")
    assert arguments.static_dir.is_absolute()


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["dance"],
        ["room"],
        ["room", "create"],
        ["approve", "ABC234"],
        ["approve", "ABC234", "q", "--all"],
        ["room", "create", "x", "--password", "--generate-password"],
        ["room", "create", "x", "--seats", "0"],
        ["room", "create", "x", "--hours", "soon"],
        ["serve", "--port", "eighty"],
        ["serve", "--port", "99999"],
        ["serve", "--redis", "nonsense"],
        ["demo", "--port", "-1"],
        ["kick", "ABC234"],
        ["rotate", "ABC234", "everything"],
        ["transfer", "ABC234"],
        ["extend", "ABC234", "0"],
        ["invite", "ABC234", "--uses", "0"],
        ["invite", "ABC234", "--list", "--withdraw", "i_1"],
        ["room", "set", "ABC234", "--approve", "--no-approve"],
        ["room", "set", "ABC234", "--listed", "--unlisted"],
        ["room", "set", "ABC234", "--webhook", "https://x", "--no-webhook"],
        ["room", "set", "ABC234", "--presence", "everybody"],
        ["identity"],
        ["watch", "ABC234", "--password", "--invitation"],
    ],
)
def test_wrong_arguments_end_with_code_2_and_a_usage_line(words, capsys):
    with pytest.raises(SystemExit) as ended:
        parsed(*words)
    assert ended.value.code == 2
    assert "usage: spectator" in capsys.readouterr().err


def test_help_tells_the_exit_codes(capsys):
    with pytest.raises(SystemExit):
        parsed("--help")
    assert "3     no server found" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["room", "create", "x", "--password", "s3cret"],
        ["room", "set", "ABC234", "--password", "s3cret"],
        ["login", "https://team.example", "sk_team_s3cret"],
        ["watch", "ABC234", "--invitation", "in_s3cret"],
    ],
)
def test_no_secret_is_an_argument(words):
    with pytest.raises(SystemExit):
        parsed(*words)


def test_a_switch_that_was_not_given_changes_nothing():
    arguments = parsed("room", "set", "ABC234")
    assert (arguments.approve, arguments.listed, arguments.seats, arguments.allow) == (None, None, None, [])
    arguments = parsed(
        "room", "set", "ABC234", "--no-approve", "--unlisted", "--allow", "ada", "--allow", "bob"
    )
    assert (arguments.approve, arguments.listed, arguments.allow) == (False, False, ["ada", "bob"])


def test_every_command_is_found_where_it_is_said_to_be():
    def runs(found):
        for action in found._actions:
            if isinstance(action.choices, dict):
                for one in action.choices.values():
                    yield from runs(one)
        if found.get_default("run"):
            yield found.get_default("run")

    told = set(runs(parser()))
    assert len(told) > 20
    for run in told:
        module, function = run.split(":")
        assert callable(getattr(import_module(module), function)), run


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit) as ended:
        parsed("--version")
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"spectator {metadata.version('spectator-rooms')}\n"
