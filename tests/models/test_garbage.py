"""A body that can't be read is a DecodeError that shows where, and nothing else."""

import contextlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.openapi import JSON
from tests.models.test_vocabularies import REPLY
from twretweet import models
from twretweet.errors import DecodeError

READERS: list[tuple[Callable[[bytes], object], str]] = [
    (models.tweet_page, "a page of tweets"),
    (models.user_page, "a page of users"),
    (models.one_tweet, "a tweet"),
    (models.one_user, "a user"),
    (models.retweet_result, "the result of a retweet"),
    (models.usage, "a project's usage"),
    (models.status, "a v1.1 status"),
    (models.problem, "a problem"),
]
every_reader = pytest.mark.parametrize(
    ("read", "expected"), READERS, ids=[expected for _, expected in READERS]
)

GARBAGE = {
    "html": b"<!DOCTYPE html><title>Over capacity</title>",
    "cut short": b'{"data": [{"id": "1", "te',
    "an array": b"[]",
    "a string": b'"data"',
    "a number": b"12",
    "null": b"null",
    "not UTF-8": b'{"data": {"id": "\xff\xfe"}}\xff',
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    "half a surrogate": b'{"data": {"id": "\\ud800"}}',
    "too deep": b'{"x": ' + b"[" * 200_000,
    "a huge number": b"1" + b"0" * 5000,
    "two replies": b"{}{}",
}


@every_reader
@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_is_a_decode_error_with_an_excerpt(
    read: Callable[[bytes], object], expected: str, body: bytes
):
    with pytest.raises(DecodeError) as caught:
        read(body)
    assert f"expected {expected}" in str(caught.value)
    assert caught.value.excerpt
    assert len(caught.value.excerpt) <= 200


@every_reader
@pytest.mark.parametrize("body", [b"", b"  \n"], ids=["empty", "blank"])
def test_an_empty_body_is_a_decode_error(
    read: Callable[[bytes], object], expected: str, body: bytes
):
    with pytest.raises(DecodeError, match=f"expected {expected}, got an empty body"):
        read(body)


def test_the_message_names_the_place_of_the_fault_and_the_excerpt_shows_it():
    tweets = [{"id": str(number), "text": "fine " * 50} for number in range(99)]
    body = json.dumps({"data": [*tweets, {"id": "99", "text": {"not": "text"}}]}).encode()
    with pytest.raises(DecodeError, match=r"\$\.data\[99\]\.text") as caught:
        models.tweet_page(body)
    assert caught.value.excerpt == '{"id":"99","text":{"not":"text"}}'


def test_the_fault_is_shown_in_a_reply_of_the_post_vocabulary_too():
    body = b'{"data": [{"id": "1", "referenced_posts": [5]}]}'
    with pytest.raises(DecodeError, match=r"\$\.data\[0\]\.referenced_tweets\[0\]") as caught:
        models.tweet_page(body)
    assert caught.value.excerpt == "[5]"


@given(st.binary())
def test_random_bytes_are_read_or_are_a_decode_error(body: bytes):
    for read, _ in READERS:
        with contextlib.suppress(DecodeError):
            read(body)


@given(data=st.data())
@settings(max_examples=300)
def test_a_spoilt_reply_is_read_or_is_a_decode_error(data: st.DataObject):
    body = json.dumps(REPLY).encode()
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(len(body), start + 9)))
    spoilt = body[:start] + data.draw(st.binary(max_size=4)) + body[end:]
    for read, _ in READERS:
        with contextlib.suppress(DecodeError):
            read(spoilt)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(
        st.sampled_from(["data", "includes", "errors", "posts", "tweets", "users", "id", "text",
            "entities", "mentions", "public_metrics", "repost_count", "withheld", "user",
            "created_at", "suggested_source_links", "suggested_source_links_with_counts"]),
        part, max_size=4), max_leaves=12))  # fmt: skip
