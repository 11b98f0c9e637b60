"""Runs that come to an end too early, and the next ones that go on: each retweet once."""

import anyio
import pytest

import twretweet as tw
from tests.cli.export.scene import QUERY
from tests.support.scripted import page, reply
from twretweet.cli.export.columns import columns
from twretweet.cli.export.job import look
from twretweet.cli.export.opening import open_output
from twretweet.cli.export.told import Told
from twretweet.cli.outcome import OutputRefused
from twretweet.errors import BudgetExceeded, NotFound, ServerError

pytestmark = pytest.mark.anyio

GONE = {
    "errors": [
        {
            "value": "20",
            "detail": "Could not find tweet with id: [20].",
            "title": "Not Found Error",
            "resource_type": "tweet",
            "parameter": "id",
            "resource_id": "20",
            "type": "https://api.twitter.com/2/problems/resource-not-found",
        }
    ]
}
METRICS = {"data": {"id": "20", "text": "t", "public_metrics": {"retweet_count": 9}}}


def tweets(*ids: int, token: str | None = None) -> bytes:
    return reply(200, page(*map(str, ids), next_token=token))


def paid(sandbox) -> int:
    """How many pages were served."""
    return len([each for each in sandbox.requests if each.path.endswith("/retweets")])


def everything(ids: list[str]) -> bool:
    return len(ids) == 1000 and ids == sorted(set(ids), key=int, reverse=True)


async def test_a_run_to_the_end_writes_every_retweet_and_says_that_it_is_complete(
    scene, sandbox, ids, place
):
    told = await scene.run()
    assert everything(ids())
    assert place()["finished"] is True
    # 1000 retweets, 1000 users, and one look at the tweet to know how many there will be.
    assert told.tally.spent == 15.005
    assert told.tally.total == 1000
    requests = len(sandbox.requests)
    told = await scene.run()
    assert len(sandbox.requests) == requests, "a complete export asks for nothing more"
    assert (told.tally.items, told.tally.pages) == (1000, 10)


async def test_the_first_signal_lets_the_page_under_way_arrive(scene, sandbox, ids, place):
    async with anyio.create_task_group() as group:
        group.start_soon(scene.run)
        await anyio.sleep(4.5)  # each reply takes a second
        assert scene.told.stop.paying
        scene.told.stop.ask()
    asked = paid(sandbox)
    assert len(ids()) == scene.told.tally.items == 100 * asked
    assert (place()["pending"], place()["finished"]) == (0, False)
    await scene.run()
    assert everything(ids())
    assert paid(sandbox) == 10


async def test_the_first_signal_ends_a_wait_for_the_window_at_once(scene, sandbox, clock, ids):
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: scene.run(max_results=10))
        while paid(sandbox) < 75 or scene.told.stop.paying:
            await anyio.sleep(1)
        await anyio.sleep(5)
        before = clock.time()
        scene.told.stop.ask()
    assert clock.time() == before
    assert len(ids()) == 750
    await scene.run(max_results=10)
    assert everything(ids())
    assert paid(sandbox) == 100
    assert sandbox.rejected == 0


async def test_a_run_that_is_cancelled_at_any_moment_loses_no_more_than_the_page_under_way(
    scene, sandbox, ids
):
    cancelled = 0
    for moment in range(100):
        with anyio.move_on_after(0.3 + 0.13 * moment) as scope:
            await scene.run()
        cancelled += scope.cancelled_caught
        if not scope.cancelled_caught:
            break
    assert cancelled > 5
    assert everything(ids())
    assert paid(sandbox) <= 10 + cancelled


async def test_trouble_of_minutes_is_waited_out_and_told(scripted, server, ids, capsys, clock):
    server.replies.extend([tweets(9, 8, token="a"), reply(200, METRICS)])
    server.replies.extend([reply(503, b"<html>"), None] * 8)
    server.replies.append(tweets(7))
    began = clock.time()
    await scripted.run()
    assert ids() == ["9", "8", "7"]
    assert 2025 < clock.time() - began < 2040
    said = capsys.readouterr().err
    assert "; trying again in 5 s" in said
    assert "; trying again in 15 min" in said


