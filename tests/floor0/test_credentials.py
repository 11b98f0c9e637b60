"""Credentials: plain data that never shows a secret."""

import copy
import dataclasses
import pprint
import traceback

import pytest

from twretweet.credentials import AppOnly, OAuth1, OAuth2
from twretweet.errors import CredentialsError

FULL = {
    "TWRETWEET_CONSUMER_KEY": "s3cret-ck",
    "TWRETWEET_CONSUMER_SECRET": "s3cret-cs",
    "TWRETWEET_ACCESS_TOKEN": "s3cret-at",
    "TWRETWEET_ACCESS_TOKEN_SECRET": "s3cret-ats",
    "TWRETWEET_BEARER_TOKEN": "s3cret-bt",
    "TWRETWEET_CLIENT_ID": "the-client",
    "TWRETWEET_CLIENT_SECRET": "s3cret-cls",
}
ALL = [
    OAuth1.from_env(FULL),
    OAuth2.from_env(FULL),
    OAuth2("the-client", "s3cret-a", access_token="s3cret-b", refresh_token="s3cret-c"),
    AppOnly.from_env(FULL),
    AppOnly.from_key("s3cret-d", "s3cret-e"),
]


@pytest.mark.parametrize("credentials", ALL)
def test_no_way_of_printing_shows_a_secret(credentials):
    shown = [
        repr(credentials),
        str(credentials),
        f"{credentials}",
        f"{credentials!s:>300}",
        "%s %r" % (credentials, credentials),  # noqa: UP031  # this way too
        pprint.pformat({"credentials": [credentials]}),
        repr(copy.copy(credentials)),
        repr(dataclasses.replace(credentials)),
    ]
    assert "s3cret" not in "".join(shown)
    assert type(credentials).__name__ in shown[0]


def test_what_is_set_is_shown_and_what_is_no_secret_is_shown_in_full():
    shown = repr(OAuth2("the-client", access_token="s3cret", expires_at=1.5, account="bot"))
    assert shown == "OAuth2(client_id='the-client', access_token=…, expires_at=1.5, account='bot')"


@pytest.mark.parametrize("credentials", ALL)
def test_credentials_do_not_change_and_the_error_shows_no_secret(credentials):
    name = dataclasses.fields(credentials)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError) as caught:
        setattr(credentials, name, "s3cret-new")
    assert "s3cret" not in "".join(traceback.format_exception_only(caught.value))


def test_the_environment_is_read():
    assert OAuth1.from_env(FULL) == OAuth1("s3cret-ck", "s3cret-cs", "s3cret-at", "s3cret-ats")
    assert OAuth2.from_env(FULL) == OAuth2("the-client", "s3cret-cls", access_token="s3cret-at")
    assert AppOnly.from_env(FULL) == AppOnly("s3cret-bt")


def test_the_process_s_own_environment_is_the_default(monkeypatch):
    for name, value in FULL.items():
        monkeypatch.setenv(name, value)
    assert OAuth1.from_env() == OAuth1.from_env(FULL)
    assert OAuth2.from_env().client_secret == "s3cret-cls"
    monkeypatch.delenv("TWRETWEET_BEARER_TOKEN")
    assert AppOnly.from_env() == AppOnly.from_key("s3cret-ck", "s3cret-cs")
    monkeypatch.delenv("TWRETWEET_CONSUMER_KEY")
    with pytest.raises(CredentialsError, match="TWRETWEET_BEARER_TOKEN"):
        AppOnly.from_env()


def test_a_public_client_needs_no_secret():
    env = {**FULL, "TWRETWEET_CLIENT_SECRET": ""}
    assert OAuth2.from_env(env).client_secret is None


