"""What the builders ask for, and that they ask for it in one way only."""

import copy
import pickle
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twretweet.errors import QueryError
from twretweet.query import TweetField, TweetQuery, UserField, UserQuery
from twretweet.query.names import TWEET_FIELDS, Parameter


def test_the_example_of_the_documentation_asks_for_exactly_this():
    query = TweetQuery().fields("created_at", "public_metrics").author("username", "verified")
    assert query.to_params() == {
        "expansions": "author_id",
        "tweet.fields": "created_at,public_metrics",
        "user.fields": "username,verified",
    }


def test_a_query_of_nothing_has_no_parameters():
    assert TweetQuery().to_params() == {}
    assert UserQuery().to_params("post") == {}


@pytest.mark.parametrize(
    ("query", "params"),
    [
        (TweetQuery().author(), {"expansions": "author_id"}),
        (
            TweetQuery().media("url", "alt_text"),
            {"expansions": "attachments.media_keys", "media.fields": "alt_text,url"},
        ),
        (
            TweetQuery().place("country"),
            {"expansions": "geo.place_id", "place.fields": "country"},
        ),
        (
            TweetQuery().poll("options"),
            {"expansions": "attachments.poll_ids", "poll.fields": "options"},
        ),
        (
            TweetQuery().mentions("name"),
            {"expansions": "entities.mentions.username", "user.fields": "name"},
        ),
        (
            TweetQuery().reply_author("name"),
            {"expansions": "in_reply_to_user_id", "user.fields": "name"},
        ),
        (
            TweetQuery().referenced("lang"),
            {"expansions": "referenced_tweets.id", "tweet.fields": "lang"},
        ),
        (
            TweetQuery().referenced(author=["name"]),
            {
                "expansions": "referenced_tweets.id,referenced_tweets.id.author_id",
                "user.fields": "name",
            },
        ),
        (
            TweetQuery().referenced(author=()),
            {"expansions": "referenced_tweets.id,referenced_tweets.id.author_id"},
        ),
        (
            TweetQuery().expand("edit_history_tweet_ids"),
            {"expansions": "edit_history_tweet_ids"},
        ),
        (UserQuery().fields("verified"), {"user.fields": "verified"}),
        (
            UserQuery().pinned_tweet("lang"),
            {"expansions": "pinned_tweet_id", "tweet.fields": "lang"},
        ),
        (
            UserQuery().most_recent_tweet("lang"),
            {"expansions": "most_recent_tweet_id", "tweet.fields": "lang"},
        ),
        (
            UserQuery().affiliation("name"),
            {"expansions": "affiliation.user_id", "user.fields": "name"},
        ),
        (UserQuery().expand("pinned_post_id"), {"expansions": "pinned_tweet_id"}),
    ],
)
def test_each_method_adds_the_expansion_that_its_fields_need(
    query: TweetQuery | UserQuery, params: dict[str, str]
):
    assert query.to_params() == params


def test_a_method_leaves_the_query_it_is_called_on_alone():
    base = TweetQuery().fields("lang")
    base.author("name").raw("user.fields", "new")
    assert base.to_params() == {"tweet.fields": "lang"}


@given(st.permutations(sorted(TWEET_FIELDS)))
def test_the_order_of_asking_does_not_matter(shuffled: list[str]):
    fields = cast("list[TweetField]", shuffled)
    at_once = TweetQuery().fields(*fields)
    one_by_one = TweetQuery()
    for name in [*fields, *fields[:3]]:
        one_by_one = one_by_one.fields(name)
    assert at_once == one_by_one
    assert hash(at_once) == hash(one_by_one)
    assert repr(at_once) == repr(one_by_one)
    assert list(at_once.to_params("post").items()) == list(one_by_one.to_params("post").items())


def test_keys_and_names_are_sorted():
    params = TweetQuery().author("url", "name").media("url").fields("text", "id").to_params()
    assert list(params) == sorted(params)
    assert all(value.split(",") == sorted(value.split(",")) for value in params.values())


def test_queries_about_tweets_and_about_users_are_never_equal():
    assert TweetQuery() != cast("object", UserQuery())


def test_a_post_name_is_an_alias_of_its_tweet_name():
    assert TweetQuery().fields("note_post") == TweetQuery().fields("note_tweet")
    assert TweetQuery().expand("referenced_posts") == TweetQuery().referenced()
    assert UserQuery().expand("affiliation") == UserQuery().affiliation()


