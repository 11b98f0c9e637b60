"""What a reply of X API v2 is besides its data: meta, problems, and the page around it all."""

from __future__ import annotations

from typing import Final, Generic, Protocol, TypeVar, cast

from twretweet.models.base import Model
from twretweet.models.index import Identified, IncludedIds, Keyed, ids_in, keys_in
from twretweet.models.resources import NO_INCLUDES, Includes, PageIndex

T = TypeVar("T")


class RateLimit(Model, frozen=True, kw_only=True):
    """What the headers of a reply said about its window.

    Attributes:
        limit: how many requests a window allows.
        remaining: how many of them were left after this one.
        reset: when the window ends, in epoch seconds of the server's clock.
    """

    limit: int
    remaining: int
    reset: float


class Meta(Model, frozen=True, kw_only=True):
    """Where a page stands in the walk.

    ``result_count`` is X's own and can be wrong: count ``data`` instead. Only a missing
    ``next_token`` ends a walk.
    """

    result_count: int = 0
    next_token: str | None = None
    previous_token: str | None = None


NO_META: Final = Meta()


class ProblemError(Model, frozen=True, kw_only=True):
    """One of the errors that an *Invalid Request*, or a v1.1 reply, lists."""

    code: int | None = None
    message: str = ""
    parameters: dict[str, tuple[str, ...]] | None = None


class Problem(Model, frozen=True, kw_only=True):
    """What went wrong: beside the data of a 200, or the whole body of a failure.

    Every kind of problem has some of these fields; what X writes in them is passed on as it is.
    ``code`` and ``message`` come from bodies in the form of v1.1.

    Source: https://docs.x.com/x-api/fundamentals/response-codes-and-errors
    """

    type: str | None = None
    title: str | None = None
    detail: str | None = None
    status: int | None = None
    code: int | None = None
    message: str | None = None
    parameter: str | None = None
    value: str | None = None
    field: str | None = None
    section: str | None = None
    resource_id: str | None = None
    resource_type: str | None = None
    id: str | None = None
    reason: str | None = None
    registration_url: str | None = None
    period: str | None = None
    scope: str | None = None
    reset_date: str | None = None
    connection_issue: str | None = None
    disconnect_type: str | None = None
    errors: tuple[ProblemError, ...] = ()

    @property
    def kind(self) -> str | None:
        """The last part of ``type``, such as ``resource-not-found``: the host before it varies."""
        return self.type.rstrip("/").rpartition("/")[2] if self.type else None


class Page(Generic[T]):
    """One page of a walk.

    Args:
        data: the items; there may be none, even in the middle of a walk.
        includes: what the items refer to, or an index that will read it.
        meta: the page's tokens.
        problems: what X could not deliver, though the reply is a success.
        rate_limit: what the reply's headers said, if they did.
    """

    __slots__ = ("_index", "data", "meta", "problems", "rate_limit")

    def __init__(
        self,
        *,
        data: tuple[T, ...] = (),
        includes: Includes | PageIndex = NO_INCLUDES,
        meta: Meta = NO_META,
        problems: tuple[Problem, ...] = (),
        rate_limit: RateLimit | None = None,
    ) -> None:
        self.data = data
        self.meta = meta
        self.problems = problems
        self.rate_limit = rate_limit
        self._index = PageIndex(includes) if isinstance(includes, Includes) else includes

    @property
    def includes(self) -> Includes:
        """What the items refer to; read when it is first looked at.

        Raises:
            DecodeError: it can't be read.
        """
        return self._index.includes

    @property
    def included_ids(self) -> IncludedIds:
        """The ids of what X charges for beside the items, without reading more than these.

        Raises:
            DecodeError: they can't be read.
        """
        unread = self._index.unread
        return ids_of(self._index.includes) if unread is None else unread.ids

    def holding(self, data: tuple[T, ...], problems: tuple[Problem, ...] | None = None) -> Page[T]:
        """The same page with only these of its items, and all problems or only these."""
        return Page(
            data=data,
            includes=self._index,
            meta=self.meta,
            problems=self.problems if problems is None else problems,
            rate_limit=self.rate_limit,
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Page):
            return NotImplemented
        theirs = cast("Page[object]", other)
        return self._parts() == theirs._parts()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return (
            f"Page(data={self.data!r}, includes={self.includes!r}, meta={self.meta!r}, "
            f"problems={self.problems!r}, rate_limit={self.rate_limit!r})"
        )

    def _parts(self) -> tuple[object, ...]:
        return self.data, self.includes, self.meta, self.problems, self.rate_limit


class _Objects(Protocol):
    """Includes, or as much of them as their ids."""

    @property
    def tweets(self) -> tuple[Identified, ...]: ...
    @property
    def users(self) -> tuple[Identified, ...]: ...
    @property
    def media(self) -> tuple[Keyed, ...]: ...


def ids_of(includes: _Objects) -> IncludedIds:
    """The ids of what X charges for."""
    return IncludedIds(
        tuple(ids_in(includes.tweets)),
        tuple(ids_in(includes.users)),
        tuple(keys_in(includes.media)),
    )


class One(Model, Generic[T], frozen=True, kw_only=True):
    """The reply of an endpoint that returns one object.

    Attributes:
        data: the object; ``None`` where X could not deliver it, and ``problems`` say why.
        includes: what the object refers to.
        problems: what X could not deliver.
        rate_limit: what the reply's headers said, if they did.
    """

    data: T | None = None
    includes: Includes = NO_INCLUDES
    problems: tuple[Problem, ...] = ()
    rate_limit: RateLimit | None = None
