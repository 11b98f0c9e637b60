"""Stored tokens: written down and read again, and never shown."""

import contextlib
import io
import pprint

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from twretweet.auth.tokens import (
    AppOnlyTokens,
    Attempt,
    OAuth1Tokens,
    OAuth2Tokens,
    StoredTokens,
)
from twretweet.credentials import AppOnly, OAuth1, OAuth2
from twretweet.errors import TokenStoreError

TEXT = st.text(st.characters(codec="utf-8"))
MAYBE = st.none() | TEXT
TIME = st.none() | st.floats(0, 1e11)
ANY = st.one_of(
    st.builds(
        OAuth2Tokens,
        host=MAYBE,
        client_id=TEXT,
        client_secret=MAYBE,
        access_token=MAYBE,
        refresh_token=MAYBE,
        obtained_at=TIME,
        expires_at=TIME,
        scopes=st.lists(TEXT).map(tuple),
        seed=TEXT,
        user_id=MAYBE,
        moved_to=MAYBE,
        attempt=st.none() | st.builds(Attempt, token=TEXT, since=st.floats(0, 1e11)),
    ),
    st.builds(
        OAuth1Tokens,
        consumer_key=TEXT,
        consumer_secret=TEXT,
        access_token=TEXT,
        access_token_secret=TEXT,
        user_id=MAYBE,
        screen_name=MAYBE,
    ),
    st.builds(AppOnlyTokens, bearer_token=TEXT),
)
OAUTH2 = OAuth2Tokens(
    client_id="client",
    client_secret="s3cret-a",
    access_token="s3cret-b",
    refresh_token="s3cret-c",
    scopes=("tweet.read",),
    seed="0123",
)
OAUTH1 = OAuth1Tokens(
    consumer_key="s3cret-d",
    consumer_secret="s3cret-e",
    access_token="s3cret-f",
    access_token_secret="s3cret-g",
    screen_name="bot",
)
APP = AppOnlyTokens(bearer_token="s3cret-h")


@given(ANY)
def test_what_is_written_down_reads_the_same(tokens):
    assert StoredTokens.from_json(tokens.to_json()) == tokens
    assert StoredTokens.from_json(tokens.to_json().encode()) == tokens


@given(ANY)
def test_a_member_that_a_later_minor_version_adds_is_ignored(tokens):
    fields = msgspec.json.decode(tokens.to_json())
    fields["favourite_colour"] = ["blue"]
    assert StoredTokens.from_json(msgspec.json.encode(fields)) == tokens


@pytest.mark.parametrize("tokens", [OAUTH2, OAUTH1, APP])
def test_no_way_of_printing_shows_a_secret(tokens):
    rich = io.StringIO()
    Console(file=rich, width=300).print(tokens, [tokens])
    pretty = pprint.pformat([tokens])
    shown = f"{tokens} {tokens!r} {pretty} {rich.getvalue()}"
    assert "s3cret" not in shown
    assert type(tokens).__name__ in shown


def test_what_is_no_secret_is_shown():
    assert repr(OAUTH2) == (
        "OAuth2Tokens(client_id='client', client_secret='…', access_token='…', "
        "refresh_token='…', scopes=('tweet.read',), seed='0123')"
    )


def test_stored_tokens_give_credentials():
    assert OAUTH2.credentials("bot") == OAuth2("client", "s3cret-a", account="bot")
    assert OAUTH1.credentials("bot") == OAuth1("s3cret-d", "s3cret-e", "s3cret-f", "s3cret-g")
    assert APP.credentials("bot") == AppOnly("s3cret-h")


def test_a_newer_version_is_refused_and_says_what_to_do():
    text = OAUTH2.to_json().replace('"version":1', '"version":2')
    with pytest.raises(TokenStoreError, match="of version 2, which a newer twretweet wrote"):
        StoredTokens.from_json(text)


BAD = [
    "",
    "{",
    "null",
    "[]",
    "s3cret",
    '"s3cret"',
    '{"kind":"oauth2"}',
    '{"kind":"oauth3","access_token":"s3cret"}',
    '{"kind":"oauth2","version":"1","client_id":"c"}',
    '{"kind":"oauth2","client_id":"c","access_token":["s3cret"]}',
    b"\xff\xfe",
    b"[" * 100_000,
]


@pytest.mark.parametrize("text", BAD)
def test_what_can_t_be_read_says_so_and_shows_no_secret_in_any_frame(text):
    with pytest.raises(TokenStoreError, match="can't be read") as caught:
        StoredTokens.from_json(text)
    trace, shown = caught.value.__traceback__, str(caught.value)
    assert trace is not None
    while trace.tb_next is not None:
        trace = trace.tb_next
        shown += repr(trace.tb_frame.f_locals)
    assert "s3cret" not in shown
    assert caught.value.__context__ is None


@given(st.text() | st.binary())
def test_any_text_is_read_or_refused_and_never_anything_else(text):
    with contextlib.suppress(TokenStoreError):
        tokens = StoredTokens.from_json(text)
        assert StoredTokens.from_json(tokens.to_json()) == tokens


def test_what_accounts_have_in_common_is_kept_once():
    text = msgspec.structs.replace(OAUTH2, host="https://api.x.com").to_json()
    one, other = (OAuth2Tokens.from_json(text) for _ in range(2))
    assert one == other
    assert one.client_id is other.client_id
    assert one.host is other.host
    assert one.scopes[0] is other.scopes[0]


def test_what_was_stored_before_hosts_were_noted_is_read():
    text = '{"kind":"oauth2","version":1,"client_id":"c","refresh_token":"r","seed":"s"}'
    assert StoredTokens.from_json(text) == OAuth2Tokens(client_id="c", refresh_token="r", seed="s")
