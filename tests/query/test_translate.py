"""What is asked in tweet names is spoken in either vocabulary, or refused, never lost."""

from collections.abc import Callable
from functools import reduce
from typing import TypeAlias, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.openapi import POST_FILE, TWEET_FILE, spec
from twretweet.errors import QueryError
from twretweet.query import TweetQuery, UserQuery
from twretweet.query import names as tables
from twretweet.vocabulary import Vocabulary

Query: TypeAlias = TweetQuery | UserQuery

TWEET_METHODS: dict[str, frozenset[str]] = {
    "fields": tables.TWEET_FIELDS,
    "author": tables.USER_FIELDS,
    "media": tables.MEDIA_FIELDS,
    "place": tables.PLACE_FIELDS,
    "poll": tables.POLL_FIELDS,
    "mentions": tables.USER_FIELDS,
    "reply_author": tables.USER_FIELDS,
    "referenced": tables.TWEET_FIELDS,
    "expand": tables.TWEET_EXPANSIONS,
}
USER_METHODS: dict[str, frozenset[str]] = {
    "fields": tables.USER_FIELDS,
    "pinned_tweet": tables.TWEET_FIELDS,
    "most_recent_tweet": tables.TWEET_FIELDS,
    "affiliation": tables.USER_FIELDS,
    "expand": tables.USER_EXPANSIONS,
}


def queries(start: Query, methods: dict[str, frozenset[str]]) -> st.SearchStrategy[Query]:
    """Queries built by a few calls with a few names each."""

    def calls(method: str) -> st.SearchStrategy[tuple[str, list[str]]]:
        chosen = st.lists(st.sampled_from(sorted(methods[method])), max_size=3)
        return st.tuples(st.just(method), chosen)

    def build(made: list[tuple[str, list[str]]]) -> Query:
        def call(query: Query, step: tuple[str, list[str]]) -> Query:
            return cast("Callable[..., Query]", getattr(query, step[0]))(*step[1])

        return reduce(call, made, start)

    return st.lists(st.sampled_from(sorted(methods)).flatmap(calls), max_size=4).map(build)


def known(vocabulary: Vocabulary, resource: tables.Resource) -> dict[str, set[str]]:
    """What the endpoints of a resource take, says the OpenAPI file of a vocabulary."""
    description = spec(TWEET_FILE if vocabulary == "tweet" else POST_FILE)
    path = "/2/tweets/{id}/retweets" if resource == "tweet" else "/2/tweets/{id}/retweeted_by"
    operation = next(
        told
        for method, where, told in description.operations()
        if (method, where) == ("get", path)
    )
    taken: dict[str, set[str]] = {}
    for parameter in cast("list[dict[str, str]]", operation["parameters"]):
        if "$ref" in parameter:
            told = description.at(parameter["$ref"])
            name = parameter["$ref"].rpartition("/")[2]
            taken[cast("str", told["name"])] = description.names(name)
    return taken


@pytest.mark.parametrize("vocabulary", ["tweet", "post"])
@pytest.mark.parametrize(
    ("start", "methods"),
    [(TweetQuery(), TWEET_METHODS), (UserQuery(), USER_METHODS)],
    ids=["tweets", "users"],
)
def test_only_names_that_the_vocabulary_knows_are_spoken_whatever_the_query(
    vocabulary: Vocabulary, start: Query, methods: dict[str, frozenset[str]]
):
    taken = known(vocabulary, start.resource)

    @settings(max_examples=300, deadline=None)
    @given(queries(start, methods))
    def check(query: Query) -> None:
        try:
            params = query.to_params(vocabulary)
        except QueryError:
            return
        for parameter, names in params.items():
            assert set(names.split(",")) <= taken[parameter]

    check()


@pytest.mark.parametrize("vocabulary", ["tweet", "post"])
@pytest.mark.parametrize("start", [TweetQuery(), UserQuery()], ids=["tweets", "users"])
def test_what_the_vocabulary_lists_can_be_asked_in_it(vocabulary: Vocabulary, start: Query):
    """Each name of a file's own parameters comes out as it went in."""
    for parameter, names in known(vocabulary, start.resource).items():
        for name in names:
            asked = (
                start.expand(name)  # type: ignore[arg-type]
                if parameter == "expansions"
                else _asking(start, parameter, name)
            )
            assert name in asked.to_params(vocabulary)[parameter].split(",")


