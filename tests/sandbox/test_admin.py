"""The admin endpoint: what it shows, what it does, what it refuses."""

from contextlib import ExitStack

import anyio
import msgspec
import pytest

from tests.sandbox.admin import Admin
from tests.sandbox.http import Api
from twretweet.sandbox import Fault, RecordedRequest
from twretweet.sandbox.faults.kinds import KINDS

pytestmark = pytest.mark.anyio

RECORD = RecordedRequest(0.0, "GET", "/", "", 200, None, None, None)


@pytest.fixture
def admin(api: Api) -> Admin:
    return Admin(api.sandbox, api.http)


# Looking


async def test_the_state_at_a_glance(api: Api, admin: Admin) -> None:
    await api.retweet()
    await api.get(f"{api.tweet}/retweets", api.sandbox.app_only, max_results=5)
    api.sandbox.faults.add(Fault("latency", seconds=3, endpoint="DELETE"))
    state = await admin.get("state")
    me, now = api.sandbox.me, api.clock.time()
    assert state["url"] == api.sandbox.url
    assert state["tweet_id"] == api.sandbox.tweet_id
    assert state["clock"] == {"now": now, "movable": True, "ahead": 0}
    assert state["totals"]["requests"] == 2
    assert state["totals"]["cost"] == pytest.approx(0.015 + 5 * 0.005)
    assert state["totals"]["accounts"] == 1
    (tweet,) = [one for one in state["tweets"] if one["id"] == api.sandbox.tweet_id]
    assert (tweet["retweets"], tweet["author"]) == (26, "TwitterDev")
    assert state["totals"]["retweets"] == sum(one["retweets"] for one in state["tweets"])
    (account,) = state["accounts"]
    assert (account["user_id"], account["username"]) == (me.user_id, "sandbox_bot")
    assert state["buckets"] == [
        {
            "endpoint": "POST /2/users/{id}/retweets",
            "account": me.user_id,
            "username": "sandbox_bot",
            "limit": 50,
            "remaining": 49,
            "reset": int(now) + 900,
        },
        {
            "endpoint": "GET /2/tweets/{id}/retweets",
            "account": "app",
            "username": None,
            "limit": 75,
            "remaining": 74,
            "reset": int(now) + 900,
        },
    ]
    newest, before = state["requests"]
    assert (before["number"], before["status"], before["cost"]) == (1, 200, 0.015)
    assert newest["endpoint"] == "GET /2/tweets/{id}/retweets"
    assert newest["query"] == "max_results=5"
    (fault,) = state["faults"]
    assert fault["fault"] == {"kind": "latency", "seconds": 3, "endpoint": "DELETE"}
    assert fault["summary"]


async def test_nothing_that_opens_anything_is_shown(api: Api, admin: Admin) -> None:
    account = api.sandbox.new_account("alice")
    await api.get(api.tweet, account)
    await api.send("GET", f"{api.sandbox.url}/x?oauth_token=planted&code=planted", {})
    shown = str(await admin.get("state")) + str(await admin.get("requests"))
    told = await admin.call("GET", "snapshot")
    shown += told.body.decode()
    for who in (api.sandbox.me, account):
        for secret in (
            who.oauth1.consumer_key,
            who.oauth1.consumer_secret,
            who.oauth1.access_token,
            who.oauth1.access_token_secret,
            who.oauth2.access_token,
            who.oauth2.refresh_token,
        ):
            assert secret is not None
            assert secret not in shown
    assert "planted" not in shown
    assert api.sandbox.app_only.bearer_token not in shown


async def test_lists_hold_the_newest_hundred_and_totals_all(api: Api, admin: Admin) -> None:
    for number in range(120):
        api.sandbox.new_account(f"user_{number}")
        api.sandbox.add_tweet()
        await api.send("GET", f"{api.sandbox.url}/{number}", {})
    state = await admin.get("state")
    for name in ("tweets", "accounts", "requests"):
        assert len(state[name]) == 100
        assert state["totals"][name] > 100
    assert state["accounts"][0]["username"] == "user_119"
    assert state["requests"][0]["path"] == "/119"
    assert state["tweets"][0]["id"] > state["tweets"][1]["id"]


async def test_requests_are_read_from_a_number_on_and_forgotten(api: Api, admin: Admin) -> None:
    for number in range(3):
        await api.send("GET", f"{api.sandbox.url}/{number}", {})
    assert [one["path"] for one in await admin.get("requests")] == ["/0", "/1", "/2"]
    assert [one["number"] for one in await admin.get("requests?after=1")] == [2, 3]
    assert (await admin.call("GET", "requests?after=x")).status == 400
    assert (await admin.call("DELETE", "requests")).status == 204
    await api.send("GET", f"{api.sandbox.url}/later", {})
    assert [one["number"] for one in await admin.get("requests")] == [4]


