"""What of a browser's request is understood, and what it is shown."""

import re
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twretweet.auth.visit import Target, page, read_head, refused

HOST, PATH = "127.0.0.1:8976", "/callback"
GOOD = b"GET /callback?code=planted&state=s HTTP/1.1\r\nHost: 127.0.0.1:8976\r\nAccept: */*"


def read(head: bytes) -> Target | HTTPStatus:
    return read_head(head, HOST, PATH)


def test_the_one_request_is_understood_and_not_shown():
    target = read(GOOD)
    assert isinstance(target, Target)
    assert target.address == "http://127.0.0.1:8976/callback?code=planted&state=s"
    assert "planted" not in f"{target!r} {target}"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (GOOD.replace(b"GET", b"POST"), 405),
        (GOOD.replace(b"GET", b"HEAD"), 405),
        (GOOD.replace(b"/callback", b"/favicon.ico"), 404),
        (GOOD.replace(b"/callback", b"/callback/"), 404),
        (GOOD.replace(b"/callback", b"/CALLBACK"), 404),
        (GOOD.replace(b"/callback", b"//callback"), 404),
        (GOOD.replace(b"?code=planted&state=s", b""), 404),
        (GOOD.replace(b"GET ", b"GET http://127.0.0.1:8976"), 404),
        (GOOD.replace(b"Host: 127.0.0.1:8976", b"Host: evil.example:8976"), 404),
        (GOOD.replace(b"Host: 127.0.0.1:8976", b"Host: 127.0.0.1"), 404),
        (GOOD.replace(b"Host: 127.0.0.1:8976", b"Host: localhost:8976"), 404),
        (GOOD.replace(b"Host: 127.0.0.1:8976", b"Other: x"), 404),
        (GOOD + b"\r\nhost: 127.0.0.1:8976", 404),
        (GOOD.replace(b"HTTP/1.1", b"HTTP/2"), 400),
        (GOOD.replace(b" HTTP/1.1", b""), 400),
        (GOOD.replace(b"state=s", b"state=\x00"), 400),
        (GOOD.replace(b"state=s", b"state=\xc3\xa9"), 400),
        (GOOD.replace(b"Accept: ", b"Accept "), 400),
        (b"", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),  # TLS
    ],
)
def test_anything_else_is_refused(head, status):
    assert read(head) == status


@pytest.mark.parametrize("host", [b"127.0.0.1", b"127.0.0.1:80"])
def test_on_the_port_of_http_a_browser_need_not_name_it(host):
    head = GOOD.replace(b"127.0.0.1:8976", host)
    target = read_head(head, "127.0.0.1:80", PATH)
    assert isinstance(target, Target)
    # To the letter what X was told to send people back to.
    assert target.address == "http://127.0.0.1:80/callback?code=planted&state=s"
    assert read_head(head, "127.0.0.1:8080", PATH) == HTTPStatus.NOT_FOUND


@given(st.binary(max_size=200))
def test_no_bytes_at_all_break_it(head):
    assert read(head) in HTTPStatus


@given(st.integers(0, len(GOOD) - 1), st.binary(max_size=1))
def test_a_request_that_was_changed_is_refused_or_leads_to_the_same_place(at, letter):
    target = read(GOOD[:at] + letter + GOOD[at + 1 :])
    if isinstance(target, Target):
        assert target.address.startswith("http://127.0.0.1:8976/callback?")


@given(st.text(), st.text(st.characters()))
def test_what_is_shown_is_text_and_nothing_that_runs_or_loads(title, text):
    head, _, body = page(title, text).partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}" in head.decode()
    shown = body.decode()
    tags = set(re.findall(r"<(\w+)", shown))
    assert tags == {"html", "head", "meta", "title", "style", "body", "main", "h1", "p"}
    assert shown.count("<p ") == shown.count("<h1 ") == 1


def test_the_page_is_kept_nowhere_and_tells_nobody_its_address():
    head = page("a", "b").partition(b"\r\n\r\n")[0].decode()
    assert head.startswith("HTTP/1.1 200 OK\r\n")
    for line in ("cache-control: no-store", "referrer-policy: no-referrer", "connection: close"):
        assert line in head
    assert "default-src 'none'" in head
    assert refused(HTTPStatus.METHOD_NOT_ALLOWED).startswith(
        b"HTTP/1.1 405 Method Not Allowed\r\nallow: GET"
    )
