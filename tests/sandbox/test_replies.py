"""Every reply, good or bad, against both of X's OpenAPI files; requests are made up at random."""

import json
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
def requests(draw: st.DrawFn, vocabulary: Vocabulary) -> tuple[Endpoint, str, str, Any]:
    row = draw(st.sampled_from(V2))
    tweet, own = str(draw(st.sampled_from(TWEETS))), draw(st.sampled_from(["own", "own", "7"]))
    path = row.path if row.method == "GET" else row.path.replace("{id}", own)
    path = path.replace("{id}", tweet).replace("{source_tweet_id}", tweet)
    path = path.replace("{username}", quote(draw(st.sampled_from(NAMES))))
    text = urlencode(draw(queries(row, vocabulary)))
    body = draw(st.sampled_from([{"tweet_id": tweet}] * 4 + [{"id": 1}, [], None]))
    return row, f"{path}?{text}" if text else path, draw(st.sampled_from(CALLERS)), body


class Asker:
    """Sends requests to a sandbox without a socket; the next page follows by itself."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.clock = ManualClock()
        self.sandbox = Sandbox(retweets=40, clock=self.clock, vocabulary=vocabulary)
        reader = self.sandbox.new_account("reader", scopes=["users.read"])
        self.tokens = {
            "oauth2": self.sandbox.oauth2.access_token,
            "app": self.sandbox.app_only.bearer_token,
            "reader": reader.oauth2.access_token,
            "nobody": "x",
        }

    def ask(self, method: str, target: str, who: str, body: Any) -> tuple[int, Any]:
        headers = {"authorization": f"Bearer {self.tokens[who]}"}
        sent = b"" if method != "POST" else json.dumps(body).encode()
        target = target.replace("/own/", f"/{self.sandbox.me.user_id}/")
        now = self.clock.time()
        reply = self.sandbox._core.answer(Incoming(method, "x", target, headers, sent, now)).reply
        return reply.status, msgspec.json.decode(msgspec.json.encode(reply.body))


@both
@given(st.data())
@settings(max_examples=120, deadline=None)
def test_every_reply_to_any_request_is_allowed_by_the_openapi_file(
    vocabulary: Vocabulary, data: st.DataObject
) -> None:
    described = spec.load(vocabulary)
    asker = Asker(vocabulary)
    for row, asked, who, sent in data.draw(st.lists(requests(vocabulary), min_size=1, max_size=6)):
        asker.clock.advance(data.draw(st.sampled_from([0, 60, 900])))
        target = asked
        while target:
            status, body = asker.ask(row.method, target, who, sent)
            if status == 200:
                assert described.check(row.method.lower(), row.path, body) == []
            else:
                assert status in {400, 401, 403, 404, 429}
                assert described.check_problem(body) == []
                assert body.get("status", status) == status
            token = body.get("meta", {}).get("next_token")
            head, _, tail = target.partition("?")
            kept = [part for part in tail.split("&") if part and "pagination_token" not in part]
            more = token is not None and "max_results=1" not in target
            target = f"{head}?{'&'.join([*kept, f'pagination_token={token}'])}" if more else ""


@both
def test_a_full_window_and_an_unknown_path_are_problems_too(vocabulary: Vocabulary) -> None:
    described, asker = spec.load(vocabulary), Asker(vocabulary)
    for _ in range(75):
        assert asker.ask("GET", "/2/users/me", "oauth2", None)[0] == 200
    for method, path, status in (
        ("GET", "/2/users/me", 429),
        ("GET", "/2/nothing", 404),
        ("PUT", "/2/users/me", 405),
    ):
        found, body = asker.ask(method, path, "oauth2", None)
        assert found == body["status"] == status
        assert described.check_problem(body) == []


@both
def test_every_endpoint_of_v2_is_one_of_the_openapi_file_and_none_is_missing(
    vocabulary: Vocabulary,
) -> None:
    described = spec.load(vocabulary)
    assert all(described.describes(row.method.lower(), row.path) for row in V2)
    served = {(row.method.lower(), row.path) for row in V2}
    paths = described.content["paths"].items()
    assert {(m, path) for path, row in paths for m in row if m != "parameters"} == served