async def test_trouble_before_the_first_page_is_told_at_once(scripted, server, tmp_path, clock):
    server.replies.append(reply(503, b"<html>"))
    began = clock.time()
    with pytest.raises(ServerError):
        await scripted.run()
    assert clock.time() - began < 1
    assert list(tmp_path.glob("rows*")) == []


async def test_trouble_that_does_not_end_is_an_error_after_an_hour(scripted, server, ids, place):
    server.replies.extend([tweets(9, 8, token="a"), reply(200, METRICS), reply(500)])
    with pytest.raises(ServerError):
        await scripted.run()
    assert ids() == ["9", "8"]
    assert place()["finished"] is False
    server.replies.clear()
    server.replies.append(tweets(7))
    await scripted.run()
    assert ids() == ["9", "8", "7"]


async def test_a_signal_ends_the_wait_for_another_try(scripted, server, clock):
    server.replies.extend([tweets(9, 8, token="a"), reply(200, METRICS), reply(500)])
    async with anyio.create_task_group() as group:
        group.start_soon(scripted.run)
        await anyio.sleep(60)
        before = clock.time()
        scripted.told.stop.ask()
    assert clock.time() == before


@pytest.mark.parametrize("meta", [{}, {"meta": {"result_count": 0}}])
async def test_a_tweet_that_is_deleted_half_way_leaves_what_was_written(
    scripted, server, ids, place, meta
):
    gone = reply(200, {**GONE, **meta})
    server.replies.extend([tweets(9, 8, token="a"), reply(200, METRICS), gone])
    with pytest.raises(NotFound, match="Could not find tweet"):
        await scripted.run()
    assert ids() == ["9", "8"]
    assert place()["finished"] is False
    error = NotFound("gone")
    assert scripted.told.so_far(error).startswith("; written so far: 2 of 9 retweets, 1 page")
    assert "--resume" not in scripted.told.so_far(error)


async def test_authors_that_x_withholds_are_null_and_counted(scripted, server, tmp_path, capsys):
    body = page("9", "8")
    body["data"] = [{"id": "9", "text": "t", "author_id": "5"}]
    body["errors"] = [{"detail": "User is protected", "title": "Authorization Error"}]
    server.replies.append(reply(200, body))
    told = await scripted.run()
    assert '"author":null' in (tmp_path / "rows.jsonl").read_text()
    told.summary()
    assert "could not deliver 1 of the objects" in capsys.readouterr().err


async def test_a_page_token_that_x_forgot_is_told_and_nothing_is_written_twice(
    scripted, server, ids, capsys
):
    forgotten = reply(
        400,
        {
            "title": "Invalid Request",
            "detail": "The `pagination_token` query parameter value [a] is not valid",
            "type": "https://api.twitter.com/2/problems/invalid-request",
        },
    )
    server.replies.extend([tweets(9, 8, token="a"), reply(200, METRICS), reply(401)])
    with pytest.raises(tw.Unauthorized):
        await scripted.run()
    server.replies.clear()
    server.replies.extend([forgotten, tweets(9, 8, 7, token="b"), tweets(6)])
    await scripted.run()
    assert ids() == ["9", "8", "7", "6"]
    assert "X has forgotten the place of this walk" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (
            {"query": tw.TweetQuery()},
            "was begun with expansions=author_id .*, and now .* no fields",
        ),
        ({"tweet": "30"}, "is about the tweet 20, and now it is 30"),
        ({"noun": "retweeters"}, "holds retweets, and now it is retweeters"),
    ],
)
async def test_a_checkpoint_of_another_query_or_tweet_is_refused(
    scripted, server, ids, other, words
):
    server.replies.extend([tweets(9, 8, token="a"), reply(200, METRICS), reply(401)])
    with pytest.raises(tw.Unauthorized):
        await scripted.run()
    asked = len(server.requests)
    job = scripted.job
    scripted.job = lambda query, **how: job(**{"query": query, **other, **how})
    with pytest.raises(OutputRefused, match=f"{words}: give the same as before"):
        await scripted.run()
    assert ids() == ["9", "8"]
    assert len(server.requests) == asked


