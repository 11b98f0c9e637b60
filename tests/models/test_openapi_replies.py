"""Every reply that the OpenAPI files allow can be read."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.openapi import FILES, JSON, TWEET_FILE, spec
from twretweet import models
from twretweet.models import pages

Read = Callable[[bytes], object]

READERS: dict[tuple[str, str], Read] = {
    ("get", "/2/tweets/{id}"): models.one_tweet,
    ("get", "/2/tweets/{id}/quote_tweets"): models.tweet_page,
    ("get", "/2/tweets/{id}/retweeted_by"): models.user_page,
    ("get", "/2/tweets/{id}/retweets"): models.tweet_page,
    ("get", "/2/usage/tweets"): models.usage,
    ("get", "/2/users/by/username/{username}"): models.one_user,
    ("get", "/2/users/me"): models.one_user,
    ("get", "/2/users/reposts_of_me"): models.tweet_page,
    ("post", "/2/users/{id}/retweets"): models.retweet_result,
    ("delete", "/2/users/{id}/retweets/{source_tweet_id}"): models.retweet_result,
}

every_operation = pytest.mark.parametrize(
    ("method", "path"), READERS, ids=[f"{method} {path}" for method, path in READERS]
)
both_files = pytest.mark.parametrize("file", FILES, ids=["tweet", "post"])


def body(reply: JSON) -> bytes:
    return json.dumps(reply, ensure_ascii=False).encode()


def moments(value: object) -> Iterator[datetime]:
    """All timestamps anywhere in ``value``."""
    if isinstance(value, datetime):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from moments(item)
    elif isinstance(value, models.Page):
        yield from moments((value.data, value.includes, value.problems))
    elif isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            yield from moments(getattr(value, field))


@both_files
def test_every_operation_of_the_files_is_tried(file: str):
    assert {(method, path) for method, path, _ in spec(file).operations()} == set(READERS)


@both_files
@every_operation
def test_every_reply_of_the_schemas_decodes(file: str, method: str, path: str):
    description, read = spec(file), READERS[method, path]

    @settings(max_examples=80, deadline=None)
    @given(description.draws(description.reply(method, path, "200")))
    def check(reply: JSON) -> None:
        decoded = read(body(reply))
        assert decoded == read(body(reply))
        assert all(moment.tzinfo is not None for moment in moments(decoded))

    check()


@both_files
@pytest.mark.parametrize("mime", ["application/json", "application/problem+json"])
def test_every_failure_of_the_schemas_decodes_as_a_problem(file: str, mime: str):
    description = spec(file)

    @settings(max_examples=200, deadline=None)
    @given(description.draws(description.reply("get", "/2/users/me", "default", mime)))
    def check(reply: JSON) -> None:
        assert isinstance(reply, dict)
        problem = models.problem(body(reply))
        assert problem.title == reply.get("title")
        assert problem.message == reply.get("message")
        assert problem.code == reply.get("code")

    check()


@both_files
def test_the_quick_ways_and_the_slow_one_read_the_same(file: str):
    description = spec(file)
    schema = description.reply("get", "/2/tweets/{id}/retweets", "200")

    @settings(max_examples=150, deadline=None)
    @given(description.draws(schema))
    def check(reply: JSON) -> None:
        reader = pages._TWEETS
        assert reader(body(reply)) == reader.levelled(body(reply))

    check()


@both_files
@pytest.mark.parametrize("path", ["/2/tweets/{id}/retweets", "/2/tweets/{id}/retweeted_by"])
def test_a_walk_reads_the_same_in_parts_as_at_once(file: str, path: str):
    description = spec(file)
    whole, in_parts = {
        "/2/tweets/{id}/retweets": (models.tweet_page, models.tweet_pages),
        "/2/tweets/{id}/retweeted_by": (models.user_page, models.user_pages),
    }[path]

    @settings(max_examples=150, deadline=None)
    @given(description.draws(description.reply("get", path, "200")))
    def check(reply: JSON) -> None:
        page = in_parts()(body(reply))
        assert page.included_ids == models.ids_of(page.includes)
        assert page == whole(body(reply))

    check()


@both_files
def test_levelling_what_is_level_changes_nothing(file: str):
    description = spec(file)
    schema = description.reply("get", "/2/tweets/{id}/retweets", "200")

    @settings(max_examples=100, deadline=None)
    @given(description.draws(schema))
    def check(reply: JSON) -> None:
        once = pages._TWEETS.level(reply)
        assert pages._TWEETS.level(once) == once

    check()


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_null_anywhere_means_left_out(data: st.DataObject):
    description = spec(TWEET_FILE)
    schema = description.reply("get", "/2/tweets/{id}/retweets", "200")
    reply = data.draw(description.draws(schema))
    holders = list(_objects(reply))
    holder = data.draw(st.sampled_from(holders))
    if not holder:
        return
    name = data.draw(st.sampled_from(sorted(holder)))
    holder[name] = None
    with_null = models.tweet_page(body(reply))
    del holder[name]
    assert with_null == models.tweet_page(body(reply))


def _objects(value: JSON, inside: str = "") -> Iterator[dict[str, JSON]]:
    if isinstance(value, dict):
        # What X does not describe is passed on as it is, nulls and all.
        if inside != "properties" and not inside.startswith("new_"):
            yield value
            for name, part in value.items():
                yield from _objects(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from _objects(part, inside)


def test_a_null_among_the_parameters_of_an_error_means_left_out():
    errors = [{"message": "off", "parameters": {"id": None, "max_results": ["0"]}}]
    page = models.tweet_page(body({"errors": [{"title": "Invalid", "errors": errors}]}))
    assert page.problems[0].errors[0].parameters == {"max_results": ("0",)}
