"""Watching a tweet while X answers with what it should not."""

import pytest

import twretweet as tw
from tests.client.crowd import take
from tests.support.scripted import ScriptedServer, page, reply
from twretweet.events import Event, PageTokenExpired, ProblemReported

pytestmark = pytest.mark.anyio


async def test_a_failed_page_in_the_middle_is_fetched_again_and_nothing_else(clock):
    async with ScriptedServer() as server:
        server.replies.extend(
            [
                reply(200, page("5")),
                reply(200, page("9", "8", next_token="a")),
                reply(503),
                reply(200, page("7", "6", "5")),
                reply(200, page("9")),
            ]
        )
        once = tw.RetryPolicy(attempts=1)
        async with tw.SessionManager(base_url=server.url, clock=clock, retry=once) as manager:
            watch = manager.session(tw.AppOnly("t")).watch_retweets(1)
            with pytest.raises(tw.ServerError):
                await anext(watch)
            assert await take(watch, 4) == ["6", "7", "8", "9"]
    assert len(server.requests) == 4
    assert "pagination_token=a" in server.requests[3].target


async def test_what_lies_behind_an_empty_first_page_is_old(clock):
    async with ScriptedServer() as server:
        server.replies.extend(
            [
                reply(200, page(next_token="a")),
                reply(200, page(next_token="b")),
                reply(200, page("5", "4", next_token="c")),
                reply(200, page("6", "5", "4", next_token="a")),
            ]
        )
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            watch = manager.session(tw.AppOnly("t")).watch_retweets(1)
            assert await take(watch, 1) == ["6"]
    tokens = [seen.target.partition("pagination_token=")[2] for seen in server.requests]
    assert tokens == ["", "a", "b", ""]


async def test_a_page_token_that_x_has_forgotten_begins_again_and_is_told(clock):
    events: list[Event] = []
    forgotten = reply(
        400,
        {
            "title": "Invalid Request",
            "errors": [{"message": "The `pagination_token` query parameter value is not valid"}],
        },
    )
    async with ScriptedServer() as server:
        server.replies.extend(
            [
                reply(200, page("5")),
                reply(200, page("9", "8", next_token="a")),
                forgotten,
                reply(200, page("10", "9", "8", next_token="b")),
                forgotten,
                reply(200, page("10", "9", "8", "7", "5")),
            ]
        )
        async with tw.SessionManager(
            base_url=server.url, clock=clock, on_event=events.append
        ) as manager:
            watch = manager.session(tw.AppOnly("t")).watch_retweets(1)
            with pytest.raises(tw.InvalidRequest):
                await anext(watch)
            assert await take(watch, 4) == ["7", "8", "9", "10"]
    assert len([event for event in events if isinstance(event, PageTokenExpired)]) == 2


async def test_pages_that_lead_in_a_circle_are_told_and_hand_out_nothing_twice(clock):
    async with ScriptedServer() as server:
        server.replies.extend(
            [
                reply(200, page("5")),
                reply(200, page("9", next_token="a")),
                reply(200, page("9", next_token="a")),
                reply(200, page("9", "8", "5")),
            ]
        )
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            watch = manager.session(tw.AppOnly("t")).watch_retweets(1)
            with pytest.raises(tw.PaginationError, match="circle"):
                await anext(watch)
            assert await take(watch, 2) == ["8", "9"]


async def test_a_retweet_that_turns_up_late_is_found_if_it_is_on_the_page(clock):
    async with ScriptedServer() as server:
        server.replies.extend(
            [
                reply(200, page("5", "4")),
                reply(200, page("9", "7", "5", "4")),
                reply(200, page("10", "9", "8", "7", "6", "5", "4", "3")),
            ]
        )
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            watch = manager.session(tw.AppOnly("t")).watch_retweets(1)
            assert await take(watch, 5) == ["7", "9", "6", "8", "10"]


async def test_only_so_many_ids_are_remembered_and_older_ones_are_never_new(clock):
    ids = [str(number) for number in range(5000, 0, -1)]
    async with ScriptedServer() as server:
        server.replies.append(reply(200, page("1")))
        pages = [page(*ids[at : at + 100], next_token=f"t{at}") for at in range(0, 4900, 100)]
        server.replies.extend([reply(200, body) for body in pages])
        server.replies.append(reply(200, page(*ids[4900:])))
        server.replies.append(reply(200, page("3000", "17", "5001")))
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            watch = manager.session(tw.AppOnly("t")).watch_retweets(1)
            got = await take(watch, 4999)
            assert got == ids[-2::-1]
            assert len(watch.checkpoint().handed_out) <= 1001
            assert await take(watch, 1) == ["5001"]


async def test_problems_are_raised_if_wished_and_what_came_is_not_lost(clock):
    async with ScriptedServer() as server:
        body = {**page("6", "5"), "errors": [{"title": "t", "detail": "d"}]}
        server.replies.extend([reply(200, page("5")), reply(200, body)])
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            watch = manager.session(tw.AppOnly("t")).watch_retweets(1, on_problem="raise")
            with pytest.raises(tw.PartialResult):
                await anext(watch)
            assert (await anext(watch)).id == "6"


def withheld(*users: str) -> list[dict[str, str]]:
    """Problems about authors that X withholds."""
    return [
        {"title": "Authorization Error", "parameter": "author_id", "resource_id": user}
        for user in users
    ]


def authored(ids: str, next_token: str | None = None, *problems: dict[str, str]) -> bytes:
    """A page of tweets with the ids 9 and 8 for ``"98"``, by the users 90 and 80."""
    body = page(*ids, next_token=next_token)
    for tweet in body.get("data", []):
        tweet["author_id"] = f"{tweet['id']}0"
    return reply(200, {**body, "errors": list(problems)} if problems else body)


async def test_what_old_retweets_lack_is_told_once_and_not_raised(clock):
    events: list[Event] = []
    odd = {"title": "of nothing that is on the page"}
    async with ScriptedServer() as server:
        server.replies.extend(
            [
                authored("54", None, *withheld("50")),
                authored("54", None, *withheld("50", "40")),
                authored("654", None, *withheld("50", "40"), odd),
                authored("8765", "a", *withheld("80", "50"), odd),
                authored("654", None, *withheld("50", "40"), odd),
                authored("9876", None, *withheld("80")),
            ]
        )
        async with tw.SessionManager(
            base_url=server.url, clock=clock, on_event=events.append
        ) as manager:
            watch = manager.session(tw.AppOnly("t")).watch_retweets(1, on_problem="raise")
            got: list[str] = []
            raised: list[tw.PartialResult] = []
            while len(got) < 4:
                try:
                    got.append((await anext(watch)).id)
                except tw.PartialResult as error:
                    raised.append(error)
            saved = watch.checkpoint()
            told = [each.resource_id for each in events if isinstance(each, ProblemReported)]
            assert got == ["6", "7", "8", "9"]
            assert [[item.id for item in error.page.data] for error in raised] == [
                ["6"],
                ["8", "7"],
            ]
            assert [[problem.resource_id for problem in error.problems] for error in raised] == [
                [None],
                ["80"],
            ]
            assert told == ["50", "40", None, "80"]
            # The next run has heard of nothing yet, but knows which retweets are old.
            server.replies.clear()
            server.replies.append(authored("9876", None, *withheld("80")))
            server.replies.append(reply(200, page("10", *"9876")))
            session = manager.session(tw.AppOnly("t"))
            again = session.watch_retweets(1, on_problem="raise", resume=saved)
            assert (await anext(again)).id == "10"
