"""What a request can cost, and what its reply was charged for."""

import pytest

from twretweet.models import Includes, Media, One, Page, RetweetReply, Tweet, User
from twretweet.protocol import endpoints
from twretweet.protocol.charges import most_of, returned
from twretweet.query import TweetQuery, UserQuery
from twretweet.query.names import TWEET_EXPANSIONS, USER_EXPANSIONS


def test_a_page_can_cost_its_size_and_what_each_item_refers_to():
    query = TweetQuery().author().referenced(author=["name"]).media()
    most = most_of(endpoints.TWEET, query.to_params("tweet"), items=40, fewest=4)
    assert (most.charge, most.items, most.fewest) == ("post_read", 40, 4)
    assert dict(most.added) == {"post_read": 2, "user_read": 3, "media_read": 4}
    assert most.shared == ()


def test_what_the_retweets_of_one_tweet_refer_to_is_the_same_for_all_but_their_authors():
    query = TweetQuery().author().referenced(author=["name"]).media().mentions()
    most = most_of(endpoints.RETWEETS, query.to_params("tweet"), items=40)
    assert dict(most.added) == {"user_read": 1}
    assert dict(most.shared) == {"post_read": 2, "user_read": 2 + 50, "media_read": 4}


def test_the_tweets_of_one_user_have_an_author_in_common():
    query = TweetQuery().author().media()
    most = most_of(endpoints.REPOSTS_OF_ME, query.to_params("post"), items=40)
    assert (dict(most.added), dict(most.shared)) == ({"media_read": 4}, {"user_read": 1})


@pytest.mark.parametrize("vocabulary", ["tweet", "post"])
def test_the_same_query_can_cost_the_same_in_either_vocabulary(vocabulary):
    query = UserQuery().expand("pinned_tweet_id", "affiliation.user_id")
    most = most_of(endpoints.RETWEETERS, query.to_params(vocabulary), items=10)
    assert dict(most.added) == {"post_read": 1, "user_read": 5}


def test_places_and_polls_have_no_price():
    query = TweetQuery().place().poll()
    assert most_of(endpoints.TWEET, query.to_params("tweet")).added == ()


@pytest.mark.parametrize("name", sorted(TWEET_EXPANSIONS | USER_EXPANSIONS))
def test_every_expansion_is_known(name):
    most = most_of(endpoints.RETWEETS, {"expansions": name})
    unknown = most_of(endpoints.RETWEETS, {"expansions": "something_new"})
    assert dict(unknown.added) == {"user_read": 1}, "of the dearest kind"
    free = name in ("attachments.poll_ids", "geo.place_id")
    assert bool(most.added or most.shared) is not free


def test_a_write_is_charged_per_request():
    most = most_of(endpoints.RETWEET, {})
    assert (most.charge, most.items, most.is_read) == ("interaction_create", 1, False)
    assert returned(most.charge, RetweetReply(retweeted=True)).data == ()


def test_a_page_is_charged_for_its_data_and_its_includes():
    page = Page(
        data=(Tweet(id="1"), Tweet(id="2")),
        includes=Includes(users=(User(id="7"),), media=(Media(media_key="3_9"),)),
    )
    got = returned("post_read", page)
    assert got.data == ("1", "2")
    assert dict(got.added) == {"user_read": ("7",), "media_read": ("3_9",)}


def test_a_lookup_that_found_nothing_is_charged_for_nothing():
    assert returned("user_read", One[User]()).data == ()
    assert returned("user_read", One(data=User(id="7"))).data == ("7",)
