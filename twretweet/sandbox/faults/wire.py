"""Damaging a reply on its way: the one place where faults touch a socket."""

import asyncio
import os
import socket
import struct
from typing import Final

from aiohttp import web

from twretweet.clock import Clock
from twretweet.sandbox.faults.fault import Fault

_PIECES: Final = 10
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
            _close(request.transport)
    return response


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
