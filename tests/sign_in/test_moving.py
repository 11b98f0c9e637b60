"""A sign-in gets its name when X has told it; killed on the way there, it is still one account."""

import copy

import pytest

import twretweet as tw
from tests.client.test_refresh import outcomes
from tests.sign_in.conftest import managing, paths
from tests.sign_in.test_oauth2 import signed_in

pytestmark = pytest.mark.anyio


class Filmed(tw.MemoryTokenStore):
    """Keeps what a killed process would have left, after each change."""

    def __init__(self) -> None:
        super().__init__()
        self.films: list[tw.MemoryTokenStore] = []

    def _film(self) -> None:
        left = tw.MemoryTokenStore()
        left._tokens = copy.copy(self._tokens)
        self.films.append(left)

    async def save(self, account: str, tokens: tw.StoredTokens) -> None:
        await super().save(account, tokens)
        self._film()

    async def delete(self, account: str) -> None:
        await super().delete(account)
        self._film()


async def filmed(sandbox, clock) -> list[tw.MemoryTokenStore]:
    store = Filmed()
    async with managing(sandbox, clock, store) as manager:
        await signed_in(manager, sandbox)
    return store.films


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("kill", range(4))
async def test_whoever_is_killed_while_a_sign_in_is_named_leaves_one_account(
    sandbox, clock, kill, order
):
    films = await filmed(sandbox, clock)
    assert len(films) == 4
    left, usable, said = films[kill], [], []
    sandbox.expire_access_tokens()
    for name in (await left.accounts())[::order]:
        async with managing(sandbox, clock, left) as manager:
            session = manager.session((await left.load(name)).credentials(name))
            try:
                await session.me()
            except tw.CredentialsError as error:
                said.append(str(error))
            else:
                usable.append(name)
    assert len(usable) == 1
    assert all("is stored as 'sandbox_bot' now: use that account=" in each for each in said)
    assert outcomes(sandbox) == ["rotated"]


@pytest.mark.parametrize("kill", range(4))
async def test_signing_all_of_them_out_ends_it_once(sandbox, clock, kill):
    left = (await filmed(sandbox, clock))[kill]
    sandbox.requests.clear()
    async with managing(sandbox, clock, left) as manager:
        for name in await left.accounts():
            await manager.sign_in.revoke(name)
    assert paths(sandbox) == ["POST /2/oauth2/revoke"] * 2, "of each token once"
    assert await left.accounts() == []


async def test_a_name_that_another_sign_in_has_taken_meanwhile_does_not_hide_it(sandbox, clock):
    marked = (await filmed(sandbox, clock))[1]
    [name] = await marked.accounts()
    assert (await marked.load(name)).moved_to == "sandbox_bot"
    other = tw.OAuth2Tokens(client_id=sandbox.client.client_id, access_token="a", seed="other")
    await marked.save("sandbox_bot", other)
    async with managing(sandbox, clock, marked) as manager:
        await manager.session(tw.OAuth2(sandbox.client.client_id, account=name)).me()
