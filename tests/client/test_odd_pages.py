"""Pages as no well-behaved server sends them, and walks that break off among them."""

import anyio
import pytest

import twretweet as tw
from tests.support.scripted import ScriptedServer, page, reply

pytestmark = pytest.mark.anyio


async def test_a_token_seen_before_raises_and_the_walk_goes_on_when_it_is_gone(clock):
    replies = [
        page("9", "8", next_token="a"),
        page("7", next_token="b"),
        page("6", next_token="a"),
        page("6", next_token="b"),
        page("6", "5"),
    ]
    async with ScriptedServer() as server:
        server.replies.extend(reply(200, body) for body in replies)
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            walk = manager.session(tw.AppOnly("t")).retweets(1)
            ids: list[str] = []
            for _ in range(2):
                with pytest.raises(tw.PaginationError, match="circle") as caught:
                    async for retweet in walk:
                        ids.append(retweet.id)
                assert caught.value.page_token in ("a", "b")
            ids += [retweet.id for retweet in await walk.collect()]
    assert ids == ["9", "8", "7", "6", "5"]


async def test_more_items_than_asked_for_are_kept_for_a_walk_with_a_higher_limit(clock):
    async with ScriptedServer() as server:
        server.replies.append(reply(200, page("9", "8", "7", next_token="a")))
        server.replies.append(reply(200, page("9", "8", "7", next_token="a")))
        server.replies.append(reply(200, page("6")))
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            session = manager.session(tw.AppOnly("t"))
            walk = session.retweets(1, limit=2)
            ids = [retweet.id for retweet in await walk.collect()]
            resumed = session.retweets(1, resume=walk.checkpoint())
            ids += [retweet.id for retweet in await resumed.collect()]
    assert ids == ["9", "8", "7", "6"]


async def test_collecting_that_fails_loses_nothing(clock):
    async with ScriptedServer() as server:
        pages = [page("9", "8", next_token="a"), page("7", "6", next_token="b"), page("5")]
        bodies = [reply(200, each) for each in pages]
        server.replies.extend([bodies[0], bodies[1], reply(503), bodies[2]])
        once = tw.RetryPolicy(attempts=1)
        async with tw.SessionManager(base_url=server.url, clock=clock, retry=once) as manager:
            walk = manager.session(tw.AppOnly("t")).retweets(1)
            first = await anext(walk)
            with pytest.raises(tw.ServerError):
                await walk.collect()
            point = walk.checkpoint()
            assert (point.page_token, point.handed_out, point.count) == (None, ("9",), 1)
            assert (await anext(walk)).id == "8"
            assert walk.checkpoint().page_token == "a"
            rest = await walk.collect()
    assert [first.id, "8", *(item.id for item in rest)] == ["9", "8", "7", "6", "5"]
    assert len(server.requests) == 4, "what was fetched is not fetched again"


async def test_collecting_that_is_cancelled_loses_nothing(clock):
    async with ScriptedServer() as server:
        server.replies.extend([reply(200, page("9", "8", next_token="a")), ...])
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            walk = manager.session(tw.AppOnly("t")).retweets(1)
            with anyio.move_on_after(1):
                await walk.collect()
            server.replies[0] = reply(200, page("7"))
            assert [item.id for item in await walk.collect()] == ["9", "8", "7"]


async def test_retweets_newer_than_the_walk_are_not_part_of_it_when_it_is_resumed(clock):
    async with ScriptedServer() as server:
        pages = [
            page("50", "49", next_token="a"),
            page("70", "69", "68", next_token="b"),
            page("67", "66", "50", next_token="c"),
            page("49", "48", "47"),
        ]
        server.replies.extend(reply(200, each) for each in pages)
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            session = manager.session(tw.AppOnly("t"))
            walk = session.retweets(1)
            ids = [(await anext(walk)).id for _ in range(2)]
            point = tw.Checkpoint.from_json(
                walk.checkpoint()
                .to_json()
                .replace('"page_token":"a"', '"page_token":null')
                .replace('"handed_out":[]', '"handed_out":["50","49"]')
            )
            ids += [item.id for item in await session.retweets(1, resume=point).collect()]
    assert ids == ["50", "49", "48", "47"]


