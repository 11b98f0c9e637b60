"""An event loop whose clock jumps to the next timer whenever nothing else is left to do.

Client and server of a test run on one loop and talk over real sockets of the loopback, where what
one side has sent is readable at once. So when no socket is ready, no callback is due and no thread
is at work, everyone waits for a timer, and the loop moves its clock there instead of waiting. It
does not wait for other processes, which live by the wall clock: a test that talks to one, Redis
among them, needs another loop.
"""

import asyncio

from twretweet.sandbox import VirtualClock


def virtual_loop() -> asyncio.AbstractEventLoop:
    """A loop on virtual time, which begins at 0."""
    return VirtualClock().new_loop()


class LoopClock:
    """The clock of the running loop, for whatever takes a clock."""

    def __init__(self, epoch: float = 1_700_000_000.25, skew: float = 0.0) -> None:
        self._epoch = epoch + skew

    def time(self) -> float:
        return self._epoch + asyncio.get_running_loop().time()

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def wait(self, event, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            pass
