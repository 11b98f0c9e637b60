"""Signing in on the command line when something is wrong: one clear line, and no token lost."""

import json
import subprocess

import anyio
import pytest

from tests.cli.conftest import COMMAND, PREFIX, one_line
from tests.cli.person import TIMEOUT, address_in, answer, come_back, query_of
from tests.cli.test_login import APP, LOGIN, done, tokens_in
from tests.support.clock import ManualClock
from twretweet.auth.listener import RedirectListener
from twretweet.auth.tokens import OAuth2Tokens
from twretweet.cli import main
from twretweet.sandbox import Sandbox


@pytest.fixture
def env(bare, facts, tmp_path):
    return {
        **bare,
        "HOME": str(tmp_path),
        PREFIX + "BASE_URL": facts["url"],
        PREFIX + "CLIENT_ID": facts["client_id"],
    }


@pytest.fixture
def at_home(monkeypatch, env):
    """The same environment in this process, where starting one would take longer than the rest."""
    for name in ("HOME", PREFIX + "BASE_URL", PREFIX + "CLIENT_ID"):
        monkeypatch.setenv(name, env[name])
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    return env


def store(home, *names: str, mode: int = 0o600) -> None:
    """Accounts that look signed in."""
    folder = home / ".local" / "state" / "twretweet" / "tokens"
    folder.mkdir(parents=True, exist_ok=True)
    tokens = OAuth2Tokens(client_id="c", access_token="planted-a", refresh_token="planted-r")
    accounts = {name: json.loads(tokens.to_json()) for name in names}
    # The host is another in every run.
    for host in folder.parent.joinpath("hosts").read_text().split():
        file = folder / f"{host}.json"
        file.write_text(json.dumps({"version": 1, "accounts": accounts}))
        file.chmod(mode)


@pytest.fixture
def home(at_home, tmp_path):
    hosts = tmp_path / ".local" / "state" / "twretweet" / "hosts"
    hosts.parent.mkdir(parents=True)
    hosts.write_text(at_home[PREFIX + "BASE_URL"].removeprefix("http://").replace(":", "_"))
    return tmp_path


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"state": "wrong"}, "belongs to another sign-in"),
        ({"code": "wrong"}, "X does not take the code"),
        ({"code": ""}, "holds no code"),
        ({"error": "server_error", "code": ""}, "X does not let anybody sign in here"),
        ({"error": "access_denied", "code": ""}, "declined at X; nothing has changed"),
    ],
)
def test_an_answer_that_is_wrong_says_so_here_and_in_the_browser(start, env, change, says):
    process = start(*LOGIN, env=env)
    url = address_in(process)
    asked = query_of(url)
    answered = {"state": asked["state"], "code": "planted-code"} | change
    words = "&".join(f"{name}={value}" for name, value in answered.items())
    shown = come_back(f"{asked['redirect_uri']}?{words}")
    assert "You can close this window" in shown
    code, _, err = done(process)
    assert code == 1
    assert says in one_line(err)
    assert "planted" not in err + shown


@pytest.mark.anyio
async def test_a_code_that_comes_too_late_says_so(env):
    clock = ManualClock()
    async with Sandbox(clock=clock) as sandbox:
        here = {**env, PREFIX + "BASE_URL": sandbox.url}
        here[PREFIX + "CLIENT_ID"] = sandbox.client.client_id
        process = await anyio.open_process([*COMMAND, *LOGIN], env=here)
        text = ""
        while "Waiting for you" not in text:
            text += (await process.stdout.receive()).decode()
        url = next(line for line in text.splitlines() if line.startswith("http"))
        back = await sandbox.authorize(url)
        clock.advance(31)
        await anyio.to_thread.run_sync(come_back, back)
        with anyio.fail_after(TIMEOUT):
            assert await process.wait() == 1
        said = (await process.stderr.receive()).decode()
        assert "it works once, and for 30 seconds; begin another sign-in" in one_line(said)
        await process.aclose()


def test_a_wrong_secret_of_the_app_says_where_it_came_from(start, env):
    wrong = {**env, PREFIX + "CLIENT_ID": APP.confidential.client_id}
    process = start(*LOGIN, env={**wrong, PREFIX + "CLIENT_SECRET": "planted-secret"})
    come_back(answer(address_in(process))[0])
    code, _, err = done(process)
    assert code == 1
    assert "TWRETWEET_CLIENT_SECRET or --secrets" in one_line(err)
    assert "planted" not in err


def test_ctrl_c_while_waiting_leaves_quietly(start, env):
    process = start(*LOGIN, env=env)
    address_in(process)
    process.send_signal(2)
    code, _, err = done(process)
    assert (code, one_line(err)) == (130, "twretweet: stopped")


def test_a_port_in_use_is_said_before_anything_is_shown(at_home, capsys):
    with RedirectListener(0) as other:
        port = other.redirect_uri.rpartition(":")[2].partition("/")[0]
        assert main(["login", "--no-browser", "--port", port]) == 1
    said = capsys.readouterr()
    assert f"port {port} of 127.0.0.1 is in use: end what listens there" in one_line(said.err)
    assert said.out == ""


def test_a_store_that_can_not_be_written_is_said_before_anything_is_shown(
    at_home, tmp_path, capsys
):
    (tmp_path / ".local").write_text("in the way")
    assert main([*LOGIN]) == 1
    said = capsys.readouterr()
    assert "the token file" in one_line(said.err)
    assert said.out == ""


