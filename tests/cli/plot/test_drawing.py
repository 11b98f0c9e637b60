"""What is drawn of a file, in the terminal and as a picture."""

import io
import json
import re
import subprocess
import sys
from array import array
from pathlib import Path
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.conftest import COMMAND, TIMEOUT, one_line
from twretweet.cli import main
from twretweet.cli.plot.picture import draw
from twretweet.cli.plot.reading import UNKNOWN, Series
from twretweet.cli.plot.sketch import sketch

DAY = 86_400
BEGIN = 1_609_891_200.0  # 2021-01-06


def series(counts: list[int], followers: list[int] | None = None) -> Series:
    """So many retweets an hour."""
    times = [BEGIN + 3600 * hour + 1 for hour, count in enumerate(counts) for _ in range(count)]
    known = followers or [UNKNOWN] * len(times)
    return Series("retweets", array("d", times), array("q", known))


def test_the_sketch_shows_a_column_for_each_stretch_of_time():
    lines = sketch(series([1, 6, 3, 0, 2] + [0] * 8 + [1]), "rows.csv", 27)
    assert lines[0] == "13 retweets in rows.csv"
    assert lines[2] == "retweets per half-hour, at most 6"
    lines = sketch(series([1, 6, 3, 0, 2] + [0] * 8 + [1]), "rows.csv", 26)
    assert lines[2] == "retweets per hour, at most 6"
    assert lines[3:9] == [
        " █",
        " █",
        " █",
        " ██",
        " ██ █",
        "███ █        █",
    ]
    assert lines[9] == "2021-01-06 00:00 to 2021-01-06 14:00 UTC"
    assert sketch(series([3]), "rows.csv", 30)[8] == "█" * 30


def test_the_sketch_counts_followers_by_magnitude():
    shown = sketch(series([4], [0, 5, 7, 1200]), "rows", 40)
    at = shown.index("followers of each who retweeted")
    assert [re.sub("[█▏▎▍▌▋▊▉]+", "#", line).split() for line in shown[at + 1 : at + 6]] == [
        ["0", "#", "1"],
        ["1", "to", "9", "#", "2"],
        ["10", "to", "99", "0"],
        ["100", "to", "999", "0"],
        ["1k", "to", "9.9k", "#", "1"],
    ]
    told = " ".join(shown[at:])
    assert "reach: 1,212 followers of 4 users, half of it through 1 of them; median 7" in told


def test_one_of_anything_is_told_as_one():
    shown = sketch(series([1], [1]), "rows", 80)
    assert shown[0] == "1 retweet in rows"
    assert any(line.startswith("reach: 1 follower of 1 user, half") for line in shown)


def test_what_a_file_holds_or_is_called_does_not_steer_the_terminal(rows, capsys):
    evil = rows.with_name("rows\x1b]0;title\x07\n\u202e.jsonl")
    author = {"username": "\x1b[2J\x9b31mred", "public_metrics": {"followers_count": 5}}
    evil.write_text(json.dumps({"id": "1", "text": "t", "author": author}) + '\n{"id":"2')
    assert main(["plot", evil.name]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("1 retweet in rows ]0;title .jsonl\n")
    assert "@ [2J 31mred 5" in out
    assert all(sign.isprintable() or sign == "\n" for sign in out + err)
    assert main(["plot", evil.name, "--out", "p\x1b[2J.svg"]) == 0
    out, err = capsys.readouterr()
    assert out == "p [2J.svg: 1 retweet\n"
    assert all(sign.isprintable() or sign == "\n" for sign in out + err)


def test_a_file_without_followers_says_how_to_get_them():
    assert "--author public_metrics" in sketch(series([3]), "rows", 80)[-1]
    users = Series("retweeters", followers=array("q", [UNKNOWN]))
    assert "--fields public_metrics" in sketch(users, "rows", 80)[-1]


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=100).filter(any),
    st.integers(1, 10**8),
    st.integers(10, 200),
)
def test_the_sketch_fits_the_terminal(counts, followers, width):
    lines = sketch(series(counts, [followers] * sum(counts)), "r", width)
    drawn = [line for line in lines if re.search("[▁▂▃▄▅▆▇█]", line)]
    assert drawn
    assert max(map(len, drawn)) <= max(width, 30)


