"""Signing out: X is told first, and what is stored is forgotten after that."""

from __future__ import annotations

from twretweet.auth import pkce, three_legged
from twretweet.auth.guard import GuardedStore
from twretweet.auth.lineage import has_moved, require_host
from twretweet.auth.tokens import OAuth1Tokens, OAuth2Tokens, StoredTokens
from twretweet.credentials import OAuth2
from twretweet.errors import CredentialsError
from twretweet.pipeline import Wire
from twretweet.sign_in.asking import Asking

# Two tokens are ended, each with a second attempt.
_EXCHANGES = 4
_STORING = 15.0


async def leave(wire: Wire, asking: Asking, account: str, client: OAuth2 | None) -> None:
    """End a sign-in at X, and forget it.

    Args:
        wire: the store, and where X is.
        asking: asks X.
        account: the name under which it is stored.
        client: the app, if it is a confidential client whose secret is not stored.

    Raises:
        CredentialsError: no sign-in is stored under this name, or one at another host.
        TwretweetError: X could not be told, or the store not be read or written.
    """
    store, url = GuardedStore(wire.store), wire.base_url
    # The lock, or a refresh under way would bring tokens that nobody ends.
    async with store.lock(account) as lease:
        stored = await store.load(account)
        if stored is not None:
            require_host(stored, account, url)
        if isinstance(stored, OAuth2Tokens) and await _is_elsewhere(store, stored):
            await store.delete(account)
            return
        if lease is not None:
            await lease.hold(_EXCHANGES * wire.timeout)
        if isinstance(stored, OAuth2Tokens):
            tokens = stored
            await asking.ask(
                lambda _: pkce.revoke(url, tokens, client),
                endpoint=f"POST {pkce.REVOKE_PATH}",
                account=account,
            )
        elif isinstance(stored, OAuth1Tokens):
            keys = stored.credentials(account)
            await asking.ask(
                lambda now: three_legged.revoke(url, keys, now),
                endpoint=f"POST {three_legged.INVALIDATE_PATH}",
                account=account,
                dated=True,
            )
        else:
            raise CredentialsError(_no_sign_in(account, stored))
        if lease is not None:
            await lease.hold(_STORING)
        await store.delete(account)


async def _is_elsewhere(store: GuardedStore, tokens: OAuth2Tokens) -> bool:
    """Whether it is another name's by now, so that ending it here would end it there."""
    name = tokens.moved_to
    return name is not None and has_moved(tokens, await store.load(name))


def _no_sign_in(account: str, stored: StoredTokens | None) -> str:
    if stored is None:
        return f"nobody is signed in as {account!r}: nothing is stored under this name"
    return (
        f"what is stored as {account!r} is no sign-in but {type(stored).__name__}: end it in the "
        "developer portal, and delete it from the store"
    )
