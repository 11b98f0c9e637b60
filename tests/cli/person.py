"""A person at a browser, for a command that runs as a process of its own."""

import http.client
import re
import subprocess
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

TIMEOUT = 120


def address_in(process: "subprocess.Popen[str]") -> str:
    """The address that a command prints, read as it comes."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("http"):
            return line.strip()
    raise AssertionError(process.communicate())


def get(url: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Status, location and text of a page."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    body = None if form is None else urlencode(form)
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    connection.request("GET" if form is None else "POST", target, body, headers)
    reply = connection.getresponse()
    found = reply.status, reply.headers.get("location", ""), reply.read().decode()
    connection.close()
    return found


def answer(url: str, decision: str = "allow") -> tuple[str, str]:
    """Press a button on the page of X: where that leads, and what it shows."""
    _, _, text = get(url)
    user = re.search(r'option value="(\d+)"', text)
    assert user is not None
    _, location, shown = get(url, {"user": user[1], "decision": decision})
    return location, shown


def pin_of(url: str) -> str:
    """Allow it, and read the PIN."""
    shown = answer(url)[1]
    found = re.search(r'id="pin">(\d+)<', shown)
    assert found is not None
    return found[1]


def come_back(address: str) -> str:
    """Follow the way back: what the browser shows then."""
    _, _, text = get(address)
    title, words = re.findall(r'<\w+ id="(?:title|text)">(.*?)</', text)
    return unescape(f"{title}: {words}")


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
