"""The requests that a sandbox remembers, for the tests of a bot."""

import pytest

from tests.sandbox.admin import Admin
from tests.sandbox.http import Api
from twretweet.sandbox import ThreadedSandbox
from twretweet.sandbox.records import LONGEST_BODY

pytestmark = pytest.mark.anyio


async def test_who_goes_through_the_requests_may_send_more(api: Api) -> None:
    for path in (api.tweet, "/2/users/me"):
        await api.get(path)
    met = []
    for seen in api.sandbox.requests:
        met.append(seen.path)
        await api.get("/2/nowhere")
    assert met == [api.tweet, "/2/users/me"]
    for seen in reversed(api.sandbox.requests):
        met.append(seen.path)
        await api.get("/2/nowhere")
    assert met[2:] == ["/2/nowhere", "/2/nowhere", "/2/users/me", api.tweet]
    api.sandbox.requests.clear()
    assert not list(api.sandbox.requests)


async def test_a_request_tells_what_was_sent_in_its_body(api: Api) -> None:
    await api.retweet()
    await api.get(api.tweet)
    await api.call("POST", "/1.1/statuses/update.json", data="status=Hello+you")
    made, read, written = api.sandbox.requests
    assert made.json() == {"tweet_id": api.sandbox.tweet_id}
    assert read.body == b""
    with pytest.raises(ValueError, match="truncated"):
        read.json()
    assert written.body == b"status=Hello+you"


async def test_of_a_long_body_the_beginning_is_kept(api: Api) -> None:
    sent = b'{"tweet_id": "' + b"1" * LONGEST_BODY + b'"}'
    await api.call("POST", f"/2/users/{api.sandbox.me.user_id}/retweets", data=sent)
    assert api.sandbox.requests[-1].body == sent[:LONGEST_BODY]


async def test_no_token_is_kept_with_the_body_that_brought_it(api: Api) -> None:
    form = "grant_type=refresh_token&refresh_token=hush&client_id=x&client_secret=hush"
    await api.call("POST", "/2/oauth2/token", data=form)
    kept = api.sandbox.requests[-1].body.decode()
    assert kept == "grant_type=refresh_token&refresh_token=…&client_id=x&client_secret=…"


PARTS = (
    b'--x\r\nContent-Disposition: form-data; name="refresh_token"\r\n\r\nhush\r\n'
    b'--x\r\nContent-Disposition: form-data; name="scope"\r\n\r\nhush\r\n--x--\r\n'
)


@pytest.mark.parametrize(
    ("path", "sent", "kept"),
    [
        ("/2/oauth2/token", b'{"client_secret": "hush", "refresh_token": "hush"}', "…"),
        ("/2/oauth2/token", b"client%5Fsecret=hush&client_id=x", "client%5Fsecret=…&client_id=x"),
        ("/2/oauth2/token", PARTS, "…;…;…"),
        ("/2/oauth2/token", b"a=1;refresh_token=hush", "…;refresh_token=…"),
        ("/2/oauth2/token", b"scope=a\r\nrefresh_token:hush", "…"),
        ("/2/oauth2/token", b"hush", "…"),
        ("/2/oauth2/%74oken", b'{"code": "hush"}', "…"),
        ("/2/oauth2/revoke", b"Token=hush&token_type_hint=a", "Token=…&token_type_hint=a"),
        ("/oauth2/invalidate_token", b"access_token=hush", "access_token=…"),
        ("/1.1/statuses/update.json", b"status=a&oauth%5ftoken=hush", "status=a&oauth%5ftoken=…"),
    ],
)
async def test_no_body_that_asks_for_tokens_is_kept_with_a_secret(
    api: Api, path: str, sent: bytes, kept: str
) -> None:
    await api.send("POST", api.sandbox.url + path, {}, data=sent)
    told = await Admin(api.sandbox, api.http).get("state")
    assert "hush" not in repr(told)
    assert told["requests"][0]["body"] == kept


async def test_a_secret_in_a_query_is_found_by_whatever_stands_for_its_name(api: Api) -> None:
    query = "bearer_token=hush&access%5Ftoken=hush&pagination_token=abc;consumer_secret=hush&id=1"
    await api.send("GET", f"{api.sandbox.url}/2/users/me?{query}", {})
    kept = "bearer_token=…&access%5Ftoken=…&pagination_token=abc;consumer_secret=…&id=1"
    assert api.sandbox.requests[-1].query == kept


async def test_json_that_retweets_is_kept_whatever_it_looks_like(api: Api) -> None:
    sent = b'{"tweet_id": "1&state=x;code=y"}'
    await api.call("POST", f"/2/users/{api.sandbox.me.user_id}/retweets", data=sent)
    assert api.sandbox.requests[-1].body == sent


async def test_the_admin_endpoint_tells_bodies_too(api: Api) -> None:
    await api.retweet()
    [request] = await Admin(api.sandbox, api.http).get("requests")
    assert request["body"] == f'{{"tweet_id": "{api.sandbox.tweet_id}"}}'


async def test_it_tells_who_has_retweeted_what(api: Api) -> None:
    sandbox, admin = api.sandbox, Admin(api.sandbox, api.http)
    other = sandbox.add_tweet()
    somebody = sandbox.new_account()
    assert sandbox.me.user_id not in sandbox.retweeted_by()
    await api.retweet()
    await api.retweet(somebody)
    await api.retweet(somebody, other)
    assert sandbox.retweeted_by()[:2] == [somebody.user_id, sandbox.me.user_id]
    assert len(set(sandbox.retweeted_by(sandbox.tweet_id))) == 27
    assert sandbox.retweeted_by(other) == sandbox.retweeted_by(int(other)) == [somebody.user_id]
    told = await admin.get("retweeted_by")
    assert told == {"tweet_id": sandbox.tweet_id, "user_ids": sandbox.retweeted_by()}
    assert (await admin.get(f"retweeted_by?tweet_id={other}"))["user_ids"] == [somebody.user_id]
    assert (await admin.call("GET", "retweeted_by?tweet_id=20")).status == 400
    await api.undo()
    assert sandbox.me.user_id not in sandbox.retweeted_by()
    with pytest.raises(ValueError, match="there is no tweet 20"):
        sandbox.retweeted_by("20")


async def test_a_tweet_is_named_as_anywhere_else(api: Api) -> None:
    sandbox = api.sandbox
    other = sandbox.add_tweet(retweets=3)
    address = f"https://x.com/TwitterDev/status/{other}?s=20"
    assert sandbox.retweeted_by(address) == sandbox.retweeted_by(other)
    sandbox.add_retweets(2, tweet_id=address)
    assert len(sandbox.retweeted_by(f" {other}\n")) == 5
    for wrong in ("", "https://example.com/1", -1):
        with pytest.raises(ValueError, match="is not a tweet id"):
            sandbox.retweeted_by(wrong)
        with pytest.raises(ValueError, match="is not a tweet id"):
            sandbox.add_retweets(tweet_id=wrong)
    with pytest.raises(ValueError, match="there is no tweet 0"):
        sandbox.retweeted_by(0)


def test_a_sandbox_in_a_thread_tells_it_too() -> None:
    with ThreadedSandbox(retweets=3) as sandbox:
        sandbox.add_retweets()
        assert len(sandbox.retweeted_by()) == 4
