"""What goes wrong while an account is refreshed: no token is lost that need not be."""

import asyncio

import anyio
import pytest

import twretweet as tw
from tests.client.test_refresh import named, new_manager, outcomes, paths
from tests.support.virtual_time import LoopClock
from twretweet.events import TokensNotStored
from twretweet.sandbox import Outage, Sandbox

pytestmark = pytest.mark.anyio


class FaultyStore(tw.MemoryTokenStore):
    """Fails at chosen saves; counts them all."""

    def __init__(self) -> None:
        super().__init__()
        self.saves = 0
        self.failing: set[int] = set()
        self.error: Exception = tw.TokenStoreError("the disk is full")

    async def save(self, account: str, tokens: tw.StoredTokens) -> None:
        self.saves += 1
        await asyncio.sleep(0)
        if self.saves in self.failing:
            raise self.error
        await super().save(account, tokens)


@pytest.fixture
def store():
    return FaultyStore()


@pytest.fixture
async def manager(sandbox, clock, store):
    async with new_manager(sandbox, clock, store) as manager:
        yield manager


class Trouble:
    """A hook that breaks the first requests, and lets the others through."""

    def __init__(self, times: int = 1, status: int | None = None) -> None:
        self.left = times
        self.status = status

    async def __call__(self) -> None:
        if self.left:
            self.left -= 1
            raise Outage(self.status)


class Gate:
    """A hook that holds whoever comes, until it is opened."""

    def __init__(self) -> None:
        self.reached, self.opened = anyio.Event(), anyio.Event()

    async def __call__(self) -> None:
        self.reached.set()
        await self.opened.wait()


# -- replies that never come ----------------------------------------------------------------


@pytest.mark.parametrize("status", [None, 503])
async def test_a_refresh_that_x_never_saw_is_sent_again(sandbox, manager, store, status):
    sandbox.before_token = Trouble(status=status)
    sandbox.expire_access_tokens()
    await manager.session(named(sandbox.oauth2)).tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"]
    assert (await store.load("bot")).attempt is None


# A 503 is an answer, so the policy alone says whether to ask again.
@pytest.mark.parametrize(("status", "attempts"), [(None, 1), (None, 4), (503, 4)])
async def test_a_reply_that_was_lost_is_asked_for_once_more_and_then_says_so(
    sandbox, clock, store, status, attempts
):
    sandbox.before_token_reply = Trouble(status=status)
    sandbox.expire_access_tokens()
    retry = tw.RetryPolicy(attempts=attempts)
    async with new_manager(sandbox, clock, store, retry=retry) as manager:
        session = manager.session(named(sandbox.oauth2))
        with pytest.raises(tw.ReauthorizationRequired, match="was interrupted") as caught:
            await session.tweet(sandbox.tweet_id)
        assert "twretweet login --account bot" in str(caught.value)
        assert outcomes(sandbox) == ["rotated", "replayed"]
        with pytest.raises(tw.ReauthorizationRequired, match="was interrupted"):
            await session.tweet(sandbox.tweet_id)
        assert outcomes(sandbox) == ["rotated", "replayed"]


async def test_a_reply_that_comes_too_late_is_treated_as_lost(sandbox, clock, store):
    gate = Gate()

    async def hold_the_first() -> None:
        if not gate.reached.is_set():
            await gate()

    sandbox.before_token_reply = hold_the_first
    sandbox.expire_access_tokens()
    async with new_manager(sandbox, clock, store, timeout=10) as manager:
        with pytest.raises(tw.ReauthorizationRequired, match="was interrupted"):
            await manager.session(named(sandbox.oauth2)).tweet(sandbox.tweet_id)
    gate.opened.set()


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_an_account_outlives_a_refusal_that_says_nothing_of_its_token(
    sandbox, manager, store, status
):
    sandbox.before_token = Trouble(status=status)
    sandbox.expire_access_tokens()
    session = manager.session(named(sandbox.oauth2))
    with pytest.raises(tw.TwretweetError) as caught:
        await session.tweet(sandbox.tweet_id)
    assert not isinstance(caught.value, tw.ReauthorizationRequired)
    await session.tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"]


async def test_nobody_listening_leaves_everything_as_it_was(clock, store):
    async with Sandbox(clock=clock) as sandbox:
        pass
    async with new_manager(sandbox, clock, store) as manager:
        session = manager.session(
            tw.OAuth2("client", refresh_token="r", account="bot", expires_at=1)
        )
        with pytest.raises(tw.TransportError, match="no connection") as caught:
            await session.tweet(1)
        assert not caught.value.sent
        assert await store.accounts() == []


# -- stores that fail -----------------------------------------------------------------------


async def test_nothing_is_sent_unless_the_store_can_be_written(sandbox, manager, store):
    store.failing = {1}
    sandbox.expire_access_tokens()
    session = manager.session(named(sandbox.oauth2))
    with pytest.raises(tw.TokenStoreError, match="the disk is full"):
        await session.tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == []
    await session.tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"]


