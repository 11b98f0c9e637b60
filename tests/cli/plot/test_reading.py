"""What an export wrote is read back, whatever the format and whatever state it was left in."""

import io
import json
from pathlib import Path

import pytest

import twretweet as tw
from twretweet.cli.export.columns import columns
from twretweet.cli.export.formats import Csv, JsonLines
from twretweet.cli.export.parquet import convert
from twretweet.cli.plot.reading import UNKNOWN, Series, UnreadableFile
from twretweet.cli.plot.reading import read as read_named

TWEETS = tw.TweetQuery().fields("created_at").author("public_metrics")
USERS = tw.UserQuery().fields("public_metrics")


def read(file: Path) -> Series:
    return read_named(str(file))


def tweet(number: int, followers: int | None, **more: object) -> dict[str, object]:
    metrics = {"public_metrics": {"followers_count": followers}}
    author = {"id": "1", "username": f"u{number}", "name": "n,\n", **metrics}
    return {
        "id": str(number),
        "text": 'a "b",\r\nc',
        "author": None if followers is None else author,
        **more,
    }


def user(number: int, followers: int) -> dict[str, object]:
    metrics = {"public_metrics": {"followers_count": followers}, "created_at": "2010-01-01T00:00Z"}
    return {"id": str(number), "username": f"u{number}", "name": "n", **metrics}


@pytest.fixture(params=["jsonl", "csv", "parquet"])
def written(request, tmp_path: Path):
    """Write rows; the file is called what nobody could guess its format from."""

    def written(rows, query) -> Path:
        file = tmp_path / "rows"
        if request.param == "csv":
            encoder = Csv(columns(query))
            file.write_bytes(encoder.head + encoder.encode(rows))
        else:
            journal = JsonLines().encode(rows)
            file.write_bytes(journal)
            if request.param == "parquet":
                parquet = io.BytesIO()
                convert(io.BytesIO(journal), len(journal), columns(query), parquet)
                file.write_bytes(parquet.getvalue())
        return file

    return written


def test_retweets_tell_their_moment_and_who_follows(written):
    created = "2021-01-06T18:40:40.500Z"
    rows = [tweet(3, 5, created_at=created), tweet(2, None, created_at=created), tweet(1, 0)]
    series = read(written(rows, TWEETS))
    assert series.noun == "retweets"
    assert list(series.times[:2]) == [1609958440.5, 1609958440.5]
    assert series.times[2] != series.times[2], "an old id tells no moment"
    assert list(series.followers) == [5, UNKNOWN, 0]
    assert series.most == [(5, "u3"), (0, "u1")]


def test_the_id_tells_the_moment_where_nothing_else_does(written):
    series = read(written([tweet(1346889436626259968, 1)], TWEETS))
    assert series.times[0] == pytest.approx(1609958440.0, abs=1)


def test_users_tell_who_follows_and_not_when_they_retweeted(written):
    series = read(written([user(number, 10 * number) for number in range(9)], USERS))
    assert series.noun == "retweeters"
    assert len(series.times) == 0
    assert list(series.followers) == [10 * number for number in range(9)]
    assert series.most == [(80, "u8"), (70, "u7"), (60, "u6"), (50, "u5"), (40, "u4")]


def test_a_file_without_followers_is_read_all_the_same(written):
    series = read(written([tweet(5, None), tweet(4, None)], tw.TweetQuery()))
    assert series.known == []
    assert len(series.followers) == 2


def test_a_torn_last_row_is_left_out(tmp_path):
    whole = JsonLines().encode([tweet(2, 5), tweet(1, 6)])
    file = tmp_path / "rows.jsonl"
    for cut in (1, 30, 60):
        file.write_bytes(whole[:-cut])
        series = read(file)
        assert len(series.followers) == (2 if cut == 1 else 1)
        assert series.torn == (cut > 1)
    encoder = Csv(columns(TWEETS))
    for torn in (b"12", b'12,2021-01-06T18:40:40.000Z,"half of'):
        file.write_bytes(encoder.head + encoder.encode([tweet(2, 5)]) + torn)
        series = read(file)
        assert (len(series.followers), series.torn) == (1, True)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"id,text\r\n", "holds no rows"),
        (b"a,b\r\n1,2\r\n", "no columns that an export writes"),
        (b"id,text\r\n1,2\r\n1\r\n3,4\r\n", "a row has 1 cells, and the header 2"),
        (b"\xff\xfe\x00", "is no exported file"),
        (b"PAR1 and nothing more", "is no exported file"),
        (b'{"id":"1","text":"t"}\nnonsense\n{"id":"2","text":"t"}\n', "line 2: "),
        (b'{"id":"1","text":7}\n', "line 1: "),
        (b'{"a":1}\n', "line 1 has none of the fields"),
        (b'{"what":"twretweet export","version":1,"walk":{"id":"1"}}\n', "line 1 has none"),
        (b'{"id":"1","text":"t"}\n{"id":"2"}\n', "line 2 has none"),
        (b'{"id":"1","text":"t","created_at":"0001-01-01T00:00:00.000Z"}\n', "of the year 1,"),
        (b"id,text,created_at\r\n1,t,9999-12-31T23:59:59.000Z\r\n", "of the year 9999,"),
        (b"id,text,author.public_metrics.followers_count\r\n1,t,many\r\n", "many"),
        (b"id,text,author.public_metrics.followers_count\r\n1,t,-1\r\n", "says that -1 follow"),
        (b"\xef\xbb\xbf\n \n", "is empty"),
        (b'{"id":"1","text":"t"}\n\n{"id":"2","text":7}\n', "line 3: "),
        (b'{"id":"1","text":"t","new":' + b"[" * 100_000 + b"}\n", "line 1 is nested too deeply"),
        (b'{"id":"1' + b"0" * 30 + b'","text":"t"}\n', "an id of 31 signs"),
        (
            b'{"id":"1","text":"t","author":{"public_metrics":{"followers_count":1'
            + b"0" * 30
            + b"}}}\n",
            "says that 10{30} follow",
        ),
    ],
)
def test_what_no_export_wrote_is_an_error_that_says_why(tmp_path, content, words):
    file = tmp_path / "rows"
    file.write_bytes(content)
    with pytest.raises(UnreadableFile, match=words):
        read(file)


def test_files_that_can_not_be_read_are_told(tmp_path):
    with pytest.raises(UnreadableFile, match="No such file"):
        read(tmp_path / "missing")
    with pytest.raises(UnreadableFile, match="Is a directory"):
        read(tmp_path)


def test_fields_that_are_newer_than_this_version_do_no_harm(tmp_path):
    file = tmp_path / "rows"
    file.write_text(json.dumps({**tweet(7, 3), "new": [1], "author": {"new": {}}}) + "\n")
    assert list(read(file).followers) == [UNKNOWN]


def test_a_byte_order_mark_and_blank_lines_do_no_harm(tmp_path):
    file, rows = tmp_path / "rows", [tweet(2, 5), tweet(1, 6)]
    encoder = Csv(columns(TWEETS))
    whole = encoder.head + encoder.encode(rows)
    lines = b"\n \r\n" + JsonLines().encode(rows).replace(b"\n", b"\n\n")
    for content in (b"\xef\xbb\xbf" + whole, whole + b"\r\n", b"\xef\xbb\xbf" + lines, lines):
        file.write_bytes(content)
        series = read(file)
        assert (list(series.followers), series.torn) == ([5, 6], False)
