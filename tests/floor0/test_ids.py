"""Ids as people hand them over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twretweet.errors import QueryError
from twretweet.ids import is_id, tweet_id, username

ID = "1228393702244134912"
DIGITS = st.text("0123456789", min_size=1, max_size=19)


@given(DIGITS)
def test_digits_are_taken_as_they_are(digits):
    assert tweet_id(digits) == digits
    assert tweet_id(f" {digits}\n") == digits
    assert is_id(digits)


@given(st.integers(0, 10**19 - 1))
def test_an_int_becomes_its_digits(number):
    assert tweet_id(number) == str(number)


@pytest.mark.parametrize("scheme", ["https://", "http://", "HTTPS://", ""])
@pytest.mark.parametrize(
    "host", ["x.com", "twitter.com", "www.x.com", "mobile.twitter.com", "m.twitter.com", "X.com"]
)
@pytest.mark.parametrize("path", ["TwitterDev/status", "_a1/statuses", "i/status", "i/web/status"])
@pytest.mark.parametrize("tail", ["", "/", "?s=20&t=abc", "#m", "/photo/1", "/retweets?x=1#y"])
def test_the_address_of_a_tweet_s_page_gives_its_id(scheme, host, path, tail):
    assert tweet_id(f"{scheme}{host}/{path}/{ID}{tail}") == ID


@pytest.mark.parametrize(
    "address",
    [
        f"https://evil-x.com/a/status/{ID}",
        f"https://x.com.evil.com/a/status/{ID}",
        f"https://x.comevil.com/a/status/{ID}",
        f"https://notx.com/a/status/{ID}",
        f"https://xXcom/a/status/{ID}",
        f"https://twitter-com/a/status/{ID}",
        f"https://evil.com/x.com/a/status/{ID}",
        f"https://evil.com/?https://x.com/a/status/{ID}",
        f"https://x.com@evil.com/a/status/{ID}",
        f"https://user:pass@x.com/a/status/{ID}",
        f"https://x.com:8080/a/status/{ID}",
        f"ftp://x.com/a/status/{ID}",
        f"javascript:x.com/a/status/{ID}",
        f"https://\u0445.com/a/status/{ID}",
        "https://x.com/a/status/",
        "https://x.com/TwitterDev",
        f"https://x.com/status/{ID}",
        f"https://x.com/a/b/status/{ID}",
        f"https://x.com/sixteenletters16/status/{ID}",
        f"https://x.com/a/status/{ID}0",
        f"https://x.com/a/status/{ID}abc",
        "https://x.com/a/status/12\u0663",
    ],
)
def test_an_address_that_is_no_tweet_s_page_is_refused(address):
    with pytest.raises(QueryError):
        tweet_id(address)


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", "1" * 20, "-1", "+1", "1.0", "1e3", "0x1", "1_000", "1 2", "12\n34", "abc"),
        *("١٢٣", "\uff11\uff12\uff13", "²"),
        *(True, False, -1, 10**19, 1.0, None, b"12", ["1"]),
    ],
)
def test_what_is_no_id_is_refused_with_what_was_given_and_what_would_do(value):
    with pytest.raises(QueryError, match="is not a tweet id: give 1 to 19 digits") as caught:
        tweet_id(value)
    assert repr(value)[:40] in str(caught.value)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.binary(), st.booleans(), st.none()))
def test_anything_is_an_id_or_a_query_error(value):
    try:
        read = tweet_id(value)
    except QueryError:
        return
    assert read.isascii()
    assert read.isdigit()
    assert len(read) <= 19


def test_a_long_mistake_is_shown_in_part():
    with pytest.raises(QueryError) as caught:
        tweet_id("x" * 100_000)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("value", ["", "1" * 20, "a", "\uff11", "1\n", " 1", "../1"])
def test_other_texts_are_no_ids(value):
    assert not is_id(value)


@given(st.text("abcXYZ019_", min_size=1, max_size=15))
def test_a_username_is_read_with_or_without_its_at_sign(name):
    assert username(name) == username(f"@{name}") == username(f"  @{name} ") == name


@pytest.mark.parametrize("value", ["", "@", "a" * 16, "a-b", "a b", "é", "a/b", "@@a", "a\nb"])
def test_what_is_no_username_is_refused(value):
    with pytest.raises(QueryError, match="is not a username"):
        username(value)
