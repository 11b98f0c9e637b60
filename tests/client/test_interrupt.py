"""What is ended from outside: its task goes on, and whoever else cancels it is heard."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import aiohttp
import anyio
import pytest

import twretweet as tw
from tests.support.scripted import ScriptedServer, page, reply
from twretweet.interrupt import Deadlines, Interruptible, bare
from twretweet.sandbox import Quirks, Sandbox

pytestmark = pytest.mark.anyio


class EndedError(Exception):
    """It was interrupted."""


async def interruptible(
    work: Callable[[], Awaitable[object]], parts: list[Interruptible]
) -> object:
    part = Interruptible()
    parts.append(part)
    try:
        return await work()
    except asyncio.CancelledError:
        if not part.take_back():
            raise
    finally:
        part.close()
    raise EndedError


def own_task() -> asyncio.Task:
    task = asyncio.current_task()
    assert task is not None
    return task


async def forever() -> None:
    await asyncio.sleep(1e6)


async def test_a_task_goes_on_after_a_part_of_it_was_interrupted():
    parts: list[Interruptible] = []
    asyncio.get_running_loop().call_later(1, lambda: parts[0].interrupt())  # noqa: PLW0108  not yet
    with pytest.raises(EndedError):
        await interruptible(forever, parts)
    assert own_task().cancelling() == 0
    await asyncio.sleep(1)


@pytest.mark.parametrize("order", [1, -1])
async def test_a_task_that_is_cancelled_in_the_same_moment_stays_cancelled(order):
    parts: list[Interruptible] = []
    task = asyncio.ensure_future(interruptible(forever, parts))
    await asyncio.sleep(1)
    for end in (task.cancel, parts[0].interrupt)[::order]:
        end()
    await asyncio.wait([task])
    assert task.cancelled()


@pytest.mark.parametrize("order", [1, -1])
async def test_a_scope_cancelled_in_the_same_moment_hides_the_error_from_nobody(order):
    """The scope would take the cancellation for somebody else's, and end its task."""
    parts: list[Interruptible] = []
    scope = anyio.CancelScope()
    caught = []

    async def scoped() -> None:
        with scope:
            try:
                await interruptible(forever, parts)
            except EndedError:
                caught.append("ended")
            await asyncio.sleep(1)
            caught.append("went on inside")
        await asyncio.sleep(1)

    task = asyncio.ensure_future(scoped())
    await asyncio.sleep(1)
    for end in (scope.cancel, parts[0].interrupt)[::order]:
        end()
    await task
    assert caught == ["ended"]
    assert scope.cancelled_caught


async def test_of_two_parts_one_in_the_other_both_end_and_only_the_outer_one_is_told():
    parts: list[Interruptible] = []
    task = asyncio.ensure_future(interruptible(lambda: interruptible(forever, parts), parts))
    await asyncio.sleep(1)
    for part in parts:
        part.interrupt()
    with pytest.raises(EndedError):
        await task
    assert task.cancelling() == 0


async def test_what_ends_in_spite_of_it_leaves_the_task_uncancelled():
    async def stubborn() -> str:
        try:
            await forever()
        except asyncio.CancelledError:
            return "done"
        raise AssertionError

    parts: list[Interruptible] = []
    asyncio.get_running_loop().call_later(1, lambda: parts[0].interrupt())  # noqa: PLW0108  not yet
    assert await interruptible(stubborn, parts) == "done"
    assert own_task().cancelling() == 0


async def swallowing(times: int) -> None:
    for _ in range(times):
        with contextlib.suppress(asyncio.CancelledError):
            await forever()
    await forever()


async def test_what_swallows_a_cancellation_is_ended_by_another():
    parts: list[Interruptible] = []
    for moment in (1, 2, 3):
        asyncio.get_running_loop().call_later(moment, lambda: parts[0].interrupt())  # noqa: PLW0108  not yet
    with pytest.raises(EndedError):
        await interruptible(lambda: swallowing(2), parts)
    assert own_task().cancelling() == 0


async def hearing() -> None:
    part = Interruptible()
    with contextlib.suppress(asyncio.CancelledError):
        await forever()
    await part.hear()
    raise AssertionError("it went on")


async def test_a_cancellation_that_was_swallowed_is_heard():
    task = asyncio.ensure_future(hearing())
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    await Interruptible().hear()


async def test_one_of_a_scope_that_was_swallowed_is_heard_as_that_scope_s():
    with anyio.move_on_after(1) as scope:
        await hearing()
    assert scope.cancelled_caught
    assert own_task().cancelling() == 0


async def test_a_manager_that_closes_tells_again_whoever_swallowed_it():
    class Stubborn(tw.MemoryLimiter):
        async def acquire(self, bucket, *, max_wait):
            await swallowing(3)
            raise AssertionError

    manager = await tw.SessionManager(base_url="http://127.0.0.1:9", limiter=Stubborn()).open()
    call = asyncio.ensure_future(manager.session(tw.OAuth1("k", "s", "1-t", "x")).retweet(1))
    await asyncio.sleep(1)
    await manager.aclose()
    with pytest.raises(tw.ManagerClosed, match="during"):
        await call
    assert call.done()


async def bared(work: Callable[[], Awaitable[object]]) -> None:
    failure: BaseException
    try:
        await work()
    except BaseException as error:  # noqa: BLE001  # it is raised below
        failure = error
    raise bare(failure)


async def made_anew() -> None:
    try:
        await forever()
    except asyncio.CancelledError:
        raise asyncio.CancelledError  # noqa: B904  # as some libraries do


