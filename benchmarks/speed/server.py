"""The other end of every measurement: canned pages, sent as fast as they can be.

``GET /2/tweets/N/retweets`` is a walk of N pages; with ``max_results=1`` the pages are small. N
may say where in all pages it begins (:func:`benchmarks.speed.data.tweet`). No two pages have an id
in common: those after the canned ones are these with other digits in their ids.
``POST`` and ``DELETE`` of ``/2/users/ID/retweets`` always succeed. Each reply has the headers that
X's replies have, and counts down a window that is too large to end. Requests without credentials,
and any other request, are refused, so that no client is quick because it left something out.

``python -m benchmarks.speed.server`` listens on a free port of this machine alone, prints it, and
goes on until its standard input ends.
"""

from __future__ import annotations

import re
import selectors
import socket
import sys
import time
from collections import Counter
from email.utils import formatdate
from typing import TextIO

from benchmarks.speed import data

LIMIT = 1_000_000_000
_WINDOW = 900
_TOKEN = "7140dibdnow9c7btw{:09}"  # of a page
_GET = re.compile(rb"GET (?:http://[^/ ]+)?/2/tweets/(\d{1,19})/retweets\?(\S*) HTTP/1\.1\r\n")
_WRITE = re.compile(
    rb"(?:POST (?:http://[^/ ]+)?/2/users/\d+/retweets"
    rb"|DELETE (?:http://[^/ ]+)?/2/users/\d+/retweets/\d+)\?? HTTP/1\.1\r\n"
)
_PAGE_TOKEN = re.compile(rb"(?:^|&)pagination_token=7140dibdnow9c7btw(\d{9})(?:&|$)")
_SMALL = re.compile(rb"(?:^|&)max_results=1(?:&|$)")
# Whose window a request counts in; the rest of a signature differs each time.
_WHO = re.compile(rb"\r\nauthorization: ([^\r]{20,})", re.IGNORECASE)
_OAUTH_TOKEN = re.compile(rb'oauth_token="([^"]+)"')
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TWEET_ID = re.compile(rb'"tweet_id": ?"(\d+)"')
_HEAD = (
    "HTTP/1.1 {status}\r\n"
    "date: {date}\r\n"
    "perf: 7626143928\r\n"
    "server: tsa_m\r\n"
    "content-type: application/json; charset=utf-8\r\n"
    "api-version: 2.159\r\n"
    "cache-control: no-cache, no-store, max-age=0\r\n"
    "x-access-level: read-write\r\n"
    "x-frame-options: SAMEORIGIN\r\n"
    "x-transaction-id: 0a1b2c3d4e5f6071\r\n"
    "x-xss-protection: 0\r\n"
    "x-rate-limit-limit: {limit}\r\n"
    "x-rate-limit-reset: {reset}\r\n"
    "content-disposition: attachment; filename=json.json\r\n"
    "x-content-type-options: nosniff\r\n"
    "strict-transport-security: max-age=631138519\r\n"
    "x-response-time: 42\r\n"
)