def _asking(start: Query, parameter: str, name: str) -> Query:
    method = {
        ("tweet", "tweet.fields"): "fields",
        ("tweet", "post.fields"): "fields",
        ("tweet", "user.fields"): "author",
        ("tweet", "media.fields"): "media",
        ("tweet", "place.fields"): "place",
        ("tweet", "poll.fields"): "poll",
        ("user", "user.fields"): "fields",
        ("user", "tweet.fields"): "pinned_tweet",
        ("user", "post.fields"): "pinned_tweet",
    }[start.resource, parameter]
    return cast("Callable[[str], Query]", getattr(start, method))(name)


@pytest.mark.parametrize(
    ("query", "params"),
    [
        (TweetQuery().fields("lang", "note_tweet"), {"post.fields": "lang,note_post"}),
        (TweetQuery().fields("author_id"), {"expansions": "author_id"}),
        (TweetQuery().fields("in_reply_to_user_id"), {"expansions": "in_reply_to_user_id"}),
        (TweetQuery().fields("referenced_tweets"), {"expansions": "referenced_posts"}),
        (TweetQuery().fields("edit_history_tweet_ids"), {"expansions": "edit_history_post_ids"}),
        (
            TweetQuery().referenced(author=["name"]),
            {"expansions": "author_id,referenced_posts", "user.fields": "name"},
        ),
        (
            TweetQuery().expand("referenced_tweets.id.attachments.media_keys"),
            {"expansions": "attachments.media_keys,referenced_posts"},
        ),
        (
            TweetQuery().expand("entities.note.mentions.username"),
            {"expansions": "entities.mentions.username"},
        ),
        (
            UserQuery().fields("affiliation", "pinned_tweet_id", "most_recent_tweet_id", "url"),
            {
                "expansions": "affiliation,most_recent_post_id,pinned_post_id",
                "user.fields": "url",
            },
        ),
        (
            UserQuery().pinned_tweet("note_tweet").affiliation("name"),
            {
                "expansions": "affiliation,pinned_post_id",
                "post.fields": "note_post",
                "user.fields": "name",
            },
        ),
    ],
)
def test_the_post_vocabulary_asks_for_the_same_in_its_own_words(
    query: Query, params: dict[str, str]
):
    assert query.to_params("post") == params


@pytest.mark.parametrize(
    ("query", "speaks", "knows", "name"),
    [
        (TweetQuery().fields("paid_partnership"), "tweet", "post", "paid_partnership"),
        (TweetQuery().fields("article_title"), "tweet", "post", "article_title"),
        (TweetQuery().expand("username"), "tweet", "post", "username"),
        (UserQuery().fields("subscribes_to_you"), "tweet", "post", "subscribes_to_you"),
        (TweetQuery().author("pinned_tweet_id"), "post", "tweet", "pinned_tweet_id"),
        (TweetQuery().author("affiliation"), "post", "tweet", "affiliation"),
        (UserQuery().pinned_tweet("author_id"), "post", "tweet", "author_id"),
    ],
)
def test_what_a_vocabulary_has_no_word_for_is_refused_with_the_ways_out(
    query: Query, speaks: Vocabulary, knows: Vocabulary, name: str
):
    query.to_params(knows)
    with pytest.raises(QueryError) as caught:
        query.to_params(speaks)
    message = str(caught.value)
    assert repr(name) in message
    assert f'SessionManager(vocabulary="{knows}")' in message
    assert ".raw(" in message


def test_every_name_is_known_to_at_least_one_vocabulary():
    for start, methods in ((TweetQuery(), TWEET_METHODS), (UserQuery(), USER_METHODS)):
        for method, names in methods.items():
            for name in names:
                query = cast("Callable[[str], Query]", getattr(start, method))(name)
                assert any(_speakable(query, vocabulary) for vocabulary in ("tweet", "post"))


def _speakable(query: Query, vocabulary: Vocabulary) -> bool:
    try:
        query.to_params(vocabulary)
    except QueryError:
        return False
    return True


def test_a_vocabulary_that_does_not_exist_is_refused():
    with pytest.raises(QueryError, match="posts"):
        TweetQuery().to_params(cast("Vocabulary", "posts"))
