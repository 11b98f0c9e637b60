"""Watching a tweet over real HTTP on virtual time: each new retweet once, and no 429."""

import asyncio
from collections.abc import AsyncIterator

import anyio
import pytest

import twretweet as tw
from tests.support.scripted import ScriptedServer, page, reply
from tests.support.virtual_time import LoopClock
from twretweet.events import Event, PageTokenExpired
from twretweet.sandbox import Sandbox
from twretweet.sandbox.snowflake import first_id

pytestmark = pytest.mark.anyio


class Crowd(LoopClock):
    """The clock of a sandbox in which people go on retweeting.

    Whoever asks for the time finds the retweets made that were due by then.

    Args:
        every: seconds between two retweets.
    """

    def __init__(self, every: float) -> None:
        super().__init__()
        self.every = every
        self.sandbox: Sandbox | None = None
        self.made: list[str] = []
        self._began = 0.0
        self._coming = self._came = 0

    def begin(self, sandbox: Sandbox, count: int) -> None:
        """From now on, have so many retweets made."""
        self.sandbox = sandbox
        self._began = super().time()
        self._coming, self._came = count, 0

    def time(self) -> float:
        now = super().time()
        while self._came < self._coming:
            due = self._began + self.every * (self._came + 1)
            if due > now:
                break
            self.retweet(due)
            self._came += 1
        return now

    def retweet(self, at: float) -> str:
        assert self.sandbox is not None
        world = self.sandbox._world
        tweet = world.tweet(int(self.sandbox.tweet_id))
        made = world.retweet(7_000_000 + len(self.made), tweet, first_id(at))
        self.made.append(str(made.id))
        return self.made[-1]

    def undo(self, number: int) -> None:
        assert self.sandbox is not None
        world = self.sandbox._world
        assert world.undo(7_000_000 + number, world.tweet(int(self.sandbox.tweet_id)))


@pytest.fixture
def crowd() -> Crowd:
    return Crowd(0.2)


@pytest.fixture
async def x(crowd) -> AsyncIterator[Sandbox]:
    async with Sandbox(retweets=150, clock=crowd) as sandbox:
        yield sandbox
        assert not sandbox.failures
        assert sandbox.rejected == 0


@pytest.fixture
async def session(x, clock) -> AsyncIterator[tw.Session]:
    async with tw.SessionManager(base_url=x.url, clock=clock) as manager:
        yield manager.session(x.oauth1)


async def take(watch: tw.Watch[tw.Tweet], count: int) -> list[str]:
    return [(await anext(watch)).id for _ in range(count)]


async def test_an_hour_of_five_retweets_a_second_misses_none_and_repeats_none(x, session, crowd):
    watch = session.watch_retweets(x.tweet_id)
    crowd.begin(x, 18_000)
    # The first look finds the first few there already.
    got = [(await anext(watch)).id]
    before = crowd.made.index(got[0])
    got += await take(watch, 18_000 - before - 1)
    assert got == crowd.made[before:]
    assert before <= 1
    assert len(x.requests) <= 4 * 75 + 1
    first = x.requests[0].time
    for quarter in range(4):
        inside = [
            seen for seen in x.requests if quarter <= (seen.time - first) / 900 < quarter + 1
        ]
        assert len(inside) >= 74, "as often as the window allows"


async def test_restarted_from_its_checkpoint_at_any_time_it_misses_and_repeats_nothing(
    x, session, crowd
):
    watch = session.watch_retweets(x.tweet_id)
    crowd.begin(x, 3000)
    got: list[str] = []
    for number in range(40):
        got += await take(watch, 7 * number % 50)
        point = tw.Checkpoint.from_json(watch.checkpoint().to_json())
        assert point.count == len(got)
        assert len(point.handed_out) <= 1001
        watch = session.watch_retweets(x.tweet_id, resume=point)
        if number == 20:
            await anyio.sleep(300)  # it was away for 1500 retweets, which are 15 pages
    got += await take(watch, 3000 - crowd.made.index(got[0]) - len(got))
    assert got == crowd.made[crowd.made.index(got[0]) :]


async def test_nothing_is_handed_out_of_what_was_there_before(x, session, crowd):
    watch = session.watch_retweets(x.tweet_id)
    with anyio.move_on_after(100):
        await anext(watch)
        pytest.fail("there was nothing new")
    crowd.begin(x, 1)
    await anyio.sleep(1)
    assert (await anext(watch)).id == crowd.made[0]


async def test_a_tweet_that_nobody_had_retweeted_is_watched_from_its_first_retweet(clock, crowd):
    async with (
        Sandbox(retweets=0, clock=crowd) as x,
        tw.SessionManager(base_url=x.url, clock=clock) as manager,
    ):
        session = manager.session(x.oauth1)
        watch = session.watch_retweets(x.tweet_id)
        with anyio.move_on_after(30):
            await anext(watch)
        point = watch.checkpoint()
        crowd.begin(x, 100)
        assert await take(watch, 50) == crowd.made[:50]
        again = session.watch_retweets(x.tweet_id, resume=point)
        assert await take(again, 100) == crowd.made


