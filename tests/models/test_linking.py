"""What a tweet refers to is found in the page it came with."""

import copy
import gc
import json
import weakref

import msgspec

from tests.models.openapi import JSON
from twretweet import models
from twretweet.models.resources import Linked, PageIndex

PAGE: dict[str, JSON] = {
    "data": [
        {
            "id": "30",
            "text": "RT @Eight: see",
            "author_id": "7",
            "in_reply_to_user_id": "9",
            "referenced_tweets": [
                {"type": "retweeted", "id": "20"},
                {"type": "quoted", "id": "21"},
                {"type": "replied_to", "id": "404"},
            ],
            "attachments": {"media_keys": ["3_1", "3_404", "3_2"], "poll_ids": ["5"]},
            "geo": {"place_id": "p"},
            "entities": {
                "mentions": [
                    {"start": 3, "end": 9, "username": "EIGHT"},
                    {"start": 3, "end": 9, "username": "whoever", "id": "8"},
                    {"start": 3, "end": 9, "username": "missing", "id": "404"},
                ]
            },
            "note_tweet": {
                "text": "longer",
                "entities": {"mentions": [{"start": 0, "end": 5, "username": "nine"}]},
            },
        }
    ],
    "includes": {
        "tweets": [
            {"id": "20", "author_id": "8", "attachments": {"media_keys": ["3_2"]}},
            {"id": "21", "author_id": "404"},
        ],
        "users": [
            {"id": "7", "name": "Seven", "username": "seven"},
            {"id": "8", "name": "Eight", "username": "Eight"},
            {"id": "9", "name": "Nine", "username": "nine"},
        ],
        "media": [{"media_key": "3_1", "type": "photo"}, {"media_key": "3_2", "type": "video"}],
        "places": [{"id": "p", "full_name": "Paris"}],
        "polls": [{"id": "5", "options": [{"position": 1, "label": "a", "votes": 2}]}],
    },
}
PROFILE: dict[str, JSON] = {
    "id": "7",
    "name": "Seven",
    "username": "seven",
    "pinned_tweet_id": "20",
    "most_recent_tweet_id": "404",
    "affiliation": {"user_id": ["404", "8"]},
}


def read(page: JSON) -> models.Page[models.Tweet]:
    return models.tweet_page(json.dumps(page).encode())


def without_includes() -> dict[str, JSON]:
    return {"data": PAGE["data"]}


def test_a_tweet_finds_everything_it_refers_to():
    [tweet] = read(PAGE).data
    assert tweet.author is not None
    assert tweet.author.username == "seven"
    assert tweet.reply_author is not None
    assert tweet.reply_author.username == "nine"
    assert [media.media_key for media in tweet.media] == ["3_1", "3_2"]
    assert [poll.id for poll in tweet.polls] == ["5"]
    assert tweet.place is not None
    assert tweet.place.full_name == "Paris"
    assert [found.id for found in tweet.referenced] == ["20", "21"]
    assert tweet.retweeted is not None
    assert tweet.retweeted.id == "20"
    assert tweet.quoted is not None
    assert tweet.quoted.id == "21"
    assert tweet.replied_to is None


def test_mentioned_users_are_found_by_id_and_by_name_in_any_case_each_once():
    [tweet] = read(PAGE).data
    assert [user.id for user in tweet.mentions] == ["8", "9"]


def test_a_referenced_tweet_knows_the_page_too():
    [tweet] = read(PAGE).data
    original, quoted = tweet.referenced
    assert original.author is not None
    assert original.author.username == "Eight"
    assert [media.type for media in original.media] == ["video"]
    assert quoted.author is None


def test_what_x_left_out_is_none():
    [tweet] = read(without_includes()).data
    assert tweet.author is None
    assert tweet.reply_author is None
    assert tweet.place is None
    assert tweet.retweeted is None
    assert tweet.referenced == ()
    assert tweet.media == ()
    assert tweet.polls == ()
    assert tweet.mentions == ()
    assert tweet.includes == models.Includes()


def test_a_tweet_of_one_s_own_has_no_page():
    tweet = models.Tweet(id="1", author_id="7")
    assert tweet.author is None
    assert tweet.includes == models.Includes()
    assert tweet.referenced == ()
    assert tweet.media == ()
    assert models.User(pinned_tweet_id="1").pinned_tweet is None


def test_a_tweet_that_refers_to_nothing_finds_nothing():
    [tweet] = read({"data": [{"id": "1"}], "includes": PAGE["includes"]}).data
    assert tweet.author is None
    assert tweet.place is None
    assert tweet.media == ()
    assert tweet.mentions == ()
    assert len(tweet.includes.users) == 3


def test_a_user_finds_its_tweets_and_its_organisation():
    body = json.dumps({"data": [PROFILE], "includes": PAGE["includes"]}).encode()
    [user] = models.user_page(body).data
    assert user.pinned_tweet is not None
    assert user.pinned_tweet.id == "20"
    assert user.pinned_tweet.author is not None
    assert user.most_recent_tweet is None
    assert [organisation.username for organisation in user.affiliated_with] == ["Eight"]


def test_one_tweet_and_one_user_are_linked_as_a_page_is():
    tweets = PAGE["data"]
    assert isinstance(tweets, list)
    tweet = models.one_tweet(
        json.dumps({"data": tweets[0], "includes": PAGE["includes"]}).encode()
    ).data
    assert tweet is not None
    assert tweet.author is not None
    user = models.one_user(
        json.dumps({"data": PROFILE, "includes": PAGE["includes"]}).encode()
    ).data
    assert user is not None
    assert user.pinned_tweet is not None


def test_the_link_is_neither_compared_nor_shown_nor_encoded_nor_copied():
    [linked], [bare] = read(PAGE).data, read(without_includes()).data
    assert linked == bare
    assert repr(linked) == repr(bare)
    assert msgspec.json.encode(linked) == msgspec.json.encode(bare)
    assert copy.copy(linked).author is None


def test_a_page_is_freed_with_its_last_item_without_the_garbage_collector():
    class Watched(PageIndex):
        __slots__ = ("__weakref__",)

    page = read(PAGE)
    index = Watched(page.includes)
    for tweet in page.data:
        Linked.__dict__["_link"].__set__(tweet, index)
    seen = weakref.ref(index)
    kept = page.data[0].referenced[0]
    gc.disable()
    try:
        del page, tweet, index
        assert kept.author is not None
        assert seen() is not None
        del kept
        assert seen() is None
    finally:
        gc.enable()


def test_the_collector_does_not_look_at_items():
    page = read(PAGE)
    [tweet] = page.data
    assert not gc.is_tracked(tweet)
    assert not any(gc.is_tracked(user) for user in page.includes.users)


def test_a_count_or_a_position_of_zero_is_encoded_like_any_other():
    tweet = models.tweet_page(
        b'{"data":[{"id":"1","public_metrics":{"like_count":0,"retweet_count":3},'
        b'"entities":{"hashtags":[{"start":0,"end":4,"tag":"abc"}]}}]}'
    ).data[0]
    encoded = msgspec.json.decode(msgspec.json.encode(tweet))
    assert encoded["public_metrics"]["like_count"] == 0
    assert encoded["entities"]["hashtags"] == [{"start": 0, "end": 4, "tag": "abc"}]
    assert "lang" not in encoded, "what X left out stays out"
