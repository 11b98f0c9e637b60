"""Where CPU time goes: a sample of the stack at every tick of the process's own clock.

A tracing profiler makes each Python call several times as dear and leaves C as it is, which is
wrong exactly where it matters here; a sample costs the same whatever it hits. Python delivers a
signal when the C function that was running has returned, with the frame still at that call, so
time inside msgspec is told from the time of the line that called it.

A signal that came between two calls is delivered at the next one, at the very start of the
function: that time was its caller's. Much of it goes into freeing what a page was read into, which
happens wherever the last name for it is given to something else.

A sample belongs to the first layer that is met on the way outwards. The standard library and anyio
are no layers: what they do belongs to whoever called them. asyncio is one where nobody but the
loop itself called it, and where we have it send, since the system takes the time for that.
"""

from __future__ import annotations

import dis
import gc
import linecache
import signal
from collections import Counter
from functools import cache
from types import CodeType, FrameType, TracebackType
from typing import Self

LOOP = "event loop and sockets"
AIOHTTP = "aiohttp"
DECODE = "decode (msgspec)"
OAUTHLIB = "oauthlib"
SIGN = "sign"  # our own code for it, and the HMAC that it calls
LIMITS = "limits"
COLLECTOR = "garbage collector"
CALLER = "the caller's loop, and freeing"
OTHER = "other"
_TICK = 0.001
# Calls in our own files whose time is not ours.
_OF_MSGSPEC = ("self._decode(", "msgspec.json.", "msgspec.convert(", "_ENCODER.encode(")
_SENDING = "protocol.transport.write("
# A walk lets go of its page just before it fetches the next; the signal is delivered there.
_AFTER_FREEING = ("Walk.turn_page", "await self._fetch(")


class Stacks:
    """Takes samples while the ``with`` block runs; only in the main thread.

    Attributes:
        layers: how many samples fell on each layer.
        ours: how many of ours fell on each of our modules.
    """

    def __init__(self) -> None:
        self.layers: Counter[str] = Counter()
        self.ours: Counter[str] = Counter()

    def __enter__(self) -> Self:
        gc.callbacks.append(self._collecting)
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, _TICK, _TICK)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, signal.SIG_IGN)
        gc.callbacks.remove(self._collecting)

    def _collecting(self, phase: str, info: dict[str, int]) -> None:
        """Be the frame in which a signal is delivered that came during a collection."""

    def _sample(self, number: int, frame: FrameType | None) -> None:
        if frame is not None and frame.f_code is Stacks._collecting.__code__:
            self.layers[COLLECTOR] += 1
            return
        if frame is not None and _is_start(frame.f_code, frame.f_lasti):
            frame = frame.f_back
        while frame is not None:
            layer = _layer(frame.f_code)
            if layer and layer.startswith("twretweet"):
                here = _at(frame.f_code, frame.f_lasti)
                if here.startswith(_OF_MSGSPEC):
                    layer = DECODE
                elif here.startswith(_SENDING):
                    layer = LOOP
                elif _is_after_freeing(frame.f_code, here):
                    layer = CALLER
                elif "/limits/" in layer:
                    layer = LIMITS
                elif "/auth/" in layer:
                    layer = SIGN
                else:
                    self.ours[layer] += 1
                    layer = OURS
            if layer:
                self.layers[layer] += 1
                return
            frame = frame.f_back
        self.layers[OTHER] += 1


OURS = "ours"
_PACKAGES = {
    "aiohttp": AIOHTTP,
    "yarl": AIOHTTP,
    "multidict": AIOHTTP,
    "propcache": AIOHTTP,
    "frozenlist": AIOHTTP,
    "aiosignal": AIOHTTP,
    "msgspec": DECODE,
    "oauthlib": OAUTHLIB,
}


@cache
def _layer(code: CodeType) -> str | None:
    """The layer of a function; of our own, its file; ``None``: it belongs to its caller."""
    path = code.co_filename.replace("\\", "/")
    if code.co_name == "_run_once" and path.endswith("asyncio/base_events.py"):
        return LOOP
    _, package, inside = path.rpartition("/site-packages/")
    if package:
        return _PACKAGES.get(inside.partition("/")[0])
    _, package, inside = path.rpartition("/twretweet/")
    if package and "/benchmarks/" not in path:
        return f"twretweet/{inside}"
    return CALLER if "/benchmarks/" in path else None


@cache
def _is_start(code: CodeType, instruction: int) -> bool:
    """Whether a function has not done anything yet."""
    name = dis.opname[code.co_code[instruction]]
    return name == "RESUME" and code.co_code[instruction + 1] == 0


def _is_after_freeing(code: CodeType, here: str) -> bool:
    function, call = _AFTER_FREEING
    return code.co_qualname == function and here.startswith(call)


@cache
def _at(code: CodeType, instruction: int) -> str:
    """The source of the expression that a frame is at."""
    places = list(code.co_positions())
    line, end_line, column, end_column = places[instruction // 2]
    if line is None or column is None:
        return ""
    text = linecache.getline(code.co_filename, line).encode()
    return text[column : end_column if end_line == line else None].decode("utf-8", "replace")
