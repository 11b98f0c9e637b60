"""Retweeting and undoing, in v2 and in v1.1, on the same state."""

import pytest

from tests.sandbox.http import Api
from twretweet.sandbox import story

pytestmark = pytest.mark.anyio


async def count(api: Api, tweet_id: str | None = None) -> int:
    path = f"/2/tweets/{tweet_id or api.sandbox.tweet_id}"
    reply = await api.get(path, api.sandbox.new_account(), tweet__fields="public_metrics")
    return int(reply.body["data"]["public_metrics"]["retweet_count"])


async def test_a_retweet_counts_and_is_the_first_of_the_list(api: Api) -> None:
    me = api.sandbox.me.user_id
    api.clock.advance(5)
    reply = await api.retweet()
    assert reply.status == 200
    assert reply.body["data"]["retweeted"] is True
    assert await count(api) == 26
    page = await api.get(f"{api.tweet}/retweets", tweet__fields="author_id,created_at")
    newest = page.body["data"][0]
    assert newest["id"] == reply.body["data"]["rest_id"]
    assert newest["author_id"] == me
    assert newest["created_at"] == "2023-11-14T22:13:25.000Z"
    assert int(newest["id"]) > int(page.ids[1])
    assert (await api.get(f"{api.tweet}/retweeted_by")).ids[0] == me


async def test_retweeting_twice_is_refused_and_counts_once(api: Api) -> None:
    await api.retweet()
    again = await api.retweet()
    assert again.status == 400
    assert again.body["title"] == "Invalid Request"
    said = "You cannot retweet a Tweet that you have already retweeted."
    assert again.body["detail"] == said
    assert again.messages == [said]
    assert await count(api) == 26


async def test_undoing_takes_the_retweet_away_and_may_be_repeated(api: Api) -> None:
    made = (await api.retweet()).body["data"]["rest_id"]
    for _ in range(2):
        reply = await api.undo()
        assert reply.status == 200
        assert reply.body == {"data": {"retweeted": False}}
    assert await count(api) == 25
    assert made not in (await api.get(f"{api.tweet}/retweets")).ids
    assert "data" not in (await api.get(f"/2/tweets/{made}")).body
    assert (await api.retweet()).body["data"]["rest_id"] != made


async def test_undoing_what_was_never_retweeted_succeeds(api: Api) -> None:
    assert (await api.undo()).body == {"data": {"retweeted": False}}
    assert (await api.undo(tweet_id="20")).body == {"data": {"retweeted": False}}


async def test_retweets_of_many_accounts_at_one_moment_have_ids_of_their_own(api: Api) -> None:
    accounts = [api.sandbox.new_account() for _ in range(20)]
    tweets = [api.sandbox.tweet_id, api.sandbox.add_tweet()]
    made = [
        (await api.retweet(account, tweet)).body["data"]["rest_id"]
        for account in accounts
        for tweet in tweets
    ]
    assert len(set(made)) == 40
    newest = (await api.get(f"{api.tweet}/retweeted_by")).ids[:20]
    assert newest == [account.user_id for account in reversed(accounts)]


async def test_retweeting_a_retweet_retweets_its_original(api: Api) -> None:
    other = api.sandbox.new_account()
    retweet = (await api.retweet(other)).body["data"]["rest_id"]
    assert (await api.retweet(tweet_id=retweet)).status == 200
    assert await count(api) == 27
    assert (await api.undo(tweet_id=retweet)).status == 200
    assert await count(api) == 26


async def test_one_acts_as_oneself_alone(api: Api) -> None:
    me, other = api.sandbox.me, api.sandbox.new_account()
    body = {"tweet_id": api.sandbox.tweet_id}
    post = await api.call("POST", f"/2/users/{other.user_id}/retweets", json=body)
    path = f"/2/users/{other.user_id}/retweets/{api.sandbox.tweet_id}"
    for reply in (post, await api.call("DELETE", path)):
        assert reply.status == 403
        assert "must match your own user ID" in reply.body["detail"]
        assert me.user_id in reply.body["detail"]
    assert await count(api) == 25


