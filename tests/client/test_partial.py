"""Problems of a reply that is a success: on the page, in an event, and as an error if wished."""

import pytest

import twretweet as tw
from tests.support.scripted import ScriptedServer, page, reply
from twretweet.events import Event, ProblemReported

pytestmark = pytest.mark.anyio

PROBLEM = {
    "type": "https://api.twitter.com/2/problems/not-authorized-for-resource",
    "title": "Authorization Error",
    "detail": "Sorry, you are not authorized to see the user with author_id: [7].",
    "resource_type": "user",
    "resource_id": "7",
    "parameter": "author_id",
    "value": "7",
}


def partial(*ids: str, next_token: str | None = None, problems: int = 1) -> bytes:
    return reply(200, {**page(*ids, next_token=next_token), "errors": [PROBLEM] * problems})


@pytest.fixture
async def server():
    async with ScriptedServer() as server:
        server.replies.extend(
            [
                reply(200, page("9", "8", next_token="a")),
                partial("7", "6", next_token="b", problems=2),
                partial("5"),
            ]
        )
        yield server


@pytest.fixture
async def connected(server, clock):
    events: list[Event] = []
    async with tw.SessionManager(
        base_url=server.url, clock=clock, on_event=events.append
    ) as manager:
        yield manager.session(tw.AppOnly("t")), events


async def test_problems_are_on_the_page_and_told(connected):
    session, events = connected
    pages = [some async for some in session.retweets(1).pages()]
    assert [len(some.problems) for some in pages] == [0, 2, 1]
    told = [event for event in events if isinstance(event, ProblemReported)]
    assert len(told) == 3
    assert told[0] == ProblemReported(
        endpoint="GET /2/tweets/{tweet_id}/retweets",
        account="the app",
        kind="not-authorized-for-resource",
        title="Authorization Error",
        detail=PROBLEM["detail"],
        resource_type="user",
        resource_id="7",
    )


async def test_raised_they_carry_the_page_and_the_walk_goes_on_with_it(connected, server):
    session, _ = connected
    walk = session.retweets(1, on_problem="raise")
    ids: list[str] = []
    raised: list[tw.PartialResult] = []
    while not walk.checkpoint().finished:
        try:
            async for retweet in walk:
                ids.append(retweet.id)
        except tw.PartialResult as error:
            raised.append(error)
            if len(raised) == 1:
                assert walk.checkpoint().page_token == "a", "the page is still to come"
    assert ids == ["9", "8", "7", "6", "5"]
    assert [[item.id for item in error.page.data] for error in raised] == [["7", "6"], ["5"]]
    assert [len(error.problems) for error in raised] == [2, 1]
    assert len(server.requests) == 3, "nothing is fetched twice"
    assert str(raised[0]) == (
        "the page lacks something (Sorry, you are not authorized to see the user with author_id: "
        "[7]., and 1 more): its 2 items are on this error's page; iterate again to go on with "
        "them [GET /2/tweets/{tweet_id}/retweets as the app]"
    )


async def test_collecting_past_problems_loses_and_repeats_nothing(connected):
    session, _ = connected
    walk = session.retweets(1, on_problem="raise")
    assert (await anext(walk)).id == "9"
    for _ in range(2):
        with pytest.raises(tw.PartialResult):
            await walk.collect()
    assert [item.id for item in await walk.collect()] == ["8", "7", "6", "5"]


async def test_page_by_page_they_are_raised_before_their_page(connected):
    session, _ = connected
    pages = session.retweets(1, on_problem="raise").pages()
    assert len((await anext(pages)).data) == 2
    with pytest.raises(tw.PartialResult):
        await anext(pages)
    assert [item.id for item in (await anext(pages)).data] == ["7", "6"]


async def test_problems_beside_a_looked_up_tweet_are_told(clock):
    events: list[Event] = []
    async with ScriptedServer() as server:
        server.replies.append(reply(200, {"data": {"id": "1", "text": ""}, "errors": [PROBLEM]}))
        async with tw.SessionManager(
            base_url=server.url, clock=clock, on_event=events.append
        ) as manager:
            assert (await manager.session(tw.AppOnly("t")).tweet(1)).id == "1"
    [told] = [event for event in events if isinstance(event, ProblemReported)]
    assert told.resource_id == "7"


async def test_what_to_do_with_problems_is_one_of_two_words(connected):
    session, _ = connected
    for start in (session.retweets, session.watch_retweets):
        with pytest.raises(tw.QueryError, match="on_problem is 'ignore'"):
            start(1, on_problem="ignore")
