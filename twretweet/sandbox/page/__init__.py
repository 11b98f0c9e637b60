"""The page at ``/``: one file, with its own style and script and nothing from outside.

Style and script are files of their own here, and are put into the page when it is read: the script
is in three parts, which talk with the sandbox, show what it says, and do what a person wants. It
talks to the admin endpoint alone. Its policy names its style and its script by their hashes, so
that nothing else could run, whatever a tweet says.
Source: https://www.w3.org/TR/CSP3/
"""

import base64
import hashlib
import re
from importlib.resources import files
from typing import Final

_INLINE: Final = re.compile(rb"<(style|script)>(.*?)</\1>", re.DOTALL)
_SCRIPT: Final = ("talk.js", "show.js", "act.js")
_LOOKS: Final = frozenset({"GET", "HEAD"})


def is_wanted(method: str, target: str) -> bool:
    """Tell whether a request is for the page."""
    return method in _LOOKS and target.partition("?")[0] == "/"


def read() -> bytes:
    """Return the page.

    Raises:
        OSError: a part of it is not where the package is.
    """
    return (
        _part("page.html")
        .replace(b"<style></style>", b"<style>\n%b</style>" % _part("page.css"))
        .replace(b"<script></script>", b"<script>\n%b</script>" % b"".join(map(_part, _SCRIPT)))
    )


def _part(name: str) -> bytes:
    return (files("twretweet.sandbox.page") / name).read_bytes()


def headers(html: bytes) -> dict[str, str]:
    """Return what the page is sent with.

    Args:
        html: the page.
    """
    allowed = {kind: _hash(inside) for kind, inside in _INLINE.findall(html)}
    return {
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
        "content-security-policy": (
            "default-src 'none'; connect-src 'self'; img-src data:;"
            f" style-src '{allowed[b'style']}'; script-src '{allowed[b'script']}';"
            " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
            " require-trusted-types-for 'script'"
        ),
        "cross-origin-opener-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }


def _hash(inside: bytes) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(inside).digest()).decode()
