"""The page at ``/`` in a real browser."""

import json
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.browser import Tab, browser
from tests.sandbox.http import Api
from twretweet.sandbox.changes import MOST_WATCHERS
from twretweet.sandbox.faults.fault import Fault

pytestmark = pytest.mark.anyio

# Whatever goes wrong in the page is gathered from its first moment on.
WATCH = """
window.troubles = [];
for (const kind of ["error", "unhandledrejection", "securitypolicyviolation"])
  addEventListener(kind, event =>
    troubles.push(`${kind}: ${event.message ?? event.reason ?? event.violatedDirective}`), true);
"""
# The least contrast between a text and what is behind it (WCAG 2.2, 1.4.3).
CONTRAST = """(() => {
  const channel = part => (part /= 255) <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4;
  const parts = text => text.match(/[\\d.]+/g).map(Number);
  const light = text => { const [r, g, b] = parts(text);
    return .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b); };
  const ground = element => { for (let at = element; at; at = at.parentElement) {
    const color = getComputedStyle(at).backgroundColor;
    if (parts(color)[3] !== 0) return color; } return "rgb(255, 255, 255)"; };
  let worst = [99, ""];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility() || element.closest("script")) continue;
    const pair = [light(getComputedStyle(element).color), light(ground(element))].sort();
    const found = (Math.max(...pair) + .05) / (Math.min(...pair) + .05);
    if (found < worst[0]) worst = [found, element.outerHTML.slice(0, 80)];
  }
  return worst;
})()"""


@asynccontextmanager
async def opened(api: Api, profile: Path) -> AsyncIterator[Tab]:
    async with browser(profile) as tab:
        await tab.call("Page.enable")
        await tab.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        await tab.open(f"{api.sandbox.url}/")
        await tab.wait_for("link.textContent === 'Live'")
        yield tab
        assert await tab.run("troubles") == []


async def texts(tab: Tab, selector: str) -> list[str]:
    return await tab.run(
        f"[...document.querySelectorAll({json.dumps(selector)})].map(e => e.textContent)"
    )


async def test_it_shows_what_happens_as_it_happens(api: Api, tmp_path: Path) -> None:
    evil = "<img src=x onerror=troubles.push(1)><script>troubles.push(2)</script>"
    api.sandbox.add_tweet(text=evil)
    async with opened(api, tmp_path) as tab:
        assert await tab.run("!document.getElementById('no-requests').hidden")
        await api.get(f"{api.tweet}/retweets", max_results=10, expansions="author_id")
        await api.retweet()
        await api.get("/2/tweets/20", foo=evil)
        await tab.wait_for("document.querySelectorAll('#requests tr').length === 3")
        rows = [await texts(tab, f"#requests tr:nth-child({number}) td") for number in (3, 2, 1)]
        assert rows[0][1:6] == [
            f"GET {api.tweet}/retweets?max_results=10&expansions=author_id",
            f"@{api.sandbox.me.username}",
            "200",
            "74",
            "$0.150",
        ]
        assert [row[3] for row in rows] == ["200", "200", "400"]
        assert rows[1][5] == "$0.015"
        await tab.wait_for(
            "[...document.querySelectorAll('#tweets .big')].some(e => e.textContent === '26')"
        )
        assert evil in await texts(tab, "#tweets p")
        bars = await tab.run(
            "[...document.querySelectorAll('[role=meter]')].map(e => [e.ariaLabel,"
            " e.ariaValueText, e.firstChild.style.width])"
        )
        assert [
            "POST /2/users/{id}/retweets by @sandbox_bot",
            "49 of 50 left",
            "98%",
        ] in bars
        assert "full again in 15:00" in await texts(tab, ".until")

        # Who retweeted is a click away.
        await tab.run("document.querySelector('#tweets details').open = true")
        await tab.wait_for("document.querySelectorAll('#tweets details li').length === 20")
        latest = await texts(tab, "#tweets details li")
        assert latest[0].startswith(f"@{api.sandbox.me.username} ")

        account = api.sandbox.new_account("late_comer")
        await tab.wait_for("accounts.textContent.includes('@late_comer')")

        shown = await tab.run("document.documentElement.outerHTML")
        async with api.http.get(f"{api.sandbox.url}/__sandbox__/state") as reply:
            shown += await reply.text()
        keys = (account.oauth1, api.sandbox.oauth1)
        for secret in (
            *(key.consumer_secret for key in keys),
            *(key.access_token for key in keys),
            *(key.access_token_secret for key in keys),
            account.oauth2.access_token,
            account.oauth2.refresh_token,
            api.sandbox.app_only.bearer_token,
            api.sandbox.confidential.client_secret,
        ):
            assert secret
            assert secret not in shown
        loaded = await tab.run("performance.getEntriesByType('resource').map(e => e.name)")
        assert all(address.startswith(f"{api.sandbox.url}/__sandbox__/") for address in loaded)


