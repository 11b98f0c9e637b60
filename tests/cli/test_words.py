"""What the library says, put in the words of the command line."""

import re

import pytest

import twretweet as tw
from tests.support.scripted import ScriptedServer, page, reply
from twretweet.cli.words import on_command_line
from twretweet.errors import PaginationError, QueryError

PYTHON = re.compile(r"\(|\)|[a-z]=|[a-z]_[a-z]|iterate")


def said(call) -> str:
    with pytest.raises(QueryError) as caught:
        call()
    return on_command_line(str(caught.value))


def test_arguments_and_methods_become_options():
    query = tw.TweetQuery()
    assert "--raw tweet.fields=NAME" in said(lambda: query.fields("newest"))
    assert "--raw tweet.fields=NAME" in said(lambda: query.fields("Created_At"))
    assert said(lambda: tw.SessionManager(max_wait=-1)).startswith("--max-wait is -1: ")


@pytest.mark.anyio
async def test_pages_in_a_circle_are_told_without_a_word_of_python():
    async with ScriptedServer() as server, tw.SessionManager(base_url=server.url) as manager:
        server.replies.extend([reply(200, page("9", "8", next_token="a"))] * 3)
        walk = manager.session(tw.AppOnly("secret")).retweets("20")
        with pytest.raises(PaginationError) as caught:
            await walk.collect()
    words = on_command_line(str(caught.value))
    assert "the pages lead in a circle" in words
    assert not PYTHON.search(words.partition(" [")[0].replace("'a'", ""))


@pytest.mark.anyio
async def test_a_lost_place_is_told_without_a_word_of_python():
    forgotten = {"detail": "The `pagination_token` query parameter value [a] is not valid"}
    point = tw.Checkpoint(
        endpoint="retweeters",
        target="20",
        params={},
        page_token="a",
        place=("5", "6"),
        last_id="6",
    )
    users = {"data": [{"id": "9", "name": "n", "username": "u"}], "meta": {"result_count": 1}}
    async with ScriptedServer() as server, tw.SessionManager(base_url=server.url) as manager:
        server.replies.extend([reply(400, forgotten), reply(200, users)])
        walk = manager.session(tw.AppOnly("secret")).retweeters("20", resume=point)
        with pytest.raises(PaginationError) as caught:
            await walk.collect()
    words = on_command_line(str(caught.value))
    assert "its place is lost: give --force to begin anew, or another --out" in words


def test_what_x_says_is_left_as_it_is():
    message = "400 Invalid Request: the limit is 5; resume_token=(x)"
    assert on_command_line(message) == message
