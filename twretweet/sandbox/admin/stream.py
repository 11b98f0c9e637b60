"""What happens in a sandbox as Server-Sent Events.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import anyio
import msgspec
from aiohttp import web

from twretweet.sandbox.admin import views
from twretweet.sandbox.changes import News
from twretweet.sandbox.core import Core
from twretweet.sandbox.half_closed import HalfClosable

_GATHER_SECONDS: Final = 0.1
_LOOK_SECONDS: Final = 1.0
_HEADERS: Final = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}


async def send(
    request: web.BaseRequest, core: Core, look: Callable[[], object], stamp: Mapping[str, str]
) -> web.StreamResponse:
    """Send events until the client goes or the sandbox closes.

    Args:
        request: who wants them.
        core: the sandbox.
        look: shows all of it.
        stamp: the headers of every reply.
    """
    response = web.StreamResponse(headers={**_HEADERS, **stamp})
    watches = not isinstance(request.protocol, HalfClosable) or request.protocol.watch()
    await response.prepare(request)
    with core.changes.watching() as watcher:
        await response.write(b"retry: 1000\n" + event("state", look()))
        faults = _faults(core)
        # Who watched may have gone.
        while watches and not watcher.ended and request.transport is not None:
            with anyio.move_on_after(_LOOK_SECONDS):
                await watcher.wait()
            # Retweets come in, and Python code changes faults, without anybody telling.
            core.catch_up()
            before, faults = faults, _faults(core)
            if faults != before:
                core.changes.tell("faults")
            # Many things happen at once; they are told together.
            with anyio.move_on_after(_GATHER_SECONDS if watcher.stirred else 0):
                await watcher.until_end()
            for text in _told(watcher.take(), look):
                await response.write(text)
    return response


def _faults(core: Core) -> list[tuple[int, bool, int]]:
    return [(one.id, one.enabled, one.hits) for one in core.faults]


def _told(news: News, look: Callable[[], object]) -> Iterable[bytes]:
    if news.missed:
        yield event("state", look())
        return
    for answered in news.requests:
        yield event("request", views.request(answered))
    if news.parts:
        yield event("changed", {"parts": sorted(news.parts)})


def event(name: str, data: object) -> bytes:
    """Write one event; JSON has no line breaks that would end it early."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode(data))