async def test_faults_are_switched_added_and_removed_by_keyboard_and_mouse(
    api: Api, tmp_path: Path
) -> None:
    async with opened(api, tmp_path) as tab:
        await tab.wait_for("kind.options.length > 20")
        await tab.run("kind.value = 'unavailable'; kind.dispatchEvent(new Event('change'))")
        await tab.run("place.value = 'GET /2/users/me'; document.getElementById('count').focus()")
        await tab.call("Input.insertText", text="2")
        await tab.press("Enter")
        await tab.wait_for("faults.children.length === 1")
        [fault] = api.sandbox.faults
        assert (fault.fault.kind, fault.fault.endpoint, fault.fault.count) == (
            "unavailable",
            "GET /2/users/me",
            2,
        )
        assert await texts(tab, "#faults code") == ["GET /2/users/me · 2 times"]

        # It is met, and shown to be.
        async with api.http.get(f"{api.sandbox.url}/2/users/me") as reply:
            assert reply.status == 503
        await tab.wait_for("document.querySelector('#requests tr')")
        [row] = [await texts(tab, "#requests td")]
        assert (row[3], row[6]) == ("503", "unavailable")
        await tab.wait_for("faults.textContent.includes('met by 1 of 1')")

        switch = "document.querySelector('#faults [role=switch]')"
        await tab.run(f"{switch}.focus()")
        await tab.press(" ")
        await tab.wait_for(f"{switch}.ariaChecked === 'false'")
        assert not fault.enabled
        # The list was drawn again, and the focus is where it was.
        assert await tab.run(f"document.activeElement === {switch}")
        assert (await api.get("/2/users/me")).status == 200
        await tab.press(" ")
        await tab.wait_for(f"{switch}.ariaChecked === 'true' && {switch}.textContent === 'On'")
        assert fault.enabled

        await tab.press("Tab")
        assert await tab.run("document.activeElement.ariaLabel") == "Remove unavailable"
        await tab.press("Enter")
        await tab.wait_for("faults.children.length === 0")
        assert not len(api.sandbox.faults)

        # What can't be is said, and nothing is added.
        await tab.run("share.value = 7; add.noValidate = true")
        await tab.run("document.querySelector('#add button').id = 'go'")
        await tab.click("go")
        await tab.wait_for("trouble.textContent.includes('probability is 7')")
        assert not len(api.sandbox.faults)


async def test_a_person_changes_tweets_growth_and_time(api: Api, tmp_path: Path) -> None:
    async with opened(api, tmp_path) as tab:
        await tab.run("text.value = 'Written <here>'; start.value = 3")
        await tab.run("document.querySelector('#write button').id = 'go'")
        await tab.click("go")
        await tab.wait_for("tweets.textContent.includes('Written <here>')")
        again = (
            "[...document.querySelectorAll('#tweets li.row')].find(e =>"
            " e.textContent.includes('Written'))"
        )
        await tab.run(f"{again}.querySelector('button').click()")
        await tab.wait_for(f"{again}.querySelector('.big').textContent === '4'")
        await tab.run(f"{again}.querySelectorAll('button')[1].click()")
        await tab.wait_for(f"{again}.querySelector('.big').textContent === '3'")

        await tab.run(f"{again}.querySelectorAll('button')[1].click()")
        await tab.wait_for("trouble.textContent.startsWith('Only a retweet that was added')")

        await tab.run("rate.value = 2")
        await tab.run("document.querySelector('#grow button').id = 'grows'")
        await tab.click("grows")
        await tab.wait_for("state.retweets_per_second === 2")
        before = api.clock.time()
        await tab.click("later")
        await tab.wait_for("state.clock.ahead === 900")
        assert api.clock.time() == before + 900
        await tab.wait_for("document.querySelector('#tweets .big').textContent === '1,825'")

        await api.get(api.tweet)
        await tab.wait_for("document.querySelectorAll('#requests tr').length === 1")
        await tab.click("pause")
        await api.get(api.tweet)
        await tab.wait_for("state.totals.requests === 2")
        assert len(await texts(tab, "#requests tr")) == 1
        await tab.click("pause")
        await tab.wait_for("document.querySelectorAll('#requests tr').length === 2")
        await tab.click("forget")
        await tab.wait_for("!document.getElementById('no-requests').hidden")


