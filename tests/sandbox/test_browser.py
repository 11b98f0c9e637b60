"""The page in a real browser: its style, its buttons, and the way back to the app."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from tests.sandbox.browser import browser
from tests.sandbox.signin import STATE, SignIn, query_of

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def app() -> AsyncIterator[tuple[str, list[str]]]:
    """The app's own listener on loopback: its address, and what it was sent."""
    came: list[str] = []

    async def take(request: web.BaseRequest) -> web.Response:
        if request.path == "/callback":
            came.append(str(request.url))
        return web.Response(text="<p id=done>Done</p>", content_type="text/html")

    runner = web.ServerRunner(web.Server(take), shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/callback", came
    finally:
        await runner.cleanup()


async def test_a_person_clicks_through_both_pages(sign: SignIn, tmp_path: Path) -> None:
    other = sign.sandbox.new_account("somebody")
    async with app() as (callback, came), browser(tmp_path) as tab:
        url = sign.authorize_url(redirect_uri=callback)

        await tab.open(url)
        # The style is applied, so its hash in the policy is right.
        assert await tab.run("getComputedStyle(allow).cursor") == "pointer"
        assert await tab.run("document.activeElement === document.body")
        await tab.run(f"user.value = {other.user_id!r}")
        await tab.click("allow")
        await tab.wait_for("document.getElementById('done')")
        found = query_of(came[-1])
        assert found["state"] == STATE
        token = (await sign.exchange(found["code"], redirect_uri=callback)).json
        assert (await sign.me(token["access_token"])).body["data"]["id"] == other.user_id

        await tab.open(url)
        await tab.wait_for("document.getElementById('deny')")
        await tab.click("deny")
        await tab.wait_for("document.getElementById('done')")
        assert query_of(came[-1]) == {"error": "access_denied", "state": STATE}

        token_1 = await sign.request_token()
        await tab.open(sign.page_of(token_1))
        await tab.wait_for("document.getElementById('allow')")
        await tab.click("allow")
        await tab.wait_for("document.getElementById('pin')")
        pin = await tab.run("document.getElementById('pin').textContent")
        assert (await sign.access_token(token_1, pin)).status == 200
