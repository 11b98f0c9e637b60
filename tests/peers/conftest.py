"""A sandbox for clients that know nothing of it, in a thread, since most of them block."""

from collections.abc import Iterator

import pytest

from twretweet.sandbox import ThreadedSandbox


@pytest.fixture
def sandbox() -> Iterator[ThreadedSandbox]:
    with ThreadedSandbox(retweets=250) as running:
        yield running
    assert not running.failures, list(running.failures)
