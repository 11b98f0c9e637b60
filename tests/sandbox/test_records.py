"""The requests that a sandbox remembers, for the tests of a bot."""

import pytest

from tests.sandbox.http import Api

pytestmark = pytest.mark.anyio


async def test_who_goes_through_the_requests_may_send_more(api: Api) -> None:
    for path in (api.tweet, "/2/users/me"):
        await api.get(path)
    met = []
    for seen in api.sandbox.requests:
        met.append(seen.path)
        await api.get("/2/nowhere")
    assert met == [api.tweet, "/2/users/me"]
    for seen in reversed(api.sandbox.requests):
        met.append(seen.path)
        await api.get("/2/nowhere")
    assert met[2:] == ["/2/nowhere", "/2/nowhere", "/2/users/me", api.tweet]
    api.sandbox.requests.clear()
    assert not list(api.sandbox.requests)
