"""What the admin endpoint refuses, and whom."""

import io
from typing import Any

import pytest

from tests.sandbox.admin import Admin
from tests.sandbox.http import Api
from twretweet.sandbox.admin.guard import is_loopback, object_to

pytestmark = pytest.mark.anyio


@pytest.fixture
def admin(api: Api) -> Admin:
    return Admin(api.sandbox, api.http)


@pytest.mark.parametrize(
    "refused",
    [
        ("GET", "", None, 404, "there are: state, requests"),
        ("GET", "faults/x", None, 404, "there are"),
        ("GET", "faults/1", None, 405, "takes PATCH, DELETE, not GET"),
        ("POST", "state", {}, 405, "takes GET, not POST"),
        ("PATCH", "faults/9", {"enabled": True}, 404, "no fault 9"),
        ("POST", "faults", {}, 400, "kind"),
        ("POST", "faults", {"kind": "slow"}, 400, "slow"),
        ("POST", "faults", {"kind": "latency", "status": 1}, 400, "takes seconds, not status"),
        ("POST", "faults", {"kind": "latency", "endpoint": "/nope"}, 400, "no endpoint is at"),
        ("POST", "faults", [], 400, "Expected `object`"),
        ("POST", "tweets", {"retweets": -1}, 400, "retweets is -1"),
        ("POST", "tweets", {"author_id": "1"}, 400, "no user 1"),
        ("POST", "tweets", {"author_id": "x"}, 400, "1 to 19 digits"),
        ("POST", "tweets", {"colour": "red"}, 400, "colour"),
        ("POST", "accounts", {"username": "no such name"}, 400, "letters, digits"),
        ("POST", "accounts", {"username": "TwitterDev"}, 400, "taken"),
        ("POST", "accounts", {"scopes": ["all"]}, 400, "no such scope: all"),
        ("POST", "retweets", {"tweet_id": "1"}, 400, "no tweet 1"),
        ("POST", "retweets", {"user_id": "1"}, 400, "no user 1"),
        ("POST", "retweets", {"count": 0}, 400, "count is 0"),
        ("POST", "retweets", {"count": 10**6}, 400, "count is 1000000"),
        ("POST", "clock", {"advance": -1}, 400, "advance is -1"),
        ("POST", "clock", {}, 400, "advance"),
        ("POST", "growth", {"retweets_per_second": -1}, 400, "per_second is -1"),
        ("POST", "reset", [], 400, "Expected `object`"),
    ],
)
async def test_what_can_not_be_done_says_why(admin: Admin, refused: tuple[Any, ...]) -> None:
    method, path, body, status, words = refused
    before = await admin.get("state")
    told = await admin.call(method, path, body)
    assert told.status == status
    assert words in told.body["error"]
    after = await admin.get("state")
    assert {**after, "totals": None} == {**before, "totals": None}


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"kind": "\xed\xa0\x80"}'])
async def test_a_body_that_is_no_json_is_refused(admin: Admin, body: bytes) -> None:
    told = await admin.call("POST", "faults", data=body)
    assert told.status == 400
    assert told.body["error"].startswith("the body of faults: ")


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "evil.example:80"},
        {"host": "127.0.0.1.evil.example"},
        {"host": "0.0.0.0:80"},
        {"host": ""},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "https://127.0.0.1"},
        {"origin": "http://127.0.0.1:1"},
        {"origin": ""},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ],
)
async def test_a_page_of_another_site_is_kept_out(
    api: Api, admin: Admin, headers: dict[str, str]
) -> None:
    for method, path in (("GET", "state"), ("GET", "events"), ("POST", "faults")):
        body = {"kind": "latency"} if method == "POST" else None
        told = await admin.call(method, path, body, **headers)
        assert told.status == 403
        assert "access-control-allow-origin" not in told.headers
    assert len(api.sandbox.faults) == 0


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
async def test_what_a_page_can_send_without_asking_is_no_json(
    api: Api, admin: Admin, kind: str
) -> None:
    told = await admin.call("POST", "faults", {"kind": "latency"}, content_type=kind)
    assert told.status == 415
    assert "application/json" in told.body["error"]
    assert (await admin.call("OPTIONS", "faults")).status == 405
    assert len(api.sandbox.faults) == 0


async def test_its_own_page_and_programs_may(admin: Admin) -> None:
    own = admin.sandbox.url
    port = own.rpartition(":")[2]
    for headers in (
        {"origin": own, "sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
        {"host": f"localhost:{port}", "origin": f"http://localhost:{port}"},
        {"host": f"LOCALHOST:{port}"},
        {"host": f"[::1]:{port}"},
        {"content_type": "application/json; charset=utf-8"},
    ):
        assert (await admin.call("POST", "faults", {"kind": "latency"}, **headers)).status == 201


def test_only_this_machine_may_even_if_others_reach_the_sandbox() -> None:
    headers = {"host": "127.0.0.1:8080"}
    for peer in ("127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"):
        assert object_to("GET", headers, peer) is None
    for peer in ("192.168.1.5", "::ffff:10.0.0.1", "fe80::1%eth0", "", None):
        objection = object_to("GET", headers, peer)
        assert objection is not None
        assert objection.status == 403


@pytest.mark.parametrize("name", ["localhost", "LocalHost.", "127.0.0.1", "127.1.2.3", "::1"])
def test_names_of_loopback(name: str) -> None:
    assert is_loopback(name)


@pytest.mark.parametrize(
    "name", ["", "localhost.evil.example", "127.0.0.1.nip.io", "0.0.0.0", "::", "10.0.0.1", "1"]
)
def test_other_names_are_none(name: str) -> None:
    assert not is_loopback(name)


async def test_a_body_too_large_is_refused(admin: Admin) -> None:
    told = await admin.call("POST", "faults", data=io.BytesIO(b" " * 1_100_000))
    assert told.status == 413
    assert (await admin.get("state"))["totals"]["failures"] == 0
