"""The error of a reply that lacks something, for those who want all or nothing."""

from __future__ import annotations

from twretweet.errors import TwretweetError
from twretweet.models import Page, Problem, Tweet, User


class PartialResult(TwretweetError):
    """X delivered a page, and said what is missing from it: ``on_problem="raise"``.

    The walk still has the page. Iterated again, it hands out the page's items and goes on; nothing
    is fetched or paid twice. Who gives up finds the data here.

    Attributes:
        page: the page, as the walk would hand it out.
        problems: what X could not deliver.
    """

    def __init__(self, message: str, *, page: Page[Tweet] | Page[User]) -> None:
        super().__init__(message)
        self.page = page

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What X could not deliver."""
        return self.page.problems


def partial_result(page: Page[Tweet] | Page[User]) -> PartialResult:
    """The error of a page that has problems."""
    first, others = page.problems[0], len(page.problems) - 1
    what = first.detail or first.title or first.message or "X does not say what"
    more = f", and {others} more" if others else ""
    return PartialResult(
        f"the page lacks something ({what}{more}): its {len(page.data)} items are on this error's "
        "page; iterate again to go on with them",
        page=page,
    )
