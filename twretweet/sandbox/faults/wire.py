"""Damaging a reply on its way: the one place where faults touch a socket."""

import asyncio
import os
import socket
import struct
import sys
from typing import Final

from aiohttp import web

from twretweet.clock import Clock
from twretweet.sandbox.faults.fault import Fault

_PIECES: Final = 10
# How often and how long to wait for a client that takes its time; half a second altogether.
_ATTEMPTS: Final = 500
_PAUSE: Final = 0.001
# The header of gzip (RFC 1952), and a block of a type that there is not (RFC 1951, 3.2.3).
_BROKEN_GZIP: Final = bytes.fromhex("1f8b0800000000000003") + b"\x07" + b"\xff" * 64
# Zero seconds to linger: closing sends a reset instead of an end (socket(7)).
_NO_LINGER: Final = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


async def damage(
    fault: Fault, request: web.BaseRequest, response: web.Response, clock: Clock
) -> web.StreamResponse:
    """Send a reply as a fault has it, and return what was sent.

    Args:
        fault: one of the stage ``wire``.
        request: the request that is answered.
        response: what would be sent.
        clock: the time that a slow body takes.
    """
    body = response.body if isinstance(response.body, bytes) else b""
    match fault.kind:
        case "slow_body":
            return await _slowly(request, response, body, clock, fault.number("seconds"))
        case "lost_reply":
            reset(request.transport)
        case "reset_within":
            await _half(request, response, body)
            await _delivered(request.transport)
            reset(request.transport)
        case "cut_short":
            await _half(request, response, body)
            _close(request.transport)
        case "broken_gzip":
            response.headers["content-encoding"] = "gzip"
            response.body = _BROKEN_GZIP
        case _:
            await response.prepare(request)
            await response.write_eof()
            await _delivered(request.transport)
            reset(request.transport)
    return response


async def _delivered(transport: asyncio.Transport | None) -> None:
    """Wait until the client's machine has all that was sent: a reset throws away the rest.

    A client that reads nothing is not waited for.
    """
    for attempt in range(_ATTEMPTS):
        if transport is None or not (transport.get_write_buffer_size() or _under_way(transport)):
            return
        await asyncio.sleep(_PAUSE if attempt else 0)


def _under_way(transport: asyncio.Transport) -> bool:
    """Tell whether the system has sent something whose arrival is not confirmed (tcp(7))."""
    line: socket.socket | None = transport.get_extra_info("socket")
    if sys.platform != "linux" or line is None or line.fileno() < 0:
        return False
    import fcntl  # noqa: PLC0415  # neither of these is there on Windows
    import termios  # noqa: PLC0415

    count = fcntl.ioctl(line.fileno(), termios.TIOCOUTQ, bytes(struct.calcsize("i")))
    return any(count)


def reset(transport: asyncio.Transport | None) -> None:
    """Reset a connection, as a machine does that has forgotten it."""
    if transport is None:
        return
    line: socket.socket | None = transport.get_extra_info("socket")
    if line is not None and line.fileno() >= 0:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()


def _close(transport: asyncio.Transport | None) -> None:
    """End a connection when everything is sent, whatever the headers promised."""
    if transport is not None:
        transport.close()


async def _half(request: web.BaseRequest, response: web.Response, body: bytes) -> None:
    sent = _stream(response, body)
    await sent.prepare(request)
    await sent.write(body[: max(1, len(body) // 2)])


async def _slowly(
    request: web.BaseRequest, response: web.Response, body: bytes, clock: Clock, seconds: float
) -> web.StreamResponse:
    sent = _stream(response, body)
    await sent.prepare(request)
    for piece in range(_PIECES):
        begin, end = (len(body) * number // _PIECES for number in (piece, piece + 1))
        await clock.sleep(seconds / _PIECES)
        await sent.write(body[begin:end])
    await sent.write_eof()
    return sent


def _stream(response: web.Response, body: bytes) -> web.StreamResponse:
    """Return the head of a reply that promises the whole body."""
    sent = web.StreamResponse(status=response.status, headers=response.headers)
    sent.content_length = len(body)
    return sent