async def test_undone_retweets_the_last_known_one_among_them_do_no_harm(x, session, crowd):
    watch = session.watch_retweets(x.tweet_id)
    with anyio.move_on_after(5):
        await anext(watch)
    crowd.begin(x, 300)
    got = await take(watch, 50)
    for number in range(10, 50):
        crowd.undo(number)
    got += await take(watch, 250)
    for number in range(200, 300):
        crowd.undo(number)
    crowd.begin(x, 50)
    got += await take(watch, 50)
    assert got == crowd.made


async def test_an_undone_retweet_that_is_made_again_is_a_new_one(x, session, crowd):
    watch = session.watch_retweets(x.tweet_id)
    with anyio.move_on_after(5):
        await anext(watch)
    crowd.begin(x, 5)
    await anyio.sleep(20)
    first = await take(watch, 5)
    crowd.undo(4)
    world = x._world
    again = world.retweet(7_000_004, world.tweet(int(x.tweet_id)), first_id(crowd.time()))
    assert (await anext(watch)).id == str(again.id) not in first


async def test_looks_are_spread_over_what_the_window_has_left(x, session, clock):
    for _ in range(45):
        await session.retweets(x.tweet_id, limit=1).collect()
    x.requests.clear()
    watch = session.watch_retweets(x.tweet_id)
    with anyio.move_on_after(899):
        await anext(watch)
    assert len(x.requests) == 30, "all that was left"
    gaps = [b.time - a.time for a, b in zip(x.requests, list(x.requests)[1:], strict=False)]
    assert all(gap == pytest.approx(30, abs=0.1) for gap in gaps)


async def test_looks_are_no_closer_than_asked_for(x, session):
    watch = session.watch_retweets(x.tweet_id, every=60)
    with anyio.move_on_after(600):
        await anext(watch)
    assert len(x.requests) == 10


async def test_beside_other_walks_of_the_account_it_waits_its_turn(x, session, crowd, clock):
    watch = session.watch_retweets(x.tweet_id)
    crowd.begin(x, 9000)
    got: list[str] = []

    async def walk() -> None:
        for _ in range(60):
            await session.retweets(x.tweet_id, limit=1).collect()
            await anyio.sleep(20)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(walk)
        got.append((await anext(watch)).id)
        before = crowd.made.index(got[0])
        got += await take(watch, 9000 - before - 1)
    assert got == crowd.made[before:]


async def test_the_budget_stops_it_and_a_higher_one_lets_it_go_on(x, session, crowd):
    budget = tw.Budget(usd=1)
    watch = session.watch_retweets(x.tweet_id, budget=budget)
    crowd.begin(x, 600)
    got: list[str] = []
    for _ in range(2):
        with pytest.raises(tw.BudgetExceeded):
            while True:
                got.append((await anext(watch)).id)
        assert (budget.left, budget.reserved) == (0, 0)
        budget.cap += 1
    budget.cap = None
    before = crowd.made.index(got[0])
    got += await take(watch, 600 - before - len(got))
    assert got == crowd.made[before:]


async def test_a_failed_page_in_the_middle_is_fetched_again_and_nothing_else(clock):
    async with ScriptedServer() as server:
        server.replies.extend(
            [
                reply(200, page("5")),
                reply(200, page("9", "8", next_token="a")),
                reply(503),
                reply(200, page("7", "6", "5")),
                reply(200, page("9")),
            ]
        )
        once = tw.RetryPolicy(attempts=1)
        async with tw.SessionManager(base_url=server.url, clock=clock, retry=once) as manager:
            watch = manager.session(tw.AppOnly("t")).watch_retweets(1)
            with pytest.raises(tw.ServerError):
                await anext(watch)
            assert await take(watch, 4) == ["6", "7", "8", "9"]
    assert len(server.requests) == 4
    assert "pagination_token=a" in server.requests[3].target


async def test_a_page_token_that_x_has_forgotten_begins_again_and_is_told(clock):
    events: list[Event] = []
    forgotten = reply(
        400,
        {
            "title": "Invalid Request",
            "errors": [{"message": "The `pagination_token` query parameter value is not valid"}],
        },
    )
    async with ScriptedServer() as server:
        server.replies.extend(
            [
                reply(200, page("5")),
                reply(200, page("9", "8", next_token="a")),
                forgotten,
                reply(200, page("10", "9", "8", next_token="b")),
                forgotten,
                reply(200, page("10", "9", "8", "7", "5")),
            ]
        )
        async with tw.SessionManager(
            base_url=server.url, clock=clock, on_event=events.append
        ) as manager:
            watch = manager.session(tw.AppOnly("t")).watch_retweets(1)
            with pytest.raises(tw.InvalidRequest):
                await anext(watch)
            assert await take(watch, 4) == ["7", "8", "9", "10"]
    assert len([event for event in events if isinstance(event, PageTokenExpired)]) == 2


