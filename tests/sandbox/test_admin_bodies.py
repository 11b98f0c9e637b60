"""Whatever is posted to the admin endpoint, the answer is one, and the sandbox goes on."""

import sys

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.clock import ManualClock
from twretweet.sandbox import Sandbox
from twretweet.sandbox.admin import views
from twretweet.sandbox.admin.desk import Asked, Desk, Sent
from twretweet.sandbox.admin.shapes import RetweetedBy
from twretweet.sandbox.call import Incoming
from twretweet.sandbox.faults.kinds import KINDS

NAMES = [
    "kind", "endpoint", "account", "count", "after", "probability", "seed", "seconds", "status",
    "remaining", "requests", "value", "period", "title", "detail", "type", "code", "enabled",
    "retweets", "text", "author_id", "username", "scopes", "tweet_id", "user_id", "action",
    "advance", "retweets_per_second",
]  # fmt: skip
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.integers(0, 50),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        [
            *KINDS,
            "retweet",
            "undo",
            "POST",
            "/2/users/me",
            "1228393702244134912",
            "2244994945",
            "tweet.read",
            "Daily",
            "sandbox_bot",
            "9" * 19,
        ]
    ),
)
BODIES = st.one_of(
    st.binary(max_size=20),
    st.dictionaries(
        st.sampled_from(NAMES), SCALARS | st.lists(SCALARS, max_size=3), max_size=5
    ).map(msgspec.json.encode),
)
PATHS = st.sampled_from(
    ["faults", "faults/1", "tweets", "accounts", "retweets", "clock", "growth", "reset", "nope"]
)


def told(desk: Desk, asked: Asked) -> Sent:
    steps = desk.answer(asked)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            sent: Sent = end.value
            return sent


def shown(body: object) -> bytes:
    return body if isinstance(body, bytes) else msgspec.json.encode(body)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["POST", "PATCH", "DELETE"]), PATHS, BODIES)))
def test_whatever_is_posted_is_answered_and_breaks_nothing(
    posts: list[tuple[str, str, bytes]],
) -> None:
    sandbox = Sandbox(retweets=5, clock=ManualClock())
    core = sandbox._core
    desk = Desk(core, lambda: views.state(core, "http://x", 0, 0))
    for method, path, body in posts:
        sent = told(desk, Asked(method, path, "", body))
        assert sent.status in {200, 201, 204, 400, 404, 405}
        if sent.body is not None:
            shown(sent.body)
    for path in ("state", "requests", "faults", "snapshot", "retweets"):
        sent = told(desk, Asked("GET", path, "", b""))
        assert sent.status == 200
        shown(sent.body)
    # And it still speaks for X, if no fault forbids it.
    sandbox.faults.clear()
    headers = {"authorization": f"Bearer {sandbox.oauth2.access_token}"}
    target = f"/2/tweets/{sandbox.tweet_id}/retweets?expansions=author_id"
    now = sandbox.clock.time()
    answer = core.answer(Incoming("GET", "x", target, headers, b"", now))
    assert answer.reply.status == 200
    shown(answer.reply.body)


@pytest.mark.parametrize("path", ["state", "snapshot"])
def test_a_deep_body_is_no_more_than_a_bad_one(path: str) -> None:
    core = Sandbox(clock=ManualClock())._core
    desk = Desk(core, lambda: None)
    body = b"[" * 100_000
    assert told(desk, Asked("POST", "tweets", "", body)).status == 400
    assert told(desk, Asked("POST", "snapshot", "", body)).status == 400
    assert told(desk, Asked("GET", path, "", body)).status == 200


def test_who_retweeted_is_told_in_steps_of_which_none_does_the_whole_work() -> None:
    sandbox = Sandbox(retweets=60_000, clock=ManualClock())
    sandbox.add_retweets(5)
    before = sandbox.retweeted_by()
    steps = Desk(sandbox._core, lambda: None).answer(Asked("GET", "retweeted_by", "", b""))
    done: list[int] = []

    def note(_frame: object, event: str, _argument: object) -> None:
        done[-1] += event in {"call", "c_call"}

    sent: object = None
    while sent is None:
        done.append(0)
        sys.setprofile(note)
        try:
            next(steps)
        except StopIteration as end:
            sent = end.value
        finally:
            sys.setprofile(None)
        # What happens between the steps is no part of it.
        sandbox.add_retweets()
        sandbox._core.act(sandbox._core.tweet(int(sandbox.tweet_id)), None, 2, undo=True)
    assert isinstance(sent, Sent)
    assert isinstance(sent.body, RetweetedBy)
    assert sent.body.user_ids == before
    assert len(done) > 5
    assert max(done) < sum(done) / 4
