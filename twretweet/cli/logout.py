"""``twretweet logout``: ends a sign-in at X, and forgets it."""

import os
from pathlib import Path
from typing import Annotated

import anyio
from cyclopts import Parameter

from twretweet.auth.tokens import OAuth2Tokens
from twretweet.cli import environment, sign_ins
from twretweet.cli.keys import Keys
from twretweet.cli.outcome import OK, complain, say
from twretweet.credentials import OAuth2
from twretweet.errors import CredentialsError, TokenStoreError, TwretweetError
from twretweet.manager import SessionManager


def logout(
    *,
    account: Annotated[
        str | None,
        Parameter(help="Which account; by default the only one that is signed in."),
    ] = None,
    force: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Forget it even if X can't be told, or refuses to end it.",
        ),
    ] = False,
    secrets: Annotated[
        Path | None,
        Parameter(help="A file with lines like TWRETWEET_CLIENT_SECRET=…, readable by you alone."),
    ] = None,
) -> int:
    """End a sign-in: X revokes its tokens, and they are forgotten here."""
    anyio.run(_leave, account, force, Keys(os.environ, secrets))
    return OK


async def _leave(account: str | None, force: bool, keys: Keys) -> None:
    url = environment.base_url(os.environ)
    store = sign_ins.store(os.environ, url)
    name = await sign_ins.choose(store, account)
    if name is None:
        raise CredentialsError("nobody is signed in")
    async with SessionManager(base_url=url, token_store=store) as manager:
        try:
            stored = await store.load(name)
            client, secret = None, keys.get("CLIENT_SECRET")
            if isinstance(stored, OAuth2Tokens) and secret is not None:
                client = OAuth2(stored.client_id, secret)
            await manager.sign_in.revoke(name, client=client)
        except TwretweetError as error:
            if not force or isinstance(error, TokenStoreError):
                raise
            complain(f"X has not ended it: {error}")
            await store.delete(name)
            say(f"forgot {name}")
        else:
            say(f"signed out {name}: X has ended its tokens, and they are forgotten here")
