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


def test_no_password_is_an_argument():
    with pytest.raises(SystemExit):
        parsed("room", "create", "x", "--password", "s3cret")