@settings(max_examples=300)
def test_json_of_any_shape_is_read_or_is_a_decode_error(value: JSON):
    body = json.dumps(value).encode()
    for read, _ in READERS:
        with contextlib.suppress(DecodeError):
            read(body)


@pytest.mark.parametrize("body", [b"{}", b'{"foo": 1}', b'{"data": null}', b'{"meta": {}}'])
def test_an_object_without_data_is_an_empty_page(body: bytes):
    assert models.tweet_page(body) == models.Page[models.Tweet]()
    assert models.user_page(body).data == ()
    assert models.one_user(body).data is None


def test_problems_beside_data_are_kept():
    problem: JSON = {
        "type": "https://api.twitter.com/2/problems/resource-not-found",
        "title": "Not Found Error",
        "detail": "Could not find user with id: [7].",
        "resource_id": "7",
    }
    body = json.dumps({"data": [{"id": "1"}], "errors": [problem]}).encode()
    page = models.tweet_page(body)
    assert len(page.data) == 1
    assert page.problems[0].kind == "resource-not-found"
    assert page.problems[0].resource_id == "7"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (None, None),
        ("about:blank", "about:blank"),
        ("https://api.x.com/2/problems/credits", "credits"),
        ("https://api.twitter.com/2/problems/usage-capped/", "usage-capped"),
    ],
)
def test_the_kind_of_a_problem_is_the_end_of_its_type(kind: str | None, expected: str | None):
    assert models.Problem(type=kind).kind == expected


def test_a_v1_failure_is_a_problem_with_codes():
    body = b'{"errors": [{"code": 88, "message": "Rate limit exceeded"}]}'
    assert models.problem(body).errors == (
        models.ProblemError(code=88, message="Rate limit exceeded"),
    )


def test_unknown_fields_and_values_do_not_fail():
    body = b'{"data": [{"id": "1", "reply_settings": "new", "new": {"x": [1]}}], "new": 1}'
    assert models.tweet_page(body).data[0].reply_settings == "new"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021-01-06T18:40:40.000Z", datetime(2021, 1, 6, 18, 40, 40, tzinfo=UTC)),
        ("2021-01-06T10:40:40-08:00", datetime(2021, 1, 6, 18, 40, 40, tzinfo=UTC)),
        ("2021-01-06T18:40:40", datetime(2021, 1, 6, 18, 40, 40, tzinfo=UTC)),
        ("Wed Jan 06 18:40:40 +0000 2021", datetime(2021, 1, 6, 18, 40, 40, tzinfo=UTC)),
        ("Wed Jan 06 18:40:40 -0530 2021", datetime(2021, 1, 7, 0, 10, 40, tzinfo=UTC)),
        ("Wed Jan 32 18:40:40 +0000 2021", None),
        ("Wed Foo 06 18:40:40 +0000 2021", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_timestamps_know_their_offset_and_unreadable_ones_are_left_out(
    text: str, expected: datetime | None
):
    body = json.dumps({"data": [{"id": "1", "created_at": text}]}).encode()
    created_at = models.tweet_page(body).data[0].created_at
    assert created_at == expected
    if created_at is not None:
        assert isinstance(created_at.utcoffset(), timedelta)


@pytest.mark.parametrize(
    ("body", "retweeted", "returned_id"),
    [
        (b'{"data": {"retweeted": true}}', True, None),
        (b'{"data": {"retweeted": false}}', False, None),
        (b'{"data": {"retweeted": true, "id": "12"}}', True, "12"),
        (b'{"data": {"retweeted": true, "rest_id": "12"}}', True, "12"),
        (b"{}", None, None),
    ],
)
def test_every_form_of_the_reply_to_a_write_is_read(
    body: bytes, retweeted: bool | None, returned_id: str | None
):
    reply = models.retweet_result(body)
    assert (reply.retweeted, reply.id) == (retweeted, returned_id)
