"""One shape comes out, whichever vocabulary a reply speaks, even if it speaks both."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.openapi import JSON, TWEET_FILE, spec
from twretweet import models
from twretweet.models.base import TWINS
from twretweet.models.metrics import TweetPublicMetrics, UserPublicMetrics
from twretweet.models.parts import NoteTweet, Withheld

POST_NAMES = {tweet: post for post, tweet in TWINS.items()}

REPLY: dict[str, JSON] = {
    "data": [
        {
            "id": "3",
            "text": "RT",
            "author_id": "7",
            "edit_history_tweet_ids": ["3"],
            "referenced_tweets": [{"type": "retweeted", "id": "2"}],
            "note_tweet": {"text": "a long one"},
            "public_metrics": {"retweet_count": 5, "like_count": 1},
        }
    ],
    "includes": {
        "tweets": [{"id": "2", "text": "to be retweeted", "author_id": "8"}],
        "users": [
            {
                "id": "7",
                "name": "Seven",
                "username": "seven",
                "pinned_tweet_id": "2",
                "most_recent_tweet_id": "3",
                "public_metrics": {"followers_count": 9, "tweet_count": 4},
            }
        ],
    },
    "meta": {"result_count": 1, "next_token": "abc"},
}


def renamed(value: JSON, choose: Callable[[], bool]) -> JSON:
    """``value`` with some of its names in the post vocabulary."""
    if isinstance(value, dict):
        return {
            POST_NAMES[name] if name in POST_NAMES and choose() else name: renamed(part, choose)
            for name, part in value.items()
        }
    if isinstance(value, list):
        return [renamed(part, choose) for part in value]
    return value


def page(reply: JSON) -> models.Page[models.Tweet]:
    return models.tweet_page(json.dumps(reply).encode())


def test_a_reply_in_the_post_vocabulary_comes_out_in_tweet_names():
    [tweet] = page(renamed(REPLY, lambda: True)).data
    assert tweet.edit_history_tweet_ids == ("3",)
    assert tweet.referenced_tweets == (models.ReferencedTweet(type="retweeted", id="2"),)
    assert tweet.note_tweet == NoteTweet(text="a long one")
    assert tweet.public_metrics == TweetPublicMetrics(retweet_count=5, like_count=1)
    assert tweet.retweeted is not None
    assert tweet.retweeted.text == "to be retweeted"
    assert tweet.author is not None
    assert tweet.author.pinned_tweet_id == "2"
    assert tweet.author.most_recent_tweet_id == "3"
    assert tweet.author.public_metrics == UserPublicMetrics(followers_count=9, tweet_count=4)


@given(data=st.data())
def test_a_reply_may_mix_the_vocabularies(data: st.DataObject):
    mixed = renamed(REPLY, lambda: data.draw(st.booleans()))
    assert page(mixed) == page(REPLY)


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_any_tweet_reply_reads_the_same_with_any_of_its_names_in_post_words(data: st.DataObject):
    description = spec(TWEET_FILE)
    schema = description.reply("get", "/2/tweets/{id}/retweets", "200")
    reply = data.draw(description.draws(schema))
    rng = data.draw(st.randoms(use_true_random=True))
    assert page(renamed(reply, lambda: rng.random() < 0.5)) == page(reply)


def test_a_post_name_set_apart_from_its_colon_is_seen():
    spaced = json.dumps(renamed(REPLY, lambda: True), separators=(",", " : ")).encode()
    assert models.tweet_page(spaced) == page(REPLY)


def test_a_post_name_in_a_text_stays():
    text = 'the key "referenced_posts": and "posts":'
    reply: JSON = {"data": [{"id": "1", "text": text, "edit_history_post_ids": ["1"]}]}
    assert page(reply).data[0].text == text


def test_what_x_does_not_describe_keeps_its_names():
    article: JSON = {"title": "t", "posts": [{"post_count": 1, "gone": None}]}
    reply: JSON = {"data": [{"id": "1", "article": article, "edit_history_post_ids": ["1"]}]}
    [tweet] = page(reply).data
    assert tweet.article == article
    assert tweet.edit_history_tweet_ids == ("1",)


@pytest.mark.parametrize("order", [1, -1])
def test_a_name_given_in_both_words_is_read_once_and_a_null_does_not_count(order: int):
    both = [("referenced_posts", None), ("referenced_tweets", [{"type": "quoted", "id": "9"}])]
    reply: JSON = {"data": [{"id": "1", **dict(both[::order])}]}
    assert [reference.id for reference in page(reply).data[0].referenced_tweets] == ["9"]


@pytest.mark.parametrize("scope", ["tweet", "post"])
def test_what_is_withheld_is_a_tweet_in_both_words(scope: str):
    withheld: JSON = {"copyright": True, "country_codes": ["DE"], "scope": scope}
    [tweet] = page({"data": [{"id": "1", "withheld": withheld}]}).data
    assert tweet.withheld == Withheld(copyright=True, country_codes=("DE",), scope="tweet")


def test_a_suggested_source_is_a_link_whether_sent_as_text_or_as_an_entity():
    url: JSON = {"url": "https://x.com", "start": 0, "end": 0}
    as_entities: JSON = {
        "suggested_source_links": [url],
        "suggested_source_links_with_counts": {"count": 2, "url": url},
    }
    as_texts: JSON = {
        "suggested_source_links": ["https://x.com"],
        "suggested_source_links_with_counts": [{"count": 2, "url": "https://x.com"}],
    }
    expected = page({"data": [as_entities]}).data
    assert page({"data": [as_texts]}).data == expected
    assert expected[0].suggested_source_links[0].url == "https://x.com"
    assert expected[0].suggested_source_links_with_counts[0].count == 2


def test_numbers_and_ids_are_read_from_strings_and_numbers():
    usage = models.usage(b'{"data": {"project_id": 12, "project_usage": "34", "project_cap": 56}}')
    assert usage.data == models.Usage(project_id="12", project_usage=34, project_cap=56)
    tweet: JSON = {"id": 1, "author_id": 2244994945, "public_metrics": {"like_count": "3"}}
    [read] = page({"data": [tweet]}).data
    assert (read.id, read.author_id) == ("1", "2244994945")
    assert read.public_metrics == TweetPublicMetrics(like_count=3)
