"""How wrong parameters are refused."""

import pytest

from tests.sandbox.http import Api

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("path", "query", "message"),
    [
        ("/2/tweets/abc/retweets", {}, "The `id` query parameter value [abc] is not valid"),
        ("/2/tweets/1%2F2/retweets", {}, "The `id` query parameter value [1/2] is not valid"),
        (
            "/2/tweets/1/retweets",
            {"max_results": 101},
            "The `max_results` query parameter value [101] is not between 1 and 100",
        ),
        (
            "/2/tweets/1/retweets",
            {"max_results": "0"},
            "The `max_results` query parameter value [0] is not between 1 and 100",
        ),
        (
            "/2/tweets/1/retweets",
            {"max_results": "ten"},
            "The `max_results` query parameter value [ten] is not a valid integer",
        ),
        (
            "/2/users/me",
            {"foo": "bar"},
            "The query parameter [foo] is not one of [expansions,tweet.fields,user.fields]",
        ),
        (
            "/2/tweets/1",
            {"poll.fields": "voting"},
            (
                "The `poll.fields` query parameter value [voting] is not one of"
                " [duration_minutes,end_datetime,id,options,voting_status]"
            ),
        ),
        (
            "/2/users/me",
            {"expansions": "author_id"},
            (
                "The `expansions` query parameter value [author_id] is not one of"
                " [affiliation.user_id,most_recent_tweet_id,pinned_tweet_id]"
            ),
        ),
        ("/2/users/me", {"user.fields": ""}, "The `user.fields` query parameter can not be empty"),
        (
            "/2/users/by/username/much_too_long_a_name",
            {},
            (
                "The `username` query parameter value [much_too_long_a_name] does not match"
                " ^[A-Za-z0-9_]{1,15}$"
            ),
        ),
    ],
)
async def test_a_wrong_parameter_is_refused_in_x_s_words(
    api: Api, path: str, query: dict[str, object], message: str
) -> None:
    reply = await api.call("GET", path, query)
    assert reply.status == 400
    assert reply.body["title"] == "Invalid Request"
    assert reply.problem == "invalid-request"
    assert reply.messages == [message]
    for name, value in query.items():
        assert reply.body["errors"][0]["parameters"] == {name: [str(value)]}


async def test_all_that_is_wrong_is_answered_at_once(api: Api) -> None:
    reply = await api.get("/2/tweets/x/retweets", max_results=0, foo=1, expansions="a,author_id,b")
    assert len(reply.messages) == 5


async def test_a_parameter_given_twice_is_refused(api: Api) -> None:
    url = f"{api.sandbox.url}{api.tweet}/retweets?max_results=5&max_results=6"
    reply = await api.send("GET", url, api.sign("GET", url, api.sandbox.oauth1))
    assert reply.messages == ["The `max_results` query parameter must not be given more than once"]


async def test_a_word_given_twice_in_a_list_is_shown_once(api: Api) -> None:
    reply = await api.get(
        api.tweet, tweet__fields="lang,lang,id", expansions="author_id,author_id"
    )
    assert set(reply.body["data"]) == {
        "id",
        "text",
        "edit_history_tweet_ids",
        "lang",
        "author_id",
    }
    assert len(reply.body["includes"]["users"]) == 1
