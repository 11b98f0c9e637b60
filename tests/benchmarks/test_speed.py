"""`python -m benchmarks walk|hold|write|…`: that each measures, and tells the truth about it."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as program
from benchmarks import readme
from benchmarks.report import Section, broken, failed
from benchmarks.rounds import Different
from benchmarks.speed import growth, page, parts, roster
from benchmarks.speed import write as writes
from benchmarks.speed.field import Field
from benchmarks.speed.roster import Entry
from benchmarks.speed.variants import ours as variants
from benchmarks.speed.variants.crowd import Busy
from benchmarks.speed.walk import walk

ROOT = Path(__file__).parents[2]
ODD = "tests.benchmarks.odd_variants"


@pytest.fixture(scope="module")
def field():
    """With few who take part, since each is a process."""
    only = ("loop by hand: ", "Client.sign", "twretweet, everything on", "authors never")
    with Field(distinct=6, only=only) as field:
        yield field


@pytest.mark.parametrize("name", [name for name in page.MEASURES if name != "import"])
def test_each_measure_shows_rows_with_numbers(field, name):
    for section in page.MEASURES[name](field, True):
        assert section.rows
        assert not section.notes or "not measured" not in " ".join(section.notes)
        for row in section.rows:
            assert row.cells != ("broken",), row.name


def test_a_row_says_how_much_faster_ours_is_and_what_was_aimed_at(field):
    section = walk(field, quick=True)
    [loop] = [row for row in section.rows if row.name == roster.LOOP.name]
    assert loop.goal.text == "at least 0.97"
    assert loop.goal.measured == loop.cells[-2]
    assert loop.goal.met == (loop.data["ours"] >= 0.97)


def test_the_page_is_printed_and_the_numbers_are_kept(tmp_path):
    kept = tmp_path / "numbers.json"
    only = ["--only", "twretweet", "--only", "aiohttp"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "import", "--quick", *only, "--json", str(kept)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert not done.stderr
    assert done.returncode == 0  # a goal of speed that is missed is no failure
    assert "== Importing ==" in done.stdout
    numbers = json.loads(kept.read_text(encoding="utf-8"))
    assert {"date", "cpu", "python", "versions"} <= numbers.keys()
    [section] = numbers["sections"]
    rows = {row["name"]: row for row in section["rows"]}
    assert rows["aiohttp, msgspec"]["goal"]["text"] == "at most 1.15"
    assert rows["twretweet"]["data"]["seconds"] > 0


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("no_such_client:Async", "No module named 'no_such_client'"),
        (f"{ODD}:Failing", "RuntimeError: it does not work"),
        (f"{ODD}:Fatal", "ended with code 3"),
    ],
)
def test_a_peer_that_breaks_is_reported_and_the_rest_goes_on(field, place, why):
    peer = Entry("loop by hand: a peer", place)
    section = walk(field, quick=True, entries=(peer, roster.LOOP, roster.OURS_ALL))
    rows = {row.name: row for row in section.rows}
    assert rows[peer.name].cells == ("broken",)
    assert rows[roster.LOOP.name].data["ours"] > 0
    assert any(note.startswith(f"{peer.name} is not measured: ") for note in section.notes)
    assert why in " ".join(section.notes)


def test_the_run_fails_when_twretweet_itself_breaks_and_not_when_a_peer_does(field):
    for ours in (False, True):
        odd = Entry("loop by hand: odd", f"{ODD}:Failing", ours=ours)
        assert failed([walk(field, quick=True, entries=(odd, roster.LOOP))]) == ours


def test_a_crowd_has_everything_on_and_meets_no_id_twice(monkeypatch):
    events = []
    monkeypatch.setattr(variants, "_listen", events.append)

    async def spend(url):
        busy = Busy(url)
        busy.accounts = 3
        async with busy:
            opening = busy.budget.spent
            await busy.pages_of_all(5)
            await busy.long_and_short(20, 2)
            return busy.budget.spent - opening

    with Field(distinct=7) as field:
        spent = asyncio.run(spend(field.url))
    # Each resource is charged once: 45 pages of 100 posts at $0.005 and 100 users at $0.010, but
    # for the two that were on the small page.
    assert spent == pytest.approx(45 * 1.5 - 0.015)
    assert events


def test_whatever_runs_twretweet_is_known_to_be_ours():
    entries = [entry for entry in vars(roster).values() if isinstance(entry, Entry)]
    assert {entry for entry in entries if entry.ours} == {
        entry for entry in entries if ".ours:" in entry.place
    }


@pytest.mark.parametrize("measure", ["memory", "profile"])
def test_the_run_fails_when_what_only_ours_takes_part_in_breaks(monkeypatch, measure):
    monkeypatch.setattr(growth, "_CROWD", "no_such_client:Busy")
    monkeypatch.setattr(growth, "_IDLE", ())
    monkeypatch.setattr(roster, "OURS_ALL", Entry("ours", "no_such_client:All", ours=True))
    monkeypatch.setattr(roster, "OURS_ALL_SIGNED", roster.OURS_ALL)
    with Field(distinct=1) as field:
        for section in page.MEASURES[measure](field, True):
            assert failed([section])


def test_a_run_in_which_twretweet_breaks_leaves_the_readme_alone(monkeypatch, capsys, tmp_path):
    def measure(field, quick):
        return [Section("Walking", "", ("",), (broken("twretweet", ours=ours),))]

    path = tmp_path / "README.md"
    table = f"{readme.BEGIN}\nold\n{readme.END}"
    path.write_text(table, encoding="utf-8")
    monkeypatch.setattr(program.speed, "MEASURES", {"walk": measure})
    monkeypatch.setattr(sys, "argv", ["benchmarks", "walk", "--quick", "--readme", str(path)])
    ours = True
    assert program.main() == 1
    assert path.read_text(encoding="utf-8") == table
    assert capsys.readouterr().err == "FAILED  the run, so README.md keeps its table\n"
    ours = False
    assert program.main() == 0
    assert "old" not in path.read_text(encoding="utf-8")


def test_a_readme_without_a_place_for_the_table_is_said_before_anything_is_measured(
    monkeypatch, capsys, tmp_path
):
    monkeypatch.setattr(program.speed, "MEASURES", {"walk": pytest.fail})
    for path in (tmp_path / "README.md", tmp_path / "missing.md"):
        if path.name == "README.md":
            path.write_text("no marks", encoding="utf-8")
        monkeypatch.setattr(sys, "argv", ["benchmarks", "walk", "--readme", str(path)])
        assert program.main() == 2
        shown = capsys.readouterr()
        assert not shown.out
        assert shown.err.startswith(path.name)
        assert shown.err.count("\n") == 1


def test_a_part_that_breaks_fails_the_run_and_the_rest_of_it_is_printed(monkeypatch, capsys):
    def breaks(field, quick):
        raise AssertionError("it is gone")

    def works(field, quick):
        return [Section("Holding", "", ("",), ())]

    monkeypatch.setattr(program.speed, "MEASURES", {"walk": breaks, "hold": works})
    monkeypatch.setattr(program, "PAGES", {})
    monkeypatch.setattr(sys, "argv", ["benchmarks", "all", "--quick"])
    assert program.main() == 1
    shown = capsys.readouterr()
    assert "AssertionError: it is gone" in shown.out
    assert "Holding" in shown.out
    assert "Traceback" in shown.err


def test_what_is_measured_only_if_it_is_asked_for_may_break_too(monkeypatch, capsys, tmp_path):
    def breaks(quick):
        raise AssertionError("it is gone")

    kept = tmp_path / "numbers.json"
    monkeypatch.setattr(program, "ALONE", {**program.ALONE, "sandbox": breaks})
    monkeypatch.setattr(sys, "argv", ["benchmarks", "sandbox", "--quick", "--json", str(kept)])
    assert program.main() == 1
    assert "AssertionError: it is gone" in capsys.readouterr().out
    assert kept.exists()


@pytest.mark.parametrize(("watched", "shown"), [(True, "walk … 0 s\n"), (False, "")])
def test_who_waits_at_a_terminal_sees_how_far_it_is(monkeypatch, capsys, watched, shown):
    measure = {"walk": lambda field, quick: [Section("Walking", "", ("",), ())]}
    monkeypatch.setattr(program.speed, "MEASURES", measure)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: watched)
    monkeypatch.setattr(sys, "argv", ["benchmarks", "walk", "--quick"])
    assert program.main() == 0
    assert capsys.readouterr().err == shown


def test_what_a_peer_prints_is_not_taken_for_its_answer(field):
    peer = Entry("loop by hand: talkative", f"{ODD}:Talkative")
    section = walk(field, quick=True, entries=(peer, roster.LOOP))
    assert [row.cells[0].isdigit() for row in section.rows] == [True, True]


@pytest.mark.parametrize(("name", "read"), [("Inattentive", 100), ("Unsigned", 0)])
def test_variants_that_read_different_data_are_not_compared(field, name, read):
    peer = Entry("loop by hand: odd", f"{ODD}:{name}")
    with pytest.raises(Different, match=rf"structs: 200:.*; loop by hand: odd: {read}:"):
        walk(field, quick=True, entries=(roster.LOOP, peer))


def test_one_that_does_not_retweet_is_not_compared(field, monkeypatch):
    peer = Entry("loop by hand: forgetful", f"{ODD}:Forgetful")
    monkeypatch.setattr(writes, "_ENTRIES", (roster.SIGNING, peer))
    with pytest.raises(Different, match="forgetful: 20 not retweeted"):
        writes.write(field, quick=True)


def test_the_slow_retweet_less_unless_there_is_a_goal(field, monkeypatch):
    asked = {}

    def ask(entry, **job):
        asked[entry.name] = job["count"]
        return {"seconds": 1.0, "cpu": 1.0}

    monkeypatch.setattr(field, "ask", ask)
    monkeypatch.setattr(field, "_only", ())
    writes.write(field, quick=False)
    assert asked[roster.OURS_ALL.name] == asked[roster.TWEEPY.name] == 1000
    assert (asked[roster.HTTPX.name], asked[roster.PYTWITTER.name]) == (500, 300)


def test_a_wrong_signature_is_not_compared(field, monkeypatch):
    peer = Entry("loop by hand: forger", f"{ODD}:Forger")
    monkeypatch.setattr(parts, "_SIGN", (roster.SIGNING, peer))
    with pytest.raises(Different, match="forger: wrong"):
        parts.sign(field, quick=True)


def test_a_run_with_different_data_fails_instead_of_printing(monkeypatch, capsys):
    def different(field, quick):
        raise Different("one: a; two: b")

    monkeypatch.setattr(program.speed, "MEASURES", {"walk": different})
    monkeypatch.setattr(sys, "argv", ["benchmarks", "walk", "--quick"])
    assert program.main() == 1
    shown = capsys.readouterr()
    assert "FAILED  walk: one: a; two: b" in shown.err
    assert "Walking" not in shown.out