@pytest.mark.parametrize(
    ("kind", "needs"),
    [
        (OAuth1, ["CONSUMER_KEY", "CONSUMER_SECRET", "ACCESS_TOKEN", "ACCESS_TOKEN_SECRET"]),
        (OAuth2, ["CLIENT_ID", "ACCESS_TOKEN"]),
        (AppOnly, ["BEARER_TOKEN"]),
    ],
)
@pytest.mark.parametrize("value", [None, ""])
def test_each_variable_that_is_missing_is_named_and_no_other(kind, needs, value):
    for missing in needs:
        env = {key: text for key, text in FULL.items() if key != f"TWRETWEET_{missing}"}
        if kind is AppOnly:  # key and secret would do too
            del env["TWRETWEET_CONSUMER_KEY"]
        if value is not None:
            env[f"TWRETWEET_{missing}"] = value
        with pytest.raises(CredentialsError) as caught:
            kind.from_env(env)
        words = str(caught.value).replace(";", ",").split()
        assert [word.strip(",") for word in words if word.startswith("TWRETWEET_")] == [
            f"TWRETWEET_{missing}"
        ]
    with pytest.raises(CredentialsError) as caught:
        kind.from_env({})
    assert all(f"TWRETWEET_{name}" in str(caught.value) for name in needs)


@pytest.mark.parametrize("value", ["", "  ", "s3cret\n", "s3c\rret", "s3cret\x00", "s3cret\u2028"])
def test_a_key_that_can_t_stand_in_a_header_is_refused_by_the_name_of_its_field(value):
    with pytest.raises(CredentialsError, match=r"OAuth1\.access_token is") as caught:
        OAuth1("a", "b", value, "d")
    assert "s3c" not in str(caught.value)
    with pytest.raises(CredentialsError, match=r"OAuth2\.refresh_token is"):
        OAuth2("a", refresh_token=value)
    with pytest.raises(CredentialsError, match=r"AppOnly\.bearer_token is"):
        AppOnly(value)


@pytest.mark.parametrize("value", [None, 370773112, b"s3cret", ["s3cret"]])
def test_a_key_that_is_no_text_is_refused_without_showing_it(value):
    with pytest.raises(CredentialsError, match=r"OAuth1\.access_token is") as caught:
        OAuth1("a", "b", value, "d")
    assert "s3cret" not in str(caught.value)
    assert "370773112" not in str(caught.value)


def test_the_app_is_known_by_its_bearer_token_or_by_its_key_and_secret():
    assert AppOnly.from_key("k", "s") == AppOnly(consumer_key="k", consumer_secret="s")
    assert AppOnly.from_key("k", "s").bearer_token == ""
    with pytest.raises(CredentialsError, match=r"AppOnly\.bearer_token is empty"):
        AppOnly()
    with pytest.raises(CredentialsError, match="either the bearer token or"):
        AppOnly("b", consumer_key="k", consumer_secret="s")
    with pytest.raises(CredentialsError, match="consumer_key and consumer_secret together"):
        AppOnly(consumer_key="k")
    with pytest.raises(CredentialsError, match=r"AppOnly\.consumer_secret is empty"):
        AppOnly.from_key("k", "")


def test_a_bearer_token_in_the_environment_is_preferred_to_key_and_secret():
    assert AppOnly.from_env(FULL) == AppOnly("s3cret-bt")
    keys = {name: value for name, value in FULL.items() if "CONSUMER" in name}
    assert AppOnly.from_env(keys) == AppOnly.from_key("s3cret-ck", "s3cret-cs")
    keys.popitem()
    with pytest.raises(CredentialsError, match="TWRETWEET_BEARER_TOKEN"):
        AppOnly.from_env(keys)


@pytest.mark.parametrize("value", ["tomorrow", True, b"1"])
def test_an_expiry_that_is_no_number_is_refused(value):
    with pytest.raises(CredentialsError, match=r"OAuth2\.expires_at is no number"):
        OAuth2("a", expires_at=value)
    assert OAuth2("a", expires_at=1_700_000_000).expires_at == 1_700_000_000


@pytest.mark.parametrize("credentials", ALL)
def test_equal_credentials_are_equal_and_hash_alike(credentials):
    twin = dataclasses.replace(credentials)
    assert twin == credentials
    assert hash(twin) == hash(credentials)
