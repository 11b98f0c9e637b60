"""Refresh tokens that work once, families that end together, and trouble on purpose."""

from collections.abc import Awaitable, Callable

import aiohttp
import anyio
import pytest

from tests.sandbox.signin import SCOPES, Answer, SignIn
from twretweet.sandbox import Outage, RecordedRefresh

pytestmark = pytest.mark.anyio
GRANT = (400, "invalid_grant")
REQUEST = (400, "invalid_request")


async def test_a_refresh_replaces_both_tokens_and_leaves_the_old_access_token_to_its_end(
    sign: SignIn,
) -> None:
    first = await sign.sign_in()
    sign.clock.advance(7000)
    answer = await sign.refresh(first["refresh_token"])
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    second = answer.json
    assert set(second) == set(first)
    assert second["scope"] == " ".join(SCOPES)
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]
    assert await sign.works(first["access_token"])
    sign.clock.advance(200)
    assert not await sign.works(first["access_token"])
    assert await sign.works(second["access_token"])
    assert (await sign.refresh(second["refresh_token"])).status == 200


async def test_a_refresh_token_that_is_replayed_ends_its_whole_family(sign: SignIn) -> None:
    first = await sign.sign_in()
    second = (await sign.refresh(first["refresh_token"])).json
    third = (await sign.refresh(second["refresh_token"])).json
    bystander = await sign.sign_in()
    answer = await sign.refresh(first["refresh_token"])
    assert answer.error == GRANT
    assert answer.json["error_description"] == "Value passed for the token was invalid."
    for token in (first, second, third):
        assert not await sign.works(token["access_token"])
        assert (await sign.refresh(token["refresh_token"])).error == GRANT
    assert await sign.works(bystander["access_token"])
    assert await sign.works(sign.sandbox.oauth2.access_token or "")
    me = sign.sandbox.me.user_id
    assert [(entry.account, entry.outcome) for entry in sign.sandbox.refreshes] == [
        (me, "rotated"),
        (me, "rotated"),
        (me, "replayed"),
        (me, "replayed"),
        (me, "replayed"),
        (me, "refused"),
    ]


async def test_of_many_refreshes_at_once_exactly_one_wins(sign: SignIn) -> None:
    token = await sign.sign_in()
    answers: list[Answer] = []

    async def refresh() -> None:
        answers.append(await sign.refresh(token["refresh_token"]))

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(refresh)
    won = [answer for answer in answers if answer.status == 200]
    assert len(won) == 1
    assert {answer.error for answer in answers if answer not in won} == {GRANT}
    outcomes = [entry.outcome for entry in sign.sandbox.refreshes]
    assert sorted(outcomes) == ["replayed"] * 19 + ["rotated"]
    # The losers were replays, so not even the winner's tokens are good.
    assert not await sign.works(won[0].json["access_token"])


async def test_the_sandbox_s_own_credentials_can_be_refreshed(sign: SignIn) -> None:
    keys = sign.sandbox.oauth2
    renewed = (await sign.refresh(keys.refresh_token)).json
    assert set(renewed["scope"].split()) == set(sign.sandbox.me.scopes)
    assert await sign.works(renewed["access_token"])
    assert await sign.works(keys.access_token or "")
    assert (await sign.refresh(keys.refresh_token)).error == GRANT
    assert not await sign.works(keys.access_token or "")
    assert not await sign.works(renewed["access_token"])


async def test_without_offline_access_there_is_no_refresh_token(sign: SignIn) -> None:
    assert "refresh_token" not in await sign.sign_in(scope="tweet.read users.read")
    account = sign.sandbox.new_account(scopes={"tweet.read", "users.read"})
    assert account.oauth2.refresh_token is None


