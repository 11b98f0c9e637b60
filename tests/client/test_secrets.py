"""No secret in whatever an error carries: messages, causes, locals of the traceback, logs."""

import io
import logging

import pytest
from rich.console import Console
from rich.traceback import Trace, Traceback

import twretweet as tw
from tests.support.scripted import ScriptedServer, cut_short, reply

pytestmark = pytest.mark.anyio

SECRETS = ("planted-consumer-secret", "planted-token-secret", "planted-bearer", "12-planted-token")
OAUTH1 = tw.OAuth1("planted-key", SECRETS[0], SECRETS[3], SECRETS[1])
APP = tw.AppOnly(SECRETS[2])
BAD = {
    "connection closed": None,
    "never answered": ...,
    "no HTTP": b"garbage\r\n\r\n",
    "a bad status line": b"HTTP/1.1 abc\r\n\r\n",
    "a huge header": b"HTTP/1.1 200 OK\r\nx: " + b"y" * 20_000 + b"\r\n\r\n",
    "a bad length": b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
    "a bad chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    "brotli": reply(200, b"\x0b\x02\x80", {"content-encoding": "br"}),
    "zstd": reply(200, b"\x28\xb5\x2f\xfd", {"content-encoding": "zstd"}),
    "bad deflate": reply(200, b"\x00\x01", {"content-encoding": "deflate"}),
    "cut short": cut_short(b'{"data"'),
    "401": reply(401, {"title": "Unauthorized"}),
    "404": reply(404),
    "429": reply(429),
    "503": reply(503, b"<html>"),
}


def everything(error: BaseException) -> str:
    """All that a log with a traceback, its causes and its locals would show."""
    shown = io.StringIO()
    for stack in extracted(error).stacks:
        for frame in stack.frames:
            shown.write("".join(f"{name} = {node}\n" for name, node in frame.locals.items()))
    links: list[BaseException] = [error]
    for link in links:
        shown.write(repr(link) + str(link) + repr(vars(link)))
        trace = link.__traceback__
        while trace is not None:
            if "/tests/" not in trace.tb_frame.f_code.co_filename:
                shown.write(repr(trace.tb_frame.f_locals))
            trace = trace.tb_next
        links += [
            each for each in (link.__cause__, link.__context__) if each and each not in links
        ]
    return shown.getvalue()


def extracted(error: BaseException) -> Trace:
    """What rich has to draw of an error; drawing it takes most of the time."""
    trace = error.__traceback__
    while trace is not None and "/tests/" in trace.tb_frame.f_code.co_filename:
        trace = trace.tb_next  # the test has the secrets, of course
    return Traceback.extract(
        type(error),
        error,
        trace,
        show_locals=True,
        locals_max_string=None,  # type: ignore[arg-type]  # none is the most
        locals_max_length=None,  # type: ignore[arg-type]
    )


def drawn(error: BaseException) -> str:
    """What rich draws of it."""
    shown = io.StringIO()
    trace = Traceback(
        extracted(error),
        show_locals=True,
        extra_lines=0,
        locals_max_string=None,
        locals_max_length=None,
    )
    Console(file=shown, width=500).print(trace)
    return shown.getvalue()


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("credentials", [OAUTH1, APP], ids=["OAuth1", "AppOnly"])
async def test_an_error_shows_no_secret_wherever_it_is_looked_at(clock, caplog, case, credentials):
    caplog.set_level(logging.DEBUG)
    retry = tw.RetryPolicy(attempts=2)
    async with ScriptedServer() as server:
        server.replies.append(BAD[case])
        async with tw.SessionManager(base_url=server.url, clock=clock, retry=retry) as manager:
            session = manager.session(credentials)
            with pytest.raises(tw.TwretweetError) as caught:
                await session.tweet(1)
            seen = everything(caught.value) + repr(session) + repr(manager.rate_limits())
            seen += drawn(caught.value)
    sent = server.requests[0].headers["authorization"]
    for secret in (*SECRETS, sent, sent.rpartition("oauth_signature=")[2]):
        assert secret not in seen
        assert secret not in caplog.text


async def test_nobody_listening_shows_no_secret(clock):
    async with ScriptedServer() as server:
        url = server.url
    async with tw.SessionManager(base_url=url, clock=clock) as manager:
        with pytest.raises(tw.TransportError, match="no connection to 127") as caught:
            await manager.session(APP).tweet(1)
    assert "planted" not in everything(caught.value)


@pytest.mark.parametrize("bad", [" planted-bearer", "planted-bearer\n", 17, ""])
def test_refused_credentials_are_shown_by_no_frame_of_ours(bad):
    with pytest.raises(tw.CredentialsError) as caught:
        tw.OAuth1("planted-key", "planted-secret", "12-planted", bad)
    trace = caught.value.__traceback__
    ours = []
    while trace is not None:
        frame = trace.tb_frame
        # The generated __init__ takes the values as its arguments, as any constructor must.
        if "credentials.py" in frame.f_code.co_filename:
            ours.append(repr(frame.f_locals))
        trace = trace.tb_next
    assert ours
    assert "planted" not in "".join(ours) + str(caught.value)