@pytest.mark.parametrize("command", [["login", "--no-browser"], ["accounts"], ["retweet", "20"]])
def test_a_store_that_others_can_read_is_refused_and_left(home, capsys, command):
    store(home, "bot", mode=0o644)
    before = tokens_in(home).read_text()
    assert main(command) == 1
    said = capsys.readouterr()
    assert "others can read or write it (mode 0644)" in one_line(said.err)
    assert tokens_in(home).read_text() == before


@pytest.mark.parametrize("content", ["{", '{"version": 2, "accounts": {}}', "[]", ""])
def test_a_store_that_can_not_be_read_is_refused_and_left(home, capsys, content):
    store(home, "bot")
    tokens_in(home).write_text(content)
    for command in (["login", "--no-browser"], ["accounts"], ["logout"], ["retweet", "20"]):
        assert main(command) == 1
        assert "left as it is" in one_line(capsys.readouterr().err)
    assert tokens_in(home).read_text() == content


def test_one_account_that_can_not_be_read_does_not_hide_the_others(home, capsys):
    store(home, "bot")
    content = json.loads(tokens_in(home).read_text())
    content["accounts"]["odd"] = {"kind": "oauth2", "version": 9}
    tokens_in(home).write_text(json.dumps(content))
    assert main(["accounts"]) == 1
    said = capsys.readouterr()
    assert "bot" in said.out
    assert "'odd'" in one_line(said.err)
    assert "version 9" in said.err
    assert "planted" not in said.out + said.err


@pytest.mark.parametrize(
    "command", [["retweet", "20"], ["retweets", "20"], ["limits"], ["logout"]]
)
def test_several_accounts_without_a_choice_are_listed(home, capsys, command):
    store(home, "one", "two")
    assert main(command) == 2
    line = one_line(capsys.readouterr().err)
    assert "choose one with --account, of one, two" in line


def test_an_account_that_is_not_there_names_those_that_are(home, capsys):
    store(home, "one", "two")
    for command in (["retweet", "20"], ["retweets", "20"], ["limits"], ["logout"]):
        assert main([*command, "--account", "three"]) == 2
        said = one_line(capsys.readouterr().err)
        assert "nobody is signed in as 'three': choose from one, two" in said


def test_keys_in_the_environment_go_before_a_sign_in(home, capsys, monkeypatch):
    store(home, "bot")
    monkeypatch.setenv(PREFIX + "BEARER_TOKEN", "planted")
    assert main(["limits"]) == 0
    assert "rate limits of the app" in capsys.readouterr().out
    assert main(["limits", "--account", "bot"]) == 0
    assert "rate limits of bot" in capsys.readouterr().out


def test_what_x_has_given_out_is_sent_to_no_other_host(home, capsys, monkeypatch):
    store(home, "bot")
    monkeypatch.delenv(PREFIX + "CLIENT_ID")
    assert main(["limits"]) == 0
    capsys.readouterr()
    monkeypatch.setenv(PREFIX + "BASE_URL", "http://127.0.0.1:1")
    assert main(["retweet", "20"]) == 2
    assert "nobody is signed in" in one_line(capsys.readouterr().err)


def test_without_a_terminal_nobody_is_asked(env):
    lean = {name: value for name, value in env.items() if name != PREFIX + "CLIENT_ID"}
    for words, missing in (([], "CLIENT_ID"), (["--pin"], "CONSUMER_KEY")):
        ended = subprocess.run(
            [*COMMAND, "login", *words],
            env=lean,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        assert (ended.returncode, ended.stdout) == (2, "")
        assert "there is no terminal to ask for it" in one_line(ended.stderr)
        assert PREFIX + missing in ended.stderr
        assert "--secrets" in ended.stderr


@pytest.mark.usefixtures("at_home")
@pytest.mark.parametrize(
    ("content", "mode", "says"),
    [
        (None, 0, "No such file"),
        ("CLIENT_SECRET=planted", 0o644, "others can read it"),
        ("CLIENT_SECRET=a\nplanted", 0o600, "line 2 is not like"),
        ("1=planted", 0o600, "line 1 is not like"),
    ],
)
def test_a_file_of_secrets_that_is_wrong_is_named_and_not_quoted(
    tmp_path, capsys, content, mode, says
):
    file = tmp_path / "secrets"
    if content is not None:
        file.write_text(content)
        file.chmod(mode)
    assert main(["login", "--secrets", str(file)]) == 2
    said = capsys.readouterr()
    assert says in one_line(said.err)
    assert "planted" not in said.out + said.err


@pytest.mark.parametrize("words", [["--port", "70000"], ["--account", ""], ["--account", "a\tb"]])
def test_arguments_that_are_none_are_refused(at_home, words):
    assert main(["login", "--no-browser", *words]) == 2


def test_an_account_whose_end_x_can_not_be_told_is_kept_unless_forced(home, capsys, monkeypatch):
    store(home, "bot")
    file = tokens_in(home)
    monkeypatch.setenv(PREFIX + "BASE_URL", "http://127.0.0.1:1")
    file.rename(file.with_name("127.0.0.1_1.json"))
    assert main(["logout"]) == 1
    assert "no connection to 127.0.0.1:1" in one_line(capsys.readouterr().err)
    assert "bot" in tokens_in(home).read_text()
    assert main(["logout", "--force"]) == 0
    said = capsys.readouterr()
    assert said.out == "forgot bot\n"
    assert "X has not ended it" in said.err
    assert "planted" not in said.err + tokens_in(home).read_text()