async def test_retweeters_who_moved_to_another_page_come_once(clock):
    def users(*ids: str, **meta: str) -> bytes:
        data = [{"id": each, "name": "n", "username": "u"} for each in ids]
        return reply(200, {"data": data, "meta": {"result_count": len(ids), **meta}})

    async with ScriptedServer() as server:
        server.replies.append(users("5", "90", next_token="a"))
        server.replies.append(users("7", "3", next_token="b"))  # two came in front
        server.replies.append(users("5", "90", "2"))
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            session = manager.session(tw.AppOnly("t"))
            walk = session.retweeters(1)
            ids = [(await anext(walk)).id]
            resumed = session.retweeters(1, resume=walk.checkpoint())
            ids += [user.id for user in await resumed.collect()]
    assert ids == ["5", "7", "3", "90", "2"]


@pytest.mark.parametrize("odd", [{}, {"message": "upstream busy"}, {"data": None, "meta": None}])
async def test_a_reply_that_is_no_page_does_not_end_a_walk(clock, odd):
    async with ScriptedServer() as server:
        server.replies.extend(
            [reply(200, page("9", next_token="a")), reply(200, odd), reply(200, page("8"))]
        )
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            walk = manager.session(tw.AppOnly("t")).retweets(1)
            with pytest.raises(tw.DecodeError, match="neither data nor errors"):
                await walk.collect()
            assert not walk.checkpoint().finished
            assert [item.id for item in await walk.collect()] == ["9", "8"]


async def test_an_endless_loop_hands_out_nothing_twice(clock):
    async with ScriptedServer() as server:
        server.replies.append(reply(200, page("9", "8", next_token="same")))
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            walk = manager.session(tw.AppOnly("t")).retweets(1)
            ids: list[str] = []
            for _ in range(3):
                with pytest.raises(tw.PaginationError, match="as the app"):
                    async for item in walk:
                        ids.append(item.id)
    assert ids == ["9", "8"]


GONE = {
    "value": "1",
    "detail": "Could not find tweet with id: [1].",
    "title": "Not Found Error",
    "resource_type": "tweet",
    "parameter": "id",
    "resource_id": "1",
    "type": "https://api.twitter.com/2/problems/resource-not-found",
}
OTHER = {**GONE, "value": "7", "resource_id": "7", "parameter": "author_id"}


@pytest.mark.parametrize(
    "meta", [{}, {"meta": {"result_count": 0}}, {"meta": {"result_count": 0, "next_token": "b"}}]
)
@pytest.mark.parametrize("problems", [[GONE], [OTHER, GONE]])
async def test_a_tweet_that_is_deleted_half_way_does_not_end_its_walk(clock, meta, problems):
    async with ScriptedServer() as server:
        gone = {"errors": problems, **meta}
        server.replies.extend([reply(200, page("9", "8", next_token="a")), reply(200, gone)])
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            session = manager.session(tw.AppOnly("t"))
            for ahead in (0, 2):
                walk = session.retweets(1, prefetch=ahead)
                ids = []
                with pytest.raises(tw.NotFound, match=r"Could not find tweet with id: \[1\]"):
                    async for retweet in walk:
                        ids.append(retweet.id)
                assert ids == ["9", "8"]
                point = walk.checkpoint()
                assert (point.page_token, point.finished) == ("a", False)
                server.replies.appendleft(reply(200, page("9", "8", next_token="a")))


async def test_what_an_empty_page_says_of_others_does_not_fail_it(clock):
    async with ScriptedServer() as server:
        empty = {
            **page(next_token="b"),
            "errors": [OTHER, {**GONE, "parameter": "pinned_tweet_id"}],
        }
        server.replies.extend(
            reply(200, body)
            for body in (page("9", next_token="a"), empty, {**page("8"), "errors": [GONE]})
        )
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            walk = manager.session(tw.AppOnly("t")).retweets(1)
            assert [retweet.id for retweet in await walk.collect()] == ["9", "8"]
