"""What importing the package brings, and what it leaves for whoever asks for it."""

import subprocess
import sys

import pytest

import twretweet as tw


def run(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_every_public_name_is_there():
    for name in tw.__all__:
        assert getattr(tw, name) is not None
    assert set(tw.__all__) <= set(dir(tw))


@pytest.mark.parametrize(
    "module",
    [
        "twretweet.sign_in",
        "twretweet.auth.three_legged",
        "twretweet.auth.pkce",
        "twretweet.auth.file_store",
        "twretweet.models.normalise",
        "twretweet.limits.redis",
        "twretweet.sandbox",
        "twretweet.cli",
        "redis",
        "rich",
    ],
)
def test_what_few_programs_need_is_not_imported(module: str):
    assert run(f"import sys, twretweet; print({module!r} in sys.modules)") == "False"


def test_what_is_imported_late_is_the_same_each_time_and_under_its_own_name():
    code = (
        "import twretweet as tw; from twretweet.sign_in import SignIn; print(tw.SignIn is SignIn)"
    )
    assert run(code) == "True"
    assert run("from twretweet import *; print(SignedIn.__name__, scopes_for.__name__)") == (
        "SignedIn scopes_for"
    )


def test_a_name_that_is_not_there_is_told_as_python_does():
    with pytest.raises(AttributeError, match="module 'twretweet' has no attribute 'Retweeter'"):
        _ = tw.Retweeter  # type: ignore[attr-defined]
