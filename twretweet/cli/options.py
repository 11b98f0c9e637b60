"""Arguments and options that several commands share, so that they mean the same everywhere."""

from typing import Annotated, TypeAlias

from cyclopts import Parameter

TweetId: TypeAlias = Annotated[
    str, Parameter(name="ID", help="The tweet: its id, or the address of its page.")
]
MaxWait: TypeAlias = Annotated[
    float | None,
    Parameter(
        help="The longest wait for a rate-limit window, in seconds; a longer one ends the command "
        "with an error. By default it waits as long as it takes.",
    ),
]
Account: TypeAlias = Annotated[
    str | None,
    Parameter(
        help="Which of the accounts that are signed in; see twretweet accounts. By default the "
        "keys in the environment, or else the only account there is.",
    ),
]


def names(given: list[str] | None) -> tuple[str, ...]:
    """The single names of an option that takes a comma list and may be repeated."""
    words = (word.strip() for part in given or () for word in part.split(","))
    return tuple(word for word in words if word)
