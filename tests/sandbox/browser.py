"""A real Chromium without a window, driven over its own protocol; nothing to install beside it.

Protocol: https://chromedevtools.github.io/devtools-protocol/
"""

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_KEYS = {"Tab": (9, ""), " ": (32, " "), "Enter": (13, "\r")}
_ADDRESS = re.compile(rb"DevTools listening on (ws://\S+)")


def chromium() -> str:
    """Return where a Chromium is; skip the test where there is none."""
    for name in _NAMES:
        if (found := shutil.which(name)) is not None:
            return found
    pytest.skip(f"there is no Chromium to click in; install one of {', '.join(_NAMES)}")


class Tab:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, session: str) -> None:
        self._socket = socket
        self._session = session
        self._last = 1000

    async def call(self, method: str, **params: object) -> dict[str, Any]:
        """Send a command and return its result."""
        self._last += 1
        return await _call(self._socket, self._last, method, params, self._session)

    async def run(self, script: str) -> Any:
        """Evaluate an expression in the page."""
        result = await self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def open(self, url: str) -> None:
        await self.call("Page.navigate", url=url)
        await self.wait_for(
            "document.readyState === 'complete' && location.href !== 'about:blank'"
        )

    async def click(self, element: str) -> None:
        """Click with the mouse in the middle of an element, as a person does."""
        box = await self.run(
            f"(e => {{ e.scrollIntoView(); const r = e.getBoundingClientRect();"
            f" return [r.x + r.width / 2, r.y + r.height / 2]; }})"
            f"(document.getElementById({json.dumps(element)}))"
        )
        for kind in ("mousePressed", "mouseReleased"):
            await self.call(
                "Input.dispatchMouseEvent",
                type=kind,
                x=box[0],
                y=box[1],
                button="left",
                clickCount=1,
            )

    async def press(self, key: str) -> None:
        """Press a key of the keyboard, as a person does who has no mouse."""
        code, text = _KEYS[key]
        for kind in ("keyDown", "keyUp"):
            typed = {"text": text} if kind == "keyDown" and text else {}
            await self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code={" ": "Space"}.get(key, key),
                windowsVirtualKeyCode=code,
                **typed,
            )

    async def look(self, *, dark: bool = False, width: int = 1280) -> None:
        """Take another screen."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.call("Emulation.setEmulatedMedia", features=[scheme])
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=False,
        )

    async def wait_for(self, condition: str) -> None:
        """Ask until an expression is true."""
        with anyio.fail_after(120):
            while not await self._is(condition):
                await anyio.sleep(0.01)

    async def _is(self, condition: str) -> bool:
        try:
            return bool(await self.run(f"Boolean({condition})"))
        except LookupError:  # between two pages there is nothing to ask
            return False


@asynccontextmanager
async def browser(profile: Path) -> AsyncIterator[Tab]:
    """Run a Chromium with a profile of its own, and give a tab of it."""
    process = await asyncio.create_subprocess_exec(
        chromium(),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--no-proxy-server",
        "--remote-debugging-port=0",
        f"--user-data-dir={profile}",
        "about:blank",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        address = await _address(process)
        async with aiohttp.ClientSession() as http, http.ws_connect(address) as socket:
            targets = await _call(socket, 1, "Target.getTargets", {})
            page = next(each for each in targets["targetInfos"] if each["type"] == "page")
            found = {"targetId": page["targetId"], "flatten": True}
            attached = await _call(socket, 2, "Target.attachToTarget", found)
            yield Tab(socket, attached["sessionId"])
    finally:
        process.kill()
        await process.communicate()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    with anyio.fail_after(120):
        while line := await process.stderr.readline():
            if match := _ADDRESS.search(line):
                return match[1].decode()
    raise RuntimeError("Chromium ended before it listened")


async def _call(
    socket: aiohttp.ClientWebSocketResponse,
    number: int,
    method: str,
    params: dict[str, Any],
    session: str | None = None,
) -> dict[str, Any]:
    message: dict[str, Any] = {"id": number, "method": method, "params": params}
    if session is not None:
        message["sessionId"] = session
    await socket.send_json(message)
    with anyio.fail_after(120):
        while True:
            reply = await socket.receive_json()
            if reply.get("id") == number:
                if "error" in reply:
                    raise LookupError(f"{method}: {reply['error']['message']}")
                return reply["result"]
