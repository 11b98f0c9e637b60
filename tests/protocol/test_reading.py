"""Replies that are read, and those that can't be."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.protocol.replies import problem, reply
from twretweet import errors as e
from twretweet.errors import APIError, DecodeError, TwretweetError
from twretweet.models import Problem
from twretweet.protocol.response import (
    Reply,
    already_retweeted,
    error_of,
    excerpt,
    no_data,
    read,
)

HTML = b"<!DOCTYPE html><html><body>Over capacity</body></html>"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 399])
def test_a_redirect_is_named_and_not_followed(status):
    error = error_of(reply(status, b"", location="https://evil.example/"))
    assert type(error) is DecodeError
    assert error.status == status
    assert not error.transient
    assert "https://evil.example/" in str(error)


def decode(body: bytes, _rate_limit: object) -> object:
    try:
        return json.loads(body)["data"]
    except (ValueError, KeyError, TypeError) as error:
        raise DecodeError("not the expected shape") from error


def refused(answer: Reply) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        read(answer, decode)
    assert caught.value.status == answer.status
    return caught.value


def test_a_good_reply_is_decoded():
    assert read(reply(200, {"data": 1}), decode) == 1
    assert read(reply(201, {"data": 1}, content_encoding=" GZIP "), decode) == 1


@pytest.mark.parametrize("body", [HTML, b"  \n<html>", b""])
def test_html_and_nothing_in_a_good_reply_may_be_better_next_time(body):
    error = refused(reply(200, body, x_transaction_id="abc"))
    assert error.transient
    assert error.request_id == "abc"
    assert error.excerpt == body.decode().strip()


def test_an_unknown_encoding_stays_unknown():
    error = refused(reply(200, {"data": 1}, content_encoding="snappy"))
    assert not error.transient
    assert "'snappy'" in str(error)


def test_a_body_cut_short_may_be_whole_next_time_and_one_of_another_shape_would_not():
    assert refused(reply(200, b'{"data": {"id": "1')).transient
    assert not refused(reply(200, b'{"other": 1}', x_request_id="r")).transient
    assert refused(reply(200, b'{"other": 1}', x_request_id="r")).request_id == "r"


def test_a_body_nested_without_end_is_an_error_of_the_package():
    deep = b'{"x":' + b"[" * 200_000
    assert type(error_of(reply(503, deep))) is e.ServerError

    def too_deep(_body: bytes, _rate_limit: object) -> object:
        raise DecodeError("nested too deeply")

    with pytest.raises(DecodeError, match="nested too deeply"):
        read(reply(200, deep), too_deep)


def test_a_reply_that_is_no_success_is_raised_as_its_error():
    with pytest.raises(e.NotFound):
        read(reply(404, problem("resource-not-found")), decode)


# -- any bytes at all -----------------------------------------------------------------------

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=8,
)
NAMES = ["title", "detail", "type", "reset_date", "period", "scope", "error"]
TEXTS = ["CreditsDepleted", "https://x/credits", "/", "9999-12-31T23:59:59-23:59", "0001-01-01"]
BODIES = st.one_of(
    st.binary(),
    JSON.map(lambda value: json.dumps(value).encode(errors="surrogatepass")),
    st.dictionaries(
        st.sampled_from([*NAMES, "errors"]),
        st.one_of(
            JSON,
            st.sampled_from(TEXTS),
            st.lists(
                st.dictionaries(st.sampled_from(["code", *NAMES]), JSON | st.sampled_from(TEXTS))
            ),
        ),
    ).map(lambda value: json.dumps(value).encode()),
)


@given(
    st.integers(0, 999).filter(lambda status: status not in range(200, 300)),
    BODIES,
    st.dictionaries(st.sampled_from(["date", "location", "x-rate-limit-reset"]), st.text()),
)
def test_an_error_is_named_whatever_the_bytes(status, body, headers):
    error = error_of(Reply(status, headers, body), clock_offset=1.5)
    assert isinstance(error, TwretweetError)
    assert str(error)
    assert error.status == status
    if isinstance(error, APIError):
        assert isinstance(already_retweeted(error), bool)


@given(st.binary(max_size=2000))
def test_an_excerpt_is_short_and_printable(body):
    shown = excerpt(body)
    assert shown.isprintable()
    assert len(shown) <= 201


# -- a reply without data -------------------------------------------------------------------


def test_a_reply_with_problems_instead_of_data_is_the_error_of_the_first():
    found = no_data(
        [
            Problem(type="https://api.x.com/2/problems/resource-not-found", title="N", detail="d"),
            Problem(type="https://api.x.com/2/problems/usage-capped"),
        ]
    )
    assert type(found) is e.NotFound
    assert (found.status, found.title, found.detail) == (200, "N", "d")
    assert str(found) == "N: d"


def test_a_problem_of_an_unknown_type_is_an_api_error():
    assert type(no_data([Problem(title="New", detail="d")])) is APIError


def test_a_reply_with_neither_data_nor_problems_can_t_be_read():
    assert type(no_data([])) is DecodeError
