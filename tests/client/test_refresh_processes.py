"""One account in several processes, some of which die: real processes, real locks."""

import time
from dataclasses import replace

import anyio
import anyio.lowlevel
import pytest

import twretweet as tw
from tests.client.test_refresh import named, outcomes
from tests.support.processes import Job, call_often, open_store, workers
from twretweet.sandbox import Outage, Sandbox

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # other processes live by the wall clock


@pytest.fixture
async def sandbox():
    async with Sandbox() as sandbox:
        yield sandbox
        assert not sandbox.failures


@pytest.fixture(params=["file", "redis"])
def place(request, tmp_path):
    if request.param == "file":
        return str(tmp_path / "tokens.json")
    return request.getfixturevalue("redis_server").port


@pytest.fixture
def job(sandbox, place):
    return Job(sandbox.url, place, named(sandbox.oauth2), sandbox.tweet_id)


@pytest.mark.parametrize("known", ["known to have ended", "found to have ended by a 401"])
async def test_200_tasks_in_each_of_4_processes_refresh_once_and_none_fails(sandbox, job, known):
    sandbox.expire_access_tokens()
    if known == "known to have ended":
        expired = time.time() - 60
        job = replace(job, credentials=replace(job.credentials, expires_at=expired))
    async with workers(*[job] * 4) as processes:
        for process in processes:
            process.go()
        failures = [failure for process in processes for failure in await process.hear()]
    assert failures == []
    assert outcomes(sandbox) == ["rotated"]


class Death:
    """Kills a process when the sandbox has its request in hand."""

    def __init__(self) -> None:
        self.reached, self.dead = anyio.Event(), anyio.Event()
        self.then: int | str | None = None

    async def __call__(self) -> None:
        if not self.reached.is_set():
            self.reached.set()
            await self.dead.wait()
            if self.then == "drop":
                raise Outage(None)


SURVIVES = [
    "before the lock",
    "in the lock",
    "before the token is sent",
    "sent, and X never acts on it",
    "after it is stored",
]
LOST = [
    "sent, and X acts on it",
    "before the answer is read",
    "before the answer is stored",
]


@pytest.mark.parametrize("step", [*SURVIVES, *LOST])
async def test_a_process_killed_at_any_step_takes_the_account_with_it_only_if_x_had_rotated(
    sandbox, job, place, request, step
):
    death = Death()
    if step.startswith("sent"):
        sandbox.before_token = death
        death.then = "drop" if "never" in step else None
    elif step == "before the answer is read":
        sandbox.before_token_reply = death
    sandbox.expire_access_tokens()
    results: list[list[str]] = []

    async with workers(replace(job, pause=step, tasks=5)) as [victim], open_store(place) as store:
        victim.go()
        if sandbox.before_token or sandbox.before_token_reply:
            with anyio.fail_after(20):
                await death.reached.wait()
        else:
            assert await victim.hear() == step
        async with (
            tw.SessionManager(base_url=sandbox.url, token_store=store) as manager,
            anyio.create_task_group() as tasks,
        ):

            async def survive() -> None:
                session = manager.session(job.credentials)
                results.append(await call_often(session, job.tweet_id, 200))

            tasks.start_soon(survive)
            while not manager._pipeline._keeper._flights:
                await anyio.lowlevel.checkpoint()
            victim.end()
            death.dead.set()
            if isinstance(place, int):
                # Its lock has to end by itself; the test does not wait for that.
                redis_server = request.getfixturevalue("redis_server")
                redis_server.command("DEL", "twretweet:token-lock:bot")
        tokens = await store.load("bot")
    [failures] = results
    if step in SURVIVES:
        assert failures == []
        assert outcomes(sandbox) == ["rotated"]
        assert tokens.attempt is None
        return
    assert len(failures) == 200
    for failure in failures:
        assert failure.startswith("ReauthorizationRequired: X takes the tokens of bot no more")
        assert "a refresh at 20" in failure
        assert "was interrupted" in failure
        assert "twretweet login --account bot" in failure
    assert outcomes(sandbox) == ["rotated", "replayed"]
