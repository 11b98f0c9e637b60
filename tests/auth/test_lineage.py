"""Which tokens of an account are used, and which renewed."""

import dataclasses

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twretweet.auth.account import fingerprint
from twretweet.auth.grant import Grant
from twretweet.auth.lineage import Lineage, begun, interrupted, is_theirs, readable, stale
from twretweet.auth.tokens import Attempt, OAuth1Tokens, OAuth2Tokens
from twretweet.credentials import OAuth2
from twretweet.errors import CredentialsError

PASSED = OAuth2("c", "s", access_token="a0", refresh_token="r0", account="bot")
SEED = fingerprint("r0")
NOW = 1_700_000_000.0
HOST = "https://api.x.com"


def stored(number: int, seed: str = SEED, **more) -> OAuth2Tokens:
    return OAuth2Tokens(
        client_id="c", access_token=f"a{number}", refresh_token=f"r{number}", seed=seed, **more
    )


def access(line: Lineage) -> str | None:
    return None if line.tokens is None else line.tokens.access_token


def asked(credentials: OAuth2 = PASSED, found: OAuth2Tokens | None = None) -> Lineage:
    """A lineage whose store was asked, and had that."""
    line = Lineage(credentials, 0)
    line.take_in(found)
    line.loaded = True
    return line


def test_the_store_is_asked_before_anything_is_used():
    line = Lineage(PASSED, 0)
    assert line.due(NOW, None)
    line.loaded = True
    assert not line.due(NOW, None)


def test_what_descends_from_the_passed_tokens_takes_their_place():
    line = asked(found=stored(3))
    assert (access(line), line.generation) == ("a3", 1)


def test_what_is_stored_of_another_sign_in_waits_until_the_passed_tokens_are_refused():
    other = stored(9, "another")
    line = asked(found=other)
    assert (access(line), line.generation) == ("a0", 0)
    assert [tokens.access_token for tokens in line.candidates(other)] == ["a0", "a9"]
    assert line.tokens is not None
    line.refuse(line.tokens)
    assert line.candidates(other) == [other]
    line.use(other)
    assert (access(line), line.generation) == ("a9", 1)


def test_once_the_store_is_believed_any_other_sign_in_there_is_newer():
    line = asked(found=stored(1))
    line.take_in(stored(9, "a new sign-in"))
    assert (access(line), line.generation) == ("a9", 2)


def test_tokens_that_were_copied_out_of_the_store_are_known_again():
    line = asked(
        dataclasses.replace(PASSED, refresh_token="r3"), stored(3, attempt=Attempt("x", 1))
    )
    assert line.tokens is not None
    assert line.tokens.seed == SEED


def test_a_name_alone_uses_what_is_stored_and_waits_while_nothing_is():
    line = asked(OAuth2("c", account="bot"))
    assert line.due(NOW, None)
    assert line.candidates(None) == []
    line.take_in(stored(1, "any"))
    assert not line.due(NOW, None)


def test_a_401_speaks_of_the_generation_it_answered_only():
    line = asked()
    assert line.due(NOW, rejected=0)
    line.take_in(stored(1))
    assert not line.due(NOW, rejected=0)
    assert line.due(NOW, rejected=1)


def test_the_same_tokens_stored_with_a_mark_are_no_other_generation():
    line = asked(found=stored(0))
    line.take_in(stored(0, attempt=Attempt("x", 1.0)))
    assert line.generation == 0


def test_new_tokens_are_due_until_they_are_stored():
    line = asked(found=stored(1))
    assert line.tokens is not None
    new = line.rotated(line.tokens, Grant("a2", "r2", NOW, NOW + 7200, ("tweet.read",)), HOST)
    assert (new.access_token, new.refresh_token, new.seed) == ("a2", "r2", SEED)
    assert (line.generation, line.spent) == (2, fingerprint("r1"))
    assert line.due(NOW, None)
    line.take_in(stored(1))  # what is stored is older now
    assert access(line) == "a2"
    line.saved()
    assert not line.due(NOW, None)


