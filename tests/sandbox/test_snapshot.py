"""The state as JSON Lines: saved, loaded, written by hand."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.http import serving
from tests.support.clock import ManualClock
from twretweet.sandbox import Fault, Sandbox, snapshot
from twretweet.sandbox.core import Core
from twretweet.sandbox.people import Crowd

TWEET = "1228393702244134912"
ME = Sandbox().me.user_id
ONE_OF_THE_CROWD = str(Crowd(0, pinned=0, affiliated=0, recent=lambda _: None).user_id(4))


def saved(sandbox: Sandbox) -> list[bytes]:
    return list(snapshot.lines(sandbox._core))


def core(clock: ManualClock | None = None, **options: object) -> Core:
    return Sandbox(clock=clock or ManualClock(), **options)._core  # type: ignore[arg-type]


def load(into: Core, *lines: dict[str, object]) -> None:
    snapshot.load(into, [msgspec.json.encode(line) for line in lines])


@pytest.mark.anyio
async def test_what_was_saved_is_there_again(clock: ManualClock, tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    sandbox = Sandbox(retweets=25, seed=3, window_scale=2, clock=clock)
    async with serving(sandbox, clock) as api:
        alice = sandbox.new_account("alice", scopes=["tweet.read", "users.read"])
        mine = sandbox.add_tweet(text="Größe 😀", retweets=4, author=alice)
        assert (await api.retweet()).status == 200
        assert (await api.retweet(alice, mine)).status == 200
        sandbox.add_retweets(3)
        before = await api.get(f"{api.tweet}/retweets", expansions="author_id")
        sandbox.save(path)
    again = Sandbox(state=path, window_scale=2, clock=clock)
    assert saved(again) == saved(sandbox)
    assert (again.me, again.app_only) == (sandbox.me, sandbox.app_only)
    async with serving(again, clock) as api:
        after = await api.get(f"{api.tweet}/retweets", expansions="author_id")
        assert {**after.body, "meta": None} == {**before.body, "meta": None}
        # The window went on counting where it was.
        assert after.limit == (75, before.limit[1] - 1, before.limit[2])
        assert (await api.get(f"/2/tweets/{mine}", alice)).body["data"]["text"] == "Größe 😀"
        assert (await api.retweet(alice, mine)).status == 400
        own = f"/2/users/{alice.user_id}/retweets"
        # Her token has no scope to write.
        assert (await api.call("POST", own, who=alice.oauth2, json={})).status == 403
        assert (await api.retweet()).status == 400
        assert (await api.undo()).status == 200
        # New ids go on after the old ones, and are nobody else's.
        assert int(again.add_tweet()) > int(mine)
        assert (await api.retweet()).status == 200


@pytest.mark.anyio
async def test_tokens_of_pages_lead_on_in_the_loaded_state(
    clock: ManualClock, tmp_path: Path
) -> None:
    path = tmp_path / "state.jsonl"
    async with serving(Sandbox(retweets=25, clock=clock), clock) as api:
        first = await api.get(f"{api.tweet}/retweets", max_results=10)
        api.sandbox.save(path)
    clock.advance(1000)
    async with serving(Sandbox(retweets=1, clock=clock, state=path), clock) as api:
        token = first.body["meta"]["next_token"]
        second = await api.get(f"{api.tweet}/retweets", max_results=100, pagination_token=token)
        assert len({*first.ids, *second.ids}) == 25


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("account"), st.integers(0, 3)),
            st.tuples(st.just("tweet"), st.integers(0, 40)),
            st.tuples(st.just("retweet"), st.integers(0, 5)),
            st.tuples(st.just("undo"), st.integers(0, 5)),
            st.tuples(st.just("crowd"), st.integers(1, 9)),
            st.tuples(st.just("named"), st.integers(0, 60)),
            st.tuples(st.just("crowd undo"), st.integers(1, 9)),
            st.tuples(st.just("later"), st.integers(0, 100_000)),
        ),
        max_size=25,
    ),
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.integers(0, 30),
)
def test_any_history_is_saved_and_loaded_as_it_is(
    history: list[tuple[str, int]], seed: int, retweets: int
) -> None:
    clock = ManualClock()
    sandbox = Sandbox(clock=clock, seed=seed, retweets=retweets)
    held = sandbox._core
    tweets, accounts = [held.tweet(int(TWEET))], [sandbox.me]
    for act, number in history:
        tweet = tweets[number % len(tweets)]
        user = int(accounts[number % len(accounts)].user_id)
        match act:
            case "account":
                accounts.append(sandbox.new_account())
            case "tweet":
                tweets.append(held.tweet(int(sandbox.add_tweet(retweets=number))))
            case "retweet" | "undo":
                held.act(tweet, user, 1, undo=act == "undo")
            case "named" if everybody := len(tweets[0].retweets):
                # Somebody of the crowd, perhaps one that has retweeted, or is to come.
                named = held.world.retweeter_at(tweets[0], number % everybody)
                held.act(tweet, named, 1, undo=False)
            case "crowd" | "crowd undo":
                held.act(tweet, None, number, undo=act == "crowd undo")
            case _:
                clock.advance(number)
    other = core(clock)
    snapshot.load(other, saved(sandbox))
    assert list(snapshot.lines(other)) == saved(sandbox)
    for tweet in tweets:
        copy = other.tweet(tweet.id)
        assert len(copy.retweets) == len(tweet.retweets)
        everyone = {held.world.retweeter_at(tweet, place) for place in range(len(copy.retweets))}
        assert len(everyone) == len(copy.retweets)
        for position in range(len(tweet.retweets)):
            assert other.world.retweeter_at(copy, position) == held.world.retweeter_at(
                tweet, position
            )
            found = other.world.tweet(copy.retweets.id_at(position))
            assert found is not None
            assert found.original is copy
            assert other.world.user(found.author_id) is not None


def test_lines_written_by_hand_need_little() -> None:
    held = core(retweets=0)
    load(
        held,
        {"type": "account", "username": "alice"},
        {"type": "account"},
        {"type": "tweet", "id": "1700000000000000001", "text": "Hi", "author": "Alice"},
        {"type": "tweet", "retweets": 50},
        {"type": "tweet", "id": TWEET, "retweets": 5},
        {"type": "retweet", "tweet_id": "1700000000000000001", "username": "alice"},
        {"type": "retweet", "tweet_id": TWEET},
        {"type": "retweet", "tweet_id": TWEET},
    )
    assert [one.username for one in held.accounts] == ["sandbox_bot", "alice", "bot_2"]
    alice = held.world.user_named("alice")
    assert alice is not None
    tweet = held.tweet(1_700_000_000_000_000_001)
    assert (tweet.text, tweet.author_id) == ("Hi", alice.id)
    assert tweet.retweets.by_user(alice.id) is not None
    # Its own tweet keeps what else it has.
    own = held.tweet(int(TWEET))
    assert len(own.retweets) == 7
    assert own.media_keys
    assert sorted(len(one.retweets) for one in held.world.originals())[-2:] == [25, 50]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([{"type": "nonsense"}], "line 1: .*nonsense"),
        ([{"kind": "tweet"}], "line 1: .*type"),
        ([{"type": "tweet", "colour": "red"}], "line 1: .*colour"),
        ([{"type": "tweet"}, {"type": "sandbox"}], "line 2: .*must be the first"),
        ([{"type": "sandbox", "version": 2}], "version is 2: only 1"),
        ([{"type": "sandbox", "latest_id": "x"}], "latest_id is 'x'"),
        ([{"type": "sandbox", "population": -1}], "population is -1"),
        ([{"type": "sandbox", "seed": 1 << 63}], "line 1: "),
        ([{"type": "account", "username": "a b"}], "letters, digits"),
        ([{"type": "account", "username": "TwitterDev"}], "taken"),
        ([{"type": "account", "scopes": ["all"]}], "no such scope"),
        ([{"type": "account", "user_id": "7"}], "user_id is 7: it follows from the seed"),
        ([{"type": "account"}, {"type": "account", "username": "bot_1"}], "line 2: .*taken"),
        ([{"type": "tweet", "id": "0x1"}], "id is '0x1'"),
        ([{"type": "tweet", "id": "9" * 19}], "id is '9999999999999999999'"),
        ([{"type": "tweet", "author": "nobody"}], "no user nobody"),
        ([{"type": "tweet", "author_id": "5"}], "no user 5"),
        ([{"type": "tweet", "retweets": -1}], "retweets is -1"),
        (
            [{"type": "tweet", "retweets": {"crowd": 9, "first": "1", "gap": "0", "seed": 0}}],
            "gap is 0",
        ),
        (
            [
                {
                    "type": "tweet",
                    "retweets": {"crowd": 9, "first": "1", "gap": "9" * 18, "seed": 0},
                }
            ],
            "ids would be too large",
        ),
        ([{"type": "retweet", "tweet_id": "5"}], "no such tweet"),
        ([{"type": "retweet", "tweet_id": TWEET, "username": "nobody"}], "no user nobody"),
        (
            [{"type": "retweet", "tweet_id": TWEET, "username": "sandbox_bot"}] * 2,
            "line 2: .*has retweeted",
        ),
        (
            [{"type": "retweet", "tweet_id": TWEET, "username": "sandbox_bot", "id": "7"}],
            "older than those of the crowd",
        ),
        (
            [{"type": "retweet", "tweet_id": TWEET, "user_id": ONE_OF_THE_CROWD}],
            "has retweeted",
        ),
        (
            [
                {
                    "type": "retweet",
                    "tweet_id": TWEET,
                    "user_id": ONE_OF_THE_CROWD,
                    "id": "8999999999999999999",
                }
            ],
            "has retweeted .* with the crowd already",
        ),
        ([{"type": "window", "key": ["x"], "limit": -1, "used": 0, "end": 0}], "limit is -1"),
        ([{"type": "window", "key": ["x"], "limit": 5, "used": -1, "end": 0}], "used is -1"),
        ([{"type": "sandbox", "signed_in": -1}], "signed_in is -1"),
        ([{"type": "sandbox", "app_tokens": -1, "signed_in": 0}], "app_tokens is -1"),
        ([{"type": "token", "user_id": "7"}], "user_id is '7': no account"),
        ([{"type": "token", "user_id": ME, "number": 0}], "number is 0"),
        (
            [{"type": "sign_in", "user_id": ME, "client_id": "mine", "scopes": []}],
            "client_id is 'mine'",
        ),
        ([{"type": "updates", "user_id": "x", "used": 1, "end": 1}], "user_id is 'x'"),
        ([{"type": "updates", "user_id": "1", "used": -1, "end": 1}], "used is -1"),
        ([{"type": "cost", "thousandths": -1, "today": 0, "posts": {}}], "thousandths is -1"),
        ([{"type": "cost", "thousandths": 0, "today": 0, "posts": {"5": -1}}], "posts is -1"),
        ([{"type": "read", "users": ["x"]}], "users is 'x'"),
    ],
)
def test_a_line_that_can_not_be_read_says_which_and_why_and_changes_nothing(
    lines: list[dict[str, object]], words: str
) -> None:
    held = core(retweets=5)
    before, contents = list(snapshot.lines(held)), held.contents
    with pytest.raises(ValueError, match=words):
        load(held, *lines)
    assert held.contents is contents
    assert list(snapshot.lines(held)) == before


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_any_bytes_are_lines_or_a_value_error_with_its_number(lines: list[bytes]) -> None:
    held = core(retweets=1)
    if any(line.strip() for line in lines):
        with pytest.raises(ValueError, match=r"^line [1-5]: "):
            snapshot.load(held, lines)
    else:
        snapshot.load(held, lines)


def test_faults_and_a_rate_of_growth_of_one_s_own_stay_as_they_are(clock: ManualClock) -> None:
    held = core(clock, faults=[Fault("latency")], retweets_per_second=3)
    faults = held.faults
    snapshot.load(held, list(snapshot.lines(core(clock, retweets_per_second=5))))
    assert held.faults is faults
    assert held.contents.growth.rate == 3


@pytest.mark.parametrize(("own", "then"), [(None, 5), (0, 0), (3, 3)])
def test_a_rate_of_growth_of_one_s_own_can_be_none(
    tmp_path: Path, clock: ManualClock, own: float | None, then: float
) -> None:
    path = tmp_path / "state.jsonl"
    Sandbox(clock=clock, retweets_per_second=5).save(path)
    held = Sandbox(clock=clock, retweets_per_second=own, state=path)
    assert held._core.contents.growth.rate == then
    held.reset()
    assert held._core.contents.growth.rate == then


def test_a_file_that_can_not_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "state.jsonl"
    with pytest.raises(FileNotFoundError):
        Sandbox().save(path)
    with pytest.raises(FileNotFoundError):
        Sandbox(state=path)
    bad = tmp_path / "bad.jsonl"
    bad.write_text("{}")
    with pytest.raises(ValueError, match=r"bad\.jsonl: line 1"):
        Sandbox(state=bad)


def test_nothing_but_the_file_is_left(tmp_path: Path) -> None:
    Sandbox().save(tmp_path / "state.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["state.jsonl"]


def test_a_line_has_no_secret_in_it() -> None:
    sandbox = Sandbox()
    account = sandbox.new_account()
    text = b"".join(saved(sandbox)).decode()
    for who in (sandbox.me, account):
        assert who.oauth1.access_token not in text
        assert who.oauth1.access_token_secret not in text
    assert sandbox.app_only.bearer_token not in text
