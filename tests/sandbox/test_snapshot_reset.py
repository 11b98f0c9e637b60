"""A snapshot that a sandbox began with, and one that takes long to read."""

from pathlib import Path

import anyio
import msgspec
import pytest

from tests.sandbox.http import serving
from tests.support.clock import ManualClock
from twretweet.sandbox import Fault, Sandbox, snapshot

TWEET = "1228393702244134912"


def saved(sandbox: Sandbox) -> list[bytes]:
    return list(snapshot.lines(sandbox._core))


@pytest.mark.anyio
async def test_a_reset_brings_back_what_the_file_held_at_the_start(
    clock: ManualClock, tmp_path: Path
) -> None:
    path = tmp_path / "state.jsonl"
    before = Sandbox(retweets=3, seed=5, clock=clock)
    mine = before.add_tweet(text="From the file", retweets=2)
    before.save(path)
    sandbox = Sandbox(state=path, clock=clock, faults=[Fault("latency", seconds=0)])
    held = saved(sandbox)
    async with serving(sandbox, clock) as api:
        await api.retweet()
        sandbox.faults.clear()
        sandbox.add_tweet(text="Another")
        # Saving to the file it began with changes nothing of that.
        sandbox.save(path)
        sandbox.reset()
        assert saved(sandbox) == held
        assert [one.fault.kind for one in sandbox.faults] == ["latency"]
        # The keys that were given out are those of the file, and work.
        assert (await api.get(f"/2/tweets/{mine}")).body["data"]["text"] == "From the file"
        assert (await api.retweet()).status == 200


def test_a_long_snapshot_is_read_in_steps_and_taken_as_a_whole(clock: ManualClock) -> None:
    into = Sandbox(clock=clock, retweets=3)._core
    before = into.contents
    line = msgspec.json.encode({"type": "retweet", "tweet_id": TWEET})
    steps = snapshot.loading(into, [*[line] * 1500, *[b"\n"] * 1500])
    for _ in range(3):
        next(steps)
        assert into.contents is before
    assert list(steps) == []
    assert len(into.tweet(int(TWEET)).retweets) == 1503


@pytest.mark.anyio
async def test_others_are_answered_while_a_long_snapshot_is_read(
    clock: ManualClock, tmp_path: Path
) -> None:
    async with serving(Sandbox(clock=clock), clock) as api:
        url = f"{api.sandbox.url}/__sandbox__/snapshot"
        headers = {"content-type": "application/jsonl"}
        async with anyio.create_task_group() as tasks:

            async def post() -> None:
                async with api.http.post(url, data=b" \n" * 400_000, headers=headers) as reply:
                    assert reply.status == 204
                tasks.cancel_scope.cancel()

            tasks.start_soon(post)
            while True:
                asked = len(api.sandbox.requests)
                assert (await api.get(api.tweet)).status == 200
        # What is answered while it is read is remembered, and what it was about is replaced.
        assert asked > 5