async def test_what_is_no_refresh_token_is_refused_and_ends_nothing(sign: SignIn) -> None:
    token = await sign.sign_in()
    for wrong in ("never", token["access_token"], None):
        assert (await sign.refresh(wrong)).error == REQUEST
    assert (await sign.refresh(token["refresh_token"], scope="tweet.write")).error == (
        400,
        "invalid_scope",
    )
    assert {entry.account for entry in sign.sandbox.refreshes} == {None, sign.sandbox.me.user_id}
    assert {entry.outcome for entry in sign.sandbox.refreshes} == {"refused"}
    assert (await sign.refresh(token["refresh_token"])).status == 200


async def test_a_refresh_token_is_good_for_its_client_alone(sign: SignIn) -> None:
    public, confidential = sign.sandbox.client, sign.sandbox.confidential
    for owner, thief in ((public, confidential), (confidential, public)):
        token = await sign.sign_in(owner)
        assert (await sign.refresh(token["refresh_token"], thief)).error == REQUEST
        renewed = (await sign.refresh(token["refresh_token"], owner)).json
        # Nor does a stranger's replay end anything.
        assert (await sign.refresh(token["refresh_token"], thief)).error == REQUEST
        assert await sign.works(renewed["access_token"])


async def test_refreshes_are_recorded_with_their_time(sign: SignIn) -> None:
    token = await sign.sign_in()
    sign.clock.advance(5)
    await sign.refresh(token["refresh_token"])
    assert sign.sandbox.refreshes == [
        RecordedRefresh(sign.clock.time(), sign.sandbox.me.user_id, "rotated")
    ]
    assert sign.sandbox.requests[-1].account == sign.sandbox.me.user_id


# The end of tokens


async def test_revoking_ends_the_token_that_is_named(sign: SignIn) -> None:
    for client in (sign.sandbox.client, sign.sandbox.confidential):
        token = await sign.sign_in(client)
        answer = await sign.revoke(token["access_token"], client)
        assert (answer.status, answer.json) == (200, {"revoked": True})
        assert not await sign.works(token["access_token"])
        renewed = (await sign.refresh(token["refresh_token"], client)).json
        await sign.revoke(renewed["refresh_token"], client, token_type_hint="refresh_token")
        assert (await sign.refresh(renewed["refresh_token"], client)).error == GRANT
        assert await sign.works(renewed["access_token"])


async def test_revoking_says_the_same_of_what_never_was_or_is_another_s(sign: SignIn) -> None:
    token = await sign.sign_in(sign.sandbox.confidential)
    for what in ("never", token["access_token"], token["refresh_token"]):
        answer = await sign.revoke(what, sign.sandbox.client, token_type_hint="access_token")
        assert (answer.status, answer.json) == (200, {"revoked": True})
    assert await sign.works(token["access_token"])
    assert (await sign.refresh(token["refresh_token"], sign.sandbox.confidential)).status == 200


async def test_revoking_takes_a_client_and_a_token(sign: SignIn) -> None:
    token = (await sign.sign_in())["access_token"]
    assert (await sign.send("POST", "/2/oauth2/revoke", None, {"token": token})).error == (
        401,
        "unauthorized_client",
    )
    assert (await sign.revoke("")).error == REQUEST
    assert await sign.works(token)


async def test_all_access_tokens_can_be_expired_at_once(sign: SignIn) -> None:
    token, keys = await sign.sign_in(), sign.sandbox.oauth2
    sign.sandbox.expire_access_tokens()
    assert not await sign.works(token["access_token"])
    assert not await sign.works(keys.access_token or "")
    for refresh_token in (token["refresh_token"], keys.refresh_token):
        renewed = (await sign.refresh(refresh_token)).json
        assert await sign.works(renewed["access_token"])
    assert await sign.works(sign.sandbox.oauth1)


async def test_a_user_who_takes_everything_back_ends_every_family(sign: SignIn) -> None:
    other = sign.sandbox.new_account()
    mine, theirs = await sign.sign_in(), await sign.sign_in(user=other)
    code = await sign.code()
    sign.sandbox.revoke(sign.sandbox.me)
    for token in (mine["access_token"], sign.sandbox.oauth2.access_token or ""):
        assert not await sign.works(token)
    assert (await sign.refresh(mine["refresh_token"])).error == GRANT
    assert (await sign.exchange(code)).error == GRANT
    assert await sign.works(theirs["access_token"])
    assert await sign.works((await sign.sign_in())["access_token"])


