"""Many connections at once, with faults on: nothing may crash, nothing be counted wrong.

Each connection acts for accounts of its own, and knows what must have come of it: a write whose
reply is lost is repeated until an answer is certain. At the end the faults are cleared, and what
the sandbox holds is compared with what everybody knows.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import cast

from benchmarks.sandbox.wire import Json, Reply, Wire, request

TWEET = "1228393702244134912"
# Everything that can go wrong with a reply; what lies in its headers would hide what is checked.
FAULTS: tuple[Json, ...] = tuple(
    {"kind": kind, "probability": 0.02, "seed": seed, **more}
    for seed, (kind, more) in enumerate(
        {
            "latency": {"seconds": 0.002},
            "slow_body": {"seconds": 0.01},
            "reset_before": {},
            "reset_within": {},
            "reset_after": {},
            "lost_reply": {},
            "cut_short": {},
            "broken_gzip": {},
            "unavailable": {},
            "rate_limited_without_headers": {},
            "empty_page": {},
            "short_page": {},
            "missing_includes": {},
            "unknown_fields": {},
            "unauthorized": {},
            "credits_depleted": {},
        }.items()
    )
)


@dataclass(slots=True)
class Outcome:
    """What came of it.

    Attributes:
        sent: how many requests were sent.
        statuses: how many replies had which status; 0 where there was none.
        wrong: what was counted wrong, in words.
    """

    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Person:
    """An account, and whether it has retweeted by now."""

    user_id: str
    token: str
    retweeted: bool = False
    # The slots that it was given: endpoint, reset and what was left.
    slots: set[tuple[str, str, str]] = field(default_factory=set)


class Storm:
    """One storm.

    Args:
        url: the sandbox, whose windows should be as short as can be.
        requests: how many to send.
        connections: over how many connections.
        seed: another seed, another storm.
    """

    def __init__(self, url: str, *, requests: int, connections: int, seed: int = 0) -> None:
        self._url = url
        self._left = requests
        self._connections = connections
        self._seed = seed
        self._outcome = Outcome()
        self._people: list[_Person] = []

    async def run(self) -> Outcome:
        """Send everything, and compare."""
        async with Wire(self._url) as admin:
            before = await self._state(admin)
            for _ in range(self._connections * 2):
                keys = await self._manage(admin, "POST", "accounts", {})
                self._people.append(
                    _Person(str(keys["user_id"]), str(keys["oauth2_access_token"]))
                )
            for fault in FAULTS:
                await self._manage(admin, "POST", "faults", fault)
        await asyncio.gather(*(self._act(number) for number in range(self._connections)))
        async with Wire(self._url) as admin:  # another: one that idles so long is closed
            after = await self._state(admin)
            await self._manage(admin, "DELETE", "faults")
            await self._compare(before, after)
        return self._outcome

    async def _act(self, number: int) -> None:
        chance = random.Random(f"{self._seed}/{number}")  # no secret
        people = self._people[number * 2 : number * 2 + 2]
        async with Wire(self._url) as wire:
            while self._left > 0:
                person = chance.choice(people)
                if chance.random() < 0.5:
                    await self._read(wire, person, chance)
                else:
                    await self._write(wire, person, undo=chance.random() < 0.4)

    async def _read(self, wire: Wire, person: _Person, chance: random.Random) -> None:
        count = chance.choice((1, 10, 100))
        path = f"/2/tweets/{TWEET}/retweets?max_results={count}&expansions=author_id"
        await self._ask(wire, person, "GET", path)

    async def _write(self, wire: Wire, person: _Person, *, undo: bool) -> None:
        """Retweet or undo, again and again until it is certain."""
        path = f"/2/users/{person.user_id}/retweets"
        while True:
            if undo:
                reply = await self._ask(wire, person, "DELETE", f"{path}/{TWEET}")
            else:
                reply = await self._ask(wire, person, "POST", path, {"tweet_id": TWEET})
            if reply is not None and reply.status in {200, 400}:
                person.retweeted = not undo
                return
            if reply is not None and reply.status == 429:
                await asyncio.sleep(0.05)

    async def _ask(
        self, wire: Wire, person: _Person, method: str, path: str, body: Json | None = None
    ) -> Reply | None:
        self._left -= 1
        outcome = self._outcome
        outcome.sent += 1
        reply = await wire.ask(request(method, self._url + path, person.token, body))
        outcome.statuses[0 if reply is None else reply.status] += 1
        if reply is not None and reply.status in {200, 400}:
            self._check_slot(person, method, reply)
        return reply

    def _check_slot(self, person: _Person, method: str, reply: Reply) -> None:
        """No slot of a window may be given twice."""
        remaining, reset = (
            reply.headers[f"x-rate-limit-{name}"] for name in ("remaining", "reset")
        )
        slot = (method, reset, remaining)
        if slot in person.slots or int(remaining) < 0:
            self._outcome.wrong.append(f"{method} of {person.user_id} had slot {slot} twice")
        person.slots.add(slot)

    async def _compare(self, before: Json, after: Json) -> None:
        outcome, totals = self._outcome, cast("Json", after["totals"])
        retweeted = {person.user_id for person in self._people if person.retweeted}
        counts = [
            {str(one["id"]): one["retweets"] for one in cast("list[Json]", state["tweets"])}[TWEET]
            for state in (before, after)
        ]
        expected = cast("int", counts[0]) + len(retweeted)
        if counts[1] != expected:
            outcome.wrong.append(f"{counts[1]} retweets, not {expected}")
        found = await self._retweeters(len(retweeted))
        if found != retweeted:
            outcome.wrong.append(f"{len(found ^ retweeted)} users are wrong among retweeters")
        already = cast("int", cast("Json", before["totals"])["requests"])
        unseen = outcome.sent - (cast("int", totals["requests"]) - already)
        hits = {
            str(cast("Json", one["fault"])["kind"]): cast("int", one["hits"])
            for one in cast("list[Json]", after["faults"])
        }
        # What was sent on a connection that had just been closed came to nobody.
        if not 0 <= unseen <= hits["reset_after"]:
            outcome.wrong.append(f"{unseen} of {outcome.sent} requests were not counted")
        if missing := [kind for kind, count in hits.items() if not count]:
            outcome.wrong.append(f"no request met {', '.join(missing)}")
        if totals["failures"]:
            outcome.wrong.append(f"the sandbox failed {totals['failures']} times")

    async def _retweeters(self, most: int) -> set[str]:
        """Who has retweeted, of those who act here; they are the latest."""
        found: list[str] = []
        token = ""
        async with Wire(self._url) as wire:
            while len(found) < most:
                path = f"/2/tweets/{TWEET}/retweeted_by?max_results=100{token}"
                bearer = self._people[len(found) % len(self._people)].token
                reply = await wire.ask(request("GET", self._url + path, bearer))
                if reply is None or reply.body is None or reply.status != 200:
                    self._outcome.wrong.append("the retweeters can't be read")
                    break
                page = json.loads(reply.body)
                found += [user["id"] for user in page.get("data", [])]
                if "next_token" not in page["meta"]:
                    break
                token = f"&pagination_token={page['meta']['next_token']}"
        if len(set(found)) < len(found):
            self._outcome.wrong.append("somebody is listed twice among the retweeters")
        mine = {person.user_id for person in self._people}
        return mine & set(found)

    async def _state(self, admin: Wire) -> Json:
        return await self._manage(admin, "GET", "state")

    async def _manage(self, wire: Wire, method: str, path: str, body: Json | None = None) -> Json:
        reply = await wire.ask(request(method, f"{self._url}/__sandbox__/{path}", None, body))
        assert reply is not None
        assert reply.status in {200, 201, 204}, reply
        return cast("Json", json.loads(reply.body)) if reply.body else {}
