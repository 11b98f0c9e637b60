"""From credentials to an account."""

from twretweet.auth.account import Account
from twretweet.auth.bearer import AppAccount, OAuth2Account
from twretweet.auth.oauth1 import OAuth1Account
from twretweet.credentials import AppOnly, Credentials, OAuth1, OAuth2
from twretweet.errors import CredentialsError


def account_of(credentials: Credentials) -> Account:
    """Make the account that a set of credentials stands for.

    Raises:
        CredentialsError: it is none of the three kinds, or lacks a token.
    """
    if isinstance(credentials, OAuth1):
        return OAuth1Account(credentials)
    if isinstance(credentials, OAuth2):
        return OAuth2Account(credentials)
    if isinstance(credentials, AppOnly):  # pyright: ignore[reportUnnecessaryIsInstance]
        return AppAccount(credentials)
    raise CredentialsError(
        f"{type(credentials).__name__} is no kind of credentials: use OAuth1, OAuth2 or AppOnly"
    )
