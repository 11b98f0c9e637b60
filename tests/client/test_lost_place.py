"""A page token that X has forgotten: the walk finds its place again, and says so."""

import pytest

import twretweet as tw
from tests.support.scripted import ScriptedServer, page, reply
from twretweet.events import Event, PageTokenExpired

pytestmark = pytest.mark.anyio

FORGOTTEN = reply(
    400,
    {
        "errors": [
            {
                "parameters": {"pagination_token": ["a"]},
                "message": "The `pagination_token` query parameter value [a] is not valid",
            }
        ],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": "https://api.twitter.com/2/problems/invalid-request",
    },
)


def tweets(*ids: int, token: str | None = None) -> bytes:
    return reply(200, page(*map(str, ids), next_token=token))


def users(*ids: int, token: str | None = None) -> bytes:
    data = [{"id": str(each), "name": "n", "username": "u"} for each in ids]
    meta = {"result_count": len(ids), **({"next_token": token} if token else {})}
    return reply(200, {"data": data, "meta": meta})


class Scene:
    def __init__(self, server: ScriptedServer, session: tw.Session, events: list[Event]) -> None:
        self.server = server
        self.session = session
        self.events = events

    @property
    def told(self) -> list[PageTokenExpired]:
        return [event for event in self.events if isinstance(event, PageTokenExpired)]

    def answers(self, *replies: bytes) -> None:
        self.server.replies.clear()
        self.server.replies.extend(replies)


@pytest.fixture
async def scene(clock):
    events: list[Event] = []
    async with (
        ScriptedServer() as server,
        tw.SessionManager(base_url=server.url, clock=clock, on_event=events.append) as manager,
    ):
        yield Scene(server, manager.session(tw.AppOnly("t")), events)


async def ids_of(walk) -> list[int]:
    return [int(item.id) async for item in walk]


async def test_a_walk_goes_on_behind_its_last_retweet_and_says_so(scene):
    scene.answers(
        tweets(90, 80, token="a"),
        FORGOTTEN,
        tweets(95, 92, 90, token="b"),  # newer ones came in front
        tweets(80, 70, token="c"),
        tweets(60),
    )
    walk = scene.session.retweets(1)
    assert await ids_of(walk) == [90, 80, 70, 60]
    assert walk.checkpoint().finished
    [told] = scene.told
    assert (told.last_id, told.target) == ("80", "1")


async def test_a_resumed_walk_does_so_although_its_last_retweet_was_undone(scene):
    scene.answers(tweets(90, 80, 70, token="a"))
    walk = scene.session.retweets(1)
    ids = [int((await anext(walk)).id) for _ in range(2)]
    point = tw.Checkpoint.from_json(walk.checkpoint().to_json().replace("null", '"old"', 1))
    scene.answers(FORGOTTEN, tweets(99, 95, token="b"), tweets(90, 70, token="c"), tweets(60))
    resumed = scene.session.retweets(1, resume=point)
    assert ids + await ids_of(resumed) == [90, 80, 70, 60]


async def test_retweeters_go_on_behind_the_last_known_one_that_is_still_there(scene):
    scene.answers(
        users(5, 90, 7, token="a"),
        FORGOTTEN,
        users(3, 5, token="b"),  # one came in front
        users(90, 8, token="c"),  # and 7 is gone
        users(7, 6),  # or was only on its way
    )
    walk = scene.session.retweeters(1)
    assert await ids_of(walk) == [5, 90, 7, 8, 6]


async def test_one_who_undid_and_did_it_again_does_not_mark_the_place(scene):
    scene.answers(
        users(5, 90, 7, 41, 42, 43, 44, 45, token="a"),
        FORGOTTEN,
        users(90, 1, 2, 3, 4, 6, 8, 9, token="b"),  # 90 stands at the front now
        users(5, 7, 41, 42, 43, 44, 45, 30, token="c"),
        users(20),
    )
    walk = scene.session.retweeters(1)
    assert await ids_of(walk) == [5, 90, 7, 41, 42, 43, 44, 45, 30, 20]


async def test_a_place_behind_a_page_of_one_outlives_an_undo(scene):
    scene.answers(
        users(*range(1, 11), token="a"),
        users(11, token="b"),
        FORGOTTEN,
        users(*range(1, 11), token="c"),  # 11 is gone
        users(12, 13),
    )
    assert await ids_of(scene.session.retweeters(1)) == list(range(1, 14))


