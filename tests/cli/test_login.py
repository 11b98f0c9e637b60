"""Signing in, acting and signing out, as a person does it: processes against a sandbox."""

import json
import os
import pty
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.request import urlopen

import anyio
import pytest

from tests.cli.conftest import COMMAND, PREFIX, one_line
from tests.cli.person import TIMEOUT, address_in, answer, come_back, pin_of, query_of
from tests.sandbox.browser import browser, chromium
from twretweet.sandbox.accounts import Accounts

LOGIN = ("login", "--no-browser", "--port", "0")
APP = Accounts(seed=0).registration  # the sandbox of a process of its own has the same


@pytest.fixture
def env(bare, facts, tmp_path):
    """A new user, who has found out the app's client id."""
    return {
        **bare,
        "HOME": str(tmp_path),
        PREFIX + "BASE_URL": facts["url"],
        PREFIX + "CLIENT_ID": facts["client_id"],
    }


@pytest.fixture
def with_app(env):
    """One who has the app's key and secret too."""
    return {
        **env,
        PREFIX + "CONSUMER_KEY": APP.consumer_key,
        PREFIX + "CONSUMER_SECRET": APP.consumer_secret,
    }


def tokens_in(home: Path) -> Path:
    (found,) = (home / ".local" / "state" / "twretweet" / "tokens").glob("*.json")
    return found


def asked_who(env: Mapping[str, str]) -> int:
    """How often the sandbox was asked who somebody is."""
    with urlopen(env[PREFIX + "BASE_URL"] + "/__sandbox__/requests") as reply:
        told = json.load(reply)
    return sum(request["path"] == "/2/users/me" for request in told)


def done(process) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=TIMEOUT)
    return process.returncode, out, err


def test_a_new_user_signs_in_acts_and_signs_out(start, run, env, tweet, tmp_path):
    process = start(*LOGIN, env=env)
    back, _ = answer(address_in(process))
    assert come_back(back) == ("You are signed in as @sandbox_bot: You can close this window.")
    code, out, err = done(process)
    assert (code, err) == (0, "")
    assert "signed in as @sandbox_bot, kept under the name sandbox_bot in ~/.local/state" in out

    file = tokens_in(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(json.loads(file.read_text())["accounts"]) == ["sandbox_bot"]

    listed = run("accounts", env={**env, "COLUMNS": "200"})
    assert listed.returncode == 0
    for word in ("sandbox_bot", "OAuth 2.0", "tweet.write", "offline.access", "renewed by itself"):
        assert word in listed.stdout
    asked = asked_who(env)
    assert run("retweet", tweet, env=env).returncode == 0
    assert run("undo", tweet, "--account", "sandbox_bot", env=env).returncode == 0
    assert asked_who(env) == asked  # which is paid, and was told at the sign-in
    assert run("limits", env=env).stdout.startswith("rate limits of sandbox_bot ")
    assert len(run("retweets", tweet, "--limit", "2", env=env).stdout.splitlines()) == 2

    left = run("logout", env=env)
    assert left.stdout.startswith("signed out sandbox_bot: X has ended its tokens")
    assert "nobody is signed in" in run("accounts", env=env).stdout
    assert "nobody is signed in" in run("logout", env=env).stderr
    secrets = json.dumps(json.loads(file.read_text()))
    assert "access_token" not in secrets


def test_only_what_the_chosen_endpoints_need_is_asked_for(start, run, env):
    process = start(*LOGIN, "--for", "retweets,retweeters", "--for", "reposts-of-me", env=env)
    url = address_in(process)
    asked = query_of(url)["scope"].split()
    assert sorted(asked) == ["offline.access", "timeline.read", "tweet.read", "users.read"]
    come_back(answer(url)[0])
    assert done(process)[0] == 0
    assert "tweet.write" not in run("accounts", env={**env, "COLUMNS": "200"}).stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--for", "likes"), "'likes' is nothing that OAuth 2.0 can call: choose from retweet, "),
        (("--for", "retweets", "--pin"), "--for chooses scopes, which OAuth 1.0a has none of"),
    ],
)
def test_scopes_that_there_are_none_of_are_refused_before_anything_else(run, env, words, says):
    refused = run(*LOGIN, *words, env=env)
    assert refused.returncode == 2
    assert says in one_line(refused.stderr)


