"""From credentials to accounts."""

from __future__ import annotations

from collections.abc import Hashable
from weakref import WeakValueDictionary

from twretweet.auth.account import Account
from twretweet.auth.bearer import AppAccount, AppKeyAccount
from twretweet.auth.oauth1 import OAuth1Account
from twretweet.auth.oauth2 import OAuth2Account, store_name
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
    """

    def __init__(self) -> None:
        self._shared: WeakValueDictionary[Hashable, Account] = WeakValueDictionary()
        self._apps: dict[AppOnly, AppKeyAccount] = {}

    def of(self, credentials: Credentials) -> Account:
        """The account of some credentials.

        Raises:
            CredentialsError: as :func:`account_of`.
        """
        if isinstance(credentials, OAuth2):
            name = (credentials.client_id, store_name(credentials))
            known = self._shared.get(name)
            if isinstance(known, OAuth2Account):
                known.offer(credentials)
                return known
            account: Account = OAuth2Account(credentials)
            self._shared[name] = account
            return account
        account = account_of(credentials)
        if isinstance(account, AppKeyAccount) and isinstance(credentials, AppOnly):
            return self._apps.setdefault(credentials, account)
        if account.kind == "oauth1" and account.user_id is None:
            return self._shared.setdefault(credentials, account)
        return account
