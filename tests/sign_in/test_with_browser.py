"""Signing in with a browser on the same machine, and what it shows when that fails."""

import re
from html import unescape
from urllib.parse import urlencode

import anyio
import pytest

import twretweet as tw
from tests.sandbox.signin import query_of
from tests.sign_in.conftest import managing
from twretweet.auth.listener import RedirectListener
from twretweet.sandbox import Outage, Sandbox

pytestmark = pytest.mark.anyio


class Person:
    """Has a browser, and does what the page of X asks."""

    def __init__(self, tasks, sandbox: Sandbox, *, allow: bool = True, **changes: str) -> None:
        self._tasks = tasks
        self._sandbox = sandbox
        self._allow = allow
        self._changes = changes
        self.page = ""
        self.asked = 0

    def show(self, url: str) -> None:
        self.asked += 1
        self._tasks.start_soon(self._browse, url)

    async def _browse(self, url: str) -> None:
        back = await self._sandbox.authorize(url, allow=self._allow)
        base = back.partition("?")[0]
        self.page = await get(f"{base}?{urlencode(query_of(back) | self._changes)}")

    @property
    def reads(self) -> tuple[str, str]:
        title, text = re.findall(r'<\w+ id="(?:title|text)">(.*?)</', self.page)
        return unescape(title), unescape(text)


async def get(url: str) -> str:
    host, _, target = url.removeprefix("http://").partition("/")
    async with await anyio.connect_tcp("127.0.0.1", int(host.partition(":")[2])) as stream:
        await stream.send(f"GET /{target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        reply = b""
        try:
            while True:
                reply += await stream.receive()
        except anyio.EndOfStream:
            return reply.decode()


async def with_browser(manager, person: Person, client=None, **more):
    client = client or person._sandbox.client
    return await manager.sign_in.with_browser(client, show=person.show, port=0, **more)


@pytest.fixture
async def tasks():
    async with anyio.create_task_group() as tasks:
        yield tasks


async def test_a_person_comes_back_and_is_told_that_they_are_signed_in(
    sandbox, manager, store, tasks
):
    person = Person(tasks, sandbox)
    done = await with_browser(manager, person, account="bot", keep_client_secret=True)
    assert (done.account, done.username) == ("bot", "sandbox_bot")
    assert person.reads == ("You are signed in as @sandbox_bot", "You can close this window.")
    assert await store.accounts() == ["bot"]
    await manager.session(done.credentials).tweet(sandbox.tweet_id)


async def test_one_of_whom_x_does_not_tell_who_it_is_is_told_so_too(sandbox, manager, tasks):
    person = Person(tasks, sandbox)
    scopes = ["timeline.read", "tweet.read"]
    await with_browser(manager, person, scopes=scopes)
    assert person.reads[0] == "You are signed in"


async def test_who_declines_is_told_that_nothing_has_changed(sandbox, manager, store, tasks):
    person = Person(tasks, sandbox, allow=False)
    with pytest.raises(tw.SignInDeclined):
        await with_browser(manager, person)
    assert person.reads == (
        "You have not signed in",
        "Nothing has changed. You can close this window.",
    )
    assert await store.accounts() == []


async def test_who_comes_with_a_wrong_state_is_told_so(sandbox, manager, store, tasks):
    person = Person(tasks, sandbox, state="<b>wrong</b>")
    with pytest.raises(tw.SignInError, match="another sign-in"):
        await with_browser(manager, person)
    title, text = person.reads
    assert title == "You are not signed in"
    assert "another sign-in" in text
    assert "<b>" not in person.page
    assert await store.accounts() == []


async def test_what_x_refuses_is_said_in_the_browser_too(sandbox, manager, tasks):
    person = Person(tasks, sandbox, code="<script>planted</script>")
    with pytest.raises(tw.SignInError, match="does not take the code"):
        await with_browser(manager, person)
    assert "does not take the code" in person.reads[1]
    assert "planted" not in person.page


async def test_a_lost_answer_is_said_in_the_browser_too(sandbox, manager, tasks):
    async def break_off() -> None:
        raise Outage(None)

    sandbox.before_token_reply = break_off
    person = Person(tasks, sandbox)
    with pytest.raises(tw.SignInError, match="its answer was lost"):
        await with_browser(manager, person)
    assert "its answer was lost" in person.reads[1]


async def test_a_port_in_use_is_found_out_before_anybody_is_sent_to_x(sandbox, manager, tasks):
    person = Person(tasks, sandbox)
    with RedirectListener(0) as other:
        port = int(other.redirect_uri.rpartition(":")[2].partition("/")[0])
        with pytest.raises(tw.SignInError, match=f"port {port} of 127.0.0.1 is in use"):
            await manager.sign_in.with_browser(sandbox.client, show=person.show, port=port)
    assert person.asked == 0


async def test_a_store_that_fails_is_found_out_before_anybody_is_sent_to_x(
    sandbox, manager, store, tasks
):
    store.failing = {1}
    person = Person(tasks, sandbox)
    with pytest.raises(tw.TokenStoreError, match="the disk is full"):
        await with_browser(manager, person)
    assert person.asked == 0


async def test_a_scope_that_is_none_is_found_out_before_anybody_is_sent_to_x(
    sandbox, manager, tasks
):
    person = Person(tasks, sandbox)
    with pytest.raises(tw.QueryError, match="is no scope"):
        await with_browser(manager, person, scopes=["tweet read"])
    assert person.asked == 0


async def test_who_does_not_come_back_is_waited_for_so_long_and_no_longer(
    sandbox, manager, store, clock
):
    began, urls = clock.monotonic(), []
    with pytest.raises(tw.SignInDeclined, match="within 600 s; nothing has changed"):
        await manager.sign_in.with_browser(sandbox.client, show=urls.append, port=0, patience=600)
    assert clock.monotonic() - began == 600
    with pytest.raises(OSError, match="connection"):
        await get(query_of(urls[0])["redirect_uri"])
    assert await store.accounts() == []


async def test_a_code_that_came_in_time_is_exchanged_however_long_that_takes(
    sandbox, manager, store, tasks
):
    async def take_long() -> None:
        await anyio.sleep(20)

    sandbox.before_token_reply = take_long
    done = await with_browser(manager, Person(tasks, sandbox), patience=10)
    assert done.username == "sandbox_bot"
    assert await store.accounts() == ["sandbox_bot"]


async def test_what_can_not_be_shown_ends_it(sandbox, manager):
    def fail(url: str) -> None:
        raise RuntimeError("no screen")

    with pytest.raises(RuntimeError, match="no screen"):
        await manager.sign_in.with_browser(sandbox.client, show=fail, port=0)


async def test_closing_the_manager_ends_the_wait(sandbox, clock, store, tasks):
    shown = anyio.Event()
    errors: list[BaseException] = []

    async def sign_in(manager) -> None:
        try:
            await manager.sign_in.with_browser(sandbox.client, show=lambda _: shown.set(), port=0)
        except tw.ManagerClosed as error:
            errors.append(error)

    async with managing(sandbox, clock, store) as manager:
        tasks.start_soon(sign_in, manager)
        await shown.wait()
        await anyio.wait_all_tasks_blocked()
    await anyio.wait_all_tasks_blocked()
    assert ["closed during a sign-in" in str(error) for error in errors] == [True]
