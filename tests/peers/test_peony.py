"""peony, which is asynchronous."""

import pytest

from twretweet.sandbox import Sandbox

pytest.importorskip("peony", reason="peony-twitter is not installed (extra: peers)")

from peony import BasePeonyClient, exceptions
from peony.oauth import OAuth2Headers

pytestmark = pytest.mark.anyio


def client(sandbox: Sandbox) -> BasePeonyClient:
    """The recipe: the address, with a place for the version, is an argument of peony's client.

    It is the base client, because PeonyClient looks up its user at X itself, whatever its address.
    """
    keys = sandbox.oauth1
    return BasePeonyClient(
        consumer_key=keys.consumer_key,
        consumer_secret=keys.consumer_secret,
        access_token=keys.access_token,
        access_token_secret=keys.access_token_secret,
        base_url=f"{sandbox.url}/{{version}}",
    )


async def test_it_retweets_and_undoes_over_v1() -> None:
    async with Sandbox(retweets=250) as sandbox, client(sandbox) as x:
        made = await x.api.statuses.retweet[sandbox.tweet_id].post(trim_user=True)
        assert made.retweeted_status.id_str == sandbox.tweet_id
        assert made.user.id_str == sandbox.me.user_id
        with pytest.raises(exceptions.HTTPForbidden):
            await x.api.statuses.retweet[sandbox.tweet_id].post()
        undone = await x.api.statuses.unretweet[sandbox.tweet_id].post()
        assert undone.retweet_count == 250
        with pytest.raises(exceptions.StatusNotFound):
            await x.api.statuses.retweet["20"].post()
        written = await x.api.statuses.update.post(status="Written by peony & co.")
        assert written.text == "Written by peony & co."
        assert [request.status for request in sandbox.requests] == [200, 403, 200, 404, 200]


async def test_it_retweets_walks_and_undoes_over_v2() -> None:
    async with Sandbox(retweets=250) as sandbox, client(sandbox) as x:
        v2 = x["api", "2", ""]
        me = (await v2.users.me.get())["data"]
        assert me.username == sandbox.me.username
        made = await v2.users[me.id].retweets.post(_json={"tweet_id": sandbox.tweet_id})
        assert made["data"].retweeted
        ids, more = [], {}
        while True:
            page = await v2.tweets[sandbox.tweet_id].retweets.get(
                **{"tweet.fields": "created_at"}, expansions="author_id", **more
            )
            ids += [tweet.id for tweet in page["data"]]
            assert {tweet.author_id for tweet in page["data"]} == {
                user.id for user in page.includes.users
            }
            if "next_token" not in page.meta:
                break
            more = {"pagination_token": page.meta.next_token}
        assert len(set(ids)) == 251
        assert ids[0] == made["data"].rest_id
        undone = await v2.users[me.id].retweets[sandbox.tweet_id].delete()
        assert not undone["data"].retweeted


async def test_it_signs_in_as_the_app_by_itself() -> None:
    async with Sandbox(retweets=5) as sandbox:
        keys = sandbox.oauth1
        async with BasePeonyClient(
            consumer_key=keys.consumer_key,
            consumer_secret=keys.consumer_secret,
            auth=OAuth2Headers,
            base_url=f"{sandbox.url}/{{version}}",
        ) as x:
            page = await x["api", "2", ""].tweets[sandbox.tweet_id].retweeted_by.get()
            assert page.meta.result_count == 5
        assert sandbox.requests[0].path == "/oauth2/token"
