"""What every token store keeps, whichever it is."""

import asyncio

import anyio
import anyio.lowlevel
import pytest

from twretweet.auth.store import MemoryTokenStore
from twretweet.auth.tokens import AppOnlyTokens, OAuth1Tokens, OAuth2Tokens

pytestmark = pytest.mark.anyio

FIRST = OAuth2Tokens(client_id="c", access_token="a1", refresh_token="r1", scopes=("tweet.read",))
SECOND = OAuth2Tokens(client_id="c", access_token="a2", refresh_token="r2", expires_at=1.5)
NAMES = ["bot", "a b", "ünï:cödé/%2F", "*", "[a-z]?", "{x}", "", "\\", '"quoted"', "x" * 500]


async def test_what_was_saved_last_is_loaded_until_it_is_deleted(store):
    assert await store.load("bot") is None
    assert await store.accounts() == []
    await store.delete("bot")  # harmless where nothing is
    await store.save("bot", FIRST)
    assert await store.load("bot") == FIRST
    await store.save("bot", SECOND)
    assert await store.load("bot") == SECOND
    await store.delete("bot")
    assert await store.load("bot") is None
    assert await store.accounts() == []


async def test_every_kind_is_kept(store):
    keys = OAuth1Tokens(
        consumer_key="k", consumer_secret="s", access_token="t", access_token_secret="u"
    )
    app = AppOnlyTokens(bearer_token="b")
    await store.save("user", keys)
    await store.save("app", app)
    assert (await store.load("user"), await store.load("app")) == (keys, app)


async def test_any_name_will_do_and_touches_no_other(store):
    for number, name in enumerate(NAMES):
        await store.save(name, AppOnlyTokens(bearer_token=str(number)))
    assert sorted(await store.accounts()) == sorted(NAMES)
    await store.delete("*")
    for number, name in enumerate(NAMES):
        expected = None if name == "*" else AppOnlyTokens(bearer_token=str(number))
        assert await store.load(name) == expected


async def test_saving_many_accounts_at_once_loses_none(store):
    async with anyio.create_task_group() as tasks:
        for number in range(40):
            tasks.start_soon(store.save, f"bot {number}", FIRST)
    assert len(await store.accounts()) == 40


async def test_a_lock_is_held_by_one_at_a_time(store):
    inside, most, entered = 0, 0, 0

    async def enter() -> None:
        nonlocal inside, most, entered
        async with store.lock("bot"):
            inside += 1
            most = max(most, inside)
            entered += 1
            for _ in range(3):
                await asyncio.sleep(0)
            inside -= 1

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            for _ in range(12):
                tasks.start_soon(enter)
    assert (most, entered) == (1, 12)


async def test_the_lock_of_one_account_holds_up_no_other(store):
    with anyio.fail_after(10):
        async with store.lock("bot"), store.lock("other"), store.lock(""):
            await store.save("bot", FIRST)
            await store.save("other", SECOND)
    assert (await store.load("bot"), await store.load("other")) == (FIRST, SECOND)


async def test_an_error_inside_frees_the_lock(store):
    with pytest.raises(ZeroDivisionError):
        async with store.lock("bot"):
            raise ZeroDivisionError
    with anyio.fail_after(10):
        async with store.lock("bot"):
            pass


@pytest.mark.parametrize("how", ["by a scope", "by its task"])
async def test_who_is_cancelled_at_any_step_of_locking_leaves_it_free(store, how):
    async def hold() -> None:
        async with store.lock("bot"):
            await anyio.sleep_forever()

    async def pass_by(steps: int) -> None:
        for _ in range(steps):
            await asyncio.sleep(0.0005 if steps % 5 == 4 else 0)

    for steps in range(25):
        if how == "by a scope":
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(hold)
                await pass_by(steps)
                tasks.cancel_scope.cancel()
        else:
            task = asyncio.ensure_future(hold())
            await pass_by(steps)
            task.cancel()
            await asyncio.wait([task])
    with anyio.fail_after(20):
        async with store.lock("bot"):
            pass


async def test_a_waiter_that_is_cancelled_stands_in_nobody_s_way(store):
    async def wait() -> None:
        async with store.lock("bot"):
            # It may get the lock that is freed as it is cancelled.
            await anyio.lowlevel.checkpoint()
            raise AssertionError("the lock was held")

    async with anyio.create_task_group() as tasks, store.lock("bot"):
        tasks.start_soon(wait)
        await anyio.sleep(0.03)
        tasks.cancel_scope.cancel()
    with anyio.fail_after(10):
        async with store.lock("bot"):
            pass


async def test_no_lock_in_memory_outlives_its_use():
    store = MemoryTokenStore()
    async with store.lock("bot"), store.lock("other"):
        assert set(store._locks) == {"bot", "other"}
    assert store._locks == {}
