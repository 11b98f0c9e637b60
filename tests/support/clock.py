"""A clock that a test moves by hand."""

import anyio


class ManualClock:
    """Stands still until :meth:`advance`; sleepers wake in the order of their deadlines."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._start = start
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, anyio.Event]] = []

    def time(self) -> float:
        return self._start + self._elapsed

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        deadline = self._elapsed + seconds
        if seconds <= 0:
            await anyio.lowlevel.checkpoint()
            return
        entry = (deadline, anyio.Event())
        self._sleepers.append(entry)
        try:
            await entry[1].wait()
        finally:
            self._sleepers.remove(entry)

    async def wait(self, event: anyio.Event, seconds: float) -> None:
        async with anyio.create_task_group() as tasks:

            async def sleep() -> None:
                await self.sleep(seconds)
                tasks.cancel_scope.cancel()

            tasks.start_soon(sleep)
            await event.wait()
            tasks.cancel_scope.cancel()

    def advance(self, seconds: float) -> None:
        self._elapsed += seconds
        for deadline, event in sorted(self._sleepers, key=lambda entry: entry[0]):
            if deadline <= self._elapsed:
                event.set()