async def test_the_money_is_counted_over_all_runs(scene, sandbox, ids, place):
    """A page of 100 retweets with their authors costs 1.50."""
    with pytest.raises(BudgetExceeded):
        await scene.run(budget="4")
    assert len(ids()) == 266
    assert place()["spent"] == 266 * 15_000 + 5_000
    asked = len(sandbox.requests)
    for budget in ("4", "3.5"):
        with pytest.raises(BudgetExceeded):
            await scene.run(budget=budget)
    assert len(sandbox.requests) == asked, "what is spent stays spent"
    with pytest.raises(BudgetExceeded):
        await scene.run(budget="7.5")
    assert len(ids()) == 499
    told = await scene.run()
    assert everything(ids())
    assert told.tally.spent == 15.005


async def test_a_page_that_was_on_its_way_is_owed_when_the_day_is_another(scene, place, clock):
    with anyio.move_on_after(4.5):
        await scene.run()
    assert (place()["spent"], place()["pending"]) == (4_505_000, 1_500_000)
    # On the same day X charges those retweets once, however often it sends them.
    with pytest.raises(BudgetExceeded, match="are spent"):
        await scene.run(budget="4.505")
    assert (place()["spent"], place()["pending"]) == (4_505_000, 0)
    with anyio.move_on_after(1.5):
        await scene.run()
    assert (place()["spent"], place()["pending"]) == (6_005_000, 1_500_000)
    await anyio.sleep(86_400)
    with pytest.raises(BudgetExceeded):
        await scene.run(budget="7.505")
    assert (place()["spent"], place()["pending"]) == (7_505_000, 0)


async def test_a_limit_holds_over_all_runs_and_can_be_raised(scene, sandbox, ids, place):
    with anyio.move_on_after(2.5):
        await scene.run(limit=250)
    await scene.run(limit=250)
    assert len(ids()) == 250
    assert place()["total"] is None
    asked = len(sandbox.requests)
    await scene.run(limit=250)
    assert len(sandbox.requests) == asked
    await scene.run(limit=270)
    assert len(ids()) == 270
    await scene.run()
    assert everything(ids())


async def test_a_parquet_file_that_is_complete_by_its_limit_is_gone_on_with(
    scene, tmp_path, sandbox
):
    out = str(tmp_path / "rows.parquet")
    await scene.run(limit=50, out=out)
    await scene.run(limit=50, out=out)
    assert paid(sandbox) == 1
    await scene.run(limit=90, out=out)
    assert paid(sandbox) == 2
    (tmp_path / "rows.parquet.journal").unlink()
    await scene.run(limit=90, out=out)
    with pytest.raises(tw.QueryError, match=r"rows\.parquet\.journal is gone"):
        await scene.run(out=out)
    assert paid(sandbox) == 2


async def test_rows_that_are_in_a_journal_alone_are_said_to_be_there(scripted, server, tmp_path):
    out = tmp_path / "rows.parquet"
    server.replies.extend([tweets(9, 8, token="a"), reply(200, METRICS), reply(401)])
    with pytest.raises(tw.Unauthorized) as caught:
        await scripted.run(out=str(out))
    assert f", 1 page, $0.015, in {out}; " in scripted.told.so_far(caught.value)
    job = scripted.job(out=str(out))
    told = Told("retweets", job.how)
    with pytest.raises(tw.Unauthorized), open_output(look(job), columns(QUERY)) as told.output:
        out.unlink()
        out.mkdir()
        told.tally.add(2)
        raise tw.Unauthorized("401")
    assert told.so_far(tw.Unauthorized("401")) == (
        f"; written so far: 2 retweets, 1 page, in {out}.journal as JSON Lines, since {out} can't "
        "be written: Is a directory; the same command with --resume goes on"
    )


async def test_what_is_known_of_the_limits_is_kept_while_it_runs(scene, tmp_path):
    with anyio.move_on_after(5.5):
        await scene.run()
    assert '"used":4' in (tmp_path / "limits.json").read_text()