class Replies:
    """What to answer, the same for all connections.

    Args:
        distinct: how many pages to make; a longer walk meets them again, with other ids.
    """

    def __init__(self, distinct: int) -> None:
        self._pages = data.pages(distinct)
        self._small = data.pages(1, size=1)
        self._posts: list[data.Canned] = []  # until somebody speaks that vocabulary
        self._used: Counter[bytes] = Counter()
        self._reset = 0
        self._heads: dict[str, bytes] = {}
        self._second = 0

    def answer(self, head: bytes, body: bytes) -> list[bytes]:
        """The parts of the reply to one request."""
        who = _WHO.search(head)
        if who is None:
            return self._failed("401 Unauthorized")
        if found := _GET.match(head):
            return self._page(*divmod(int(found[1]), data.AFTER), found[2], who[1])
        if _WRITE.match(head):
            return self._written(head, body, who[1])
        return self._failed("404 Not Found")

    def _page(self, skipped: int, length: int, query: bytes, who: bytes) -> list[bytes]:
        token = _PAGE_TOKEN.search(query)
        index = int(token[1]) if token else 0
        if index >= length:
            return self._failed("400 Bad Request")
        following = _TOKEN.format(index + 1) if index + 1 < length else None
        kept = self._small if _SMALL.search(query) else self._pages
        if b"post.fields=" in query:
            if not self._posts:
                self._posts = [data.in_post_vocabulary(page) for page in self._pages]
            kept = self._posts
        edition, index = divmod(skipped + index, len(kept))
        return self._ok(b"GET", who, *kept[index].edition(edition).body(following))

    def _written(self, head: bytes, body: bytes, who: bytes) -> list[bytes]:
        if head.startswith(b"DELETE"):
            return self._ok(b"DELETE", who, b'{"data":{"retweeted":false}}')
        tweet = _TWEET_ID.search(body)
        if tweet is None:
            return self._failed("400 Bad Request")
        return self._ok(b"POST", who, b'{"data":{"rest_id":"%b","retweeted":true}}' % tweet[1])

    def _ok(self, method: bytes, who: bytes, *body: bytes) -> list[bytes]:
        head = self._head("200 OK")
        signed = _OAUTH_TOKEN.search(who)
        key = method + (signed[1] if signed else who)
        self._used[key] += 1
        left = LIMIT - self._used[key]
        rest = b"x-rate-limit-remaining: %d\r\ncontent-length: %d\r\n\r\n" % (
            left,
            sum(map(len, body)),
        )
        return [head + rest, *body]

    def _failed(self, status: str) -> list[bytes]:
        body = b'{"title":"%b","type":"about:blank"}' % status.encode()
        return [self._head(status) + b"content-length: %d\r\n\r\n" % len(body), body]

    def _head(self, status: str) -> bytes:
        now = int(time.time())
        if now != self._second:
            self._second = now
            self._heads = {}
            if now >= self._reset:
                self._reset = (now // _WINDOW + 1) * _WINDOW
                self._used.clear()
        head = self._heads.get(status)
        if head is None:
            # X writes "UTC" where the RFC says "GMT".
            date = formatdate(now, usegmt=True).replace("GMT", "UTC")
            text = _HEAD.format(status=status, date=date, limit=LIMIT, reset=self._reset)
            head = self._heads[status] = text.encode()
        return head


class Server:
    """A loop over plain sockets: what asyncio adds would be measured as part of every client.

    Args:
        replies: what to answer.
    """

    def __init__(self, replies: Replies) -> None:
        self._replies = replies
        self._selector = selectors.DefaultSelector()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._listening.setblocking(False)
        self._received: dict[socket.socket, bytes] = {}
        self._to_send: dict[socket.socket, bytes] = {}

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listening.getsockname()[1])

    def run(self, until_closed: TextIO) -> None:
        """Serve until ``until_closed`` is at its end."""
        self._selector.register(until_closed, selectors.EVENT_READ)
        self._selector.register(self._listening, selectors.EVENT_READ)
        while True:
            for key, events in self._selector.select():
                if key.fileobj is until_closed:
                    return
                if key.fileobj is self._listening:
                    self._accept()
                    continue
                assert isinstance(key.fileobj, socket.socket)
                try:
                    if events & selectors.EVENT_WRITE:
                        self._send_rest(key.fileobj)
                    else:
                        self._read(key.fileobj)
                except ConnectionError:
                    self._close(key.fileobj)

    def _accept(self) -> None:
        connection, _ = self._listening.accept()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received[connection] = b""
        self._selector.register(connection, selectors.EVENT_READ)

    def _read(self, connection: socket.socket) -> None:
        received = connection.recv(65536)
        if not received:
            self._close(connection)
            return
        self._received[connection] += received
        self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        """Answer what has arrived, one request at a time."""
        while connection not in self._to_send:
            received = self._received[connection]
            end = received.find(b"\r\n\r\n")
            length = _LENGTH.search(received[:end]) if end >= 0 else None
            done = end + 4 + (int(length[1]) if length else 0)
            if end < 0 or len(received) < done:
                return
            self._received[connection] = received[done:]
            parts = self._replies.answer(received[:end], received[end + 4 : done])
            sent = connection.sendmsg(parts)  # one system call, and no copy of the page
            if sent < sum(map(len, parts)):
                self._to_send[connection] = b"".join(parts)[sent:]
                self._selector.modify(connection, selectors.EVENT_WRITE)

    def _send_rest(self, connection: socket.socket) -> None:
        rest = self._to_send.pop(connection)
        sent = connection.send(rest)
        if sent < len(rest):
            self._to_send[connection] = rest[sent:]
            return
        self._selector.modify(connection, selectors.EVENT_READ)
        self._answer(connection)

    def _close(self, connection: socket.socket) -> None:
        self._selector.unregister(connection)
        self._received.pop(connection, None)
        self._to_send.pop(connection, None)
        connection.close()


def main(distinct: int) -> None:
    server = Server(Replies(distinct))
    print(server.port, flush=True)
    # Whoever started this server holds the other end; when it is gone, so are we.
    server.run(sys.stdin)


if __name__ == "__main__":
    main(int(sys.argv[1]))
