"""Every kind of token store, each on its real thing."""

import inspect
import sqlite3
import textwrap
from collections import defaultdict

import anyio
import pytest
from redis.asyncio import Redis

from twretweet.auth.file_store import FileTokenStore
from twretweet.auth.redis import RedisTokenStore
from twretweet.auth.store import MemoryTokenStore, TokenStore
from twretweet.auth.tokens import StoredTokens


def documented_store(path) -> TokenStore:
    """The store that the documentation shows, as it stands there."""
    text = inspect.getdoc(TokenStore)
    assert text is not None
    _, _, rest = text.partition("::\n\n")
    code = rest.partition("\n\nThe locks of this one")[0]
    known = {
        "sqlite3": sqlite3,
        "defaultdict": defaultdict,
        "anyio": anyio,
        "StoredTokens": StoredTokens,
    }
    exec(textwrap.dedent(code), known)
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE accounts (name TEXT PRIMARY KEY, tokens TEXT)")
    return known["SQLiteTokenStore"](db)


@pytest.fixture(params=["memory", "file", "redis", "the documented one"])
async def store(request, tmp_path):
    if request.param == "memory":
        yield MemoryTokenStore()
    elif request.param == "file":
        yield FileTokenStore(tmp_path / "new folder" / "tokens.json")
    elif request.param == "redis":
        async with Redis(port=request.getfixturevalue("redis_server").port) as client:
            yield RedisTokenStore(client)
    else:
        documented = documented_store(tmp_path / "tokens.db")
        yield documented
        documented.db.close()
