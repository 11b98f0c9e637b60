"""What is left out of the requests that a sandbox remembers: whatever opens something.

Of a body that asks for tokens only what is known to be harmless is kept, however it was written:
a form, JSON, parts, or by mistake. Elsewhere a client may have put a secret into the query or
into a form, where its name tells.
"""

import re
from typing import Final
from urllib.parse import unquote_plus

_BREAK: Final = re.compile(rb"([&;])")
_HIDDEN: Final = "…".encode()
_SECRET: Final = re.compile(
    r"(?:.*_)?(?:token|secret|signature|verifier|password)|state|code|code_challenge"
    r"|authorization|client_assertion|assertion",
    re.IGNORECASE,
)
_PAGES: Final = frozenset({"pagination_token", "next_token", "previous_token"})
_HARMLESS: Final = frozenset(
    {
        "client_id",
        "code_challenge_method",
        "decision",
        "force_login",
        "grant_type",
        "oauth_callback",
        "oauth_consumer_key",
        "oauth_nonce",
        "oauth_signature_method",
        "oauth_timestamp",
        "oauth_version",
        "redirect_uri",
        "response_type",
        "scope",
        "screen_name",
        "token_type_hint",
        "user",
        "x_auth_access_type",
    }
)
_BLANK: Final = re.compile(rb"\s")


def shown_query(query: str) -> str:
    """Return a query without the values of what opens something."""
    return _without_secrets(query.encode()).decode()


def shown_body(path: str, body: bytes) -> bytes:
    """Return a body without what opens something.

    Args:
        path: where it was sent.
        body: as much of it as is kept.
    """
    if "oauth" in unquote_plus(path).lower():
        return b"".join(map(_harmless, _BREAK.split(body)))
    # JSON that retweets has no secrets, and its text may look like anything.
    return body if body.lstrip()[:1] in {b"{", b"["} else _without_secrets(body)


def _without_secrets(text: bytes) -> bytes:
    return b"".join(map(_masked, _BREAK.split(text)))


def _masked(part: bytes) -> bytes:
    name, equals, value = part.partition(b"=")
    called = _name(name)
    secret = _SECRET.fullmatch(called) is not None and called not in _PAGES
    return name + equals + _HIDDEN if secret and value else part


def _harmless(part: bytes) -> bytes:
    if part in {b"", b"&", b";"}:
        return part
    name, equals, value = part.partition(b"=")
    called = _name(name)
    if called in _HARMLESS and not _BLANK.search(value):
        return part
    # What was sent without a name may be the secret itself.
    known = equals and _SECRET.fullmatch(called) is not None
    return name + equals + _HIDDEN if known else _HIDDEN


def _name(raw: bytes) -> str:
    return unquote_plus(raw.decode("utf-8", "replace")).strip().lower()
