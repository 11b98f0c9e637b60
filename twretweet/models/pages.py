"""Reading the pages of a walk, one after the other.

What a page includes is left as it came until somebody looks at it, since many never do, and a
third of the work is in it. Who has looked at one page will look at the next, so from then on a
page is read whole, which takes less than reading it in two parts; and what of it can't be read
is told where the page is fetched.

A budget asks for the ids of what is included, whether or not anybody looks. To pass over text
costs nearly as much as to read it, so where ids are counted they are read in one pass with the
data, and the page keeps the whole body for who looks at more.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from twretweet.models.base import Model, PostName
from twretweet.models.index import IncludedIds, Unread
from twretweet.models.page import NO_META, Meta, Page, Problem, RateLimit, ids_of
from twretweet.models.reader import Reader
from twretweet.models.resources import NO_INCLUDES, Includes, Linked, PageIndex, Tweet, User, link

L = TypeVar("L", bound=Linked)


class _Whole(Model, Generic[L], frozen=True, kw_only=True):
    data: tuple[L, ...] = ()
    includes: Includes = NO_INCLUDES
    meta: Meta = NO_META
    errors: tuple[Problem, ...] = ()


class _Named(Model, frozen=True, kw_only=True):
    id: str = ""


class _Keyed(Model, frozen=True, kw_only=True):
    media_key: str = ""


class _Ids(Model, frozen=True, kw_only=True):
    tweets: tuple[_Named, ...] = ()
    users: tuple[_Named, ...] = ()
    media: tuple[_Keyed, ...] = ()
    _posts: PostName | UnsetType = msgspec.field(default=UNSET, name="posts")


class _Parted(Model, Generic[L], frozen=True, kw_only=True):
    data: tuple[L, ...] = ()
    includes: msgspec.Raw = msgspec.Raw()
    meta: Meta = NO_META
    errors: tuple[Problem, ...] = ()


class _Counted(Model, Generic[L], frozen=True, kw_only=True):
    data: tuple[L, ...] = ()
    includes: _Ids | None = None
    meta: Meta = NO_META
    errors: tuple[Problem, ...] = ()


class _Rest(Model, frozen=True, kw_only=True):
    """What :class:`_Counted` leaves."""

    includes: Includes = NO_INCLUDES


_TWEETS = Reader(_Whole[Tweet], "a page of tweets")
_USERS = Reader(_Whole[User], "a page of users")
_PARTED_TWEETS = Reader(_Parted[Tweet], "a page of tweets")
_PARTED_USERS = Reader(_Parted[User], "a page of users")
_COUNTED_TWEETS = Reader(_Counted[Tweet], "a page of tweets")
_COUNTED_USERS = Reader(_Counted[User], "a page of users")
_INCLUDES = Reader(Includes, "what a page includes")
_IDS = Reader(_Ids, "what a page includes")
_REST = Reader(_Rest, "what a page includes")
_NOTHING = frozenset({b"", b"null"})
_NO_IDS = _Ids()


def tweet_page(body: bytes, rate_limit: RateLimit | None = None) -> Page[Tweet]:
    """Read a page of tweets; each finds its author and the like in the page's includes.

    Raises:
        DecodeError: it is none.
    """
    return _page(_TWEETS(body), rate_limit)


def user_page(body: bytes, rate_limit: RateLimit | None = None) -> Page[User]:
    """Read a page of users; each finds its pinned tweet and the like in the page's includes.

    Raises:
        DecodeError: it is none.
    """
    return _page(_USERS(body), rate_limit)


class PageReader(Generic[L]):
    """Reads the pages of one walk.

    Args:
        whole: reads a page at once.
        parted: the same, without the includes, or with their ids alone.

    Attributes:
        at_once: whether pages are read at once, since somebody has looked at includes.
    """

    __slots__ = ("_parted", "_whole", "at_once")

    def __init__(
        self, whole: Reader[_Whole[L]], parted: Reader[_Parted[L]] | Reader[_Counted[L]]
    ) -> None:
        self._whole = whole
        self._parted = parted
        self.at_once = False

    def __call__(self, body: bytes, rate_limit: RateLimit | None = None) -> Page[L]:
        """Read a page.

        Raises:
            DecodeError: it is none.
        """
        reply = None if self.at_once else self._parted.attempt(body)
        if reply is None:
            # What needed another way than the first one will need it again.
            self.at_once = True
            return _page(self._whole(body), rate_limit)
        includes: Includes | Unread[Includes]
        if isinstance(reply, _Parted):
            # A copy, so that the rest of the body does not live as long as they do.
            raw = bytes(reply.includes)
            includes = NO_INCLUDES if raw in _NOTHING else _Unread(raw, self)
        elif reply.includes is None:
            includes = NO_INCLUDES
        elif reply.includes == _NO_IDS:  # hardly anything is left, and no reason to keep the body
            includes = _REST(body).includes
        else:
            includes = _UnreadRest(body, ids_of(reply.includes), self)
        return _page_of(reply, PageIndex(includes), rate_limit)


def tweet_pages(*, counted: bool = False) -> PageReader[Tweet]:
    """Make a reader for the pages of one walk over tweets.

    Args:
        counted: whether somebody will ask for the ids of all that they include.
    """
    return PageReader(_TWEETS, _COUNTED_TWEETS if counted else _PARTED_TWEETS)


def user_pages(*, counted: bool = False) -> PageReader[User]:
    """Make a reader for the pages of one walk over users; arguments as of :func:`tweet_pages`."""
    return PageReader(_USERS, _COUNTED_USERS if counted else _PARTED_USERS)


class _Unread(Generic[L]):
    """The includes of a page as they came."""

    __slots__ = ("_raw", "_reader")

    def __init__(self, raw: bytes, reader: PageReader[L]) -> None:
        self._raw = raw
        self._reader = reader

    @property
    def ids(self) -> IncludedIds:
        return ids_of(_IDS.attempt(self._raw) or _INCLUDES(self._raw))

    def read(self) -> Includes:
        self._reader.at_once = True
        return _INCLUDES(self._raw)


class _UnreadRest(Generic[L]):
    """The includes of a page whose ids were read, in the body they came in."""

    __slots__ = ("_body", "_reader", "ids")

    def __init__(self, body: bytes, ids: IncludedIds, reader: PageReader[L]) -> None:
        self._body = body
        self._reader = reader
        self.ids = ids

    def read(self) -> Includes:
        self._reader.at_once = True
        return _REST(self._body).includes


def _page(reply: _Whole[L], rate_limit: RateLimit | None) -> Page[L]:
    return _page_of(reply, PageIndex(reply.includes), rate_limit)


def _page_of(
    reply: _Whole[L] | _Parted[L] | _Counted[L], index: PageIndex, rate_limit: RateLimit | None
) -> Page[L]:
    link(reply.data, index)
    return Page(
        data=reply.data,
        includes=index,
        meta=reply.meta,
        problems=reply.errors,
        rate_limit=rate_limit,
    )