async def test_an_unknown_tweet_can_t_be_retweeted(api: Api) -> None:
    reply = await api.retweet(tweet_id="20")
    assert reply.status == 404
    assert reply.problem == "resource-not-found"
    assert (reply.body["parameter"], reply.body["value"]) == ("tweet_id", "20")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the request body is not valid JSON"),
        (b"{", "the request body is not valid JSON"),
        (b'{"tweet_id": "\xff"}', "the request body is not valid JSON"),
        (b"[]", "$: object expected"),
        (b"{}", "$.tweet_id: is missing but it is required"),
        (b'{"tweet_id": 1}', "$.tweet_id: string expected"),
        (b'{"tweet_id": "x"}', "$.tweet_id: does not match the regex pattern ^[0-9]{1,19}$"),
        (
            b'{"tweet_id": "1", "foo": 2}',
            (
                "$.foo: is not defined in the schema and the schema does not allow additional"
                " properties"
            ),
        ),
    ],
)
async def test_a_wrong_body_is_refused(api: Api, body: bytes, message: str) -> None:
    path = f"/2/users/{api.sandbox.me.user_id}/retweets"
    reply = await api.call("POST", path, data=body)
    assert reply.status == 400
    assert reply.problem == "invalid-request"
    assert reply.messages == [message]


async def test_ids_in_the_path_of_a_write_are_checked(api: Api) -> None:
    me = api.sandbox.me.user_id
    reply = await api.call("DELETE", f"/2/users/{me}/retweets/abc")
    assert reply.messages == ["The `source_tweet_id` query parameter value [abc] is not valid"]
    reply = await api.call("POST", "/2/users/me/retweets", json={"tweet_id": "1"})
    assert reply.messages == ["The `id` query parameter value [me] is not valid"]


async def test_v1_retweets_and_unretweets(api: Api) -> None:
    me, tweet_id = api.sandbox.me, api.sandbox.tweet_id
    reply = await api.call("POST", f"/1.1/statuses/retweet/{tweet_id}.json")
    assert reply.status == 200
    status = reply.body
    original = status["retweeted_status"]
    assert status["user"]["screen_name"] == me.username
    assert status["id_str"] == str(status["id"]) != tweet_id
    assert status["created_at"] == "Tue Nov 14 22:13:20 +0000 2023"
    assert original["id_str"] == tweet_id
    assert original["user"]["screen_name"] == "TwitterDev"
    assert status["retweet_count"] == original["retweet_count"] == 26
    assert status["retweeted"] is original["retweeted"] is True
    assert status["entities"]["user_mentions"][0]["indices"] == [3, 14]
    assert (await api.get(f"{api.tweet}/retweets")).ids[0] == status["id_str"]

    undone = await api.call("POST", f"/1.1/statuses/unretweet/{tweet_id}.json")
    assert undone.body["id_str"] == tweet_id
    assert undone.body["retweeted"] is False
    assert undone.body["retweet_count"] == 25
    assert "retweeted_status" not in undone.body


async def test_v1_and_v2_see_each_other_s_retweets(api: Api) -> None:
    path = f"/1.1/statuses/retweet/{api.sandbox.tweet_id}.json"
    await api.retweet()
    reply = await api.call("POST", path)
    assert reply.status == 403
    assert reply.codes == [327]
    assert reply.messages == ["You have already retweeted this Tweet."]
    await api.undo()
    assert (await api.call("POST", path)).status == 200
    assert (await api.retweet()).status == 400


@pytest.mark.parametrize("value", ["true", "t", "1"])
@pytest.mark.parametrize("place", ["query", "form"])
async def test_v1_trims_users_when_asked(api: Api, value: str, place: str) -> None:
    path = f"/1.1/statuses/retweet/{story.POLL_TWEET_ID}.json"
    if place == "query":
        reply = await api.call("POST", path, {"trim_user": value})
    else:
        reply = await api.call("POST", path, data=f"trim_user={value}")
    assert reply.status == 200
    me = int(api.sandbox.me.user_id)
    assert reply.body["user"] == {"id": me, "id_str": str(me)}
    assert set(reply.body["retweeted_status"]["user"]) == {"id", "id_str"}
    assert reply.body["retweeted_status"]["in_reply_to_screen_name"] == "TwitterDev"


