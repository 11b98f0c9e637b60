"""``twretweet accounts``: who is signed in, and for how long; no secret."""

import os
import time
from collections.abc import Mapping

import anyio
from rich import box
from rich.table import Table
from rich.text import Text

from twretweet.auth.tokens import AppOnlyTokens, OAuth1Tokens, OAuth2Tokens, StoredTokens
from twretweet.cli import environment, sign_ins
from twretweet.cli.console import output
from twretweet.cli.outcome import FAILED, OK, complain, say
from twretweet.cli.tally import seconds
from twretweet.errors import TokenStoreError


def accounts() -> int:
    """Show who is signed in on this machine, and what they allow."""
    url = environment.base_url(os.environ)
    found, faults = anyio.run(_found, url)
    if found:
        output().print(accounts_table(found, time.time()))
    elif not faults:
        say(f"nobody is signed in at {url}: see twretweet login")
    for fault in faults:
        complain(fault)
    return FAILED if faults else OK


async def _found(url: str) -> tuple[dict[str, StoredTokens], list[str]]:
    """What is stored under each name; and what is wrong with those that can't be read."""
    store = sign_ins.store(os.environ, url)
    found: dict[str, StoredTokens] = {}
    faults: list[str] = []
    for name in await store.accounts():
        try:
            tokens = await store.load(name)
        except TokenStoreError as error:
            faults.append(str(error))
        else:
            if tokens is not None:
                found[name] = tokens
    return found, faults


def accounts_table(found: Mapping[str, StoredTokens], now: float) -> Table:
    """One row for each account.

    Args:
        found: what is stored under each name.
        now: the local clock, in epoch seconds.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for title in ("account", "user", "kind", "scopes", "access token"):
        table.add_column(title)
    for name, tokens in found.items():
        user = sign_ins.user_of(tokens)
        cells = (name, f"@{user}" if user else "not told", *_kind(tokens), _life(tokens, now))
        table.add_row(*map(Text, cells))
    return table


def _kind(tokens: StoredTokens) -> tuple[str, str]:
    if isinstance(tokens, OAuth2Tokens):
        return "OAuth 2.0", " ".join(tokens.scopes)
    if isinstance(tokens, OAuth1Tokens):
        return "OAuth 1.0a", "all that the app may"
    return "app-only", "reading"


def _life(tokens: StoredTokens, now: float) -> str:
    if isinstance(tokens, OAuth1Tokens | AppOnlyTokens) or not isinstance(tokens, OAuth2Tokens):
        return "does not end"
    renewed = "renewed by itself" if tokens.refresh_token else "sign in again then"
    if tokens.expires_at is None:
        return f"end not told, {renewed}"
    if tokens.expires_at > now:
        return f"ends in {seconds(tokens.expires_at - now)}, {renewed}"
    return "ended, renewed at its next use" if tokens.refresh_token else "ended: sign in again"
