"""The statuses of API v1.1."""

import json
from datetime import UTC, datetime

import pytest

from tests.models.openapi import JSON
from twretweet import models
from twretweet.errors import DecodeError

RETWEET: dict[str, JSON] = {
    "created_at": "Wed Jan 06 18:40:40 +0000 2021",
    "id": 1346889436626259968,
    "id_str": "1346889436626259968",
    "text": "RT @TwitterDev: Learn…",
    "truncated": False,
    "entities": {
        "hashtags": [{"text": "API", "indices": [1, 4]}],
        "symbols": [],
        "user_mentions": [{"screen_name": "TwitterDev", "id": 2244994945, "id_str": "2244994945"}],
        "urls": [{"url": "https://t.co/x", "expanded_url": "https://x.com", "indices": [5, 9]}],
    },
    "in_reply_to_status_id": None,
    "in_reply_to_status_id_str": None,
    "user": {
        "id": 7,
        "id_str": "7",
        "screen_name": "seven",
        "created_at": "Sat Dec 14 04:35:55 +0000 2013",
        "followers_count": 12,
    },
    "retweeted_status": {
        "id": 20,
        "id_str": "20",
        "full_text": "Learn how to use the API",
        "text": "Learn…",
        "quoted_status_id": 10,
        "quoted_status_id_str": "10",
        "quoted_status": {"id_str": "10", "text": "the first"},
        "retweet_count": 3,
    },
    "retweet_count": 3,
    "retweeted": True,
    "coordinates": None,
}


def read(status: JSON) -> models.Status:
    return models.status(json.dumps(status).encode())


def test_a_retweet_holds_the_tweet_that_was_retweeted():
    retweet = read(RETWEET)
    assert retweet.id == "1346889436626259968"
    assert retweet.created_at == datetime(2021, 1, 6, 18, 40, 40, tzinfo=UTC)
    assert retweet.retweeted is True
    assert retweet.in_reply_to_status_id is None
    original = retweet.retweeted_status
    assert original is not None
    assert (original.id, original.retweet_count) == ("20", 3)
    assert original.quoted_status_id == "10"
    assert original.quoted_status is not None
    assert original.quoted_status.text == "the first"


def test_the_full_text_is_the_text_where_x_sends_it():
    retweet = read(RETWEET)
    assert retweet.text == "RT @TwitterDev: Learn…"
    assert retweet.retweeted_status is not None
    assert retweet.retweeted_status.text == "Learn how to use the API"


def test_a_user_has_aware_timestamps_and_an_id_that_is_text():
    user = read(RETWEET).user
    assert user is not None
    assert (user.id, user.screen_name, user.followers_count) == ("7", "seven", 12)
    assert user.created_at == datetime(2013, 12, 14, 4, 35, 55, tzinfo=UTC)


@pytest.mark.parametrize("user", [{"id": 7}, {"id_str": "7"}, {"id": 7, "id_str": "7"}])
def test_a_trimmed_user_has_its_id_alone(user: dict[str, JSON]):
    assert read({**RETWEET, "user": user}).user == models.StatusUser(id="7")


def test_the_exact_id_is_the_string():
    status = read({"id": 1346889436626260000, "id_str": "1346889436626259968"})
    assert status.id == "1346889436626259968"


def test_entities_are_read():
    entities = read(RETWEET).entities
    assert entities is not None
    assert entities.hashtags[0].text == "API"
    assert entities.user_mentions[0].id == "2244994945"
    assert entities.urls[0].indices == (5, 9)


def test_an_object_without_an_id_is_no_status():
    with pytest.raises(DecodeError, match=r"expected a v1\.1 status"):
        models.status(b'{"errors": [{"code": 34, "message": "not there"}]}')