# Trouble on purpose


class Gate:
    """A hook that holds requests until it is opened."""

    def __init__(self) -> None:
        self.reached, self.opened = anyio.Event(), anyio.Event()

    async def __call__(self) -> None:
        self.reached.set()
        await self.opened.wait()


async def test_the_token_endpoint_can_be_held_before_anything_is_checked(sign: SignIn) -> None:
    token = await sign.sign_in()
    code = await sign.code()
    sign.sandbox.before_token = gate = Gate()
    answers: list[Answer] = []

    async def exchange() -> None:
        answers.append(await sign.exchange(code))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(exchange)
        await gate.reached.wait()
        assert await sign.works(token["access_token"])
        # What is checked later is checked by the time of then.
        sign.clock.advance(30)
        gate.opened.set()
    assert answers[0].error == GRANT


async def test_the_token_endpoint_can_be_held_when_tokens_are_rotated(sign: SignIn) -> None:
    token = await sign.sign_in()
    sign.sandbox.before_token_reply = gate = Gate()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sign.refresh, token["refresh_token"])
        await gate.reached.wait()
        assert [entry.outcome for entry in sign.sandbox.refreshes] == ["rotated"]
        # The client dies here: the token is gone, and nobody has the new one.
        tasks.cancel_scope.cancel()
    gate.opened.set()
    sign.sandbox.before_token_reply = None
    assert (await sign.refresh(token["refresh_token"])).error == GRANT


async def test_the_sandbox_closes_while_a_request_is_held(sign: SignIn) -> None:
    token = await sign.sign_in()
    sign.sandbox.before_token_reply = gate = Gate()

    async def refresh() -> None:
        with pytest.raises(aiohttp.ClientConnectionError):
            await sign.refresh(token["refresh_token"])

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(refresh)
        await gate.reached.wait()
        with anyio.fail_after(60):
            await sign.sandbox.aclose()
    assert sign.sandbox.open_connections == 0


def raising(status: int | None) -> Callable[[], Awaitable[None]]:
    async def hook() -> None:
        raise Outage(status)

    return hook


async def test_an_outage_before_the_rotation_leaves_the_refresh_token_good(sign: SignIn) -> None:
    token = await sign.sign_in()
    sign.sandbox.before_token = raising(503)
    answer = await sign.refresh(token["refresh_token"])
    assert answer.status == 503
    assert answer.headers["content-type"].startswith("text/html")
    sign.sandbox.before_token = raising(None)
    with pytest.raises(aiohttp.ClientConnectionError):
        await sign.refresh(token["refresh_token"])
    assert sign.sandbox.requests[-1].status == 0
    assert sign.sandbox.refreshes == []
    sign.sandbox.before_token = None
    assert (await sign.refresh(token["refresh_token"])).status == 200


async def test_an_outage_after_the_rotation_loses_the_new_tokens(sign: SignIn) -> None:
    token = await sign.sign_in()
    sign.sandbox.before_token_reply = raising(None)
    with pytest.raises(aiohttp.ClientConnectionError):
        await sign.refresh(token["refresh_token"])
    sign.sandbox.before_token_reply = None
    assert await sign.works(token["access_token"])
    assert (await sign.refresh(token["refresh_token"])).error == GRANT


async def test_a_hook_that_fails_is_found_among_the_failures(sign: SignIn) -> None:
    async def fail() -> None:
        raise LookupError("a mistake of the test")

    sign.sandbox.before_token = fail
    assert (await sign.refresh("any")).status == 500
    assert [str(failure) for failure in sign.sandbox.failures] == ["a mistake of the test"]
    sign.sandbox.failures.clear()
