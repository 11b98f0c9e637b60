"""One request on its way through the sandbox, and what it works on."""

from dataclasses import dataclass, field
from typing import Final

from twretweet.sandbox.accounts import Accounts, Caller
from twretweet.sandbox.faults.faults import Faults, Met
from twretweet.sandbox.faults.passage import Passage
from twretweet.sandbox.fields import Names, names
from twretweet.sandbox.ledger import Ledger
from twretweet.sandbox.params import Parameters
from twretweet.sandbox.quirks import Quirks
from twretweet.sandbox.reply import Reply, is_v1
from twretweet.sandbox.tls import HOSTS
from twretweet.sandbox.tokens import Tokens
from twretweet.sandbox.updates import Updates
from twretweet.sandbox.windows import Standing
from twretweet.sandbox.world import World
from twretweet.vocabulary import Vocabulary

_MAPPED_HOSTS: Final = frozenset(HOSTS)


@dataclass(frozen=True, slots=True)
class State:
    """What all requests work on.

    Args:
        world: users and tweets.
        accounts: who may sign in.
        tokens: reads and writes page tokens.
        quirks: how to misbehave.
        faults: how to misbehave on command.
        seed: decides whatever is left to chance.
        vocabulary: the only one spoken, or ``None`` for whichever a request uses.
        ledger: what was read and what it cost.
        updates: what each account has posted today.
    """

    world: World
    accounts: Accounts
    tokens: Tokens
    quirks: Quirks
    faults: Faults
    seed: int
    vocabulary: Vocabulary | None
    ledger: Ledger = field(default_factory=Ledger)
    updates: Updates = field(default_factory=Updates)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it came over the wire.

    Args:
        method: the HTTP method.
        host: the ``Host`` header.
        target: path and query, exactly as sent.
        headers: all headers.
        body: the body.
        now: when it came, in epoch seconds.
        ahead: by how many seconds the sandbox's clock was moved on by then.
        secure: whether it came over TLS.
    """

    method: str
    host: str
    target: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    now: float
    ahead: float = 0.0
    secure: bool = False

    @property
    def path(self) -> str:
        """The target without the query."""
        return self.target.partition("?")[0]

    @property
    def url(self) -> str:
        """The whole address, as the client signed it.

        A client that takes the sandbox for X, through a mapping of its host, signs for https.
        """
        return f"{self.scheme}://{self.host}{self.target}"

    @property
    def scheme(self) -> str:
        """The scheme of the address that the client asks."""
        return "https" if self.secure or self.host.lower() in _MAPPED_HOSTS else "http"

    @property
    def v1(self) -> bool:
        """Whether it is for v1.1."""
        return is_v1(self.target)

    @property
    def kind(self) -> str:
        """The content type of the body, in lower case and without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def form(self) -> bool:
        """Whether the body is a form, whose fields are signed and in v1.1 are parameters."""
        return self.kind == "application/x-www-form-urlencoded"

    @property
    def form_text(self) -> str:
        """The body if it is a form, else nothing."""
        return self.body.decode("utf-8", "replace") if self.form else ""


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose sender is known.

    Args:
        incoming: the request.
        caller: who sent it.
        arguments: the variable parts of the path.
        query: the parameters of the query, and in v1.1 of a form.
        told: the vocabulary to answer in, ``None`` where either would do.
        passage: the faults on its way; ``None`` if there are none in force.
    """

    incoming: Incoming
    caller: Caller
    arguments: dict[str, str]
    query: dict[str, list[str]]
    told: Vocabulary | None
    passage: Passage | None = None

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary of the fields."""
        return self.told or "tweet"

    @property
    def names(self) -> Names:
        """The names of the vocabulary."""
        return names(self.told)

    def parameters(self) -> Parameters:
        """Return a reader of the parameters."""
        return Parameters(self.query, self.names)


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply, and what is to be told or noted with it.

    Args:
        reply: status and body.
        caller: who asked; ``None`` if that is not known.
        standing: how they stand with their limits; ``None`` where none applies.
        cost: what X would charge, in US dollars.
        endpoint: the row that it came to, such as ``"GET /2/tweets/{id}"``.
        met: the faults that it met; ``None`` if there are none in force.
        vocabulary: that of an endpoint's reply, if it is of one alone.
    """

    reply: Reply
    caller: Caller | None = None
    standing: Standing | None = None
    cost: float = 0.0
    endpoint: str | None = None
    met: Met | None = None
    vocabulary: Vocabulary | None = None
