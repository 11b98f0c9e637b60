"""What the reading endpoints show."""

import pytest

from tests.sandbox.http import Api, serving
from tests.support.clock import ManualClock
from twretweet.sandbox import Sandbox, story

pytestmark = pytest.mark.anyio
POLL = f"/2/tweets/{story.POLL_TWEET_ID}"
LONG = f"/2/tweets/{story.LONG_TWEET_ID}"


async def test_a_retweet_has_its_default_fields_and_no_others(api: Api) -> None:
    page = await api.get(f"{api.tweet}/retweets", max_results=3)
    assert set(page.body) == {"data", "meta"}
    for retweet in page.body["data"]:
        assert set(retweet) == {"id", "text", "edit_history_tweet_ids"}
        assert retweet["text"].startswith("RT @TwitterDev: What did the developer")
        assert retweet["edit_history_tweet_ids"] == [retweet["id"]]


async def test_retweets_are_newest_first_and_their_ids_agree_with_their_times(api: Api) -> None:
    page = await api.get(f"{api.tweet}/retweets", tweet__fields="created_at")
    ids = [int(one) for one in page.ids]
    times = [retweet["created_at"] for retweet in page.body["data"]]
    assert ids == sorted(set(ids), reverse=True)
    assert times == sorted(times, reverse=True)
    original = await api.get(api.tweet, tweet__fields="created_at")
    assert original.body["data"]["created_at"] == "2020-02-14T19:00:55.723Z"
    assert min(times) > original.body["data"]["created_at"]


async def test_fields_are_shown_when_asked_for(api: Api) -> None:
    page = await api.get(
        f"{api.tweet}/retweets",
        max_results=1,
        tweet__fields="author_id,referenced_tweets,public_metrics,entities",
    )
    (retweet,) = page.body["data"]
    assert retweet["referenced_tweets"] == [{"type": "retweeted", "id": api.sandbox.tweet_id}]
    assert retweet["public_metrics"]["retweet_count"] == 25
    assert retweet["public_metrics"]["like_count"] == 0
    (mention,) = retweet["entities"]["mentions"]
    assert retweet["text"][mention["start"] : mention["end"]] == "@TwitterDev"
    assert "includes" not in page.body


@pytest.mark.parametrize("tweet", [f"/2/tweets/{story.TWEET_ID}", POLL, LONG])
@pytest.mark.parametrize("suffix", ["", "/retweets"])
async def test_the_ranges_of_entities_fit_the_text(api: Api, tweet: str, suffix: str) -> None:
    page = await api.get(tweet + suffix, tweet__fields="entities")
    found = page.body["data"] if suffix else [page.body["data"]]
    for status in found:
        text, entities = status["text"], status["entities"]
        for kind, sign, name in (
            ("mentions", "@", "username"),
            ("hashtags", "#", "tag"),
            ("cashtags", "$", "tag"),
            ("urls", "", "url"),
        ):
            for entity in entities.get(kind, []):
                assert text[entity["start"] : entity["end"]] == sign + entity[name]
        for annotation in entities.get("annotations", []):
            # The one range that includes its end (reference).
            covered = text[annotation["start"] : annotation["end"] + 1]
            assert covered == annotation["normalized_text"]


async def test_an_expansion_brings_its_objects_and_the_field_it_follows(api: Api) -> None:
    page = await api.get(
        f"{api.tweet}/retweets",
        expansions="author_id,referenced_tweets.id,attachments.media_keys",
        user__fields="verified,public_metrics",
        media__fields="url,alt_text",
    )
    users = {user["id"]: user for user in page.body["includes"]["users"]}
    assert [users[one["author_id"]]["id"] for one in page.body["data"]] == list(users)
    assert all(
        set(user) == {"id", "name", "username", "verified", "public_metrics"}
        for user in users.values()
    )
    (original,) = page.body["includes"]["tweets"]
    assert original["id"] == api.sandbox.tweet_id
    (photo,) = page.body["includes"]["media"]
    assert page.body["data"][0]["attachments"]["media_keys"] == [photo["media_key"]]
    assert set(photo) == {"media_key", "type", "url", "alt_text"}


async def test_includes_have_each_object_once(api: Api) -> None:
    page = await api.get(
        f"{api.tweet}/retweets",
        expansions="referenced_tweets.id.author_id,entities.mentions.username,author_id",
    )
    ids = [user["id"] for user in page.body["includes"]["users"]]
    assert len(ids) == len(set(ids)) == 26
    assert ids.count(str(story.AUTHOR_ID)) == 1


