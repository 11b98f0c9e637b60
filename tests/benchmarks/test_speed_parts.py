"""What the measurements of speed are made of: server, rounds, stacks, and the README's table."""

import asyncio
import gc
import json
import sys
from types import CodeType

import aiohttp
import pytest
from oauthlib import oauth1

from benchmarks import readme
from benchmarks.report import Goal, Row, Section
from benchmarks.rounds import Samples, interleave
from benchmarks.speed import data, profile, stacks
from benchmarks.speed.measure import Measurer
from benchmarks.speed.server import LIMIT, Replies
from benchmarks.speed.stacks import Stacks
from benchmarks.speed.variant import Crowd
from twretweet import transport
from twretweet.auth import account_of
from twretweet.models import reader, tweet_page
from twretweet.walk import Walk

WHO = b"\r\nAuthorization: Bearer " + b"a" * 30


@pytest.fixture(scope="module")
def replies():
    return Replies(3)


def ask(replies, line, who=WHO, body=b""):
    head, *rest = replies.answer(line + b" HTTP/1.1\r\nHost: x" + who, body)
    return head, b"".join(rest)


def test_a_walk_is_as_long_as_it_was_asked_for_and_its_pages_differ(replies):
    tokens, ids, authors = [""], [], []
    while tokens[-1] is not None:
        query = f"?pagination_token={tokens[-1]}" if tokens[-1] else "?max_results=100"
        _, body = ask(replies, b"GET /2/tweets/5/retweets" + query.encode())
        page = tweet_page(body)
        ids += [tweet.id for tweet in page.data]
        authors += [tweet.author.id for tweet in page.data]
        tokens.append(page.meta.next_token)
    assert len(tokens) == 6
    # The fourth page is the first once more, with other ids.
    assert (len(ids), len(set(ids)), len(set(authors))) == (500, 500, 500)


def test_a_walk_that_begins_later_has_the_pages_that_come_after(replies):
    first, later = data.tweet(9), data.tweet(1, after=1)
    path = b"GET /2/tweets/%d/retweets?pagination_token=7140dibdnow9c7btw000000001"
    _, second = ask(replies, path % first)
    _, alone = ask(replies, b"GET /2/tweets/%d/retweets?" % later)
    assert tweet_page(alone).data == tweet_page(second).data
    assert tweet_page(alone).meta.next_token is None


@pytest.mark.parametrize("number", [1, 49, 10_000, 10**9])
def test_another_edition_of_a_page_has_other_ids_and_the_same_size(number):
    [page] = data.pages(1)
    other = page.edition(number)
    assert len(other.head) == len(page.head)
    one, two = (tweet_page(b"".join(each.body(None))) for each in (page, other))
    assert not {tweet.id for tweet in one.data} & {tweet.id for tweet in two.data}
    assert not {tweet.author.id for tweet in one.data} & {tweet.author.id for tweet in two.data}
    assert [tweet.text for tweet in one.data] == [tweet.text for tweet in two.data]


def test_pages_have_the_size_of_full_ones(replies):
    _, body = ask(replies, b"GET /2/tweets/1/retweets?")
    assert 185_000 < len(body) < 195_000
    _, body = ask(replies, b"GET /2/tweets/1/retweets?max_results=1")
    assert len(tweet_page(body).data) == 1


def test_the_same_page_comes_in_the_vocabulary_that_was_asked_for(replies):
    _, tweets = ask(replies, b"GET /2/tweets/1/retweets?tweet.fields=id")
    _, posts = ask(replies, b"GET /2/tweets/1/retweets?post.fields=id")
    assert b'"repost_count"' in posts
    assert tweet_page(posts) == tweet_page(tweets)


@pytest.mark.parametrize(
    ("line", "who", "status"),
    [
        (b"GET /2/tweets/1/retweets?", b"", b"401"),
        (b"POST /2/users/1/retweets", b"", b"401"),
        (b"GET /2/tweets/1/likes?", WHO, b"404"),
        (b"POST /2/users/1/retweets", WHO, b"400"),
        (b"GET /2/tweets/1/retweets?pagination_token=7140dibdnow9c7btw000000001", WHO, b"400"),
    ],
)
def test_what_no_client_should_send_is_refused(replies, line, who, status):
    head, _ = ask(replies, line, who)
    assert head.startswith(b"HTTP/1.1 " + status)


