"""The sandbox against X's own description of its API."""

import pytest

from tests.sandbox import spec
from tests.sandbox.http import Api, serving
from tests.support.clock import ManualClock
from twretweet.sandbox import Quirks, Sandbox, fields, story, usage
from twretweet.sandbox.endpoints import ENDPOINTS, Endpoint
from twretweet.sandbox.selection import allowed_parameters
from twretweet.sandbox.tweet_view import POST_GETTERS, TWEET_GETTERS
from twretweet.sandbox.user_view import POST_USER_GETTERS, TWEET_USER_GETTERS
from twretweet.vocabulary import Vocabulary

VOCABULARIES: tuple[Vocabulary, ...] = ("tweet", "post")
V2 = [row for row in ENDPOINTS if row.path.startswith("/2/")]
both = pytest.mark.parametrize("vocabulary", VOCABULARIES)
rows = pytest.mark.parametrize("row", V2, ids=lambda row: f"{row.method} {row.path}")

GIVES_USERS = {
    "/2/tweets/{id}/retweeted_by",
    "/2/users/me",
    "/2/users/by/username/{username}",
}


def everything(row: Endpoint, vocabulary: Vocabulary) -> dict[str, object]:
    """Parameters that ask for every field and every expansion."""
    names = fields.names(vocabulary)
    users = row.path in GIVES_USERS
    asked: dict[str, tuple[str, ...]] = {
        "expansions": names.user_expansions if users else names.tweet_expansions,
        names.tweet_fields_parameter: names.tweet,
        "user.fields": names.user,
        "media.fields": fields.MEDIA,
        "place.fields": fields.PLACE,
        "poll.fields": fields.POLL,
        "usage.fields": usage.FIELDS,
    }
    if row.path == "/2/usage/tweets":
        return {"usage.fields": ",".join(usage.FIELDS)}
    allowed = allowed_parameters(names, "user" if users else "tweet")
    return {name: ",".join(asked[name]) for name in allowed}


@both
def test_the_tables_of_fields_and_expansions_are_those_of_the_openapi_file(
    vocabulary: Vocabulary,
) -> None:
    described, names = spec.load(vocabulary), fields.names(vocabulary)
    word = vocabulary.capitalize()
    assert set(names.tweet) == described.enum(f"{word}FieldsParameter")
    assert set(names.tweet_expansions) == described.enum(f"{word}ExpansionsParameter")
    assert set(names.user) == described.enum("UserFieldsParameter")
    assert set(names.user_expansions) == described.enum("UserExpansionsParameter")
    assert set(fields.MEDIA) == described.enum("MediaFieldsParameter")
    assert set(fields.PLACE) == described.enum("PlaceFieldsParameter")
    assert set(fields.POLL) == described.enum("PollFieldsParameter")


@pytest.mark.parametrize(
    ("parameter", "table"),
    [
        ("tweet.fields", fields.names("tweet").tweet),
        ("user.fields", fields.names("tweet").user),
        ("expansions", fields.names("tweet").tweet_expansions),
        ("media.fields", fields.MEDIA),
        ("place.fields", fields.PLACE),
        ("poll.fields", fields.POLL),
    ],
)
def test_the_tables_have_all_that_the_reference_page_names(
    parameter: str, table: tuple[str, ...]
) -> None:
    assert spec.reference(parameter) <= set(table)


@both
def test_every_field_that_can_be_asked_for_can_be_shown(vocabulary: Vocabulary) -> None:
    names = fields.names(vocabulary)
    assert set(names.tweet) <= set(TWEET_GETTERS if vocabulary == "tweet" else POST_GETTERS)
    users = TWEET_USER_GETTERS if vocabulary == "tweet" else POST_USER_GETTERS
    assert set(names.user) <= set(users)


@both
@rows
def test_scopes_and_kinds_of_authentication_are_those_of_the_openapi_file(
    vocabulary: Vocabulary, row: Endpoint
) -> None:
    scopes, app_only = spec.load(vocabulary).scopes(row.method.lower(), row.path)
    assert set(row.scopes) == (scopes or set())
    assert ("app-only" in row.kinds) == app_only


@both
@rows
def test_the_parameters_are_those_of_the_openapi_file(
    vocabulary: Vocabulary, row: Endpoint
) -> None:
    described = spec.load(vocabulary).parameters(row.method.lower(), row.path)
    if row.method == "GET":
        others = {"max_results", "pagination_token", "exclude", "days"}
        assert described - others == set(everything(row, vocabulary))
    else:
        assert not described


@pytest.mark.parametrize("missing", [0.0, 0.5])
@both
@rows
@pytest.mark.anyio
async def test_replies_with_every_field_and_expansion_are_allowed_by_the_openapi_file(
    vocabulary: Vocabulary, row: Endpoint, clock: ManualClock, missing: float
) -> None:
    described = spec.load(vocabulary)
    quirks = Quirks(missing_authors=missing)
    sandbox = Sandbox(retweets=40, clock=clock, vocabulary=vocabulary, quirks=quirks)
    tweets = [sandbox.tweet_id, str(story.POLL_TWEET_ID), str(story.LONG_TWEET_ID), "1"]
    users = ["TwitterDev", "nobody", sandbox.me.username]
    async with serving(sandbox, clock) as api:
        for tweet_id in tweets if "{id}" in row.path and row.method == "GET" else tweets[:1]:
            for username in users if "{username}" in row.path else users[:1]:
                path = row.path.replace("{username}", username)
                own = sandbox.me.user_id if row.method != "GET" else tweet_id
                path = path.replace("{id}", own).replace("{source_tweet_id}", tweet_id)
                reply = await api.call(
                    row.method,
                    path,
                    everything(row, vocabulary) if row.method == "GET" else {},
                    json={"tweet_id": tweet_id} if row.method == "POST" else None,
                    who=None if "oauth1" in row.kinds else sandbox.app_only,
                )
                assert reply.status == 200, reply.body
                assert described.check(row.method.lower(), row.path, reply.body) == []


@both
@pytest.mark.anyio
async def test_every_expansion_finds_something_somewhere(
    vocabulary: Vocabulary, clock: ManualClock
) -> None:
    names = fields.names(vocabulary)
    sandbox = Sandbox(retweets=40, clock=clock, vocabulary=vocabulary)
    async with serving(sandbox, clock) as api:
        for expansion in names.tweet_expansions:
            found = [
                (await api.get(f"/2/tweets/{tweet}", expansions=expansion)).body
                for tweet in (sandbox.tweet_id, story.POLL_TWEET_ID, story.LONG_TWEET_ID)
            ]
            assert any("includes" in body for body in found), expansion
        for expansion in names.user_expansions:
            body = (await api.get(f"{api.tweet}/retweeted_by", expansions=expansion)).body
            assert "includes" in body, expansion


@pytest.mark.anyio
async def test_the_check_of_replies_notices_a_wrong_reply(api: Api) -> None:
    described = spec.load("tweet")
    body = (await api.get(f"{api.tweet}/retweets", expansions="author_id")).body
    path = "/2/tweets/{id}/retweets"
    assert described.check("get", path, body) == []
    body["data"][3]["id"] = "no id"
    del body["includes"]["users"][0]["name"]
    body["meta"]["result_count"] = "25"
    body["data"][4]["edit_history_post_ids"] = ["1"]
    wrong = described.check("get", path, body)
    assert [line.partition(":")[0] for line in wrong] == [
        "$.data[3].id",
        "$.includes.users[0]",
        "$.meta.result_count",
        "$.data[4]",
    ]
