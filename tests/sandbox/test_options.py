"""What can be chosen about a sandbox: whatever can, can be saved and loaded."""

import contextlib
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.http import serving
from tests.support.clock import ManualClock
from twretweet.sandbox import Limit, Sandbox, snapshot

ME = "GET /2/users/me"
FAR = 3_400_000_000


@pytest.mark.anyio
@pytest.mark.parametrize(
    "chosen",
    [
        {"retweets": 100_000_000},
        {"window_scale": 100_000.0, "limits": {ME: [Limit("user", 100_000_000, 10_000_000)]}},
        {"window_scale": 1e-300},
        {"token_lifetime": 1e9, "code_lifetime": 1e9},
        {"daily_updates": 100_000_000},
        {"seed": -(1 << 63)},
    ],
    ids=lambda chosen: next(iter(chosen)),
)
async def test_at_its_farthest_a_sandbox_can_be_saved_and_loaded(
    chosen: dict[str, Any], tmp_path: Path
) -> None:
    path, clock = tmp_path / "state.jsonl", ManualClock()
    sandbox = Sandbox(clock=clock, **chosen)
    async with serving(sandbox, clock) as api:
        sandbox.add_tweet(retweets=100_000_000)
        # As far as a sandbox can be moved on.
        clock.advance(FAR - clock.time())
        for call in (api.get("/2/users/me"), api.get(f"{api.tweet}/retweets"), api.retweet()):
            assert (await call).status == 200
        sandbox.add_tweet(retweets=5)
        sandbox.save(path)
        assert not sandbox.failures
    again = Sandbox(clock=clock, state=path, **chosen)
    assert list(snapshot.lines(again._core)) == list(snapshot.lines(sandbox._core))


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"retweets": 100_000_001}, "retweets is 100000001: it must be between 0 and 100000000"),
        ({"retweets": -1}, "retweets is -1"),
        ({"window_scale": 100_001.0}, "window_scale is 100001.0: .* at most 100000"),
        ({"window_scale": 0.0}, "window_scale is 0.0: it must be above 0"),
        ({"window_scale": math.inf}, "window_scale is inf"),
        ({"window_scale": math.nan}, "window_scale is nan"),
        ({"token_lifetime": math.inf}, "token_lifetime is inf"),
        ({"code_lifetime": -1.0}, "code_lifetime is -1.0"),
        ({"daily_updates": 100_000_001}, "daily_updates is 100000001"),
        ({"seed": 1 << 63}, "seed is"),
        ({"limits": {ME: [Limit("user", 100_000_001)]}}, f"requests of a limit of {ME} is"),
        ({"limits": {ME: [Limit("user", 1, 10_000_001)]}}, f"seconds of a limit of {ME} is"),
    ],
)
def test_what_could_not_be_loaded_again_is_refused(chosen: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Sandbox(**chosen)


@given(st.floats())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_the_clock_goes_no_farther_than_ids_have_room(seconds: float) -> None:
    sandbox = Sandbox(retweets=0)
    core = sandbox._core
    with contextlib.suppress(ValueError):
        core.advance(seconds)
    assert core.clock.time() < FAR + 60
    sandbox.add_retweets()
    snapshot.load(core, list(snapshot.lines(core)))
