"""What a million retweets take. ``python -m benchmarks.sandbox.memory KIND RETWEETS``.

``computed`` are those that a sandbox starts with, ``sent`` those that were really made, each by
another user, one after the other. Prints the megabytes of the process at its highest, with all
that it has imported, and those by which it grew.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys

from benchmarks.sandbox.wire import Wire, request
from twretweet.sandbox import Sandbox

_AT_ONCE = 100_000


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def main() -> None:
    kind, retweets = sys.argv[1], int(sys.argv[2])
    before = _peak()
    async with Sandbox(retweets=retweets if kind == "computed" else 0) as sandbox:
        if kind == "sent":
            for begun in range(0, retweets, _AT_ONCE):
                sandbox.add_retweets(min(_AT_ONCE, retweets - begun))
        url = f"{sandbox.url}/2/tweets/{sandbox.tweet_id}?tweet.fields=public_metrics"
        async with Wire(sandbox.url) as wire:
            reply = await wire.ask(request("GET", url, sandbox.app_only.bearer_token))
        assert reply is not None
        metrics = json.loads(reply.body or b"")["data"]["public_metrics"]
        assert metrics["retweet_count"] == retweets
    print(json.dumps([_peak(), _peak() - before]))


if __name__ == "__main__":
    asyncio.run(main())