def test_a_pin_is_typed_and_typed_again(run, start, with_app, tweet):
    process = subprocess.Popen(
        [*COMMAND, "login", "--pin", "--no-browser", "--account", "by pin"],
        env=with_app,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    pin = pin_of(address_in(process))
    out, err = process.communicate(f"what?\n{pin}\n", timeout=TIMEOUT)
    assert process.returncode == 0
    assert "this is no PIN" in err
    assert "signed in as @sandbox_bot, kept under the name by pin" in out
    assert "OAuth 1.0a" in run("accounts", env=with_app).stdout
    assert run("retweet", tweet, env=with_app).returncode == 0
    again = run("login", *LOGIN[1:], "--account", "by pin", env=with_app)
    assert again.returncode == 2
    assert "'by pin' is a sign-in of another kind" in one_line(again.stderr)
    assert run("undo", tweet, env=with_app).returncode == 0
    assert run("logout", env=with_app).returncode == 0


def test_no_pin_at_all_changes_nothing(with_app):
    ended = subprocess.run(
        [*COMMAND, "login", "--pin", "--no-browser"],
        env=with_app,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert ended.returncode == 1
    assert "no PIN was typed; nothing has changed" in ended.stderr


def test_a_confidential_client_s_secret_comes_from_a_file_and_is_kept(
    start, run, env, tweet, tmp_path
):
    secrets = tmp_path / "secrets"
    secrets.write_text(
        f'# of the app\nexport {PREFIX}CLIENT_SECRET="{APP.confidential.secret}"\n'
        f"CLIENT_ID={APP.confidential.client_id}\n"
    )
    secrets.chmod(0o600)
    process = start(*LOGIN, "--secrets", str(secrets), env=env)
    # Whoever lists the processes of this machine sees none of it.
    arguments = Path(f"/proc/{process.pid}/cmdline").read_text()
    assert APP.confidential.secret not in arguments
    come_back(answer(address_in(process))[0])
    code, out, err = done(process)
    assert (code, err) == (0, "")
    assert APP.confidential.secret not in out
    listed = run("accounts", env=env)
    stored = json.loads(tokens_in(tmp_path).read_text())["accounts"]["sandbox_bot"]
    for secret in ("access_token", "refresh_token", "client_secret"):
        assert stored[secret] not in listed.stdout + out
    # Nothing else is needed from here on, to sign out or to sign in once more.
    lean = {name: value for name, value in env.items() if name != PREFIX + "CLIENT_ID"}
    again = start(*LOGIN, "--account", "sandbox_bot", env=lean)
    come_back(answer(address_in(again))[0])
    assert done(again)[0] == 0
    assert run("logout", env=lean).returncode == 0


def test_the_browser_that_the_environment_names_is_opened(start, env, tmp_path):
    opened = tmp_path / "opened"
    script = tmp_path / "browser"
    script.write_text(
        f"#!/bin/sh\necho noise; printf '%s' \"$1\" > {opened}.new\nmv {opened}.new {opened}\n"
    )
    script.chmod(0o700)
    process = start("login", "--port", "0", env={**env, "BROWSER": str(script)})
    url = address_in(process)
    back, _ = answer(url)
    come_back(back)
    code, out, err = done(process)
    assert (code, err) == (0, "")
    assert "noise" not in out
    for _ in range(1000):
        if opened.exists():
            break
        subprocess.run(["sleep", "0.01"], check=True)
    assert opened.read_text() == url


def test_a_browser_that_does_not_open_leaves_the_address(start, env):
    process = start("login", "--port", "0", env={**env, "BROWSER": "/bin/false"})
    url = address_in(process)
    assert process.stderr.readline() == (
        "twretweet: no browser opens here: go to the address above\n"
    )
    come_back(answer(url)[0])
    assert done(process)[0] == 0


@pytest.mark.anyio
async def test_a_person_clicks_in_a_real_browser(env, tmp_path):
    chromium()
    for button, title, code in (
        ("deny", "You have not signed in", 1),
        ("allow", "You are signed in as @sandbox_bot", 0),
    ):
        async with browser(tmp_path / button) as tab:
            process = await anyio.open_process([*COMMAND, *LOGIN], env=env)
            text = ""
            while "callback address" not in text:
                text += (await process.stdout.receive()).decode()
            url = next(line for line in text.splitlines() if line.startswith("http"))
            await tab.open(url)
            await tab.wait_for(f"document.getElementById('{button}')")
            await tab.click(button)
            await tab.wait_for(f"document.title === {title!r}")
            # The style is applied, so its hash in the policy is right.
            assert await tab.run("getComputedStyle(document.body).display") == "grid"
            assert "close this window" in await tab.run("document.body.innerText")
            with anyio.fail_after(TIMEOUT):
                assert await process.wait() == code
            await process.aclose()
    assert "sandbox_bot" in tokens_in(tmp_path).read_text()


def test_secrets_are_asked_for_without_showing_them(env, tmp_path):
    """On a terminal of its own, as a person has one."""
    lean = {name: value for name, value in env.items() if name != PREFIX + "CLIENT_ID"}
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(COMMAND[0], [*COMMAND, *LOGIN], lean)
    shown = b""

    def until(words: bytes) -> bytes:
        nonlocal shown
        while words not in shown:
            shown += os.read(terminal, 4096)
        return shown

    until(b"client id: ")
    os.write(terminal, APP.confidential.client_id.encode() + b"\n")
    until(b"public client: ")
    os.write(terminal, APP.confidential.secret.encode() + b"\n")
    until(b"Waiting for you")
    url = next(line for line in shown.decode().splitlines() if line.startswith("http"))
    come_back(answer(url.strip())[0])
    until(b"signed in as @sandbox_bot")
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0
    assert APP.confidential.secret.encode() not in shown
    assert APP.confidential.client_id.encode() in shown
