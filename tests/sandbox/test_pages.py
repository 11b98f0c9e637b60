"""Walking through pages."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sandbox.http import Api, serving
from tests.support.clock import ManualClock
from twretweet.sandbox import Quirks, Sandbox
from twretweet.sandbox.paging import cut, start
from twretweet.sandbox.retweets import IdList, Ranked, Retweets
from twretweet.sandbox.snowflake import STEP
from twretweet.sandbox.tokens import Place, Tokens

TOKENS = Tokens(b"key")
quirks = st.builds(
    Quirks,
    short_pages=st.floats(0, 1),
    empty_pages=st.frozensets(st.integers(0, 12), max_size=8),
)


@st.composite
def listings(draw: st.DrawFn) -> Ranked:
    """Retweets of a crowd and of users, some taken back; or a short list."""
    if draw(st.booleans()):
        return IdList(sorted(draw(st.sets(st.integers(1, 1 << 62), max_size=30))))
    gap = draw(st.sampled_from([1, 2, 1000, 97_000 * STEP]))
    retweets = Retweets(crowd=draw(st.integers(0, 60)), first=1 << 40, gap=gap, seed=7)
    users = draw(st.lists(st.integers(1, 20), unique=True, max_size=10))
    for user in users:
        retweets.add(user, draw(st.integers(0, 1 << 41)))
    for user in users[::3]:
        assert retweets.remove(user)
    return retweets


def all_ids(items: Ranked) -> list[int]:
    return [items.id_at(position) for position in range(len(items) - 1, -1, -1)]


@given(items=listings(), quirks=quirks, sizes=st.lists(st.integers(1, 100), min_size=1))
@settings(max_examples=150, deadline=None)
def test_a_walk_with_any_page_sizes_and_quirks_has_each_item_once_and_in_order(
    items: Ranked, quirks: Quirks, sizes: list[int]
) -> None:
    place: Place | None = start(1, 5)
    seen: list[int] = []
    tokens: set[str] = set()
    pages = 0
    while place is not None:
        size = sizes[pages % len(sizes)]
        page = cut(items, place, size, quirks, seed=3)
        assert len(page.positions) <= size
        if pages in quirks.empty_pages:
            assert not page.positions
        elif page.next is not None:
            assert page.positions
        seen += [items.id_at(position) for position in page.positions]
        place = page.next
        pages += 1
        if place is not None:
            token = TOKENS.write(place)
            assert token not in tokens
            tokens.add(token)
            assert TOKENS.read(token) == place
    assert seen == all_ids(items)


@given(items=listings(), size=st.integers(1, 40), quirks=quirks)
@settings(max_examples=100, deadline=None)
def test_previous_pages_lead_back_to_the_front_over_each_item_once(
    items: Ranked, size: int, quirks: Quirks
) -> None:
    page = cut(items, start(1, 5), size, quirks, seed=3)
    while page.next is not None:
        page = cut(items, page.next, size, quirks, seed=3)
    seen = [items.id_at(position) for position in page.positions]
    while page.previous is not None:
        page = cut(items, page.previous, size, quirks, seed=3)
        assert page.positions
        seen = [items.id_at(position) for position in page.positions] + seen
    assert seen == all_ids(items)


@given(items=listings(), number=st.integers(0, 1 << 62))
@settings(max_examples=150, deadline=None)
def test_position_and_id_of_a_retweet_lead_to_each_other(items: Ranked, number: int) -> None:
    ids = all_ids(items)[::-1]
    assert ids == sorted(set(ids))
    for position, one in enumerate(ids):
        assert items.rank(one) == position
        assert items.rank(one + 1) == position + 1
    assert items.rank(number) == sum(one < number for one in ids)


@given(text=st.text(string.ascii_letters + string.digits + "=-_%é", max_size=60))
@settings(max_examples=100, deadline=None)
def test_a_made_up_token_is_never_read(text: str) -> None:
    assert TOKENS.read(text) is None


@given(
    anchor=st.integers(0, (1 << 63) - 1),
    at=st.integers(0, 47),
    to=st.sampled_from("0123456789abv"),
)
@settings(max_examples=100, deadline=None)
def test_a_token_changed_in_any_place_is_never_read(anchor: int, at: int, to: str) -> None:
    token = TOKENS.write(Place(1, 2, anchor))
    assert len(token) == 48
    changed = token[:at] + to + token[at + 1 :]
    assert (TOKENS.read(changed) is None) == (changed != token)
    assert Tokens(b"another key").read(token) is None


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["retweets", "retweeted_by"])
@pytest.mark.parametrize("size", [1, 7, 25, 100])
async def test_a_walk_over_http_has_each_item_once(api: Api, path: str, size: int) -> None:
    pages = await api.walk(f"{api.tweet}/{path}", max_results=size)
    ids = [one for page in pages for one in page.ids]
    assert len(ids) == len(set(ids)) == 25
    assert len(pages) == -(-25 // size)
    for page in pages:
        assert page.body["meta"]["result_count"] == len(page.ids)
    assert "previous_token" not in pages[0].body["meta"]
    assert all("previous_token" in page.body["meta"] for page in pages[1:])


@pytest.mark.anyio
async def test_a_walk_with_short_and_empty_pages_is_complete(clock: ManualClock) -> None:
    quirks = Quirks(short_pages=0.5, empty_pages=frozenset({0, 3}))
    sandbox = Sandbox(retweets=1000, quirks=quirks, clock=clock)
    async with serving(sandbox, clock) as api:
        pages = await api.walk(f"{api.tweet}/retweets")
    counts = [len(page.ids) for page in pages]
    ids = [int(one) for page in pages for one in page.ids]
    assert counts[0] == counts[3] == 0
    assert "data" not in pages[3].body
    assert pages[3].body["meta"]["result_count"] == 0
    assert any(0 < count < 100 for count in counts[:-1])
    assert len(ids) == 1000
    assert ids == sorted(set(ids), reverse=True)


@pytest.mark.anyio
async def test_the_previous_page_of_the_second_is_the_first(api: Api) -> None:
    first, second, *_ = await api.walk(f"{api.tweet}/retweets", max_results=10)
    token = second.body["meta"]["previous_token"]
    back = await api.get(f"{api.tweet}/retweets", max_results=10, pagination_token=token)
    assert back.ids == first.ids
    assert "previous_token" not in back.body["meta"]
    token = back.body["meta"]["next_token"]
    again = await api.get(f"{api.tweet}/retweets", max_results=10, pagination_token=token)
    assert again.ids == second.ids


@pytest.mark.anyio
async def test_a_retweet_that_arrives_moves_no_later_page(api: Api) -> None:
    before = [one for page in await api.walk(f"{api.tweet}/retweets") for one in page.ids]
    first = await api.get(f"{api.tweet}/retweets", max_results=10)
    for _ in range(3):
        assert (await api.retweet(api.sandbox.new_account())).status == 200
    token = first.body["meta"]["next_token"]
    rest = await api.get(f"{api.tweet}/retweets", max_results=100, pagination_token=token)
    assert first.ids + rest.ids == before


@pytest.mark.anyio
async def test_a_retweet_taken_back_moves_no_later_page(api: Api) -> None:
    accounts = [api.sandbox.new_account() for _ in range(5)]
    for account in accounts:
        await api.retweet(account)
    first = await api.get(f"{api.tweet}/retweets", max_results=3)
    await api.undo(accounts[3])
    await api.undo(accounts[2])
    token = first.body["meta"]["next_token"]
    rest = await api.get(f"{api.tweet}/retweets", pagination_token=token)
    assert len(rest.ids) == 27
    assert int(rest.ids[0]) < int(first.ids[-1])


@pytest.mark.anyio
async def test_a_token_that_is_made_up_or_of_another_list_is_refused(api: Api) -> None:
    page = await api.get(f"{api.tweet}/retweets", max_results=5)
    token = page.body["meta"]["next_token"]
    other = api.sandbox.add_tweet(retweets=30)
    for path, given_token in (
        (f"{api.tweet}/retweets", "7140dibdnow9c7btw3w29grvxfcgvpb9n9coehpk7xz5i"),
        (f"{api.tweet}/retweets", ""),
        (f"/2/tweets/{other}/retweets", token),
        (f"{api.tweet}/retweeted_by", token),
        ("/2/users/reposts_of_me", token),
    ):
        reply = await api.get(path, pagination_token=given_token)
        assert reply.status == 400
        assert reply.messages == [
            f"The `pagination_token` query parameter value [{given_token}] is not valid"
        ]


@pytest.mark.anyio
async def test_a_token_shows_nothing_of_where_it_leads(api: Api) -> None:
    pages = await api.walk(f"{api.tweet}/retweets", max_results=5)
    tokens = [page.body["meta"]["next_token"] for page in pages[:-1]]
    assert len({token[:6] for token in tokens}) == len(tokens)
    for token, page in zip(tokens, pages, strict=False):
        assert page.ids[-1] not in token
        assert set(token) <= set("0123456789abcdefghijklmnopqrstuv")


@pytest.mark.anyio
async def test_a_tweet_without_retweets_has_one_empty_page(api: Api) -> None:
    lonely = api.sandbox.add_tweet()
    reply = await api.get(f"/2/tweets/{lonely}/retweets")
    assert reply.body == {"meta": {"result_count": 0}}


@pytest.mark.parametrize(
    "wrong", [{"short_pages": 1.5}, {"missing_authors": -0.1}, {"empty_pages": frozenset({-1})}]
)
def test_impossible_quirks_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Quirks(**wrong)  # type: ignore[arg-type]
