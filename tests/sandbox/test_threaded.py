"""A sandbox in a thread of its own."""

import asyncio
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from inspect import iscoroutinefunction
from pathlib import Path

import anyio
import pytest

import twretweet as tw
from twretweet.sandbox import Fault, Sandbox, ThreadedSandbox, VirtualClock
from twretweet.sandbox.testing import account_of, environment


def get(sandbox: Sandbox, path: str, token: str | None = None) -> int:
    request = urllib.request.Request(sandbox.url + path)
    token = sandbox.app_only.bearer_token if token is None else token
    request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            json.load(reply)
            return reply.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_it_serves_while_the_block_runs_and_leaves_no_thread() -> None:
    before = threading.active_count()
    with ThreadedSandbox(retweets=5) as sandbox:
        assert get(sandbox, f"/2/tweets/{sandbox.tweet_id}") == 200
        with pytest.raises(RuntimeError, match="started already"):
            sandbox.__enter__()
    assert threading.active_count() == before
    with pytest.raises(urllib.error.URLError):
        get(sandbox, "/")
    # Started again, it has its state.
    with sandbox:
        assert get(sandbox, f"/2/tweets/{sandbox.tweet_id}") == 200
    assert len(sandbox.requests) == 2


def test_a_port_that_is_taken_is_an_error_and_leaves_no_thread() -> None:
    before = threading.active_count()
    with ThreadedSandbox() as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(OSError, match=str(port)):
            ThreadedSandbox(port=port).__enter__()
    assert threading.active_count() == before


def test_whatever_changes_it_does_so_on_its_own_loop(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    threads: dict[str, int] = {}

    def noting(name: str, act: Callable[..., object]) -> Callable[..., object]:
        def noted(*args: object, **named: object) -> object:
            threads[name] = threading.get_ident()
            return act(*args, **named)

        return noted

    changing = {
        name
        for name, member in vars(Sandbox).items()
        if callable(member) and not name.startswith("_") and not iscoroutinefunction(member)
    }
    with ThreadedSandbox() as sandbox:
        for name in changing:
            monkeypatch.setattr(Sandbox, name, noting(name, getattr(Sandbox, name)))
        account = sandbox.new_account("someone", scopes=["tweet.read"])
        sandbox.add_tweet(retweets=3, author=account)
        assert get(sandbox, "/2/users/by/username/someone", sandbox.oauth2.access_token) == 200
        sandbox.add_retweets(5)
        sandbox.advance(900)
        sandbox.save(tmp_path / "state")
        sandbox.revoke(sandbox.me)
        assert get(sandbox, "/2/users/me", sandbox.oauth2.access_token) == 401
        sandbox.load(tmp_path / "state")
        assert get(sandbox, "/2/users/by/username/someone", sandbox.oauth2.access_token) == 200
        sandbox.expire_access_tokens()
        sandbox.reset()
        assert get(sandbox, "/2/users/by/username/someone", sandbox.oauth2.access_token) == 200
    assert set(threads) == changing
    assert len(set(threads.values())) == 1
    assert threads["reset"] != threading.get_ident()
    # Without a loop there is nobody to meet.
    assert sandbox.new_account("later").username == "later"
    assert threads["new_account"] == threading.get_ident()


def test_accounts_and_tweets_made_in_many_threads_beside_requests_are_all_there() -> None:
    with ThreadedSandbox(retweets=5) as sandbox, ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(get, sandbox, f"/2/tweets/{sandbox.tweet_id}") for _ in range(100)]
        made = [pool.submit(sandbox.new_account) for _ in range(100)]
        tweets = [pool.submit(sandbox.add_tweet) for _ in range(100)]
        assert [each.result() for each in asked] == [200] * 100
        assert len({each.result().user_id for each in made}) == 100
        assert len({each.result() for each in tweets}) == 100
    assert not sandbox.failures


@pytest.mark.anyio
async def test_a_person_signs_in_from_the_loop_of_the_test() -> None:
    with ThreadedSandbox() as sandbox:
        url = f"{sandbox.url}/oauth/authorize?oauth_token=nothing"
        with pytest.raises(ValueError, match="request token of this page"):
            await sandbox.authorize(url)
    with pytest.raises(ValueError, match="request token of this page"):
        await sandbox.authorize(url)


