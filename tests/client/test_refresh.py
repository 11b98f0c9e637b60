"""An account whose access token ends stays signed in, with one refresh for all who need it."""

import anyio
import pytest

import twretweet as tw
from tests.support.virtual_time import LoopClock
from twretweet.events import TokensChanged
from twretweet.sandbox import Outage, Sandbox

pytestmark = pytest.mark.anyio


@pytest.fixture
def store():
    return tw.MemoryTokenStore()


def new_manager(sandbox: Sandbox, clock: LoopClock, store, **options) -> tw.SessionManager:
    return tw.SessionManager(base_url=sandbox.url, clock=clock, token_store=store, **options)


@pytest.fixture
async def manager(sandbox, clock, store):
    async with new_manager(sandbox, clock, store) as manager:
        yield manager


def outcomes(sandbox: Sandbox) -> list[str]:
    return [refresh.outcome for refresh in sandbox.refreshes]


def paths(sandbox: Sandbox) -> list[str]:
    return [request.path for request in sandbox.requests]


async def stored(store) -> tw.OAuth2Tokens:
    [name] = await store.accounts()
    tokens = await store.load(name)
    assert isinstance(tokens, tw.OAuth2Tokens)
    return tokens


def named(credentials: tw.OAuth2, account: str = "bot") -> tw.OAuth2:
    return tw.OAuth2(
        credentials.client_id,
        access_token=credentials.access_token,
        refresh_token=credentials.refresh_token,
        account=account,
    )


async def test_a_token_that_ended_is_refreshed_after_a_401_and_the_call_succeeds(
    sandbox, manager, store
):
    session = manager.session(sandbox.oauth2)
    await session.tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == []
    sandbox.expire_access_tokens()
    await session.tweet(sandbox.tweet_id)
    await session.tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"]
    assert [request.status for request in sandbox.requests] == [200, 401, 200, 200, 200]
    tokens = await stored(store)
    assert tokens.access_token != sandbox.oauth2.access_token
    assert tokens.attempt is None
    assert set(tokens.scopes) >= {"tweet.read", "tweet.write"}


async def test_a_token_that_is_known_to_end_is_refreshed_a_minute_before(
    sandbox, manager, store, clock
):
    session = manager.session(sandbox.oauth2)
    sandbox.expire_access_tokens()
    await session.tweet(sandbox.tweet_id)
    obtained = (await stored(store)).obtained_at
    assert obtained == pytest.approx(clock.time(), abs=1.1)
    assert (await stored(store)).expires_at == obtained + 7200
    sandbox.requests.clear()
    await anyio.sleep(7130)
    await session.tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"]
    await anyio.sleep(20)
    await session.tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated", "rotated"]
    assert {request.status for request in sandbox.requests} == {200}, "no 401 on the way"


@pytest.mark.parametrize("life", [30, 2, 0.5])
async def test_a_token_that_lives_for_a_moment_is_used_for_most_of_it(clock, life):
    async with (
        Sandbox(clock=clock, token_lifetime=life) as sandbox,
        new_manager(sandbox, clock, None) as manager,
    ):
        session = manager.session(sandbox.oauth2)
        sandbox.expire_access_tokens()
        for _ in range(10):
            await session.tweet(sandbox.tweet_id)
            await anyio.sleep(life / 20)
        assert len(sandbox.refreshes) <= 2 + (life < 1) * 10


async def test_two_hundred_tasks_share_one_refresh(sandbox, manager):
    sandbox.expire_access_tokens()
    async with anyio.create_task_group() as tasks:
        for _ in range(200):
            # Each with a session of its own; of the same account.
            tasks.start_soon(manager.session(sandbox.oauth2).tweet, sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"]
    assert paths(sandbox).count("/2/oauth2/token") == 1


async def test_accounts_are_refreshed_beside_one_another(sandbox, manager):
    others = [sandbox.new_account() for _ in range(20)]
    sandbox.expire_access_tokens()
    waiting, together = 0, anyio.Event()

    async def hold() -> None:
        nonlocal waiting
        waiting += 1
        if waiting == len(others):
            together.set()
        await together.wait()

    sandbox.before_token = hold
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            for other in others:
                tasks.start_soon(manager.session(other.oauth2).tweet, sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"] * 20


async def test_a_failed_refresh_takes_no_slot(sandbox, manager):
    async def broken() -> None:
        raise Outage(None)

    session = manager.session(
        tw.OAuth2(sandbox.oauth2.client_id, refresh_token=sandbox.oauth2.refresh_token)
    )
    sandbox.before_token = broken
    with pytest.raises(tw.TransportError, match="POST /2/oauth2/token"):
        await session.tweet(sandbox.tweet_id)
    [state] = [s for s in session.rate_limits() if s.endpoint == "tweet"]
    assert (state.in_flight, state.remaining) == (0, state.limit)
    sandbox.before_token = None
    await session.tweet(sandbox.tweet_id)


async def test_trouble_at_x_is_tried_again_by_one_for_all_and_then_by_the_next_call(
    sandbox, manager
):
    calls = 0

    async def broken() -> None:
        nonlocal calls
        calls += 1
        raise Outage(503)

    sandbox.before_token = broken
    sandbox.expire_access_tokens()
    failures: list[tw.ServerError] = []

    async def read() -> None:
        with pytest.raises(tw.ServerError) as caught:
            await manager.session(sandbox.oauth2).tweet(sandbox.tweet_id)
        failures.append(caught.value)

    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(read)
    assert len(failures) == 50
    assert calls == tw.RetryPolicy().attempts
    assert {failure.attempts for failure in failures} == {calls}
    sandbox.before_token = None
    await manager.session(sandbox.oauth2).tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"]


async def test_other_tokens_in_use_are_told(sandbox, clock, store):
    events: list[object] = []
    async with new_manager(sandbox, clock, store, on_event=events.append) as manager:
        session = manager.session(sandbox.oauth2)
        sandbox.expire_access_tokens()
        await session.tweet(sandbox.tweet_id)
        assert TokensChanged(account=session._caller.account.label) in events
