"""A budget in Redis: outages, lost answers, cancellations, many processes."""

import asyncio
import random
import sys

import anyio
import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

import twretweet as tw
from tests.budget.test_rules import DAY, page, posts
from tests.support.cancelling import ends_within
from twretweet.budget.redis import RedisBudget
from twretweet.protocol.charges import Most, Returned

pytestmark = pytest.mark.anyio


class Moody:
    """A client that loses answers: the script has run, and nobody hears of it."""

    def __init__(self, client: Redis) -> None:
        self.client = client
        self.lose = 0
        self.away = False
        self.twice = False
        self.calls: list[str] = []

    async def evalsha(self, sha: str, numkeys: int, *words: str) -> object:
        self.calls.append(words[numkeys])
        if self.away:
            raise RedisConnectionError("away")
        answer = await self.client.evalsha(sha, numkeys, *words)
        if self.twice:
            answer = await self.client.evalsha(sha, numkeys, *words)
        if self.lose:
            self.lose -= 1
            raise RedisConnectionError("lost")
        return answer

    async def eval(self, script: str, numkeys: int, *words: str) -> object:
        return await self.client.eval(script, numkeys, *words)


@pytest.fixture
def moody(redis):
    return Moody(redis)


async def test_one_name_is_one_budget_and_another_name_another(redis):
    one, two = RedisBudget(redis, 1, name="bots"), RedisBudget(redis, 1, name="bots")
    other = RedisBudget(redis, 1, name="walks")
    await one.reserve(page(), DAY)
    await two.reserve(page(), DAY)
    with pytest.raises(tw.BudgetExceeded):
        await one.reserve(page(1), DAY)
    assert (one.reserved, one.left) == (1.0, 0)
    await other.refresh()
    assert (other.spent, other.reserved, other.left) == (0, 0, 1)


async def test_what_one_process_paid_today_is_free_for_the_others(redis):
    one, two = RedisBudget(redis, 1, name="x"), RedisBudget(redis, 1, name="x")
    held = await one.reserve(page(), DAY)
    assert await held.settle(posts(1, 2), DAY) == 10_000
    held = await two.reserve(page(), DAY)
    assert await held.settle(posts(2, 3), DAY) == 5000


async def test_a_days_resources_are_forgotten_by_redis_itself(redis):
    budget = RedisBudget(redis, 1, name="x", prefix="p")
    held = await budget.reserve(page(), DAY)
    await held.settle(posts(1), DAY)
    keys = {key.decode(): await redis.ttl(key) for key in await redis.keys()}
    assert keys.pop(f"p:budget:{{x}}:{DAY}:post_read") in range(172_700, 172_801)
    assert keys == {"p:budget:{x}:money": -1}


async def test_an_answer_that_was_lost_reserves_nothing(moody):
    budget = RedisBudget(moody, 1, name="x")
    await budget.refresh()
    moody.lose = 1
    with pytest.raises(tw.BudgetUnavailable, match=r"lost.*nothing was sent"):
        await budget.reserve(page(), DAY)
    held = await budget.reserve(page(), DAY)
    assert (budget.reserved, held.amount) == (0.5, 500_000)
    assert moody.calls == ["look", "reserve", "release", "reserve"]


@pytest.mark.parametrize(("outcome", "spent"), [("release", 0), ("keep", 0.5), ("settle", 0.01)])
async def test_what_redis_did_not_hear_it_is_told_later_and_counts_once(moody, outcome, spent):
    budget = RedisBudget(moody, 1, name="x")
    held = await budget.reserve(page(), DAY)
    moody.lose = 1
    if outcome == "settle":
        assert await held.settle(posts(1, 2), DAY) == 10_000, "as far as can be told"
    else:
        await getattr(held, outcome)()
    await budget.aclose()
    await budget.refresh()
    assert (budget.spent, budget.reserved) == (spent, 0)
    assert moody.calls == ["reserve", outcome, outcome, "look"]