async def test_it_neither_counts_nor_costs_nor_fails(api: Api, admin: Admin) -> None:
    api.sandbox.faults.add(Fault("reset_before"))
    for _ in range(3):
        await admin.get("state")
    assert not api.sandbox.requests


# Doing


async def test_faults_are_added_switched_and_cleared(api: Api, admin: Admin) -> None:
    body = {"kind": "unavailable", "endpoint": "GET /2/tweets/:id", "status": 502}
    added = await admin.post("faults", body)
    assert added["fault"] == body
    assert (await api.http.get(f"{api.sandbox.url}{api.tweet}")).status == 502
    path = f"faults/{added['id']}"
    assert (await admin.call("PATCH", path, {"enabled": False})).body["enabled"] is False
    assert (await api.get(api.tweet)).status == 200
    assert (await admin.call("PATCH", path, {"enabled": True})).body["hits"] == 1
    assert (await admin.call("DELETE", path)).status == 204
    assert (await admin.call("DELETE", path)).status == 404
    for kind in ("latency", "no_headers"):
        await admin.post("faults", {"kind": kind})
    assert (await admin.call("DELETE", "faults")).status == 204
    assert len(api.sandbox.faults) == 0


async def test_it_tells_which_faults_there_are_and_where(admin: Admin) -> None:
    known = await admin.get("faults")
    assert known["faults"] == []
    assert [row["kind"] for row in known["kinds"]] == list(KINDS)
    for row in known["kinds"]:
        assert row["summary"]
        await admin.post("faults", {"kind": row["kind"], **row["parameters"]})
    for endpoint in known["endpoints"]:
        await admin.post("faults", {"kind": "latency", "endpoint": endpoint})
    assert "POST /2/oauth2/token" in known["endpoints"]


async def test_tweets_and_accounts_are_made_and_work(api: Api, admin: Admin) -> None:
    tweet = await admin.post("tweets", {"text": "Hi, there", "retweets": 7})
    assert (await api.get(f"/2/tweets/{tweet['id']}")).body["data"]["text"] == "Hi, there"
    assert len((await api.get(f"/2/tweets/{tweet['id']}/retweets")).ids) == 7
    keys = await admin.post("accounts", {"username": "alice", "scopes": ["tweet.read"]})
    headers = {"Authorization": f"Bearer {keys['oauth2_access_token']}"}
    reply = await api.send("GET", f"{api.sandbox.url}/2/users/me", headers)
    assert reply.status == 403  # users.read was not asked for
    more = await admin.post("accounts", {})
    headers = {"Authorization": f"Bearer {more['oauth2_access_token']}"}
    reply = await api.send("GET", f"{api.sandbox.url}/2/users/me", headers)
    assert reply.body["data"]["username"] == more["username"]
    mine = await admin.post("tweets", {"author_id": more["user_id"]})
    assert mine["author"] == more["username"]


async def test_users_and_the_crowd_retweet_and_undo(api: Api, admin: Admin) -> None:
    account = api.sandbox.new_account("alice")
    who = {"user_id": account.user_id}
    first = await admin.post("retweets", who)
    assert first == {"tweet_id": api.sandbox.tweet_id, "changed": 1, "retweets": 26}
    assert (await admin.post("retweets", who))["changed"] == 0
    crowd = await admin.post("retweets", {"count": 4})
    assert (crowd["changed"], crowd["retweets"]) == (4, 30)
    users = (await api.get(f"{api.tweet}/retweeted_by")).ids
    assert len(set(users)) == 30
    assert account.user_id == users[4]
    assert (await admin.post("retweets", {**who, "action": "undo"}))["retweets"] == 29
    gone = await admin.post("retweets", {"action": "undo", "count": 10})
    # Those that are only computed stay.
    assert (gone["changed"], gone["retweets"]) == (4, 25)


async def test_one_of_the_crowd_retweets_no_tweet_twice(api: Api, admin: Admin) -> None:
    users = (await api.get(f"{api.tweet}/retweeted_by")).ids
    oldest, sixth = {"user_id": users[-1]}, {"user_id": users[5]}
    told = await admin.post("retweets", sixth)
    assert (told["changed"], told["retweets"]) == (0, 25)
    # Theirs are computed and can't be taken away; who asks for that is told so.
    refused = await admin.call("POST", "retweets", {**sixth, "action": "undo"})
    assert refused.status == 400
    assert f"user {users[5]} is of the crowd" in refused.body["error"]
    # By name, they retweet another tweet as anybody does; who comes next is somebody else.
    other = (await admin.post("tweets", {"text": "Another"}))["id"]
    assert (await admin.post("retweets", {**oldest, "tweet_id": other}))["changed"] == 1
    crowd = await admin.post("retweets", {"count": 3, "tweet_id": other})
    assert (crowd["changed"], crowd["retweets"]) == (3, 4)
    known = (await api.get(f"/2/tweets/{other}/retweeted_by")).ids
    assert len(set(known)) == 4
    assert users[-1] in known
    undone = await admin.post("retweets", {**oldest, "tweet_id": other, "action": "undo"})
    assert (undone["changed"], undone["retweets"]) == (1, 3)


