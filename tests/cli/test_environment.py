import pytest

from tests.cli.conftest import PREFIX, one_line
from twretweet.cli.environment import base_url, credentials, is_complete
from twretweet.credentials import AppOnly, OAuth1, OAuth2
from twretweet.errors import CredentialsError, QueryError


def keys(*names: str) -> dict[str, str]:
    return {PREFIX + name: f"the {name}" for name in names}


OAUTH1 = keys("CONSUMER_KEY", "CONSUMER_SECRET", "ACCESS_TOKEN", "ACCESS_TOKEN_SECRET")


def test_the_most_capable_complete_set_of_keys_is_taken():
    assert isinstance(credentials({**OAUTH1, **keys("CLIENT_ID", "BEARER_TOKEN")}), OAuth1)
    some = keys("CLIENT_ID", "ACCESS_TOKEN", "BEARER_TOKEN", "CONSUMER_KEY")
    assert isinstance(credentials(some), OAuth2)
    assert isinstance(credentials(keys("BEARER_TOKEN", "CONSUMER_KEY")), AppOnly)


def test_the_app_s_key_and_secret_alone_stand_for_the_app():
    app = keys("CONSUMER_KEY", "CONSUMER_SECRET")
    for more in ({}, keys("CLIENT_ID", "CLIENT_SECRET")):
        found = credentials({**app, **more})
        assert found == AppOnly.from_key("the CONSUMER_KEY", "the CONSUMER_SECRET")
        assert not is_complete({**app, **more}), "a sign-in goes before it"
    assert credentials({**app, **keys("BEARER_TOKEN")}) == AppOnly("the BEARER_TOKEN")


def test_a_command_that_reads_does_with_them(run, bare, facts):
    env = {PREFIX + name.upper(): facts[name] for name in ("consumer_key", "consumer_secret")}
    env |= {**bare, PREFIX + "BASE_URL": facts["url"]}
    done = run("retweets", facts["tweet_id"], "--limit", "2", env=env)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 2)


@pytest.mark.parametrize("lacking", sorted(OAUTH1))
def test_a_set_that_is_nearly_complete_names_what_it_lacks(lacking):
    some = {name: value for name, value in OAUTH1.items() if name != lacking}
    with pytest.raises(CredentialsError, match=f"lacks {lacking}(;|$| )") as raised:
        credentials(some)
    assert "the ACCESS" not in str(raised.value)


def test_an_empty_variable_counts_as_none():
    with pytest.raises(CredentialsError, match="no keys in the environment"):
        credentials({PREFIX + "BEARER_TOKEN": ""})


def test_no_keys_at_all_names_the_variables_and_the_way_without(run, bare):
    done = run("retweets", "20", env=bare)
    assert (done.returncode, done.stdout) == (2, "")
    line = one_line(done.stderr)
    for name in (*OAUTH1, PREFIX + "CLIENT_ID", PREFIX + "BEARER_TOKEN"):
        assert name in line
    assert "twretweet demo" in line
    assert "twretweet sandbox" in line


def test_another_host_is_taken_from_the_environment():
    assert base_url({}) == "https://api.x.com"
    assert base_url({PREFIX + "BASE_URL": "HTTP://LocalHost:80/"}) == "http://localhost"
    with pytest.raises(QueryError, match=r"TWRETWEET_BASE_URL: .*unencrypted"):
        base_url({PREFIX + "BASE_URL": "http://example.com"})