SERIES = {
    "all": series([1, 6, 3], [10**each for each in range(10)]),
    "moments alone": series([1, 6, 3]),
    "followers alone": Series("retweeters", followers=array("q", [3, 0, UNKNOWN])),
    "nothing": Series("retweeters", followers=array("q", [UNKNOWN])),
    "one": series([1], [0]),
}


@pytest.mark.parametrize("name", SERIES)
def test_an_svg_is_drawn_of_whatever_there_is(name):
    content = draw(SERIES[name], "rows.csv", "svg")
    root = ElementTree.fromstring(content)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.parametrize(
    "name", ["$x_{^$.jsonl", "$$", "転推の一覧.csv", "\U0001f426 \\frac{1}.csv"]
)
def test_a_file_may_be_called_anything(name, recwarn):
    for kind in ("svg", "png"):
        assert draw(SERIES["all"], name, kind)
    assert not recwarn.list


def test_a_png_is_drawn_without_a_display():
    assert draw(SERIES["all"], "rows.csv", "png").startswith(b"\x89PNG\r\n\x1a\n")


@pytest.fixture
def rows(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "rows.csv"
    file.write_text("id,text\r\n1346889436626259968,t\r\n")
    return file


def test_the_command_writes_a_picture_and_keeps_what_is_there(rows, capsys):
    assert main(["plot", "rows.csv", "--out", "p.svg"]) == 0
    assert capsys.readouterr().out == "p.svg: 1 retweet\n"
    picture = rows.with_name("p.svg")
    picture.write_text("precious")
    assert main(["plot", "rows.csv", "--out", "p.svg"]) == 2
    assert "exists: give --force" in one_line(capsys.readouterr().err)
    assert picture.read_text() == "precious"
    assert main(["plot", "rows.csv", "--out", "p.svg", "--force"]) == 0
    assert picture.read_text().startswith("<?xml")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_a_picture_that_can_not_be_written_leaves_the_old_one(rows):
    picture = rows.with_name("p.svg")
    picture.write_text("precious")
    words = ("plot", "rows.csv", "--out", "p.svg", "--force")
    done = subprocess.run(
        # No file may be longer than a block of 1024 bytes.
        ["/bin/bash", "-c", 'ulimit -f 1; exec "$@"', "bash", *COMMAND, *words],
        cwd=rows.parent,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 1
    assert "p.svg can't be written: File too large" in one_line(done.stderr)
    assert picture.read_text() == "precious"
    assert {each.name for each in rows.parent.iterdir()} == {"rows.csv", "p.svg"}


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pipe")
@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_a_pipe_is_read_like_a_file(rows, kind, name):
    content = rows.read_bytes()
    if kind == "parquet":
        file = io.BytesIO()
        table = {"id": ["1"], "text": ["t"]}
        pq.write_table(pa.table(table), file)
        content = file.getvalue()
    done = subprocess.run(
        [*COMMAND, "plot", name], input=content, capture_output=True, timeout=TIMEOUT, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    shown = "standard input" if name == "-" else "stdin"
    assert re.match(rf"[\d,]+ retweet in {shown}\n", done.stdout.decode())


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("rows.csv", "--out", "p.gif"), 2, "must end in .png or .svg"),
        (("rows.csv", "--out", "missing/p.png"), 2, "no folder missing"),
        (("missing.csv",), 1, "No such file"),
    ],
)
def test_what_can_not_be_drawn_is_one_line(rows, capsys, words, code, said):
    assert main(["plot", *words]) == code
    assert said in one_line(capsys.readouterr().err)


def test_without_the_extra_it_says_so(rows, bare):
    program = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from twretweet.cli import main\n"
        "sys.exit(main(['plot', 'rows.csv', '--out', 'p.png']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=bare,
        cwd=rows.parent,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert one_line(done.stderr).endswith(
        "a picture needs the extra: pip install 'twretweet[plot]'"
    )
    assert not rows.with_name("p.png").exists()


def test_a_first_picture_says_nothing_of_fonts(rows, bare, tmp_path):
    """matplotlib looks for fonts when it is used for the first time, and tells so."""
    own = {**bare, "HOME": str(tmp_path), "MPLCONFIGDIR": str(tmp_path / "empty")}
    (tmp_path / "empty").mkdir()
    done = subprocess.run(
        [*COMMAND, "plot", "rows.csv", "--out", "p.png"],
        env={name: value for name, value in own.items() if name != "PYTHONWARNINGS"},
        cwd=rows.parent,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "p.png: 1 retweet\n", "")
