"""Who has signed in: one question to X, for whose answer no sign-in is given up."""

from __future__ import annotations

import anyio

from twretweet import ids
from twretweet.auth.factory import account_of
from twretweet.auth.tokens import OAuth2Tokens
from twretweet.credentials import OAuth2
from twretweet.errors import DecodeError, RequestTimeout, TwretweetError
from twretweet.models import User
from twretweet.pipeline import Caller, Pipeline
from twretweet.protocol.endpoints import ME
from twretweet.query import UserQuery
from twretweet.sign_in.shelf import plausible_username


async def who(
    pipeline: Pipeline, tokens: OAuth2Tokens, patience: float
) -> tuple[User | None, TwretweetError | None]:
    """Ask ``GET /2/users/me``; return the user, or why X did not tell.

    Args:
        pipeline: asks.
        tokens: of whoever has signed in.
        patience: how long it may take, in seconds; a wait for a rate limit is not worth it.
    """
    account = account_of(OAuth2(tokens.client_id, access_token=tokens.access_token))
    try:
        with anyio.fail_after(patience):
            user = await Caller(account, pipeline).one(ME, UserQuery(), {})
    except TwretweetError as error:
        return None, error
    except TimeoutError:
        return None, RequestTimeout("X did not tell in time who has signed in")
    if not (ids.is_id(user.id) and plausible_username(user.username)):
        return None, DecodeError("X told no name that a user can have")
    return user, None