async def test_one_behind_a_page_of_one_who_did_it_again_does_not_mark_the_place(scene):
    scene.answers(users(*range(1, 11), token="a"), users(11, token="b"))
    walk = scene.session.retweeters(1)
    ids = [int((await anext(walk)).id) for _ in range(11)]
    point = tw.Checkpoint.from_json(walk.checkpoint().to_json())
    scene.answers(
        FORGOTTEN,
        users(11, token="c"),  # 11 stands at the front now, on a short page
        users(*range(1, 10), token="d"),
        users(10, 12, 13),
    )
    assert ids + await ids_of(scene.session.retweeters(1, resume=point)) == list(range(1, 14))


async def test_retweeters_of_whom_none_is_left_are_a_lost_place(scene):
    scene.answers(users(5, 90, token="a"), FORGOTTEN, users(3, token="b"), users(4))
    walk = scene.session.retweeters(1)
    ids: list[int] = []
    with pytest.raises(tw.PaginationError, match="its place is lost") as caught:
        async for user in walk:
            ids.append(int(user.id))
    assert ids == [5, 90]
    assert caught.value.page_token == "a"
    assert walk.checkpoint().page_token == "a", "nothing is skipped in silence"


async def test_a_token_that_is_forgotten_again_before_anything_new_came_is_an_error(scene):
    scene.answers(tweets(90, token="a"), FORGOTTEN, tweets(95, token="b"), FORGOTTEN)
    walk = scene.session.retweets(1)
    assert (await anext(walk)).id == "90"
    with pytest.raises(tw.InvalidRequest, match="pagination_token"):
        await anext(walk)
    assert len(scene.server.requests) == 4
    scene.answers(FORGOTTEN, tweets(95, 90, token="b"), tweets(80))
    assert await ids_of(walk) == [80], "asked again, it searches again"


async def test_each_time_something_new_came_it_may_search_again(scene):
    scene.answers(
        tweets(90, token="a"),
        *(FORGOTTEN, tweets(90, 80, token="b")),
        *(FORGOTTEN, tweets(90, 80, 70, token="c")),
        *(FORGOTTEN, tweets(70, 60)),
    )
    assert await ids_of(scene.session.retweets(1)) == [90, 80, 70, 60]
    assert [told.last_id for told in scene.told] == ["90", "80", "70"]


async def test_an_invalid_request_of_another_kind_is_no_lost_place(scene):
    bad = reply(400, {"title": "Invalid Request", "detail": "`max_results` is not valid"})
    scene.answers(tweets(90, token="a"), bad)
    walk = scene.session.retweets(1)
    assert (await anext(walk)).id == "90"
    with pytest.raises(tw.InvalidRequest, match="max_results"):
        await anext(walk)
    assert not scene.told


async def test_a_limit_holds_while_the_place_is_searched(scene):
    scene.answers(tweets(90, 80, token="a"), FORGOTTEN, tweets(90, 80, 70, token="b"))
    walk = scene.session.retweets(1, limit=3)
    assert await ids_of(walk) == [90, 80, 70]
    assert "max_results=100" in scene.server.requests[2].target, "one item would not reach it"
    assert len(scene.server.requests) == 3


async def test_a_prefetching_walk_finds_its_place_too(scene):
    scene.answers(tweets(90, token="a"), FORGOTTEN, tweets(95, 90, 80, token="b"), tweets(70))
    assert await ids_of(scene.session.retweets(1, prefetch=3)) == [90, 80, 70]


async def test_a_search_that_was_broken_off_leaves_no_wrong_place_behind(scene):
    first, second, third = range(1, 101), range(101, 201), range(201, 301)
    walk = scene.session.retweeters(1)
    scene.answers(users(*first, token="a"), users(*second, token="b"))
    scene.server.replies.extend([FORGOTTEN, users(*first[:50], token="x")])
    scene.server.replies.append(users(*first[50:], token="a"))
    pages = walk.pages()
    assert [len((await anext(pages)).data) for _ in range(4)] == [100, 100, 0, 0]
    again = scene.session.retweeters(1, resume=walk.checkpoint())  # it ended while it searched
    scene.answers(users(*third, token="c"))
    assert len((await anext(again.pages())).data) == 100
    last = scene.session.retweeters(1, resume=again.checkpoint())
    scene.answers(
        FORGOTTEN,
        users(*first, token="a"),
        users(*second, token="b"),
        users(*third, token="c"),
        users(301, 302),
    )
    assert await ids_of(last) == [301, 302]
