"""The v2 endpoints that read.

Sources: https://docs.x.com/x-api/posts/get-reposts, …/get-reposted-by, …/get-quoted-posts,
…/get-post-by-id, …/users/get-reposts-of-me, …/get-my-user, …/get-user-by-username
"""

from dataclasses import replace
from typing import Final, Literal

from twretweet.sandbox.accounts import AuthKind
from twretweet.sandbox.call import Call, State
from twretweet.sandbox.paging import Cut, cut, start
from twretweet.sandbox.params import Parameters
from twretweet.sandbox.people import User
from twretweet.sandbox.present import Presenter
from twretweet.sandbox.reply import (
    Refused,
    Reply,
    resource_not_found,
    unsupported_authentication,
)
from twretweet.sandbox.retweets import Ranked
from twretweet.sandbox.selection import Selection, allowed_parameters, select
from twretweet.sandbox.tweets import Tweet

# Which list a page token belongs to.
_RETWEETS: Final = 1
_RETWEETERS: Final = 2
_MINE: Final = 3
_QUOTES: Final = 4
_QUOTES_BUT_REPLIES: Final = 5
_LISTINGS: Final = {
    "GET /2/tweets/{id}/retweets": {_RETWEETS},
    "GET /2/tweets/{id}/retweeted_by": {_RETWEETERS},
    "GET /2/tweets/{id}/quote_tweets": {_QUOTES, _QUOTES_BUT_REPLIES},
    "GET /2/users/reposts_of_me": {_MINE},
}

_MOST: Final = 100
_PAGING: Final = ("max_results", "pagination_token")
_EXCLUDABLE: Final = ("replies", "retweets")
_USERNAME: Final = "^[A-Za-z0-9_]{1,15}$"

KIND_NAMES: Final[dict[AuthKind, str]] = {
    "oauth1": "OAuth 1.0a User Context",
    "oauth2": "OAuth 2.0 User Context",
    "app-only": "OAuth 2.0 Application-Only",
}
"""What X calls the kinds of authentication."""


def knows_token(state: State, endpoint: str, call: Call) -> bool:
    """Tell whether a request carries a page token that leads on in the list that it asks for.

    Args:
        state: what it would work on.
        endpoint: method and path of its row.
        call: the request.
    """
    place = state.tokens.read(call.query.get("pagination_token", [""])[0])
    subject = call.arguments.get("id", call.caller.label)
    return (
        place is not None
        and place.listing in _LISTINGS.get(endpoint, ())
        and str(place.subject) == subject
    )


def retweets(state: State, call: Call) -> Reply:
    """GET /2/tweets/:id/retweets."""
    reading = _Reading(state, call, "tweet", paged=True)
    tweet = reading.tweet()
    page = reading.cut(_RETWEETS, tweet.id, tweet.retweets)
    shown = [state.world.retweet_at(tweet, position) for position in page.positions]
    return reading.page(page, *reading.presenter.tweets(shown))


def retweeted_by(state: State, call: Call) -> Reply:
    """GET /2/tweets/:id/retweeted_by."""
    reading = _Reading(state, call, "user", paged=True)
    tweet = reading.tweet()
    page = reading.cut(_RETWEETERS, tweet.id, tweet.retweets)
    ids = [state.world.retweeter_at(tweet, position) for position in page.positions]
    users = [user for one in ids if (user := state.world.user(one)) is not None]
    return reading.page(page, *reading.presenter.users(users))


def quote_tweets(state: State, call: Call) -> Reply:
    """GET /2/tweets/:id/quote_tweets; a page has 10 by default and not fewer."""
    reading = _Reading(state, call, "tweet", paged=True, least=10, usual=10, also=("exclude",))
    excluded = reading.parameters.words("exclude", _EXCLUDABLE)
    tweet = reading.tweet()
    replies = "replies" not in excluded
    listing = _QUOTES if replies else _QUOTES_BUT_REPLIES
    # No retweet is ever among them, so there is none to exclude.
    items = state.world.quotes_of(tweet, replies=replies)
    # Both OpenAPI files know a next token here, and no previous one.
    page = replace(reading.cut(listing, tweet.id, items), previous=None)
    found = [state.world.tweet(items.id_at(position)) for position in page.positions]
    return reading.page(page, *reading.presenter.tweets([one for one in found if one is not None]))


def reposts_of_me(state: State, call: Call) -> Reply:
    """GET /2/users/reposts_of_me: the caller's own tweets that somebody retweeted."""
    reading = _Reading(state, call, "tweet", paged=True)
    reading.settle()
    mine = call.caller.user_id or 0
    items = state.world.retweeted_of(mine)
    page = reading.cut(_MINE, mine, items)
    found = [state.world.tweet(items.id_at(position)) for position in page.positions]
    return reading.page(page, *reading.presenter.tweets([one for one in found if one is not None]))


