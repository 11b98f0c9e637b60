"""Keeping the faults of a listener away from what it listens to."""

from __future__ import annotations

import asyncio

from twretweet.events import Event, OnEvent


def guarded(listener: OnEvent | None) -> OnEvent | None:
    """A listener of which no error reaches the request that the event is about.

    A page that is paid for must not be lost because a counter failed. The error goes where asyncio
    puts those of its own callbacks: to the loop's exception handler, which logs it unless you set
    another.
    """
    if listener is None:
        return None

    def listen(event: Event) -> None:
        try:
            listener(event)
        except Exception as error:  # noqa: BLE001  # whatever it is
            asyncio.get_running_loop().call_exception_handler(
                {
                    "message": f"a listener of twretweet raised at {type(event).__name__}",
                    "exception": error,
                }
            )

    return listen