def test_each_account_s_window_is_counted_down_by_its_own_requests():
    replies = Replies(1)
    other = b'\r\nAuthorization: OAuth oauth_nonce="%d", oauth_token="2-token"'

    def left(line, who, body=b""):
        head, _ = ask(replies, line, who, body)
        fields = dict(each.split(b": ") for each in head.strip().split(b"\r\n")[1:])
        return LIMIT - int(fields[b"x-rate-limit-remaining"])

    read, write = b"GET /2/tweets/1/retweets?", b"POST /2/users/1/retweets"
    assert [left(read, WHO), left(read, WHO)] == [1, 2]
    assert left(write, WHO, b'{"tweet_id":"1"}') == 1
    assert [left(read, other % 1), left(read, other % 2)] == [1, 2]


def test_a_ratio_is_taken_within_each_round_and_of_the_number_asked_for():
    turns = {"one": iter([(1.0, 9), (8.0, 9)]), "two": iter([(2.0, 9), (4.0, 9)])}
    samples = interleave(
        {name: lambda turn=turn: next(turn) for name, turn in turns.items()}, rounds=2
    )
    ratio = samples.of(lambda pair: pair[0]).ratio("one", to="two")
    assert (ratio.low, ratio.middle, ratio.high) == (0.5, 1.25, 2.0)
    assert samples.of(lambda pair: pair[1]).median("one") == 9


@pytest.mark.parametrize(("within", "rounds"), [(1000, 10), (90, 10), (45, 5), (5, 3)])
def test_a_slow_machine_gets_fewer_rounds_but_three(within, rounds):
    passed = 0.0

    def measure() -> float:
        nonlocal passed
        passed += 10
        return passed

    samples = interleave({"one": measure}, 10, within=within, now=lambda: passed)
    assert samples.rounds == rounds


def test_what_the_first_round_starts_is_not_expected_of_the_others():
    passed = 0.0

    def measure() -> float:
        nonlocal passed
        passed += 2.0 if passed else 50.0
        return passed

    samples = interleave({"one": measure}, 10, within=11.0, now=lambda: passed)
    assert samples.rounds == 6  # 50 seconds, and five times 2


def test_there_is_no_ratio_to_one_who_is_broken():
    assert Samples({"one": [1.0]}, {"two": "it is gone"}).ratio("one", to="two") is None


def test_time_is_told_apart_by_whose_code_ran():
    layer = stacks._layer
    assert layer(aiohttp.ClientSession._request.__code__) == stacks.AIOHTTP
    assert layer(asyncio.BaseEventLoop._run_once.__code__) == stacks.LOOP
    assert layer(Walk.__anext__.__code__) == "twretweet/walk/walk.py"
    assert layer(data.pages.__code__) == stacks.CALLER
    assert layer(json.loads.__code__) is None  # it belongs to its caller


class _Loops(Crowd):
    """It says which loop it runs on."""

    async def pages_of_all(self, number):
        return type(asyncio.get_running_loop()).__module__.partition(".")[0]


@pytest.mark.parametrize(("wanted", "loop"), [(True, "uvloop"), (False, "asyncio")])
def test_a_crowd_runs_on_the_loop_that_was_asked_for(wanted, loop):
    if wanted:
        pytest.importorskip("uvloop")
    measurer = Measurer(_Loops)
    job = {"do": "pages of all", "url": "", "accounts": 1, "pages": 1, "uvloop": wanted}
    try:
        assert measurer.measure(job) == {"cpu": loop}
    finally:
        measurer._crowd[0].close()


