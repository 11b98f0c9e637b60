"""The columns of a table follow from the query, and from nothing else."""

import pytest

import twretweet as tw
from twretweet.cli.export.columns import Column, cell, columns
from twretweet.cli.export.options import TweetOptions, UserOptions
from twretweet.models import Tweet, User
from twretweet.query.names import (
    TWEET_EXPANSIONS,
    TWEET_FIELDS,
    USER_EXPANSIONS,
    USER_FIELDS,
)

# Known to the post vocabulary alone, which the command line does not speak.
POST_ONLY = {"note_post", "edit_history_post_ids", "referenced_posts"}


def names(query) -> list[str]:
    return [column.name for column in columns(query)]


def test_what_always_comes_is_there_without_being_asked_for():
    assert names(tw.TweetQuery()) == ["id", "text"]
    assert names(tw.UserQuery()) == ["id", "username", "name"]


def test_objects_become_a_column_for_each_of_their_fields():
    query = tw.TweetQuery().fields("created_at", "public_metrics").author("verified")
    assert columns(query) == (
        Column(("id",), "text"),
        Column(("created_at",), "time"),
        Column(("text",), "text"),
        Column(("author_id",), "text"),
        Column(("public_metrics", "retweet_count"), "integer"),
        Column(("public_metrics", "reply_count"), "integer"),
        Column(("public_metrics", "like_count"), "integer"),
        Column(("public_metrics", "quote_count"), "integer"),
        Column(("public_metrics", "bookmark_count"), "integer"),
        Column(("public_metrics", "impression_count"), "integer"),
        Column(("author", "id"), "text"),
        Column(("author", "username"), "text"),
        Column(("author", "name"), "text"),
        Column(("author", "verified"), "boolean"),
    )


def test_lists_of_texts_and_lists_of_objects_stay_whole():
    query = tw.TweetQuery().fields("withheld", "entities").media("url")
    kinds = {column.name: column.kind for column in columns(query)}
    assert kinds["withheld.country_codes"] == "texts"
    assert kinds["entities.hashtags"] == "json"
    assert kinds["media"] == "json"
    assert kinds["attachments.media_keys"] == "texts"


def test_the_order_in_which_things_are_asked_for_does_not_matter():
    one = tw.TweetQuery().author("name", "url").fields("lang", "geo")
    other = tw.TweetQuery().fields("geo").fields("lang").author("url", "name")
    assert columns(one) == columns(other)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (tw.TweetQuery().fields(*TWEET_FIELDS), TWEET_FIELDS & {*Tweet.__struct_encode_fields__}),
        (tw.UserQuery().fields(*USER_FIELDS), USER_FIELDS & {*User.__struct_encode_fields__}),
    ],
)
def test_every_field_that_can_be_asked_for_has_a_column(query, expected):
    assert {column.path[0] for column in columns(query)} == expected - POST_ONLY | {"id"}


@pytest.mark.parametrize("name", sorted(TWEET_EXPANSIONS - {"username"}))
def test_every_expansion_of_tweets_adds_columns(name):
    assert len(names(tw.TweetQuery().expand(name))) > 2


@pytest.mark.parametrize("name", sorted(USER_EXPANSIONS))
def test_every_expansion_of_users_adds_columns(name):
    assert len(names(tw.UserQuery().expand(name))) > 3


def test_no_two_columns_have_one_name():
    query = tw.TweetQuery().fields(*TWEET_FIELDS).expand(*(TWEET_EXPANSIONS - {"username"}))
    query = query.author(*USER_FIELDS).place().referenced(author=())
    assert len(names(query)) == len(set(names(query))) > 150


def test_a_row_without_the_object_has_nothing_in_its_columns():
    column = Column(("author", "public_metrics", "followers_count"), "integer")
    assert cell({"author": {"public_metrics": {"followers_count": 7}}}, column) == 7
    assert cell({"author": {}}, column) is None
    assert cell({"author": None}, column) is None
    assert cell({}, column) is None


def test_names_that_are_newer_than_this_version_are_asked_for_as_they_stand():
    raw = ["tweet.fields=newest,later", "user.fields=other"]
    params = TweetOptions(fields=["lang"], raw=raw).query().to_params()
    assert params == {"tweet.fields": "lang,later,newest", "user.fields": "other"}
    params = UserOptions(raw=["user.fields=newest"]).query().to_params()
    assert params == {"user.fields": "newest"}