def test_a_reply_without_a_refresh_token_or_scopes_keeps_the_old_ones():
    line = asked(found=stored(1, scopes=("tweet.read",), client_secret="x", user_id="7"))
    assert line.tokens is not None
    new = line.rotated(line.tokens, Grant("a2", None, NOW, None, ()), HOST)
    assert new == stored(1, scopes=("tweet.read",), client_secret="x", user_id="7").__class__(
        host=HOST,
        client_id="c",
        access_token="a2",
        refresh_token="r1",
        obtained_at=NOW,
        seed=SEED,
        scopes=("tweet.read",),
        client_secret="x",
        user_id="7",
    )


def test_the_secret_that_is_passed_is_preferred_to_the_one_that_is_stored():
    with_secret = stored(1, client_secret="stored")
    assert asked().client(with_secret).client_secret == "s"
    public = asked(dataclasses.replace(PASSED, client_secret=None))
    assert public.client(with_secret).client_secret == "stored"


@pytest.mark.parametrize(
    ("life", "left", "expected"),
    [
        (7200, 61, False),
        (7200, 60, True),
        (7200, -5, True),
        (300, 31, False),
        (300, 30, True),
        (10, 1.1, False),
        (10, 1, True),
        (None, 61, False),  # when it was given is not known
        (None, 60, True),
    ],
)
def test_a_token_is_renewed_a_minute_or_a_tenth_of_its_life_before_its_end(life, left, expected):
    end = NOW + left
    obtained = None if life is None else end - life
    assert stale(stored(1, obtained_at=obtained, expires_at=end), NOW) is expected


def test_a_token_without_an_end_is_good_until_x_says_otherwise_and_none_at_all_is_not():
    assert not stale(stored(1), NOW)
    assert stale(OAuth2Tokens(client_id="c", refresh_token="r"), NOW)


@given(st.floats(0, 1e10), st.floats(0.001, 1e6), st.floats(0, 1))
def test_no_token_is_renewed_in_the_first_nine_tenths_of_its_life(begin, life, part):
    tokens = stored(1, obtained_at=begin, expires_at=begin + life)
    assert stale(tokens, begin + life)
    if part < 0.89 and begin + life > begin + life * part + 60:
        assert not stale(tokens, begin + life * part)


def test_a_mark_names_the_token_that_is_sent_and_takes_nothing_s_place():
    line = asked()
    assert line.tokens is not None
    assert begun(line.tokens, None, NOW) == msgspec.structs.replace(
        line.tokens, attempt=Attempt(SEED, NOW)
    )
    other = stored(9, "another")
    marked = begun(line.tokens, other, NOW)
    assert marked == msgspec.structs.replace(other, attempt=Attempt(SEED, NOW))
    assert interrupted(line.tokens, marked) == NOW
    assert interrupted(other, marked) is None
    assert interrupted(other, None) is None


def test_what_others_stored_meanwhile_is_told_from_what_was_there_and_from_our_mark():
    spent = fingerprint("r1")
    assert not is_theirs(stored(1), spent)
    assert not is_theirs(stored(9, attempt=Attempt(spent, NOW)), spent)
    assert is_theirs(stored(2), spent)
    assert is_theirs(stored(9, attempt=Attempt("other", NOW)), spent)


def test_only_sign_ins_of_the_same_kind_and_app_are_used():
    assert readable(None, "bot", "c", HOST) is None
    assert readable(stored(1), "bot", "c", HOST) == stored(1)
    with pytest.raises(CredentialsError, match="client c, not to d"):
        readable(stored(1), "bot", "d", HOST)
    keys = OAuth1Tokens(
        consumer_key="k", consumer_secret="s", access_token="t", access_token_secret="u"
    )
    with pytest.raises(CredentialsError, match="OAuth1Tokens"):
        readable(keys, "bot", "c", HOST)


@pytest.mark.parametrize("host", [None, HOST, "https://api.twitter.com"])
def test_tokens_are_sent_to_the_host_that_gave_them_by_either_name(host):
    assert readable(stored(1, host=host), "bot", "c", HOST) == stored(1, host=host)
    assert readable(stored(1, host=HOST), "bot", "c", "https://api.twitter.com") is not None


@pytest.mark.parametrize(
    "host", ["http://127.0.0.1:8000", "https://api.x.com/v2", "https://x.com"]
)
def test_tokens_are_sent_to_no_other_host(host):
    with pytest.raises(CredentialsError, match=f"given by {HOST}, and is not sent to {host}"):
        readable(stored(1, host=HOST), "bot", "c", host)