async def test_a_poll_and_the_author_of_the_answered_tweet_are_found(api: Api) -> None:
    reply = await api.get(
        POLL,
        expansions="attachments.poll_ids,in_reply_to_user_id,referenced_tweets.id",
        poll__fields="voting_status",
    )
    data, includes = reply.body["data"], reply.body["includes"]
    assert set(includes["polls"][0]) == {"id", "options", "voting_status"}
    assert data["in_reply_to_user_id"] == includes["users"][0]["id"]
    assert data["referenced_tweets"] == [{"type": "replied_to", "id": includes["tweets"][0]["id"]}]


async def test_places_are_found_on_some_retweets(api: Api) -> None:
    page = await api.get(f"{api.tweet}/retweets", expansions="geo.place_id")
    tagged = [retweet for retweet in page.body["data"] if "geo" in retweet]
    assert 0 < len(tagged) < 25
    (place,) = page.body["includes"]["places"]
    assert {one["geo"]["place_id"] for one in tagged} == {place["id"]}


async def test_the_crowd_is_made_of_different_people(api: Api) -> None:
    page = await api.get(
        f"{api.tweet}/retweeted_by",
        user__fields="public_metrics,verified,verified_type,description,location,created_at",
    )
    people = page.body["data"]
    assert len({person["username"] for person in people}) == 25
    assert len({person["public_metrics"]["followers_count"] for person in people}) > 15
    assert len({person["description"] for person in people}) > 15
    assert any("location" not in person for person in people)
    for person in people:
        assert len(person["username"]) <= 15
        assert person["verified"] == (person["verified_type"] != "none")


async def test_retweeters_are_the_authors_of_the_retweets_in_the_same_order(api: Api) -> None:
    retweets = await api.get(f"{api.tweet}/retweets", tweet__fields="author_id")
    retweeters = await api.get(f"{api.tweet}/retweeted_by")
    assert [one["author_id"] for one in retweets.body["data"]] == retweeters.ids


async def test_a_user_of_the_crowd_is_found_by_name_in_any_case(api: Api) -> None:
    one = (await api.get(f"{api.tweet}/retweeted_by")).body["data"][4]
    for name in (one["username"], one["username"].upper()):
        assert (await api.get(f"/2/users/by/username/{name}")).body == {"data": one}


async def test_the_same_seed_gives_the_same_people_and_another_seed_others(
    clock: ManualClock,
) -> None:
    found = []
    for seed in (1, 1, 2):
        async with serving(Sandbox(retweets=5, seed=seed, clock=clock), clock) as api:
            found.append((await api.get(f"{api.tweet}/retweets")).body["data"])
    assert found[0] == found[1]
    assert found[0] != found[2]


async def test_me_is_the_caller(api: Api) -> None:
    other = api.sandbox.new_account()
    for who in (api.sandbox.oauth1, api.sandbox.oauth2):
        assert (await api.get("/2/users/me", who)).body["data"]["id"] == api.sandbox.me.user_id
    assert (await api.get("/2/users/me", other)).body["data"]["username"] == other.username


async def test_reposts_of_me_are_my_tweets_that_somebody_retweeted(api: Api) -> None:
    reply = await api.get("/2/users/reposts_of_me", tweet__fields="author_id,public_metrics")
    tweets = reply.body["data"]
    assert [one["public_metrics"]["retweet_count"] for one in tweets] == [25, 3]
    assert {one["author_id"] for one in tweets} == {api.sandbox.me.user_id}
    other = api.sandbox.new_account()
    assert (await api.get("/2/users/reposts_of_me", other)).body == {"meta": {"result_count": 0}}


async def test_a_retweet_can_be_looked_up_like_a_tweet(api: Api) -> None:
    listed = (await api.get(f"{api.tweet}/retweets")).body["data"][7]
    assert (await api.get(f"/2/tweets/{listed['id']}")).body["data"] == listed


@pytest.mark.parametrize("suffix", ["", "/retweets", "/retweeted_by"])
async def test_an_unknown_tweet_is_a_reply_with_nothing_but_errors(api: Api, suffix: str) -> None:
    reply = await api.get(f"/2/tweets/20{suffix}")
    assert reply.status == 200
    assert reply.body == {
        "errors": [
            {
                "value": "20",
                "detail": "Could not find tweet with id: [20].",
                "title": "Not Found Error",
                "resource_type": "tweet",
                "parameter": "id",
                "resource_id": "20",
                "type": "https://api.x.com/2/problems/resource-not-found",
            }
        ]
    }