def test_queries_survive_pickling_and_copying():
    query = TweetQuery().referenced("lang", author=["name"]).raw("expansions", "new.id")
    assert pickle.loads(pickle.dumps(query)) == query  # of this test's own making
    assert copy.deepcopy(query) == query


def test_a_query_shows_what_it_asks_for():
    query = TweetQuery().fields("lang").author("name")
    assert repr(query) == (
        "<TweetQuery expansions=author_id, tweet.fields=lang, user.fields=name>"
    )


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("publc_metrics", "public_metrics"),
        ("creatd_at", "created_at"),
        ("Created_At", "created_at"),
        ("referenced_tweet", "referenced_tweets"),
        ("withheldd", "withheld"),
    ],
)
def test_a_wrong_name_is_named_with_the_nearest_right_one(wrong: str, right: str):
    with pytest.raises(QueryError) as caught:
        TweetQuery().fields(cast("TweetField", wrong))
    message = str(caught.value)
    assert repr(wrong) in message
    assert repr(right) in message
    assert "tweet.fields" in message
    assert ".raw(" in message


@pytest.mark.parametrize("wrong", [None, 5, ["lang"], {}, b"lang", "", "lang,text", " lang"])
def test_what_is_no_name_at_all_is_refused(wrong: object):
    name = cast("UserField", wrong)
    for ask in (
        TweetQuery().author,
        TweetQuery().mentions,
        UserQuery().fields,
        UserQuery().affiliation,
    ):
        with pytest.raises(QueryError, match=r"user\.fields"):
            ask(name)
    with pytest.raises(QueryError, match="expansions"):
        TweetQuery().expand(wrong)  # type: ignore[arg-type]
    with pytest.raises(QueryError, match=r"media\.fields"):
        TweetQuery().media(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [5, "usernme", [None]])
def test_authors_of_referenced_tweets_are_checked_too(wrong: object):
    with pytest.raises(QueryError, match=r"user\.fields"):
        TweetQuery().referenced(author=wrong)  # type: ignore[arg-type]


def test_a_lone_name_for_the_authors_is_not_read_letter_by_letter():
    lone = TweetQuery().referenced(author=cast("list[UserField]", "name"))
    assert lone == TweetQuery().referenced(author=["name"])


def test_a_very_long_wrong_name_is_shown_cut():
    with pytest.raises(QueryError) as caught:
        TweetQuery().fields(cast("TweetField", "x" * 100_000))
    assert len(str(caught.value)) < 400


def test_newer_names_pass_as_they_stand_in_either_vocabulary():
    query = TweetQuery().raw("tweet.fields", "new_field", "note_post").fields("lang")
    assert query.to_params() == {"tweet.fields": "lang,new_field,note_post"}
    assert query.to_params("post") == {
        "post.fields": "lang",
        "tweet.fields": "new_field,note_post",
    }


@pytest.mark.parametrize("name", ["", "a,b", "a b", "a\r\nb", "a\x00", "\x7f", "ä", None, 5])
def test_a_raw_name_that_can_not_stand_in_a_list_is_refused(name: object):
    with pytest.raises(QueryError, match=r"tweet\.fields"):
        TweetQuery().raw("tweet.fields", cast("str", name))


@pytest.mark.parametrize("parameter", ["tweets.fields", "max_results", "", None, ["tweet.fields"]])
def test_a_raw_parameter_that_no_query_has_is_refused(parameter: object):
    with pytest.raises(QueryError, match="nearest"):
        TweetQuery().raw(cast("Parameter", parameter), "name")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (TweetQuery().fields("public_metrics").media("public_metrics"), ()),
        (TweetQuery().fields("promoted_metrics", "lang"), ("promoted_metrics",)),
        (
            TweetQuery().media("organic_metrics", "non_public_metrics"),
            ("non_public_metrics", "organic_metrics"),
        ),
        (
            TweetQuery().fields("organic_metrics").media("organic_metrics"),
            ("organic_metrics",),
        ),
        (TweetQuery().raw("post.fields", "organic_metrics"), ("organic_metrics",)),
        (UserQuery().pinned_tweet("non_public_metrics"), ("non_public_metrics",)),
        (UserQuery().fields("public_metrics"), ()),
    ],
)
def test_private_metrics_are_told(query: TweetQuery | UserQuery, expected: tuple[str, ...]):
    assert query.private_metrics == expected
