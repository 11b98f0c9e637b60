"""Who takes part: the name in the tables, where the code is, and what has to be installed.

The code of a variant is imported in a process of its own, so a peer that is missing, or breaks on
import, breaks nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

_HERE = "benchmarks.speed.variants"


@dataclass(frozen=True, slots=True)
class Entry:
    """One variant.

    Attributes:
        name: in the tables.
        place: module and class.
        slowness: it gets so many times fewer pages, or about as much time as the others.
        ours: it is twretweet itself, so that the run fails if it breaks.
    """

    name: str
    place: str
    slowness: int = 1
    ours: bool = False


def _entry(name: str, place: str, slowness: int = 1) -> Entry:
    return Entry(name, f"{_HERE}.{place}", slowness)


def _ours(name: str, place: str) -> Entry:
    return Entry(name, f"{_HERE}.ours:{place}", ours=True)


BARE = _entry("aiohttp, bodies thrown away", "aiohttp_loop:Bare")
LOOP = _entry("loop by hand: aiohttp, msgspec structs", "aiohttp_loop:Bearer")
LISTS = _entry("the same with lists, seen by the collector", "aiohttp_loop:Lists")
PRECOMPUTED = _entry("loop by hand, signing with constants", "aiohttp_loop:Precomputed")
SIGNING = _entry("loop by hand, Client.sign", "aiohttp_loop:Signing")
HTTPX = _entry("httpx, orjson", "httpx_loop:Loop", 2)
ORJSON = _entry("orjson", "httpx_loop:Loop", 2)
JSON = _entry("json", "plain_json:Dicts", 2)
TWEEPY = _entry("tweepy async", "tweepy_client:Async", 5)
TWEEPY_SYNC = _entry("tweepy sync", "tweepy_client:Sync", 5)
XDK = _entry("xdk", "xdk_client:Sync", 8)
PEONY = _entry("peony", "peony_client:Async", 4)
PYTWITTER = _entry("python-twitter-v2", "pytwitter_client:Sync", 600)
OURS = _ours("twretweet", "Bearer")
OURS_SIGNED = _ours("twretweet, OAuth 1.0a", "Signing")
OURS_ALL = _ours("twretweet, everything on", "Everything")
OURS_ALL_SIGNED = _ours("twretweet, everything on, OAuth 1.0a", "EverythingSigned")
OURS_COLLECTED = _ours("twretweet, collect()", "Collected")
OURS_UNLOOKED = _ours("twretweet, authors never looked at", "Unlooked")
PEERS = (TWEEPY, TWEEPY_SYNC, XDK, PEONY, PYTWITTER)
