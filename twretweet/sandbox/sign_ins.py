"""Who is signed in, as lines of a snapshot."""

from collections.abc import Iterator

from twretweet.sandbox.accounts import Accounts
from twretweet.sandbox.bounds import MOST, within
from twretweet.sandbox.lines import Access, Refresh, SandboxLine, SignInLine, TokenLine
from twretweet.sandbox.oauth import grants
from twretweet.sandbox.oauth.grants import NEVER, Family


def told(accounts: Accounts, now: float) -> Iterator[TokenLine | SignInLine]:
    """Write all tokens that are good, and the refresh tokens that no longer are.

    Args:
        accounts: whose they are.
        now: epoch seconds.
    """
    for user_id, number in accounts.legs.good():
        yield TokenLine(user_id, number)
    for family, accesses, refreshes in accounts.grants.descended(now):
        yield SignInLine(
            user_id=family.user_id,
            client_id=family.client_id,
            scopes=list(family.scopes),
            revoked=family.revoked,
            access=[
                Access(handle, None if one.expires_at == NEVER else one.expires_at)
                for handle, one in accesses
            ],
            refresh=[Refresh(handle, one.used, one.revoked) for handle, one in refreshes],
        )


def go_on(accounts: Accounts, line: SandboxLine) -> None:
    """Go on from the counts of tokens.

    Raises:
        ValueError: a count is out of range.
    """
    accounts.legs.given = within("signed_in", line.signed_in or 0, 0)
    given = within("app_tokens", line.app_tokens, 0)
    accounts.app_bearers.go_on(given, ended=line.app_signed_out)


def take(accounts: Accounts, line: TokenLine | SignInLine) -> None:
    """Let somebody be signed in.

    Raises:
        ValueError: there is no such user or client.
    """
    account = accounts.by_id(line.user_id)
    if account is None:
        raise ValueError(f"user_id is {line.user_id!r}: no account is of this user")
    if isinstance(line, TokenLine):
        if line.number is None:
            keys = account.oauth1
            accounts.legs.keep(line.user_id, keys.access_token, keys.access_token_secret)
        else:
            last = accounts.legs.given - 1
            accounts.legs.give(line.user_id, within("number", line.number, 0, min(last, MOST)))
        return
    if accounts.registration.client(line.client_id) is None:
        raise ValueError(f"client_id is {line.client_id!r}: the app has no such client")
    family = Family(line.user_id, line.client_id, tuple(line.scopes), line.revoked)
    accounts.grants.restore(
        family,
        [
            (
                one.handle,
                grants.Access(family, NEVER if one.expires_at is None else one.expires_at),
            )
            for one in line.access
        ],
        [(one.handle, grants.Refresh(family, one.used, one.revoked)) for one in line.refresh],
    )
