"""Who a request is from, how it proves it, and how it stays signed in."""

from twretweet.auth.account import Account, Means, Send, drive
from twretweet.auth.factory import Accounts, account_of
from twretweet.auth.keeper import Keeper
from twretweet.auth.store import MemoryTokenStore, TokenStore

__all__ = [
    "Account",
    "Accounts",
    "Keeper",
    "Means",
    "MemoryTokenStore",
    "Send",
    "TokenStore",
    "account_of",
    "drive",
]
