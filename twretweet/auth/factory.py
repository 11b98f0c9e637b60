"""From credentials to accounts."""

from __future__ import annotations

from collections.abc import Hashable
from weakref import WeakValueDictionary

from twretweet.auth.account import Account
from twretweet.auth.bearer import AppAccount, AppKeyAccount
from twretweet.auth.oauth1 import OAuth1Account
from twretweet.auth.oauth2 import OAuth2Account, store_name, token_name
from twretweet.credentials import AppOnly, Credentials, OAuth1, OAuth2
from twretweet.errors import CredentialsError


def account_of(credentials: Credentials) -> Account:
    """Make the account that a set of credentials stands for.

    Raises:
        CredentialsError: it is none of the three kinds, or has neither a token nor a name.
    """
    if isinstance(credentials, OAuth1):
        return OAuth1Account(credentials)
    if isinstance(credentials, OAuth2):
        return OAuth2Account(credentials)
    if isinstance(credentials, AppOnly):  # pyright: ignore[reportUnnecessaryIsInstance]
        keyed = credentials.consumer_key is not None
        return AppKeyAccount(credentials) if keyed else AppAccount(credentials)
    raise CredentialsError(
        f"{type(credentials).__name__} is no kind of credentials: use OAuth1, OAuth2 or AppOnly"
    )


class Accounts:
    """The accounts of one manager.

    What is renewed, and what has to be asked for, is shared by all sessions of an account, and
    forgotten with the last of them, since the store remembers it. Apps are few, and their bearer
    tokens are not stored, so they stay. An account whose keys never change has nothing to share.

    A refresh token works once, so one account has it: tokens are renewed, stored and locked by
    the account's name, and under two names one token would be spent twice.
    """

    def __init__(self) -> None:
        self._shared: WeakValueDictionary[Hashable, Account] = WeakValueDictionary()
        # Of each app, by their name, and by the one that their refresh token would give them.
        self._users: dict[str, WeakValueDictionary[str, OAuth2Account]] = {}
        self._apps: dict[AppOnly, AppKeyAccount] = {}

    def of(self, credentials: Credentials) -> Account:
        """The account of some credentials.

        Raises:
            CredentialsError: as :func:`account_of`; or another account has the refresh token.
        """
        if isinstance(credentials, OAuth2):
            return self._of_user(credentials)
        account = account_of(credentials)
        if isinstance(account, AppKeyAccount) and isinstance(credentials, AppOnly):
            return self._apps.setdefault(credentials, account)
        if account.kind == "oauth1" and account.user_id is None:
            return self._shared.setdefault(credentials, account)
        return account

    def _of_user(self, credentials: OAuth2) -> OAuth2Account:
        app, name, token = (
            credentials.client_id,
            store_name(credentials),
            credentials.refresh_token,
        )
        by_token = name if token is None else token_name(app, token)
        users = self._users.setdefault(app, WeakValueDictionary())
        holder = users.get(by_token)
        if holder is not None and holder.name != name:
            raise CredentialsError(
                f"a refresh token works once, and this one is in use as {holder.label!r} already: "
                "pass the same account= with it everywhere, or none anywhere"
            )
        account = users.get(name)
        if account is None:
            account = users[name] = OAuth2Account(credentials, name)
        else:
            account.offer(credentials)
        if by_token != name:
            users[by_token] = account
        return account