async def test_pages_that_lead_in_a_circle_are_told_and_hand_out_nothing_twice(clock):
    async with ScriptedServer() as server:
        server.replies.extend(
            [
                reply(200, page("5")),
                reply(200, page("9", next_token="a")),
                reply(200, page("9", next_token="a")),
                reply(200, page("9", "8", "5")),
            ]
        )
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            watch = manager.session(tw.AppOnly("t")).watch_retweets(1)
            with pytest.raises(tw.PaginationError, match="circle"):
                await anext(watch)
            assert await take(watch, 2) == ["8", "9"]


async def test_a_retweet_that_turns_up_late_is_found_if_it_is_on_the_page(clock):
    async with ScriptedServer() as server:
        server.replies.extend(
            [
                reply(200, page("5", "4")),
                reply(200, page("9", "7", "5", "4")),
                reply(200, page("10", "9", "8", "7", "6", "5", "4", "3")),
            ]
        )
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            watch = manager.session(tw.AppOnly("t")).watch_retweets(1)
            assert await take(watch, 5) == ["7", "9", "6", "8", "10"]


async def test_only_so_many_ids_are_remembered_and_older_ones_are_never_new(clock):
    ids = [str(number) for number in range(5000, 0, -1)]
    async with ScriptedServer() as server:
        server.replies.append(reply(200, page("1")))
        pages = [page(*ids[at : at + 100], next_token=f"t{at}") for at in range(0, 4900, 100)]
        server.replies.extend([reply(200, body) for body in pages])
        server.replies.append(reply(200, page(*ids[4900:])))
        server.replies.append(reply(200, page("3000", "17", "5001")))
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            watch = manager.session(tw.AppOnly("t")).watch_retweets(1)
            got = await take(watch, 4999)
            assert got == ids[-2::-1]
            assert len(watch.checkpoint().handed_out) <= 1001
            assert await take(watch, 1) == ["5001"]


async def test_wherever_it_is_cancelled_nothing_stays_behind_and_nothing_is_lost(x, clock, crowd):
    crowd.begin(x, 150)
    await anyio.sleep(31)
    crowd.time()
    point = tw.Checkpoint(
        endpoint="watch retweets", target=x.tweet_id, params={}, handed_out=(crowd.made[19],)
    )
    cancelled = 0
    for most in range(1000):
        async with tw.SessionManager(base_url=x.url, clock=clock) as manager:
            session = manager.session(x.new_account().oauth1)
            watch = session.watch_retweets(x.tweet_id, max_results=50, resume=point)
            got: list[str] = []

            async def read(watch=watch, got=got) -> None:
                while len(got) < 130:
                    got.append((await anext(watch)).id)

            task = asyncio.ensure_future(read())
            for _ in range(most):
                await asyncio.sleep(0)
                if task.done():
                    break
            ended = task.done()
            task.cancel()
            await asyncio.wait([task])
            assert all(state.in_flight == state.waiting == 0 for state in manager.rate_limits())
            await read()
            assert got == crowd.made[20:]
        if ended:
            break
        cancelled += 1
    assert 10 < cancelled < 999


async def test_problems_are_raised_if_wished_and_what_came_is_not_lost(clock):
    async with ScriptedServer() as server:
        body = {**page("6", "5"), "errors": [{"title": "t", "detail": "d"}]}
        server.replies.extend([reply(200, page("5")), reply(200, body)])
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            watch = manager.session(tw.AppOnly("t")).watch_retweets(1, on_problem="raise")
            with pytest.raises(tw.PartialResult):
                await anext(watch)
            assert (await anext(watch)).id == "6"


async def test_two_tasks_on_one_watch_get_a_clear_error(x, session):
    watch = session.watch_retweets(x.tweet_id)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(anext, watch)
        await anyio.sleep(1)
        with pytest.raises(tw.ConcurrentWalk):
            await anext(watch)
        tasks.cancel_scope.cancel()


async def test_a_checkpoint_of_a_walk_is_none_of_a_watch(x, session):
    walk = session.retweets(x.tweet_id)
    with pytest.raises(tw.CheckpointMismatch, match="another endpoint"):
        session.watch_retweets(x.tweet_id, resume=walk.checkpoint())
    watch = session.watch_retweets(x.tweet_id)
    with pytest.raises(tw.CheckpointMismatch, match="another endpoint"):
        session.retweets(x.tweet_id, resume=watch.checkpoint())


@pytest.mark.parametrize("every", [-1, float("inf"), float("nan")])
async def test_the_time_between_looks_is_a_number_of_seconds(session, every):
    with pytest.raises(tw.QueryError, match="every is"):
        session.watch_retweets(1, every=every)