async def test_the_clock_is_moved_on(api: Api, admin: Admin) -> None:
    for _ in range(50):
        await api.retweet()
    assert (await api.retweet()).status == 429
    moved = await admin.post("clock", {"advance": 900})
    assert moved == {"now": api.clock.time(), "movable": True, "ahead": 900}
    assert (await api.retweet()).status == 400


async def test_retweets_come_in_at_a_rate(api: Api, admin: Admin) -> None:
    assert await admin.post("growth", {"retweets_per_second": 2}) == {"retweets_per_second": 2}
    await admin.post("clock", {"advance": 10})
    state = await admin.get("state")
    assert state["retweets_per_second"] == 2
    assert {one["id"]: one["retweets"] for one in state["tweets"]}[api.sandbox.tweet_id] == 45


async def test_a_reset_brings_back_the_start(api: Api, admin: Admin) -> None:
    first = api.sandbox.me
    await api.retweet()
    await admin.post("tweets", {})
    await admin.post("accounts", {"username": "alice"})
    await admin.post("faults", {"kind": "latency"})
    await admin.post("reset", {})
    state = await admin.get("state")
    assert state["totals"]["accounts"] == 1
    assert (state["buckets"], state["requests"], state["faults"]) == ([], [], [])
    assert api.sandbox.me == first
    assert len((await api.get(f"{api.tweet}/retweets")).ids) == 25
    # Numbers go on, so that who reads requests by number misses none.
    assert [one["number"] for one in await admin.get("requests")] == [2]


# Events


async def test_events_tell_what_happens_as_it_happens(api: Api, admin: Admin) -> None:
    async with admin.events() as stream:
        first = await stream.next()
        assert first.name == "state"
        assert first.data["url"] == api.sandbox.url
        await api.retweet()
        answered = await stream.until("request")
        assert (answered.data["number"], answered.data["status"]) == (1, 200)
        assert (await stream.until("changed")).data["parts"] == ["tweets"]
        await admin.post("clock", {"advance": 900})
        assert (await stream.until("changed", "clock")).data["parts"] == ["buckets", "clock"]
        api.sandbox.new_account()
        await stream.until("changed", "accounts")
        # Python code tells nobody, and is noticed.
        api.sandbox.faults.add(Fault("latency", seconds=0))
        await stream.until("changed", "faults")
        api.sandbox.reset()
        parts = (await stream.until("changed", "requests")).data["parts"]
        assert parts == ["accounts", "buckets", "faults", "requests", "tweets"]


async def test_who_reads_too_slowly_is_shown_everything_again(api: Api, admin: Admin) -> None:
    async with admin.events() as stream:
        await stream.next()
        for _ in range(1500):
            api.sandbox._core.record(RECORD)
        event = await stream.next()
        assert event.name == "state"
        assert event.data["totals"]["requests"] == 1500


async def test_a_stream_ends_with_the_sandbox_and_begins_anew(api: Api, admin: Admin) -> None:
    async with admin.events() as stream:
        await stream.next()
        await api.sandbox.aclose()
        with pytest.raises(EOFError):
            await stream.until("never")
    await api.sandbox.start()
    async with admin.events() as stream:
        assert (await stream.next()).name == "state"
    assert not api.sandbox.failures


async def test_who_has_gone_is_told_nothing_more(api: Api, admin: Admin) -> None:
    async with admin.events() as stream:
        await stream.next()
        assert len(api.sandbox._core.changes._watchers) == 1
    with anyio.fail_after(60):
        while api.sandbox._core.changes._watchers:  # noticed at the second write or the third
            await api.get(api.tweet)
    assert not api.sandbox.failures


async def test_not_everybody_can_watch_at_once(api: Api, admin: Admin) -> None:
    changes = api.sandbox._core.changes
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(changes.watching())
        assert (await admin.call("GET", "events")).status == 409
    async with admin.events() as stream:
        await stream.next()


# Saving and loading


async def test_a_snapshot_is_taken_and_put_back(api: Api, admin: Admin) -> None:
    await api.retweet()
    await admin.post("accounts", {"username": "alice"})
    told = await admin.call("GET", "snapshot")
    assert told.headers["content-type"].startswith("application/jsonl")
    assert all(msgspec.json.decode(line)["type"] for line in told.body.splitlines())
    await admin.post("reset", {})
    put = await admin.call("POST", "snapshot", data=told.body, content_type="application/jsonl")
    assert put.status == 204
    assert (await admin.call("GET", "snapshot")).body == told.body
    bad = await admin.call("POST", "snapshot", data=b'{"type": "x"}')
    assert bad.status == 400
    assert bad.body["error"].startswith("line 1: ")
    assert (await admin.call("GET", "snapshot")).body == told.body