async def test_an_unknown_username_is_a_reply_with_nothing_but_errors(api: Api) -> None:
    reply = await api.get("/2/users/by/username/nobody_zzzzz")
    assert reply.status == 200
    assert set(reply.body) == {"errors"}
    assert (
        reply.body["errors"][0]["detail"] == "Could not find user with username: [nobody_zzzzz]."
    )


async def test_the_post_vocabulary_is_answered_to_whoever_uses_it(api: Api) -> None:
    for asked in (
        {"post__fields": "public_metrics", "expansions": "author_id,referenced_posts"},
        {"expansions": "referenced_posts"},
    ):
        body = (await api.get(f"{api.tweet}/retweets", **asked)).body
        post = body["data"][0]
        assert post["edit_history_post_ids"] == [post["id"]]
        assert post["referenced_posts"][0]["id"] == body["includes"]["posts"][0]["id"]
        assert not {"edit_history_tweet_ids", "referenced_tweets"} & set(post)
    metrics = await api.get(api.tweet, post__fields="public_metrics")
    assert metrics.body["data"]["public_metrics"]["repost_count"] == 25
    user = await api.get(f"{api.tweet}/retweeted_by", expansions="most_recent_post_id")
    assert user.body["data"][0]["most_recent_post_id"] == user.body["includes"]["posts"][0]["id"]


async def test_problems_are_of_the_host_that_goes_with_the_vocabulary(api: Api) -> None:
    for query, host in (
        ({}, "api.x.com"),
        ({"post__fields": "id"}, "api.x.com"),
        ({"tweet__fields": "id"}, "api.twitter.com"),
        ({"expansions": "referenced_tweets.id"}, "api.twitter.com"),
    ):
        reply = await api.get("/2/tweets/20", **query)
        assert reply.body["errors"][0]["type"].split("/")[2] == host


async def test_a_sandbox_can_speak_one_vocabulary_alone(clock: ManualClock) -> None:
    async with serving(Sandbox(vocabulary="tweet", clock=clock), clock) as api:
        reply = await api.get(api.tweet, post__fields="lang")
        assert reply.messages[0].startswith("The query parameter [post.fields] is not one of [")
        assert (await api.retweet()).body == {"data": {"retweeted": True}}
    async with serving(Sandbox(vocabulary="post", clock=clock), clock) as api:
        assert "edit_history_post_ids" in (await api.get(api.tweet)).body["data"]
        reply = await api.get(api.tweet, tweet__fields="lang")
        assert reply.messages[0].startswith("The query parameter [tweet.fields] is not one of [")


async def test_only_an_owner_sees_private_metrics_and_others_see_the_rest(api: Api) -> None:
    mine = (await api.get("/2/users/reposts_of_me")).ids[0]
    own = await api.get(f"/2/tweets/{mine}", tweet__fields="non_public_metrics,organic_metrics")
    assert "errors" not in own.body
    assert {"impression_count", "url_link_clicks"} <= set(own.body["data"]["non_public_metrics"])
    other = await api.get(
        f"{api.tweet}/retweets",
        max_results=2,
        tweet__fields="non_public_metrics,lang",
        expansions="referenced_tweets.id",
    )
    assert other.status == 200
    assert [set(one) & {"lang", "non_public_metrics"} for one in other.body["data"]] == 2 * [
        {"lang"}
    ]
    assert {error["type"].rpartition("/")[2] for error in other.body["errors"]} == {
        "not-authorized-for-field"
    }
    assert [(error["section"], error["resource_id"]) for error in other.body["errors"]] == [
        ("data", other.ids[0]),
        ("data", other.ids[1]),
        ("includes", api.sandbox.tweet_id),
    ]


async def test_private_metrics_of_media_are_their_owner_s_too(api: Api) -> None:
    reply = await api.get(
        LONG, expansions="attachments.media_keys", media__fields="organic_metrics,width"
    )
    (video,) = reply.body["includes"]["media"]
    assert set(video) == {"media_key", "type", "width"}
    assert reply.body["errors"][0]["resource_type"] == "media"


@pytest.mark.parametrize("asked", [{"tweet__fields": "organic_metrics"}])
async def test_the_app_itself_may_not_ask_for_private_metrics(
    api: Api, asked: dict[str, str]
) -> None:
    reply = await api.get(api.tweet, api.sandbox.app_only, **asked)
    assert reply.status == 403
    assert reply.problem == "unsupported-authentication"