def tweet(state: State, call: Call) -> Reply:
    """GET /2/tweets/:id."""
    reading = _Reading(state, call, "tweet")
    data, beside = reading.presenter.tweets([reading.tweet()])
    return Reply(200, {"data": data[0], **beside})


def me(state: State, call: Call) -> Reply:
    """GET /2/users/me."""
    reading = _Reading(state, call, "user")
    reading.settle()
    return reading.user(state.world.user(call.caller.user_id or 0), "id", call.caller.label)


def user_by_username(state: State, call: Call) -> Reply:
    """GET /2/users/by/username/:username."""
    reading = _Reading(state, call, "user")
    name = reading.parameters.matching("username", call.arguments["username"], _USERNAME)
    reading.settle()
    return reading.user(state.world.user_named(name), "username", name)


class _Reading:
    """What all of these have in common: parameters, selection, and who looks."""

    __slots__ = ("_call", "_max_results", "_names", "_state", "parameters", "selection")

    def __init__(
        self,
        state: State,
        call: Call,
        about: Literal["tweet", "user"],
        *,
        paged: bool = False,
        least: int = 1,
        usual: int = _MOST,
        also: tuple[str, ...] = (),
    ) -> None:
        self._state = state
        self._call = call
        self._names = call.names
        self.parameters: Parameters = call.parameters()
        allowed = allowed_parameters(self._names, about)
        self.parameters.expect((*allowed, *also, *_PAGING) if paged else allowed)
        vocabulary = call.vocabulary
        self.selection: Selection = select(self.parameters, self._names, vocabulary, about)
        self._max_results = (
            self.parameters.number("max_results", least, _MOST, default=usual) if paged else 1
        )

    @property
    def presenter(self) -> Presenter:
        """Return what shows the reply's objects to the caller."""
        state, viewer = self._state, self._call.caller.user_id
        return Presenter(state.world, state.quirks, state.seed, self.selection, viewer)

    def settle(self) -> None:
        """Refuse the request if a parameter is off, or if it wants what the app may not see."""
        self.parameters.settle()
        kind = self._call.caller.kind
        if kind == "app-only" and self.selection.asks_private:
            raise Refused(
                unsupported_authentication(
                    self._names.problems,
                    used=KIND_NAMES[kind],
                    supported=f"{KIND_NAMES['oauth1']}, {KIND_NAMES['oauth2']}",
                    what="field",
                )
            )

    def tweet(self) -> Tweet:
        """Return the tweet in the path."""
        text = self._call.arguments["id"]
        tweet_id = self.parameters.id("id", text)
        self.settle()
        found = self._state.world.tweet(tweet_id)
        if found is None:
            raise Refused(self._missing("id", text, "tweet"))
        return found

    def cut(self, listing: int, subject: int, items: Ranked) -> Cut:
        """Return the page that was asked for."""
        token = self.parameters.pagination_token()
        place = start(listing, subject) if token is None else self._state.tokens.read(token)
        if place is None or (place.listing, place.subject) != (listing, subject):
            self.parameters.refuse_token(token or "")
            self.parameters.settle()
            place = start(listing, subject)
        quirks, passage = self._state.quirks, self._call.passage
        if passage is not None and not place.backward:
            available = min(self._max_results, items.rank(place.anchor))
            quirks = passage.page_quirks(quirks, available)
        return cut(items, place, self._max_results, quirks, self._state.seed)

    def page(self, page: Cut, data: list[dict[str, object]], beside: dict[str, object]) -> Reply:
        """Return the reply with a page; without results it has no ``data``."""
        meta: dict[str, object] = {"result_count": len(data)}
        if page.next is not None:
            meta["next_token"] = self._state.tokens.write(page.next)
        if page.previous is not None:
            meta["previous_token"] = self._state.tokens.write(page.previous)
        body: dict[str, object] = {"data": data} if data else {}
        return Reply(200, {**body, **beside, "meta": meta})

    def user(self, user: User | None, parameter: str, value: str) -> Reply:
        """Return the reply with a user."""
        if user is None:
            return self._missing(parameter, value, "user")
        data, beside = self.presenter.users([user])
        return Reply(200, {"data": data[0], **beside})

    def _missing(self, parameter: str, value: str, resource: str) -> Reply:
        # X answers 200 with nothing but errors.
        problems = self._names.problems
        entry = resource_not_found(problems, parameter=parameter, value=value, resource=resource)
        return Reply(200, {"errors": [entry]})
