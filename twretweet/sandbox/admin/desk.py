"""What the admin endpoint does: from a request to what is to be sent, without a socket."""

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import Final, TypeAlias, TypeVar
from urllib.parse import parse_qs

import msgspec

from twretweet.sandbox import snapshot
from twretweet.sandbox.accounts import SCOPES
from twretweet.sandbox.admin import views
from twretweet.sandbox.admin.shapes import (
    Act,
    ActDone,
    Advance,
    Growth,
    NewAccount,
    NewTweet,
    RetweetedBy,
    Switch,
)
from twretweet.sandbox.core import Core
from twretweet.sandbox.faults.fault import Fault
from twretweet.sandbox.faults.faults import InForce
from twretweet.sandbox.params import is_id
from twretweet.sandbox.story import AUTHOR_ID, TWEET_ID
from twretweet.sandbox.tweets import Tweet

T = TypeVar("T")
JSON: Final = "application/json; charset=utf-8"
LINES: Final = "application/jsonl; charset=utf-8"
_AT_ONCE: Final = 10_000
_FAULT: Final = re.compile(r"faults/([0-9]{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sent:
    """What to send.

    Args:
        status: the HTTP status.
        body: what is encoded as JSON, or bytes that are sent as they are; ``None`` for nothing.
        kind: the content type.
    """

    status: int
    body: object = None
    kind: str = JSON


class Trouble(Exception):  # no error of the sandbox, but its answer
    """The request can't be done; the status and the reason are sent."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to the admin endpoint.

    Args:
        method: the HTTP method.
        path: what follows the prefix.
        query: what follows the question mark.
        body: the body.
    """

    method: str
    path: str
    query: str
    body: bytes


Steps: TypeAlias = Generator[None, None, Sent]
"""What takes long, in steps between which others have their turn."""

Handler: TypeAlias = Callable[[Asked], Sent | Steps]


class Desk:
    """Does what is asked.

    Args:
        core: the sandbox.
        look: shows all of it.
    """

    def __init__(self, core: Core, look: Callable[[], object]) -> None:
        self._core = core
        self._look = look
        self._rows: dict[str, dict[str, Handler]] = {
            "state": {"GET": self._state},
            "requests": {"GET": self._requests, "DELETE": self._forget},
            "faults": {"GET": self._faults, "POST": self._add, "DELETE": self._clear},
            "faults/ID": {"PATCH": self._switch, "DELETE": self._remove},
            "tweets": {"POST": self._tweet},
            "accounts": {"POST": self._account},
            "retweets": {"GET": self._retweets, "POST": self._act},
            "retweeted_by": {"GET": self._retweeted_by},
            "clock": {"POST": self._advance},
            "growth": {"POST": self._grow},
            "reset": {"POST": self._reset},
            "snapshot": {"GET": self._save, "POST": self._load},
        }

    def answer(self, asked: Asked) -> Steps:
        """Do what is asked, or tell why not."""
        try:
            sent = self._handler(asked)(asked)
            return sent if isinstance(sent, Sent) else (yield from sent)
        except Trouble as trouble:
            return Sent(trouble.status, {"error": trouble.why})
        except ValueError as error:
            return Sent(400, {"error": str(error)})

    def _handler(self, asked: Asked) -> Handler:
        path = "faults/ID" if _FAULT.fullmatch(asked.path) else asked.path
        methods = self._rows.get(path)
        if methods is None:
            raise Trouble(404, f"there is no {asked.path!r}; there are: {', '.join(self._rows)}")
        if asked.method not in methods:
            raise Trouble(405, f"{path} takes {', '.join(methods)}, not {asked.method}")
        return methods[asked.method]

    # Looking

    def _state(self, _: Asked) -> Sent:
        return Sent(200, self._look())

    def _requests(self, asked: Asked) -> Sent:
        after = parse_qs(asked.query).get("after", ["0"])[-1]
        if not (after.isascii() and after.isdecimal()) or not is_id(after):
            raise Trouble(400, f"after is {after!r}: it must be the number of a request")
        return Sent(200, views.requests(self._core.records.after(int(after))))

    def _forget(self, _: Asked) -> Sent:
        self._core.records.clear()
        self._core.changes.tell("requests")
        return Sent(204)

    # Faults

    def _faults(self, _: Asked) -> Sent:
        return Sent(200, views.faults(self._core))

    def _add(self, asked: Asked) -> Sent:
        added = self._core.faults.add(_read(asked, Fault))
        self._core.changes.tell("faults")
        return Sent(201, views.fault(added))

    def _clear(self, _: Asked) -> Sent:
        self._core.faults.clear()
        self._core.changes.tell("faults")
        return Sent(204)

    def _switch(self, asked: Asked) -> Sent:
        fault = self._fault(asked)
        fault.enabled = _read(asked, Switch).enabled
        self._core.changes.tell("faults")
        return Sent(200, views.fault(fault))

    def _remove(self, asked: Asked) -> Sent:
        self._core.faults.remove(self._fault(asked).id)
        self._core.changes.tell("faults")
        return Sent(204)

    def _fault(self, asked: Asked) -> InForce:
        number = int(asked.path.rpartition("/")[2])
        found = self._core.faults.get(number)
        if found is None:
            raise Trouble(404, f"there is no fault {number}")
        return found

    # What is there

    def _tweet(self, asked: Asked) -> Sent:
        new = _read(asked, NewTweet)
        author = AUTHOR_ID if new.author_id is None else _id(new.author_id, "author_id")
        made = self._core.add_tweet(new.text, new.retweets, author)
        return Sent(201, views.tweet(self._core, made))

    def _account(self, asked: Asked) -> Sent:
        new = _read(asked, NewAccount)
        scopes = SCOPES if new.scopes is None else new.scopes
        return Sent(201, views.keys(self._core.new_account(new.username, scopes)))

    def _retweets(self, asked: Asked) -> Sent:
        self._core.catch_up()
        return Sent(200, views.retweets(self._core, self._asked_tweet(asked)))

    def _retweeted_by(self, asked: Asked) -> Steps:
        tweet = self._asked_tweet(asked)
        made = map(str, self._core.retweeters(tweet))
        told: list[str] = []
        while some := list(islice(made, _AT_ONCE)):
            told += some
            yield
        return Sent(200, RetweetedBy(str(tweet.id), told))

    def _asked_tweet(self, asked: Asked) -> Tweet:
        text = parse_qs(asked.query).get("tweet_id", [str(TWEET_ID)])[-1]
        return self._core.tweet(_id(text, "tweet_id"))

    def _act(self, asked: Asked) -> Sent:
        act = _read(asked, Act)
        tweet_id = TWEET_ID if act.tweet_id is None else _id(act.tweet_id, "tweet_id")
        user_id = None if act.user_id is None else _id(act.user_id, "user_id")
        tweet = self._core.tweet(tweet_id)
        changed = self._core.act(tweet, user_id, act.count, undo=act.action == "undo")
        return Sent(200, ActDone(str(tweet.id), changed, len(tweet.retweets)))

    # All of it

    def _advance(self, asked: Asked) -> Sent:
        if not self._core.movable:
            raise Trouble(409, "the clock of this sandbox can't be moved on")
        self._core.advance(_read(asked, Advance).advance)
        return Sent(200, views.clock(self._core))

    def _grow(self, asked: Asked) -> Sent:
        rate = _read(asked, Growth).retweets_per_second
        self._core.grow(rate)
        return Sent(200, Growth(rate))

    def _reset(self, asked: Asked) -> Steps:
        _read(asked, dict[str, object])
        yield from self._core.resetting()
        return Sent(204)

    def _save(self, _: Asked) -> Sent:
        return Sent(200, b"".join(snapshot.lines(self._core)), LINES)

    def _load(self, asked: Asked) -> Steps:
        yield from snapshot.loading(self._core, BytesIO(asked.body))
        return Sent(204)


def _read(asked: Asked, shape: type[T]) -> T:
    """Decode the body.

    Raises:
        Trouble: it is no such object.
    """
    try:
        return msgspec.json.decode(asked.body, type=shape)
    except (ValueError, UnicodeDecodeError) as error:
        raise Trouble(400, f"the body of {asked.path}: {error}") from None


def _id(text: str, name: str) -> int:
    if not is_id(text):
        raise Trouble(400, f"{name} is {text!r}: an id is 1 to 19 digits")
    return int(text)