@pytest.mark.anyio
async def test_it_may_be_used_with_an_event_loop_as_well() -> None:
    async with ThreadedSandbox() as sandbox:
        hooked = asyncio.Event()

        async def make() -> None:
            # On the sandbox's own loop, where nothing must be waited for.
            sandbox.new_account("hooked")
            hooked.set()

        await make()
        assert hooked.is_set()
        assert await anyio.to_thread.run_sync(get, sandbox, "/nowhere") == 404


def test_the_environment_leads_to_it_and_holds_credentials_that_work() -> None:
    with ThreadedSandbox() as sandbox:
        variables = environment(sandbox)
        assert variables["TWRETWEET_BASE_URL"] == sandbox.url
        assert get(sandbox, "/2/tweets/20", variables["TWRETWEET_BEARER_TOKEN"]) == 200
    assert set(variables) >= {f"TWRETWEET_{name}" for name in ("CONSUMER_KEY", "ACCESS_TOKEN")}


def test_an_account_of_its_requests_shows_the_last_of_them() -> None:
    assert account_of(Sandbox()) == "no request has come"
    with ThreadedSandbox() as sandbox:
        for number in range(22):
            get(sandbox, f"/2/tweets/{number}", "" if number == 21 else None)
    lines = account_of(sandbox).splitlines()
    assert len(lines) == 21
    assert lines[0] == "… 2 requests before these"
    assert lines[1] == "200 GET /2/tweets/2 (by app, 447 left)"
    assert lines[-1] == "401 GET /2/tweets/21 (by nobody known)"


def test_a_client_s_loop_shares_a_virtual_clock_with_a_sandbox_in_a_thread() -> None:
    clock = VirtualClock()
    faults = [Fault("latency", seconds=30, probability=0.05, seed=1)]
    with ThreadedSandbox(retweets=20_000, clock=clock, faults=faults) as sandbox:

        async def main() -> int:
            async with tw.SessionManager(base_url=sandbox.url, clock=clock) as manager:
                walk = manager.session(sandbox.oauth1).retweets(sandbox.tweet_id)
                return len({retweet.id async for retweet in walk})

        before = clock.time()
        assert clock.run(main) == 20_000
        late = 30 * sum(bool(request.faults) for request in sandbox.requests)
        # 200 pages, 75 in each quarter of an hour, and nobody has run ahead of an answer.
        assert late
        assert 1800 <= clock.time() - before < 1900 + late
        assert sandbox.rejected == 0


def test_a_virtual_clock_moves_for_a_blocking_client_where_the_sandbox_waits(
    clock: VirtualClock,
) -> None:
    faults = [Fault("latency", seconds=3600, count=2), Fault("slow_body", seconds=60, count=1)]
    with ThreadedSandbox(clock=clock, faults=faults) as sandbox:
        before = clock.time()
        for _ in range(3):
            assert get(sandbox, f"/2/tweets/{sandbox.tweet_id}") == 200
        assert clock.time() - before == pytest.approx(7260)
        sandbox.advance(900)
        assert get(sandbox, f"/2/tweets/{sandbox.tweet_id}") == 200
        assert clock.time() - before == pytest.approx(8160)
        assert sandbox.requests[-1].time == pytest.approx(clock.time())


async def on_the_clock(clock: VirtualClock, seconds: float) -> bool:
    """Whether an event came before so many seconds were over."""
    event = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(clock.wait, event, seconds)
        await clock.sleep(10)
        event.set()
    return True


def test_waits_on_a_serving_loop_end_by_the_clock_or_the_event(clock: VirtualClock) -> None:
    before = clock.time()
    with asyncio.Runner(loop_factory=clock.new_serving_loop) as runner:
        assert runner.run(on_the_clock(clock, 5))
        assert clock.time() - before == 10
        assert runner.run(on_the_clock(clock, 5000))
        assert clock.time() - before == 20


@pytest.mark.twretweet_sandbox(clock=VirtualClock(), faults=[Fault("latency", seconds=3600)])
def test_the_plugin_s_sandbox_takes_a_virtual_clock(twretweet_sandbox: ThreadedSandbox) -> None:
    before = twretweet_sandbox.clock.time()
    assert get(twretweet_sandbox, "/2/users/by/username/TwitterDev") == 200
    assert twretweet_sandbox.clock.time() - before == pytest.approx(3600)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()