@pytest.mark.parametrize("noticed", ["by who looks", "by who is refused"])
async def test_what_the_dead_had_reserved_counts_as_spent_after_a_lease(redis, noticed):
    budget = RedisBudget(redis, 1, name="x", lease=600)
    died, lives = await budget.reserve(page(), DAY), await budget.reserve(page(), DAY)
    [(key, held)] = [(key, await redis.hgetall(key)) for key in await redis.keys("*:held")]
    name, kept = next(item for item in held.items() if item[0].decode() == died._name)
    amount, since = kept.split(b":")
    await redis.hset(key, name, b"%s:%d" % (amount, int(since) - 601))
    if noticed == "by who looks":
        await budget.refresh()
    else:
        with pytest.raises(tw.BudgetExceeded, match=r"\$0\.50 are spent and \$0\.50 reserved"):
            await budget.reserve(page(), DAY)
    assert (budget.spent, budget.reserved) == (0.5, 0.5)
    assert await died.settle(posts(1), DAY) == 0, "it is paid already"
    assert await lives.settle(posts(2), DAY) == 5000
    assert (budget.spent, budget.reserved) == (0.505, 0)


async def test_redis_is_asked_before_the_wait_only_if_there_may_be_too_little(moody):
    budget, other = RedisBudget(moody, 1, name="x"), RedisBudget(moody.client, 1, name="x")
    await budget.check(page(), DAY)
    held = await other.reserve(page(200), DAY)
    await budget.check(page(), DAY)
    assert moody.calls == []
    await budget.refresh()
    with pytest.raises(tw.BudgetExceeded):
        await budget.check(page(), DAY)
    await held.release()
    await budget.check(page(), DAY)
    assert (budget.spent, budget.reserved, moody.calls) == (0, 0, ["look"] * 3)


async def test_a_client_that_repeats_its_calls_changes_nothing(moody):
    """redis-py does so when a connection breaks."""
    budget = RedisBudget(moody, 1, name="x")
    await budget.refresh()
    moody.twice = True
    held = await budget.reserve(page(30), DAY)
    assert (held.items, held.amount, budget.reserved) == (30, 150_000, 0.15)
    await held.settle(posts(1, 2), DAY)
    assert (budget.spent, budget.reserved) == (0.01, 0)


async def test_while_redis_is_away_nothing_is_reserved_and_closing_says_what_is_untold(moody):
    budget = RedisBudget(moody, 1, name="x")
    held = await budget.reserve(page(), DAY)
    moody.away = True
    await held.keep()
    with pytest.raises(tw.BudgetUnavailable, match="could not be asked"):
        await budget.reserve(page(), DAY)
    with pytest.raises(tw.BudgetUnavailable):
        await budget.aclose()
    moody.away = False
    async with budget:
        pass
    await budget.refresh()
    assert (budget.spent, budget.reserved) == (0.5, 0)


async def test_redis_that_does_not_answer_or_answers_nonsense_is_told_apart():
    class Odd:
        def __init__(self, answer: object) -> None:
            self.answer = answer

        async def evalsha(self, *_: object) -> object:
            if self.answer is None:
                await anyio.sleep_forever()
            return self.answer

        eval = evalsha

    budget = RedisBudget(Odd(None), 1, name="x", timeout=0.01)
    with pytest.raises(tw.BudgetUnavailable, match=r"within 0\.01 s"):
        await budget.refresh()
    for answer in (b"OK", [1, 2], [1, 2, 3, "x"], 7):
        budget = RedisBudget(Odd(answer), 1, name="x")
        with pytest.raises(tw.BudgetUnavailable, match="no sense"):
            await budget.refresh()


@pytest.mark.parametrize("outcome", ["reserve", "release", "keep", "settle"])
async def test_wherever_it_is_cancelled_no_money_is_lost_or_counted_twice(redis, outcome):
    cancelled = 0
    for most in range(200):
        budget = RedisBudget(redis, 1, name=f"{outcome}{most}")
        if outcome == "reserve":
            work = budget.reserve(page(), DAY)
        else:
            held = await budget.reserve(page(), DAY)
            work = held.settle(posts(1), DAY) if outcome == "settle" else getattr(held, outcome)()
        ended = await ends_within(most, work)
        if ended:
            break
        cancelled += 1
        await budget.aclose()
        await budget.refresh()
        # Before its first step it can't do anything.
        spent = {"keep": 0.5, "settle": 0.005}.get(outcome, 0) if most else 0
        held_still = 0.5 if not most and outcome != "reserve" else 0
        assert (budget.spent, budget.reserved) == (spent, held_still)
    assert cancelled > 1


