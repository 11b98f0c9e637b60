"""100,000 sessions in one manager: how many bytes each holds, and how long it takes to make one.

Counted by tracemalloc, in a process of its own for each kind of credentials, with all that a
session keeps alive: its credentials, its account, and what the manager notes of it. What it holds
once it has acted is counted after one call each, of fewer sessions: the tokens that were looked
up, the user's id, the keys of a signature, its buckets, and what the limiter keeps while its
window is open. Nothing is sent: replies are made on the spot, and tokens come from a store that
holds none of them. ``python -m benchmarks.accounts KIND SESSIONS`` measures one kind.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
import tracemalloc
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import twretweet as tw
from benchmarks.report import Goal, Row, Section, broken
from benchmarks.rounds import elsewhere, reason
from benchmarks.simulate import loop
from twretweet.limits import MemoryLimiter
from twretweet.protocol.request import Request
from twretweet.protocol.response import Reply

_SESSIONS = 100_000
_QUARTER_HOUR = 900
_KILOBYTE = 1024
_AT_ONCE = 2  # processes
_ACTING = 5  # one session of so many acts, for tracemalloc makes calls slow
_CLIENT = "b3VyLWNsaWVudC1pZDoxOmNp0001234567"


# -- the kinds, with tokens as long as X's ------------------------------------------------


def _oauth1(number: int) -> tw.OAuth1:
    return tw.OAuth1("k" * 25, "s" * 50, f"{10**18 + number}-{'t' * 31}", f"{number:045d}")


def _passed(number: int) -> tw.OAuth2:
    return tw.OAuth2(
        _CLIENT, access_token=f"a{number:090d}", refresh_token=f"r{number:090d}", expires_at=9e9
    )


def _named(number: int) -> tw.OAuth2:
    return tw.OAuth2(_CLIENT, account=f"customer {number}")


def _both(number: int) -> tw.OAuth2:
    return tw.OAuth2(
        _CLIENT,
        access_token=f"a{number:090d}",
        refresh_token=f"r{number:090d}",
        expires_at=9e9,
        account=f"customer {number}",
    )


def _bearer(number: int) -> tw.AppOnly:
    return tw.AppOnly(f"{number:0112d}")


def _key(number: int) -> tw.AppOnly:
    return tw.AppOnly.from_key(f"{number:025d}", f"{number:050d}")


_MAKE: dict[str, Callable[[int], tw.Credentials]] = {
    "oauth1": _oauth1,
    "passed": _passed,
    "named": _named,
    "both": _both,
    "bearer": _bearer,
    "key": _key,
}
_NAMES = {
    "oauth1": "OAuth 1.0a",
    "passed": "OAuth 2.0, tokens that are passed",
    "named": "OAuth 2.0, a name; tokens in the store",
    "both": "OAuth 2.0, a name; tokens in both",
    "bearer": "app-only, bearer token",
    "key": "app-only, key and secret",
}


class _Store:
    """Writes the tokens of a name down when it is asked for them, as a database sends them."""

    async def load(self, account: str) -> tw.StoredTokens | None:
        _, customer, digits = account.rpartition("customer ")
        if not customer:
            return None
        number, now = int(digits), loop.EPOCH
        tokens = tw.OAuth2Tokens(
            host="https://api.x.com",
            client_id=_CLIENT,
            access_token=f"a{number:090d}",
            refresh_token=f"r{number:090d}",
            obtained_at=now,
            expires_at=now + 7200.0,
            scopes=tw.scopes_for(),
            seed=f"{number:016x}",
            user_id=str(10**18 + number),
            username=f"user_{number}",
        )
        return tw.StoredTokens.from_json(tokens.to_json())

    async def save(self, account: str, tokens: tw.StoredTokens) -> None:
        raise NotImplementedError

    async def delete(self, account: str) -> None:
        raise NotImplementedError

    async def accounts(self) -> list[str]:
        return []

    @asynccontextmanager
    async def lock(self, account: str) -> AsyncGenerator[None]:
        del account
        yield


async def _reply(request: Request) -> Reply:
    """What X answers: the whole of it has come."""
    ends = int(loop.EPOCH + asyncio.get_running_loop().time()) + _QUARTER_HOUR
    headers = {
        "x-rate-limit-limit": "50",
        "x-rate-limit-remaining": "49",
        "x-rate-limit-reset": str(ends),
    }
    if request.url.endswith("/oauth2/token"):
        return Reply(200, {}, b'{"token_type":"bearer","access_token":"%s"}' % (b"a" * 112))
    if request.url.endswith("/me"):
        return Reply(200, headers, b'{"data":{"id":"1","name":"n","username":"u"}}')
    if request.method == "POST":
        return Reply(200, headers, b'{"data":{"retweeted":true}}')
    return Reply(200, headers, b'{"data":{"id":"1","text":"t"}}')


def _act(session: tw.Session, kind: str) -> Awaitable[object]:
    return session.tweet(1) if kind in {"bearer", "key"} else session.retweet(1)


# -- measuring ----------------------------------------------------------------------------


def _traced() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


async def measure(kind: str, count: int) -> list[float]:
    """Seconds for credentials and for a session; bytes at rest, acting, and afterwards."""
    make = _MAKE[kind]
    limiter = MemoryLimiter(clock=loop.LoopClock(asyncio.get_running_loop()))
    new = partial(
        tw.SessionManager,
        clock=loop.LoopClock(asyncio.get_running_loop()),
        limiter=limiter,
        token_store=_Store(),
    )
    async with new() as manager:
        manager._pipeline._wire.transport.send = _reply  # noqa: SLF001
        await _act(manager.session(make(count)), kind)  # what is made once is made
        timed = _timed(manager, make, count)
        tracemalloc.start()
        before = _traced()
        sessions = [manager.session(make(number)) for number in range(count)]
        rest = (_traced() - before) / count
        acting, before = sessions[: max(count // _ACTING, 1)], _traced()
        for session in acting:
            await _act(session, kind)
        opened = (_traced() - before) / len(acting)
        await asyncio.sleep(_QUARTER_HOUR + 2)
        limiter._sweep()  # noqa: SLF001  as it does when the number of keys has doubled
        over = (_traced() - before) / len(acting)
        tracemalloc.stop()
    return [*timed, rest, rest + opened, rest + over]


def _timed(
    manager: tw.SessionManager, make: Callable[[int], tw.Credentials], count: int
) -> tuple[float, float]:
    """CPU seconds to make credentials, and to make a session of them."""
    times = [time.process_time()]
    # Not those that are counted: apps, which are few as a rule, are remembered for good.
    given = [make(number) for number in range(2 * count, 3 * count)]
    times.append(time.process_time())
    kept = [manager.session(credentials) for credentials in given]
    times.append(time.process_time())
    return (times[1] - times[0]) / len(given), (times[2] - times[1]) / len(kept)


@dataclass(frozen=True, slots=True)
class _Cost:
    credentials: float
    session: float
    rest: float
    opened: float
    over: float


def _cost(kind: str, count: int) -> _Cost | str:
    """What so many sessions cost, or why that is not known."""
    try:
        return _Cost(*elsewhere("benchmarks.accounts", kind, str(count)))
    except Exception as error:  # noqa: BLE001  whatever it is, the others are counted
        return reason(error)


def run(quick: bool) -> list[Section]:
    """Each kind in a process of its own; bytes do not vary, and the time is a mean of many.

    Two at a time, so that time is that of a machine of which another core is busy too.
    """
    count = 1000 if quick else _SESSIONS
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        costs = list(pool.map(partial(_cost, count=count), _NAMES))
    rows = [
        broken(name, cost, ours=True) if isinstance(cost, str) else _row(name, cost)
        for name, cost in zip(_NAMES.values(), costs, strict=True)
    ]
    return [
        Section(
            f"{count:,} sessions in one manager",
            "Bytes for each with its credentials: at rest; after one call, while its window is "
            f"open, and when that is over (of {max(count // _ACTING, 1):,} who acted). CPU time "
            "to make a session of credentials, and those themselves.",
            ("at rest", "acting", "after", "µs a session", "µs its credentials"),
            tuple(rows),
        )
    ]


def _row(name: str, cost: _Cost) -> Row:
    cells = (
        f"{cost.rest:.0f}",
        f"{cost.opened:.0f}",
        f"{cost.over:.0f}",
        f"{cost.session * 1e6:.1f}",
        f"{cost.credentials * 1e6:.1f}",
    )
    small = cost.rest < _KILOBYTE
    measured = (
        f"{cost.rest:.0f} bytes, {cost.session * 1e6:.0f} µs to make; {cost.opened:.0f} bytes "
        "having acted"
    )
    data = {
        "bytes": cost.rest,
        "acting": cost.opened,
        "after": cost.over,
        "seconds": cost.session,
        "credentials": cost.credentials,
    }
    return Row(name, cells, data, Goal("under 1 KB at rest", small, measured=measured))


if __name__ == "__main__":
    print(json.dumps(loop.run(measure(sys.argv[1], int(sys.argv[2])))))