@pytest.mark.parametrize("error", [tw.TokenStoreError("the disk is full"), ZeroDivisionError()])
async def test_new_tokens_that_can_t_be_stored_are_kept_and_stored_before_their_first_use(
    sandbox, clock, store, error
):
    events: list[object] = []
    store.failing, store.error = {2, 3}, error
    async with new_manager(sandbox, clock, store, on_event=events.append) as manager:
        session = manager.session(named(sandbox.oauth2))
        sandbox.expire_access_tokens()
        for _ in range(2):
            with pytest.raises(tw.TokenStoreError, match="kept in memory") as caught:
                await session.tweet(sandbox.tweet_id)
            assert caught.value.account == "bot"
        await session.tweet(sandbox.tweet_id)
        assert (await store.load("bot")).attempt is None
        await session.tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"]
    assert store.saves == 4
    assert [e.account for e in events if isinstance(e, TokensNotStored)] == ["bot", "bot"]


async def test_closing_stores_what_could_not_be_stored_even_if_no_session_is_left(
    sandbox, clock, store
):
    store.failing = {2}
    sandbox.expire_access_tokens()
    async with new_manager(sandbox, clock, store) as manager:
        with pytest.raises(tw.TokenStoreError):
            await manager.session(named(sandbox.oauth2)).tweet(sandbox.tweet_id)
    async with new_manager(sandbox, clock, store) as manager:
        await manager.session(tw.OAuth2(sandbox.oauth2.client_id, account="bot")).me()
    assert outcomes(sandbox) == ["rotated"]


async def test_closing_says_what_is_lost_and_closes_all_the_same(sandbox, clock, store):
    store.failing = {2, 3}
    sandbox.expire_access_tokens()
    manager = await new_manager(sandbox, clock, store).open()
    with pytest.raises(tw.TokenStoreError, match="kept in memory"):
        await manager.session(named(sandbox.oauth2)).tweet(sandbox.tweet_id)
    with pytest.raises(tw.TokenStoreError, match=r"lost, so sign in again: .*of bot"):
        await manager.aclose()
    await manager.aclose()
    with anyio.fail_after(5):
        while sandbox.open_connections:
            await anyio.sleep(0.01)


async def test_what_another_process_stored_meanwhile_is_not_overwritten(sandbox, manager, store):
    store.failing = {2}
    sandbox.expire_access_tokens()
    session = manager.session(named(sandbox.oauth2))
    with pytest.raises(tw.TokenStoreError):
        await session.tweet(sandbox.tweet_id)
    other = sandbox.new_account().oauth2
    theirs = tw.OAuth2Tokens(
        client_id=other.client_id, access_token=other.access_token, seed="a new sign-in"
    )
    await store.save("bot", theirs)
    await session.tweet(sandbox.tweet_id)
    assert await store.load("bot") == theirs
    assert sandbox.requests[-1].account != sandbox.me.user_id


async def test_a_store_that_can_t_be_read_fails_the_call_and_is_asked_again(
    sandbox, clock, tmp_path
):
    path = tmp_path / "tokens.json"
    path.write_text("{")
    path.chmod(0o600)
    async with new_manager(sandbox, clock, tw.FileTokenStore(path)) as manager:
        session = manager.session(named(sandbox.oauth2))
        with pytest.raises(tw.TokenStoreError, match="corrupt") as caught:
            await session.tweet(sandbox.tweet_id)
        assert caught.value.account == "bot"
        assert not sandbox.requests
        path.unlink()
        await session.tweet(sandbox.tweet_id)


# -- clocks -----------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [-30, -3, 3, 30])
@pytest.mark.parametrize("expired", [True, False])
async def test_a_clock_wrong_by_hours_costs_one_request_at_most(
    sandbox, clock, store, hours, expired
):
    wrong = LoopClock(skew=hours * 3600)
    passed = tw.OAuth2(
        sandbox.oauth2.client_id,
        access_token=sandbox.oauth2.access_token,
        refresh_token=sandbox.oauth2.refresh_token,
        expires_at=clock.time() + (-600 if expired else 7200),
    )
    if expired:
        sandbox.expire_access_tokens()
    for _ in range(3):  # as many runs of the program
        async with new_manager(sandbox, wrong, store) as manager:
            for _ in range(5):
                await manager.session(passed).tweet(sandbox.tweet_id)
                await anyio.sleep(60)
    ahead = hours > 0 and not expired
    behind = hours < 0 and expired
    assert outcomes(sandbox).count("rotated") <= (3 if hours > 0 else 1)
    assert set(outcomes(sandbox)) <= {"rotated"}
    statuses = [request.status for request in sandbox.requests]
    assert statuses.count(401) == behind
    assert statuses.count(200) - len(sandbox.refreshes) == 15
    if ahead:
        # Each run believed its clock until X's first reply.
        assert len(sandbox.refreshes) == 3


async def test_a_token_that_ends_while_a_slot_is_waited_for_is_refreshed_before_it_is_used(
    sandbox, manager, clock
):
    session = manager.session(sandbox.oauth2)
    sandbox.expire_access_tokens()
    user = await session.user_id()
    assert user == sandbox.me.user_id
    await anyio.sleep(6500)
    for _ in range(50):
        await session.retweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"]
    await session.retweet(sandbox.tweet_id)  # 900 s later
    assert outcomes(sandbox) == ["rotated", "rotated"]
    assert 401 not in [request.status for request in sandbox.requests][1:]
    assert paths(sandbox).count(f"/2/users/{user}/retweets") == 51
    assert all(s.in_flight == s.waiting == 0 for s in session.rate_limits())
