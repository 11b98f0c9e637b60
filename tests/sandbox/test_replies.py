"""Every reply, good or bad, against both of X's OpenAPI files; requests are made up at random."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sandbox import spec
from tests.sandbox.test_schema import V2, VOCABULARIES, everything
from tests.support.clock import ManualClock
from twretweet.sandbox import Sandbox, story
from twretweet.sandbox.call import Incoming
from twretweet.sandbox.endpoints import Endpoint
from twretweet.vocabulary import Vocabulary

both = pytest.mark.parametrize("vocabulary", VOCABULARIES)
each = pytest.mark.parametrize("vocabulary", [*VOCABULARIES, None])
VERSIONS: dict[str, Vocabulary] = {"2.159": "tweet", "2.167": "post"}
TODAY, OLDER = "https://api.x.com/2/problems/", "https://api.twitter.com/2/problems/"
load = cache(spec.load)
CALLERS = ["oauth2", "oauth2", "app", "reader", "nobody"]
TWEETS = [story.TWEET_ID, story.POLL_TWEET_ID, story.LONG_TWEET_ID, 1, 10**18, "x", "1" * 20]
NAMES = ["TwitterDev", "sandbox_bot", "nobody_at_all", "two words", "x" * 16]


@st.composite
def queries(draw: st.DrawFn, row: Endpoint, vocabulary: Vocabulary) -> dict[str, str]:
    """Some of the parameters that an endpoint has; now and then a wrong one."""
    query: dict[str, str] = {}
    if row.method == "GET":
        for name, words in everything(row, vocabulary).items():
            some = st.lists(st.sampled_from(str(words).split(",")), min_size=1, max_size=6)
            if draw(st.booleans()):
                query[name] = ",".join(draw(some))
    if "retweet" in row.path or "repost" in row.path or "quote" in row.path:
        size = draw(st.sampled_from(["", "", "1", "10", "100", "0", "x", "101"]))
        if size:
            query["max_results"] = size
    if draw(st.integers(0, 9)) == 0:
        query[draw(st.text(max_size=5))] = draw(st.text(max_size=5))
    return query


@st.composite
def requests(draw: st.DrawFn, only: Vocabulary | None) -> tuple[Endpoint, str, str, Any]:
    row = draw(st.sampled_from(V2))
    vocabulary = only or draw(st.sampled_from(VOCABULARIES))
    tweet, own = str(draw(st.sampled_from(TWEETS))), draw(st.sampled_from(["own", "own", "7"]))
    path = row.path if row.method == "GET" else row.path.replace("{id}", own)
    path = path.replace("{id}", tweet).replace("{source_tweet_id}", tweet)
    path = path.replace("{username}", quote(draw(st.sampled_from(NAMES))))
    text = urlencode(draw(queries(row, vocabulary)))
    body = draw(st.sampled_from([{"tweet_id": tweet}] * 4 + [{"id": 1}, [], None]))
    return row, f"{path}?{text}" if text else path, draw(st.sampled_from(CALLERS)), body


@dataclass
class Told:
    """A reply, and the OpenAPI file that it says it follows."""

    status: int
    body: Any
    vocabulary: Vocabulary
    content_type: str

    def check(self, row: Endpoint) -> list[str]:
        """What the file does not allow."""
        described, method = load(self.vocabulary), row.method.lower()
        if self.status == 200:
            assert self.content_type == "application/json; charset=utf-8"
            return described.check(method, row.path, self.body)
        assert {self.content_type} == described.problem_types(method, row.path)
        assert self.status in {400, 401, 403, 404, 429}
        assert self.body.get("status", self.status) == self.status
        return described.check_problem(self.body)


class Asker:
    """Sends requests to a sandbox without a socket."""

    def __init__(self, vocabulary: Vocabulary | None) -> None:
        self.vocabulary = vocabulary
        self.clock = ManualClock()
        self.sandbox = Sandbox(retweets=40, clock=self.clock, vocabulary=vocabulary)
        reader = self.sandbox.new_account("reader", scopes=["users.read"])
        self.tokens = {
            "oauth2": self.sandbox.oauth2.access_token,
            "app": self.sandbox.app_only.bearer_token,
            "reader": reader.oauth2.access_token,
            "nobody": "x",
        }

    def ask(self, method: str, target: str, who: str, body: Any) -> Told:
        headers = {"authorization": f"Bearer {self.tokens[who]}"}
        if method == "POST":
            headers["content-type"] = "application/json"
        sent = b"" if method != "POST" else json.dumps(body).encode()
        target = target.replace("/own/", f"/{self.sandbox.me.user_id}/")
        now = self.clock.time()
        incoming = Incoming(method, "x", target, headers, sent, now)
        server = self.sandbox._server
        answer, encoded = server._answer(incoming)
        reply = server._respond(incoming, answer, encoded)
        told = VERSIONS[reply.headers["api-version"]]
        assert self.vocabulary in {None, told}
        if self.vocabulary is None and told == "tweet":
            # Where a request leaves it open, the types of problems are of today's host.
            encoded = encoded.replace(TODAY.encode(), OLDER.encode())
        kind = reply.headers["content-type"]
        return Told(reply.status, msgspec.json.decode(encoded), told, kind)


@each
@given(st.data())
@settings(max_examples=120, deadline=None)
def test_every_reply_to_any_request_is_allowed_by_the_openapi_file(
    vocabulary: Vocabulary | None, data: st.DataObject
) -> None:
    asker = Asker(vocabulary)
    for row, asked, who, sent in data.draw(st.lists(requests(vocabulary), min_size=1, max_size=6)):
        asker.clock.advance(data.draw(st.sampled_from([0, 60, 900])))
        target = asked
        while target:
            reply = asker.ask(row.method, target, who, sent)
            assert reply.check(row) == []
            token = reply.body.get("meta", {}).get("next_token")
            head, _, tail = target.partition("?")
            kept = [part for part in tail.split("&") if part and "pagination_token" not in part]
            more = token is not None and "max_results=1" not in target
            target = f"{head}?{'&'.join([*kept, f'pagination_token={token}'])}" if more else ""


@both
def test_a_full_window_and_an_unknown_path_are_problems_too(vocabulary: Vocabulary) -> None:
    described, asker = spec.load(vocabulary), Asker(vocabulary)
    for _ in range(75):
        assert asker.ask("GET", "/2/users/me", "oauth2", None).status == 200
    for method, path, status in (
        ("GET", "/2/users/me", 429),
        ("GET", "/2/nothing", 404),
        ("PUT", "/2/users/me", 405),
    ):
        reply = asker.ask(method, path, "oauth2", None)
        assert reply.status == reply.body["status"] == status
        assert reply.content_type == "application/problem+json"
        assert described.check_problem(reply.body) == []


@pytest.mark.parametrize("row", V2, ids=lambda row: row.name)
@each
def test_a_reply_with_every_field_follows_the_file_that_it_names(
    vocabulary: Vocabulary | None, row: Endpoint
) -> None:
    for words in VOCABULARIES if vocabulary is None else [vocabulary]:
        asker = Asker(vocabulary)
        path = row.path.replace("{username}", "TwitterDev")
        path = path.replace("{id}", "own" if row.method != "GET" else asker.sandbox.tweet_id)
        path = path.replace("{source_tweet_id}", asker.sandbox.tweet_id)
        query = urlencode(everything(row, words) if row.method == "GET" else {})
        sent = {"tweet_id": asker.sandbox.tweet_id}
        who = "oauth2" if "oauth2" in row.kinds else "app"
        for target in (path, f"{path}?{query}" if query else path):
            reply = asker.ask(row.method, target, who, sent)
            assert reply.status in {200, 400 if row.method == "POST" else 200}
            assert reply.check(row) == []
        if vocabulary is None and "expansions" in query:
            assert reply.vocabulary == words


@both
def test_every_endpoint_of_v2_is_one_of_the_openapi_file_and_none_is_missing(
    vocabulary: Vocabulary,
) -> None:
    described = spec.load(vocabulary)
    assert all(described.describes(row.method.lower(), row.path) for row in V2)
    served = {(row.method.lower(), row.path) for row in V2}
    paths = described.content["paths"].items()
    assert {(m, path) for path, row in paths for m in row if m != "parameters"} == served


@pytest.mark.parametrize(
    ("query", "vocabulary"),
    [
        ("", "tweet"),
        ("user.fields=username", "tweet"),
        ("user.fields=subscribes_to_you", "post"),
        ("user.fields=username,affiliation", "tweet"),
        ("expansions=affiliation", "post"),
        ("expansions=affiliation&user.fields=username", "post"),
        ("user.fields=pinned_tweet_id&expansions=pinned_tweet_id", "tweet"),
        ("post.fields=text", "post"),
    ],
)
def test_a_word_of_one_vocabulary_alone_tells_which_is_meant(
    query: str, vocabulary: Vocabulary
) -> None:
    asker = Asker(None)
    target = f"/2/tweets/{asker.sandbox.tweet_id}/retweeted_by?max_results=3&{query}"
    reply = asker.ask("GET", target, "app", None)
    assert (reply.status, reply.vocabulary) == (200, vocabulary)


def test_a_refusal_is_told_in_the_vocabulary_of_the_request() -> None:
    asker = Asker(None)
    for words, host in (("post", TODAY), ("tweet", TODAY.replace("x.com", "twitter.com"))):
        reply = asker.ask("GET", f"/2/users/me?{words}.fields=id", "app", None)
        assert (reply.status, reply.vocabulary) == (403, words)
        assert reply.body["type"] == f"{host}unsupported-authentication"
    assert asker.ask("GET", "/2/users/me?post.fields=id", "nobody", None).vocabulary == "post"
    assert asker.ask("GET", "/2/nothing", "nobody", None).vocabulary == "tweet"
    assert Asker("post").ask("GET", "/2/nothing", "nobody", None).vocabulary == "post"
