"""Who a request is from, and how it proves it."""

from twretweet.auth.account import Account
from twretweet.auth.factory import account_of

__all__ = ["Account", "account_of"]