async def test_v1_has_texts_in_full_when_asked(api: Api) -> None:
    path = f"/1.1/statuses/retweet/{api.sandbox.tweet_id}.json"
    made = (await api.call("POST", path, {"tweet_mode": "extended"})).body
    assert "text" not in made
    assert made["retweeted_status"]["full_text"].startswith("What did the developer")
    assert made["display_text_range"] == [0, len(made["full_text"])]


async def test_v1_names_unknown_tweets_and_pages_by_number(api: Api) -> None:
    unknown = await api.call("POST", "/1.1/statuses/retweet/20.json")
    assert (unknown.status, unknown.codes) == (404, [144])
    for path in ("/1.1/statuses/retweet/abc.json", "/1.1/statuses/nothing.json"):
        reply = await api.call("POST", path)
        assert (reply.status, reply.codes) == (404, [34])


async def test_a_status_is_written_and_can_be_retweeted(api: Api) -> None:
    reply = await api.call("POST", "/1.1/statuses/update.json", data="status=Hello%20%2B%20you")
    assert reply.status == 200
    assert reply.body["text"] == "Hello + you"
    written = reply.body["id_str"]
    assert (await api.get(f"/2/tweets/{written}")).body["data"]["text"] == "Hello + you"
    other = api.sandbox.new_account()
    assert (await api.retweet(other, written)).status == 200
    assert (await api.get("/2/users/reposts_of_me")).ids[0] == written
    missing = await api.call("POST", "/1.1/statuses/update.json")
    assert (missing.status, missing.codes) == (403, [170])


async def test_a_tweet_can_be_added_by_an_account_of_one_s_own(api: Api) -> None:
    author = api.sandbox.new_account("somebody")
    tweet_id = api.sandbox.add_tweet(retweets=3, text="Mine", author=author)
    reply = await api.get(f"/2/tweets/{tweet_id}", expansions="author_id")
    assert reply.body["data"]["text"] == "Mine"
    assert reply.body["includes"]["users"][0]["username"] == "somebody"
    page = await api.get(f"/2/tweets/{tweet_id}/retweets", tweet__fields="created_at")
    assert [one["text"] for one in page.body["data"]] == 3 * ["RT @somebody: Mine"]
    assert page.body["data"][0]["created_at"] < "2023-11-14T22:13:20.000Z"


@pytest.mark.parametrize(
    "name", ["TwitterDev", "sandbox_bot", "", "no-dashes", "sixteen_letters_"]
)
async def test_a_name_that_is_taken_or_impossible_is_refused(api: Api, name: str) -> None:
    with pytest.raises(ValueError, match=repr(name)):
        api.sandbox.new_account(name)


@pytest.mark.parametrize(
    "kind",
    ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", ""],
)
@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_v2_takes_no_body_but_json(api: Api, method: str, kind: str) -> None:
    path = f"/2/users/{api.sandbox.me.user_id}/retweets"
    url = f"{api.sandbox.url}{path}" + (f"/{api.sandbox.tweet_id}" if method == "DELETE" else "")
    is_form = kind.endswith("urlencoded")
    body = (
        f"tweet_id={api.sandbox.tweet_id}"
        if is_form
        else f'{{"tweet_id": "{api.sandbox.tweet_id}"}}'
    )
    for who in ("signed", "bearer"):
        headers = {"Authorization": f"Bearer {api.sandbox.oauth2.access_token}"}
        if who == "signed":
            headers = api.sign(method, url, api.sandbox.oauth1, body=body if is_form else None)
        headers["Content-Type"] = kind
        reply = await api.send(method, url, headers, data=body)
        assert (reply.status, reply.problem) == (400, "invalid-request")
        said = "Requests with bodies must have content-type of application/json."
        assert reply.body["errors"] == [{"parameters": {}, "message": said}]
    assert await count(api) == 25


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=UTF-8"])
async def test_json_is_json_however_its_type_is_written(api: Api, kind: str) -> None:
    url = f"{api.sandbox.url}/2/users/{api.sandbox.me.user_id}/retweets"
    headers = {**api.sign("POST", url, api.sandbox.oauth1), "Content-Type": kind}
    body = f'{{"tweet_id": "{api.sandbox.tweet_id}"}}'
    assert (await api.send("POST", url, headers, data=body)).status == 200
