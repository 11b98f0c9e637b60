"""What the pages of a walk include is read when it is looked at, then with each page."""

import json

import pytest

import twretweet as tw
from tests.models.openapi import JSON
from twretweet import models

TWEETS: list[JSON] = [
    {"id": "31", "text": "RT", "author_id": "7", "edit_history_tweet_ids": ["31"]},
    {"id": "30", "text": "RT", "author_id": "8", "edit_history_tweet_ids": ["30"]},
]
USERS: list[JSON] = [
    {"id": "7", "name": "Seven", "username": "seven", "pinned_tweet_id": "20"},
    {"id": "8", "name": "Eight", "username": "eight"},
]
INCLUDES: dict[str, JSON] = {
    "users": USERS,
    "tweets": [{"id": "20", "text": "hello"}],
    "media": [{"media_key": "3_1", "type": "photo"}],
}


@pytest.fixture(params=[False, True], ids=["ids not counted", "ids counted"])
def counted(request: pytest.FixtureRequest) -> bool:
    """Whether somebody asks for the ids of what a page includes, as a budget does."""
    return request.param


def body(includes: JSON = INCLUDES, data: list[JSON] = TWEETS) -> bytes:
    return json.dumps({"data": data, "includes": includes, "meta": {"result_count": 2}}).encode()


def test_who_looks_at_no_author_leaves_them_unread(counted: bool):
    read = models.tweet_pages(counted=counted)
    for _ in range(3):
        page = read(body())
        assert [tweet.author_id for tweet in page.data] == ["7", "8"]
        assert page.included_ids == models.IncludedIds(("20",), ("7", "8"), ("3_1",))
    assert not read.at_once


def test_who_has_looked_at_one_page_gets_the_next_read_whole(counted: bool):
    read = models.tweet_pages(counted=counted)
    first = read(body())
    author = first.data[1].author
    assert author is not None
    assert author.username == "eight"
    assert read.at_once
    second = read(body())
    assert second == first
    assert second.included_ids == first.included_ids


def test_each_page_is_read_once_however_often_it_is_looked_at(counted: bool):
    page = models.tweet_pages(counted=counted)(body())
    assert page.includes is page.includes
    assert page.data[0].author is page.data[0].author
    assert page.holding(page.data[:1]).includes is page.includes


def test_a_page_whose_includes_are_in_the_other_vocabulary_is_read_like_any_other(counted: bool):
    post = {
        "users": [{**USERS[0], "pinned_post_id": "20"}],
        "posts": [{"id": "20", "text": "hello"}],
    }
    page = models.tweet_pages(counted=counted)(body(post))
    assert page.included_ids == models.IncludedIds(("20",), ("7",))
    assert [tweet.id for tweet in page.includes.tweets] == ["20"]


def test_a_walk_in_the_post_vocabulary_is_read_whole_from_its_first_page(counted: bool):
    read = models.tweet_pages(counted=counted)
    tweets: list[JSON] = [{"id": "31", "text": "RT", "edit_history_post_ids": ["31"]}]
    assert read(body(data=tweets)).data[0].edit_history_tweet_ids == ("31",)
    assert read.at_once


@pytest.mark.parametrize("includes", [None, {}])
def test_nothing_included_is_nothing_to_read(includes: JSON, counted: bool):
    page = models.tweet_pages(counted=counted)(body(includes))
    assert page.data[0].author is None
    assert page.includes == models.Includes()
    assert page.included_ids == models.IncludedIds()


@pytest.mark.parametrize("includes", [[], 5, "users", {"users": 5}, {"users": [{"id": {}}]}])
def test_includes_that_can_not_be_read_are_told_of_where_they_are_looked_at(includes: JSON):
    read = models.tweet_pages()
    page = read(body(includes))
    assert len(page.data) == 2
    for _ in range(2):
        with pytest.raises(tw.DecodeError, match="what a page includes"):
            _ = page.data[0].author
        with pytest.raises(tw.DecodeError, match="what a page includes"):
            _ = page.included_ids
    with pytest.raises(tw.DecodeError, match="a page of tweets"):
        read(body(includes))


@pytest.mark.parametrize("includes", [[], 5, "users", {"users": 5}, {"users": [{"id": {}}]}])
def test_ids_that_are_counted_and_can_not_be_read_are_told_of_with_the_page(includes: JSON):
    with pytest.raises(tw.DecodeError, match="a page of tweets"):
        models.tweet_pages(counted=True)(body(includes))


def test_includes_of_which_only_the_ids_can_be_read_are_told_of_where_they_are_looked_at(
    counted: bool,
):
    read = models.tweet_pages(counted=counted)
    page = read(body({"users": [{"id": "7", "username": {}}]}))
    assert len(page.data) == 2
    assert page.included_ids.users == ("7",)
    for _ in range(2):
        with pytest.raises(tw.DecodeError, match="what a page includes"):
            _ = page.data[0].author


def test_a_place_alone_is_included_though_nobody_counts_it(counted: bool):
    page = models.tweet_pages(counted=counted)(body({"places": [{"id": "p", "full_name": "P"}]}))
    assert [place.full_name for place in page.includes.places] == ["P"]
    assert page.included_ids == models.IncludedIds()


def test_numbers_in_place_of_ids_are_levelled_in_both_ways(counted: bool):
    includes: JSON = {"users": [{"id": 7, "username": "seven", "name": "Seven"}]}
    page = models.tweet_pages(counted=counted)(body(includes))
    assert page.included_ids.users == ("7",)
    author = page.data[0].author
    assert author is not None
    assert author.username == "seven"


def test_the_retweeters_find_their_pinned_tweets_in_parts_too(counted: bool):
    page = models.user_pages(counted=counted)(body(data=USERS))
    pinned = page.data[0].pinned_tweet
    assert pinned is not None
    assert pinned.text == "hello"
