"""Which server a call goes to, and the wire that leads there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import AbstractConnection, Connection
from redis.exceptions import RedisClusterException, RedisError

from twretweet.limits.redis_wire import Wire, WireBroken

_Wire: TypeAlias = Wire[AbstractConnection] | Wire[Connection]

# What is wrong with a cluster is no RedisError to redis-py.
_ERRORS = (RedisError, RedisClusterException)


class Wires:
    """A wire to each server of a client that redis-py made.

    Anything else with the face of one, a subclass too, may do what it likes when it is called, and
    so it has to be.
    """

    __slots__ = ("_client", "_open", "_timeout", "_wires")

    def __init__(self, client: object, timeout: float) -> None:
        self._client: Redis | RedisCluster | None = None
        if type(client) is RedisCluster:
            # Before 6.4, redis-py's clusters lend nobody a connection.
            self._client = client if hasattr(ClusterNode, "release") else None
        elif type(client) is Redis and not client.connection:
            self._client = client
        self._timeout = timeout
        self._wires: dict[str, _Wire] = {}  # by the name of the server
        self._open: list[_Wire] = []  # also those that serve nobody new

    def to(self, key: str) -> _Wire | None:
        """The wire to where a key lies; ``None`` if the client itself has to be asked."""
        client, node = self._client, None
        if client is None:
            return None
        if isinstance(client, RedisCluster):
            try:
                node = client.get_node_from_key(key)
            except _ERRORS:  # above all before the client has looked at its cluster
                return None
        name = "" if node is None else str(node.name)
        wire = self._wires.get(name)
        if wire is None or not wire.serves():
            if isinstance(client, Redis):
                pool = client.connection_pool
                wire = Wire(pool.get_connection, pool.release, self._timeout)
            elif node is not None:
                wire = Wire(partial(_connect, node), partial(_release, node), self._timeout)
            else:
                return None
            self._wires[name] = wire
            self._open = [each for each in self._open if not each.gone()] + [wire]
        return wire

    async def aclose(self) -> None:
        """Give back all connections."""
        for wire in self._open:
            if not wire.gone():
                await wire.aclose()


async def _connect(node: ClusterNode) -> Connection:
    try:
        connection = node.acquire_connection()
    except _ERRORS as error:
        raise WireBroken(str(error)) from error
    try:
        connect: Callable[[], Awaitable[None]] = connection.connect
        await connect()
    except BaseException as error:
        node.release(connection)
        if isinstance(error, _ERRORS):  # the client will look where the slots are now
            raise WireBroken(str(error)) from error
        raise
    return connection


async def _release(node: ClusterNode, connection: Connection) -> None:
    node.release(connection)
