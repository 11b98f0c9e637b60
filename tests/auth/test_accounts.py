"""What an account tells of itself, and what it keeps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twretweet.auth import account_of
from twretweet.credentials import AppOnly, OAuth1, OAuth2
from twretweet.errors import CredentialsError
from twretweet.protocol.request import Request

TOKEN = "370773112-SECRETSECRET"
ALL = [
    OAuth1("CONSUMERKEY", "CONSUMERSECRET", TOKEN, "TOKENSECRET"),
    OAuth1("CONSUMERKEY", "CONSUMERSECRET", "nohyphenSECRET", "TOKENSECRET"),
    OAuth2("client", "CLIENTSECRET", access_token="ACCESSTOKEN", refresh_token="REFRESHTOKEN"),
    OAuth2("client", access_token="ACCESSTOKEN", account="the bot"),
    AppOnly("BEARERTOKEN"),
]


def test_the_user_s_id_stands_before_the_hyphen_of_the_token():
    assert account_of(OAuth1("a", "b", TOKEN, "d")).user_id == "370773112"


@pytest.mark.parametrize("token", ["abc-def", "12345", "-abc", "12a-b", "١٢-b", "²-b", "1 -b"])
def test_a_token_of_another_form_tells_no_user_s_id(token):
    assert account_of(OAuth1("a", "b", token, "d")).user_id is None


@pytest.mark.parametrize("credentials", ALL[2:])
def test_bearer_tokens_tell_no_user_s_id(credentials):
    assert account_of(credentials).user_id is None


@pytest.mark.parametrize("credentials", ALL)
def test_keys_and_labels_hold_no_secret(credentials):
    account = account_of(credentials)
    shown = f"{account.key} {account.app_key} {account.label} {account!r} {account}".lower()
    secrets = ["secret", "consumerkey", "accesstoken", "refreshtoken", "bearertoken"]
    assert not [secret for secret in secrets if secret in shown]


@pytest.mark.parametrize("credentials", ALL)
def test_the_same_credentials_twice_are_one_account(credentials):
    one, other = account_of(credentials), account_of(credentials)
    assert (one.key, one.app_key, one.label) == (other.key, other.app_key, other.label)


def test_different_users_of_one_app_differ_and_share_the_app():
    users = [account_of(OAuth1("app", "s", f"{number}-x", "t")) for number in range(50)]
    users.append(account_of(OAuth1("app", "s", "other", "t")))
    assert len({user.key for user in users}) == len({user.label for user in users}) == 51
    assert len({user.app_key for user in users}) == 1


def test_one_user_of_two_apps_has_two_keys():
    one, other = (account_of(OAuth1(app, "s", TOKEN, "t")) for app in ("app1", "app2"))
    assert one.key != other.key
    assert one.app_key != other.app_key


def test_a_new_token_of_the_same_user_is_the_same_account():
    one, other = (account_of(OAuth1("app", "s", token, "t")) for token in ("7-old", "7-new"))
    assert one.key == other.key


def test_a_named_oauth2_account_keeps_its_key_when_the_token_rotates():
    one, other = (
        account_of(OAuth2("app", access_token=token, account="bot")) for token in ("old", "new")
    )
    assert one.key == other.key
    assert one.label == "bot"


@given(st.sampled_from(ALL[2:]), st.floats(0, 1e10))
def test_a_bearer_token_travels_in_the_authorization_header_alone(credentials, now):
    request = Request("GET", "https://api.x.com/2/users/me", (("a", "b"),))
    [*others, (name, value)] = account_of(credentials).sign(request, now).headers
    token = getattr(credentials, "access_token", None) or getattr(credentials, "bearer_token", "")
    assert (others, name, value) == ([], "Authorization", f"Bearer {token}")


@pytest.mark.parametrize(
    ("credentials", "kind"),
    list(zip(ALL, ["oauth1", "oauth1", "oauth2", "oauth2", "app"], strict=True)),
)
def test_every_account_knows_its_kind(credentials, kind):
    assert account_of(credentials).kind == kind


def test_oauth2_without_a_token_is_refused_by_name():
    with pytest.raises(CredentialsError, match=r"access_token=.*TWRETWEET_ACCESS_TOKEN"):
        account_of(OAuth2("client"))


def test_what_is_no_credentials_is_refused():
    with pytest.raises(CredentialsError, match="str is no kind of credentials"):
        account_of("SECRET")