async def test_it_goes_on_when_the_stream_breaks(api: Api, tmp_path: Path) -> None:
    async with opened(api, tmp_path) as tab:
        await api.sandbox.aclose()
        await tab.wait_for("link.textContent === 'Reconnecting'")
        api.sandbox.add_tweet(text="While nobody looked")
        await api.sandbox.start()
        await tab.wait_for("link.textContent === 'Live'")
        await tab.wait_for("tweets.textContent.includes('While nobody looked')")
        await api.get(api.tweet)
        await tab.wait_for("document.querySelectorAll('#requests tr').length === 1")

        # Refused, it looks by itself, and is live again as soon as it can be.
        with ExitStack() as stack:
            for _ in range(MOST_WATCHERS):
                stack.enter_context(api.sandbox._core.changes.watching())
            await tab.run("connect()")
            await tab.wait_for("link.textContent === 'Reconnecting'")
            await api.get(api.tweet)
            await tab.wait_for("document.querySelectorAll('#requests tr').length === 2")
        await tab.wait_for("link.textContent === 'Live'")


async def test_everybody_can_read_and_use_it(api: Api, tmp_path: Path) -> None:
    api.sandbox.faults.add(Fault("latency", endpoint="GET /2/tweets/:id"))
    for _ in range(75):
        await api.get("/2/users/me", api.sandbox.me)
    await api.get("/2/users/me")
    await api.get("/nowhere")
    async with opened(api, tmp_path) as tab:
        await tab.wait_for("document.querySelectorAll('#requests tr').length > 70")
        for dark in (False, True):
            await tab.look(dark=dark)
            ratio, element = await tab.run(CONTRAST)
            assert ratio >= 4.5, (dark, element)
        # A choice overrules the system, and stays.
        await tab.run("theme.value = 'light'; theme.dispatchEvent(new Event('change'))")
        light = await tab.run("getComputedStyle(document.body).backgroundColor")
        await tab.call("Page.reload")
        await tab.wait_for("document.readyState === 'complete' && theme.value === 'light'")
        assert await tab.run("getComputedStyle(document.body).backgroundColor") == light
        await tab.wait_for("document.querySelectorAll('#requests tr').length > 70")

        api.sandbox.add_tweet(text="https://t.co/" + "long" * 60)
        await tab.wait_for("[...tweets.children].some(li => li.textContent.includes('longlong'))")
        for width in (320, 400, 768, 1400, 1920):
            await tab.look(width=width)
            assert await tab.run("document.documentElement.scrollWidth") <= width
            # Nothing is cut off beside a list, and no column is empty.
            lists = "[...document.querySelectorAll('ul.scroll')]"
            assert await tab.run(f"{lists}.every(ul => ul.scrollWidth <= ul.clientWidth)")
            right = "getBoundingClientRect().right"
            assert await tab.run(
                f"document.querySelector('.stack:nth-of-type(2)').{right}"
                f" === document.querySelector('section.wide').{right}"
            )

        tree = await tab.call("Accessibility.getFullAXTree")
        named = {"button", "switch", "combobox", "textbox", "spinbutton", "meter", "link"}
        found = [node for node in tree["nodes"] if role(node) in named]
        assert {role(node) for node in found} >= named - {"link"}
        nameless = [node for node in found if not node.get("name", {}).get("value")]
        assert nameless == []
        # The keyboard gets to everything that can be clicked.
        clickable = await tab.run(
            "[...document.querySelectorAll('button, select, input, summary')]"
            ".filter(e => e.checkVisibility()).length"
        )
        await tab.run("document.body.tabIndex = -1; document.body.focus(); reached = new Set()")
        for _ in range(clickable + 12):
            await tab.press("Tab")
            await tab.run("reached.add(document.activeElement) && 0")
        reached = "[...reached].filter(e => e.matches('button, select, input, summary')).length"
        assert await tab.run(reached) == clickable


def role(node: dict[str, Any]) -> str:
    return node.get("role", {}).get("value", "")
