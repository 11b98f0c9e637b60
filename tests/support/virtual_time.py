"""An event loop whose clock jumps to the next timer whenever nothing else is left to do.

Client and server of a test run on one loop and talk over real sockets of the loopback, where what
one side has sent is readable at once. So when no socket is ready and no callback is due, everyone
waits for a timer, and the loop moves its clock there instead of waiting.
"""

import asyncio
import selectors

# Real seconds to wait for a worker thread or a subprocess before a jump.
_GRACE = 0.002


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None):
        events = super().select(0)
        if events or timeout is None or timeout <= 0:
            return events if events or timeout is not None else super().select(None)
        events = super().select(_GRACE)
        if not events:
            self.now += timeout
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """A selector loop on virtual time."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


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