def test_our_own_share_is_with_our_signing_and_without_oauthlib():
    assert {stacks.OURS, stacks.SIGN, stacks.LIMITS} == set(profile._OWN)
    assert stacks._layer(oauth1.Client.sign.__code__) not in profile._OWN
    seen = Stacks()

    def tick():
        seen._sample(0, sys._getframe(1))

    code = compile("tick()", account_of.__code__.co_filename, "exec")
    exec(code, {"tick": tick})
    assert seen.layers == {stacks.SIGN: 1}


def test_time_in_msgspec_is_told_from_the_time_of_the_line_that_called_it():
    code = reader.Reader.__call__.__code__
    places = {stacks._at(code, 2 * at) for at in range(len(list(code.co_positions())))}
    assert any(place.startswith(stacks._OF_MSGSPEC) for place in places)


def test_time_in_which_a_request_is_sent_is_told_from_our_own():
    code = transport._Straight.exchange.__code__
    places = {stacks._at(code, 2 * at) for at in range(len(list(code.co_positions())))}
    assert any(place.startswith(stacks._SENDING) for place in places)


def test_time_in_which_a_walk_lets_go_of_a_page_is_told_from_our_own():
    def freeing(code: CodeType) -> bool:
        places = {stacks._at(code, 2 * at) for at in range(len(list(code.co_positions())))}
        return any(stacks._is_after_freeing(code, place) for place in places)

    assert freeing(Walk.turn_page.__code__)
    assert not freeing(Walk.look_ahead.__code__)  # it fetches too, and has let go of nothing


def test_time_before_a_function_has_begun_is_its_caller_s():
    code = Walk.__anext__.__code__
    starts = [at for at in range(0, len(code.co_code), 2) if stacks._is_start(code, at)]
    assert len(starts) == 1
    assert starts[0] < 12


def test_samples_are_taken_while_the_block_runs_and_fall_on_their_layer():
    [page] = data.pages(1)
    body = b"".join(page.body(None))
    with Stacks() as seen:
        for _ in range(100_000):
            tweet_page(body)
            if seen.layers[stacks.DECODE] and seen.layers[stacks.OURS]:
                break
    assert seen.layers[stacks.DECODE]
    before = seen.layers.total()
    for _ in range(50):
        tweet_page(body)
    assert seen.layers.total() == before
    assert seen._collecting not in gc.callbacks


SECTION = Section(
    "Walking",
    "",
    (),
    (
        Row("loop | by hand", ("1", "2"), {}, Goal("at least 0.97", met=True, measured="0.99")),
        Row("no goal", ("3",)),
        Row("limits", ("7",), {}, Goal("at most 3", met=False, measured="7")),
        Row("in figures of its own", ("8",), {}, Goal("all", met=True, must=True)),
    ),
)


def test_the_readme_s_table_is_written_between_its_marks_and_nothing_else_changes(tmp_path):
    path = tmp_path / "README.md"
    path.write_text(f"above\n{readme.BEGIN}\nold\n{readme.END}\nbelow ü\n", encoding="utf-8")
    readme.write(path, [SECTION])
    once = path.read_text(encoding="utf-8")
    readme.write(path, [SECTION])
    assert path.read_text(encoding="utf-8") == once
    lines = once.splitlines()
    assert (lines[0], lines[-1]) == ("above", "below ü")
    assert "| Walking | loop \\| by hand | at least 0.97 | 0.99 |  |" in lines
    assert "| Walking | limits | at most 3 | 7 | missed |" in lines
    assert "old" not in once
    assert "no goal" not in once
    assert "in figures of its own" not in once


def test_the_table_says_when_and_where_it_was_measured_and_with_what(tmp_path):
    last = readme.table([SECTION]).splitlines()[-1]
    assert "msgspec" in last
    assert "core" in last
    assert "not installed" not in last


@pytest.mark.parametrize("text", ["", readme.BEGIN, f"{readme.END}\n{readme.BEGIN}"])
def test_a_readme_without_a_place_for_the_table_is_left_alone(tmp_path, text):
    path = tmp_path / "README.md"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(readme.NoPlace, match=r"README\.md has no place for the table"):
        readme.write(path, [SECTION])
    assert path.read_text(encoding="utf-8") == text
