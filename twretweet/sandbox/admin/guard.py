"""Who may use the admin endpoint: programs of this machine, and the sandbox's own page.

What it is to keep out is a page of another site, open in the browser of the person at this
machine. Such a page can send requests here, and through DNS rebinding even under a name of its
own that leads here; but its browser tells where the request comes from, and sends no JSON to
another site without asking first.
Sources: https://fetch.spec.whatwg.org/#cors-safelisted-request-header,
https://www.w3.org/TR/fetch-metadata/
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_WRITES: Final = frozenset({"POST", "PUT", "PATCH"})
_JSON: Final = frozenset({"application/json", "application/jsonl", "application/x-ndjson"})
_OWN_SITE: Final = frozenset({"same-origin", "none"})


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a request is refused, and with which status."""

    status: int
    why: str


def object_to(
    method: str, headers: Mapping[str, str], peer: str | None, scheme: str = "http"
) -> Objection | None:
    """Tell what speaks against a request, if anything does.

    Args:
        method: the HTTP method.
        headers: all headers, by names in lower case.
        peer: the address that it comes from.
        scheme: of the sandbox's own address.
    """
    host = headers.get("host", "")
    if peer is None or not is_loopback(peer):
        return Objection(403, "the admin endpoint is for the machine that the sandbox runs on")
    if not is_loopback(_name_of(host)):
        return Objection(
            403, f"the Host header is {host!r}: use 127.0.0.1, [::1] or localhost in the address"
        )
    origin = headers.get("origin")
    if origin is not None and origin.lower() != f"{scheme}://{host.lower()}":
        return Objection(403, f"a page of {origin!r} may not use the admin endpoint")
    if headers.get("sec-fetch-site", "none").lower() not in _OWN_SITE:
        return Objection(403, "a page of another site may not use the admin endpoint")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if method in _WRITES and kind not in _JSON:
        return Objection(415, "say content-type: application/json, and send JSON")
    return None


def is_loopback(name: str) -> bool:
    """Tell whether a name or an address is this machine's own, to itself."""
    if name.lower() in {"localhost", "localhost."}:
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def _name_of(host: str) -> str:
    """Return a Host header without its port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