WORKER = """
import asyncio, sys
from redis.asyncio import Redis
import twretweet as tw
from twretweet.budget.redis import RedisBudget
from twretweet.protocol.charges import Most, Returned

async def main() -> None:
    number = int(sys.argv[2])
    async with Redis(port=int(sys.argv[1])) as client, RedisBudget(client, 1, name="x") as budget:
        print("ready", flush=True)
        sys.stdin.readline()
        spent = 0
        while True:
            try:
                held = await budget.reserve(Most(charge="post_read", items=7, fewest=1), 1)
            except tw.BudgetExceeded as error:
                if not error.reserved:
                    print(spent)
                    return
                continue
            start = 1000 * number + spent // 5000
            ids = tuple(str(start + each) for each in range(held.items))
            spent += await held.settle(Returned(charge="post_read", data=ids), 1)

asyncio.run(main())
"""


async def test_processes_together_spend_the_cap_and_no_more(redis_server, redis):
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", WORKER, str(redis_server.port), str(number)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for number in range(3)
    ]
    for process in processes:
        assert await process.stdout.readline() == b"ready\n"
    for process in processes:
        process.stdin.write(b"go\n")
    spent = [int((await process.communicate())[0]) for process in processes]
    budget = RedisBudget(redis, 1, name="x")
    await budget.refresh()
    assert (sum(spent), budget.spent, budget.reserved) == (1_000_000, 1, 0)


FORKED = """
import asyncio, os, sys
from redis.asyncio import Redis
from twretweet.budget.redis import RedisBudget
from twretweet.protocol.charges import Most

async def reserve(client, budget):
    await budget.reserve(Most(charge="post_read", items=100), 1)
    await client.aclose()

client = Redis(port=int(sys.argv[1]))
budget = RedisBudget(client, 1, name="x")
child = os.fork()
asyncio.run(reserve(client, budget))
if child:
    assert os.waitpid(child, 0)[1] == 0
"""


async def test_processes_that_were_forked_reserve_for_themselves(redis_server, redis):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", FORKED, str(redis_server.port))
    )
    assert await process.wait() == 0
    budget = RedisBudget(redis, 1, name="x")
    await budget.refresh()
    assert budget.reserved == 1.0


@pytest.mark.parametrize("seed", range(6))
async def test_the_script_keeps_the_same_books_as_the_ledger(redis, seed):
    dice = random.Random(seed)
    twins = (tw.Budget(3), RedisBudget(redis, 3, name="twin"))
    held: list[tuple[object, object]] = []
    day = DAY
    for _ in range(150):
        act = dice.random()
        if act < 0.45 or not held:
            most = Most(
                charge=dice.choice(["post_read", "user_read", "interaction_create", None]),
                items=dice.randint(1, 60),
                added=dice.choice([(), (("user_read", 2),), (("media_read", 1),)]),
                shared=dice.choice([(), (("user_read", 9),)]),
                fewest=dice.choice([None, 1, 1, 12]),
            )
            outcomes = [await refused(budget.reserve(most, day)) for budget in twins]
            if isinstance(outcomes[0], str):
                assert outcomes[0] == outcomes[1]
            else:
                assert outcomes[0].items == outcomes[1].items
                assert outcomes[0].amount == outcomes[1].amount
                held.append((*outcomes, most.charge))
        elif act < 0.95:
            *pair, charge = held.pop(dice.randrange(len(held)))
            data = [str(dice.randint(1, 300)) for _ in range(dice.randint(0, 40))]
            added = (("user_read", (str(dice.randint(1, 9)), "none")),)
            got = Returned(charge=charge, data=tuple(data), added=added)
            end = dice.random()
            when = None if end < 0.1 else day
            if end < 0.6:
                paid = [await each.settle(got, when) for each in pair]
                assert paid[0] == paid[1]
            else:
                for each in pair:
                    await (each.keep() if end < 0.7 else each.release())
        else:
            day += 1
        if dice.random() < 0.1:
            for budget in twins:
                budget.cap = budget.cap + 1
        assert (twins[0].spent, twins[0].reserved) == (twins[1].spent, twins[1].reserved)


async def refused(reserving) -> object:
    try:
        return await reserving
    except tw.BudgetExceeded as error:
        return str(error)


@pytest.mark.parametrize("name", ["", "a{b", "}"])
def test_a_name_that_would_spoil_the_keys_is_refused(name):
    with pytest.raises(tw.QueryError, match="name is"):
        RedisBudget(Redis(), 1, name=name)
