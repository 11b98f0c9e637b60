"""What a person does on the page of an authorize URL, without a browser."""

import re
from collections.abc import Callable
from html import unescape
from typing import Final
from urllib.parse import urlencode, urlsplit

from twretweet.sandbox.call import Answer, Incoming
from twretweet.sandbox.reply import Reply

_FOUND: Final = 302
_OK: Final = 200
_TOLD: Final = re.compile(r'<\w+ id="(pin|denied|error)">(.*?)</(?:output|p)>', re.DOTALL)


def answer_page(
    answer: Callable[[Incoming], Answer], url: str, *, user_id: str, allow: bool, now: float
) -> str:
    """Open the page, press one of its buttons, and return what came of it.

    Args:
        answer: takes a request to the sandbox.
        url: the address of the page.
        user_id: as whom to answer.
        allow: which button.
        now: epoch seconds.

    Returns:
        The address redirected to, or the PIN; nothing where there is neither, which is what
        comes of saying no to an app that asked for a PIN.

    Raises:
        ValueError: the page shows an error instead.
    """
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    reply = answer(Incoming("GET", parts.netloc, target, {}, b"", now)).reply
    if reply.status == _OK:
        form = urlencode({"user": user_id, "decision": "allow" if allow else "deny"}).encode()
        reply = answer(Incoming("POST", parts.netloc, target, headers, form, now)).reply
    if reply.status == _FOUND:
        return reply.headers["location"]
    kind, text = _told(reply)
    if kind == "pin":
        return text
    if kind == "denied":
        return ""
    raise ValueError(f"the page of {parts.path} says: {text}")


def _told(reply: Reply) -> tuple[str, str]:
    text = reply.body.decode() if isinstance(reply.body, bytes) else str(reply.body)
    match = _TOLD.search(text)
    if match is None:
        return "", text
    return match[1], unescape(re.sub(r"<[^>]+>", "", match[2]))
