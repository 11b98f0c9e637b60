"""Who is signed in, what was posted and what it cost, saved and loaded."""

from pathlib import Path

import pytest

from tests.sandbox.signin import SignIn, signing_in
from tests.support.clock import ManualClock
from twretweet.sandbox import Sandbox, snapshot

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.jsonl"


def text(path: Path) -> str:
    return path.read_text()


def again(path: Path, clock: ManualClock) -> Sandbox:
    loaded = Sandbox(state=path, clock=clock)
    assert b"".join(snapshot.lines(loaded._core)) == path.read_bytes()
    return loaded


async def test_who_has_signed_in_stays_signed_in(
    sign: SignIn, clock: ManualClock, path: Path
) -> None:
    alice = sign.sandbox.new_account("alice")
    signed = await sign.sign_in_1(alice)
    pair = await sign.sign_in(user=alice)
    confidential = await sign.sign_in(sign.sandbox.confidential)
    ended = await sign.sign_in_1()
    await sign.signed(
        "/1.1/oauth/invalidate_token.json",
        keys=ended,
        token=(ended.access_token, ended.access_token_secret),
    )
    sign.sandbox.save(path)
    for secret in (
        signed.access_token,
        signed.access_token_secret,
        pair["access_token"],
        pair["refresh_token"],
    ):
        assert secret not in text(path)
    async with signing_in(again(path, clock), clock) as later:
        assert await later.works(signed)
        assert not await later.works(ended)
        assert (await later.me(pair["access_token"])).body["data"]["username"] == "alice"
        new = (await later.refresh(pair["refresh_token"])).json
        assert await later.works(new["access_token"])
        client = later.sandbox.confidential
        assert (await later.refresh(confidential["refresh_token"], client)).status == 200
        # The next one is nobody else's.
        assert (await later.sign_in_1(alice)).access_token != signed.access_token


async def test_tokens_that_were_no_good_are_none_afterwards(
    sign: SignIn, clock: ManualClock, path: Path
) -> None:
    sandbox = sign.sandbox
    old = await sign.sign_in()
    new = (await sign.refresh(old["refresh_token"])).json
    sandbox.expire_access_tokens()
    gone = sandbox.new_account("gone")
    sandbox.revoke(gone)
    sandbox.save(path)
    async with signing_in(again(path, clock), clock) as later:
        for token in (old["access_token"], new["access_token"], sandbox.oauth2.access_token):
            assert not await later.works(token or "")
        assert not await later.works(gone.oauth1)
        assert not await later.works(gone.oauth2.access_token or "")
        assert await later.works(sandbox.oauth1)
        # A refresh token that was used is known for a copy, and ends what came of it.
        assert (await later.refresh(old["refresh_token"])).error == (400, "invalid_grant")
        assert (await later.refresh(new["refresh_token"])).status == 400


async def test_an_access_token_ends_when_it_would_have(
    sign: SignIn, clock: ManualClock, path: Path
) -> None:
    pair = await sign.sign_in()
    sign.sandbox.save(path)
    async with signing_in(again(path, clock), clock) as later:
        clock.advance(7199)
        assert await later.works(pair["access_token"])
        clock.advance(1)
        assert not await later.works(pair["access_token"])


async def test_the_app_s_own_token_is_the_one_it_was(
    sign: SignIn, clock: ManualClock, path: Path
) -> None:
    bearers = sign.sandbox._core.accounts.app_bearers
    assert bearers.invalidate(sign.sandbox.app_only.bearer_token)
    sign.sandbox.save(path)
    loaded = again(path, clock)._core.accounts.app_bearers
    assert not loaded.is_good(sign.sandbox.app_only.bearer_token)
    assert loaded.current() == bearers.current()
    sign.sandbox.save(path)
    assert again(path, clock)._core.accounts.app_bearers.is_good(bearers.current())


async def test_what_was_read_is_not_charged_again_and_what_was_posted_counts(
    clock: ManualClock, path: Path
) -> None:
    first = Sandbox(retweets=25, clock=clock, daily_updates=2)
    async with signing_in(first, clock) as sign:
        api = sign.api
        await api.get(f"{api.tweet}/retweets", expansions="author_id")
        await api.retweet()
        cost = first._core.contents.state.ledger.total
        first.save(path)
    loaded = Sandbox(state=path, clock=clock, daily_updates=2)
    async with signing_in(loaded, clock) as sign:
        api, ledger = sign.api, loaded._core.contents.state.ledger
        assert ledger.total == cost > 0.3
        await api.get(f"{api.tweet}/retweets", max_results=10)
        # The retweet that was made meanwhile is new; the others have been paid.
        assert loaded.requests[-1].cost == 0.005
        usage = await api.get("/2/usage/tweets", loaded.app_only)
        assert usage.body["data"]["project_usage"] == "26"
        written = "/1.1/statuses/update.json"
        assert (await api.call("POST", written, data="status=a")).status == 200
        assert (await api.call("POST", written, data="status=b")).codes == [185]
        clock.advance(86_400)
        assert (await api.call("POST", written, data="status=b")).status == 200