async def test_a_scope_knows_its_own_cancellation_without_the_frames_it_came_through():
    with anyio.move_on_after(1) as scope:
        await bared(made_anew)
    assert scope.cancelled_caught
    try:
        raise KeyError  # noqa: TRY301
    except KeyError:
        with anyio.move_on_after(1) as scope:
            await bared(made_anew)
    assert scope.cancelled_caught


@pytest.mark.parametrize("handled", [KeyError("theirs"), asyncio.CancelledError("the first")])
async def test_what_the_caller_was_handling_stays_as_it_was(handled):
    async def call() -> None:
        try:
            raise handled
        except type(handled):
            await bared(forever)

    task = asyncio.ensure_future(call())
    await asyncio.sleep(1)
    task.cancel("the second")
    with pytest.raises(asyncio.CancelledError, match="the second") as caught:
        await task
    assert caught.value.__context__ is handled
    assert handled.__traceback__ is not None


async def test_only_a_task_has_parts():
    failed = asyncio.get_running_loop().create_future()

    def outside() -> None:
        try:
            Interruptible()
        except RuntimeError as error:
            failed.set_result(str(error))

    asyncio.get_running_loop().call_soon(outside)
    assert "inside" in await failed


async def test_each_has_the_whole_of_its_time_and_no_timer_is_left_behind():
    loop = asyncio.get_running_loop()
    deadlines, ended = Deadlines(10), []

    async def run(start: float, length: float) -> None:
        await asyncio.sleep(start)
        timed = deadlines.begin()
        try:
            await asyncio.sleep(length)
            ended.append((loop.time() - began, "in time"))
        except asyncio.CancelledError:
            assert timed.take_back()
            ended.append((loop.time() - began, "late"))
        finally:
            deadlines.end(timed)

    began = loop.time()
    times = [(0, 3), (1, 20), (2, 9), (4, 20), (4, 1), (16, 1)]
    await asyncio.gather(*[run(*each) for each in times])
    expected = [(3, "in time"), (5, "in time"), (11, "late"), (11, "in time"), (14, "late")]
    expected.append((17, "in time"))
    assert sorted((round(at), what) for at, what in ended) == sorted(expected)
    assert all(timer.cancelled() for timer in loop._scheduled)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("head", [False, True])
async def test_a_reply_that_comes_too_late_or_not_whole_is_a_timeout(clock, own, head):
    async with ScriptedServer() as server, aiohttp.ClientSession() as http:
        server.replies.append(reply(200, b"{", length=1000) if head else ...)
        async with tw.SessionManager(
            base_url=server.url,
            clock=clock,
            timeout=7,
            http=http if own else None,
            retry=tw.RetryPolicy(attempts=1),
        ) as manager:
            with pytest.raises(tw.RequestTimeout, match="within 7 s"):
                await manager.session(tw.AppOnly("t")).retweets(1).collect()
            assert round(clock.monotonic()) == 7
            assert own_task().cancelling() == 0
            [state] = manager.rate_limits()
            assert state.in_flight == 0


async def test_a_timeout_is_heard_by_the_request_and_a_cancellation_by_the_task(clock):
    async with ScriptedServer() as server:
        server.replies.append(...)
        async with tw.SessionManager(base_url=server.url, clock=clock, timeout=7) as manager:
            session = manager.session(tw.AppOnly("t"))
            task = asyncio.ensure_future(session.retweets(1).collect())
            await asyncio.sleep(6.999)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()


@pytest.mark.parametrize("own", [False, True])
async def test_both_ways_through_aiohttp_send_and_read_the_same(clock, own):
    large = page(*[str(number) for number in range(1, 101)])
    large["data"][0]["text"] = "x" * 500_000
    async with ScriptedServer() as server, aiohttp.ClientSession() as http:
        server.replies += [reply(200, page("1")), reply(200, large), reply(404, {"title": "?"})]
        async with tw.SessionManager(
            base_url=server.url, clock=clock, http=http if own else None
        ) as manager:
            session = manager.session(tw.AppOnly("token"))
            assert len(await session.retweets(1).collect()) == 1
            [first, *others] = await session.retweets(1).collect()
            assert (len(first.text), len(others)) == (500_000, 99)
            with pytest.raises(tw.NotFound):
                await session.tweet(1)
    for seen in server.requests:
        del seen.headers["host"]
        assert seen.headers == {
            "user-agent": f"twretweet/{tw.__version__}",
            "accept": "application/json",
            "accept-encoding": "gzip, deflate",
            "authorization": "Bearer token",
        }


async def test_a_task_goes_on_after_its_call_was_ended_by_closing(clock):
    async with Sandbox(retweets=5, clock=clock, quirks=Quirks(latency=10)) as sandbox:
        manager = await tw.SessionManager(base_url=sandbox.url, clock=clock).open()
        session = manager.session(sandbox.oauth1)

        async def act() -> str:
            for call in (session.me, lambda: session.retweet(sandbox.tweet_id)):
                with pytest.raises(tw.ManagerClosed):
                    await call()
            await asyncio.sleep(1)
            assert own_task().cancelling() == 0
            return "went on"

        task = asyncio.ensure_future(act())
        await asyncio.sleep(1)
        await manager.aclose()
        assert await task == "went on"


async def test_a_call_that_is_cancelled_while_the_manager_closes_is_cancelled(clock):
    async with Sandbox(retweets=5, clock=clock, quirks=Quirks(latency=10)) as sandbox:
        manager = await tw.SessionManager(base_url=sandbox.url, clock=clock).open()
        task = asyncio.ensure_future(manager.session(sandbox.oauth1).me())
        await asyncio.sleep(1)
        closing = asyncio.ensure_future(manager.aclose())
        task.cancel()
        await asyncio.wait([task, closing])
        assert task.cancelled()
        assert closing.exception() is None
