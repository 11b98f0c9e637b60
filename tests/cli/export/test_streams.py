"""Where an export writes and speaks: closed, redirected, gone, or full."""

import json
import os
import pty
import subprocess
import sys

import pytest

from tests.cli.conftest import COMMAND, TIMEOUT, one_line


def test_a_closed_standard_output_is_one_line(bare, env, tweet):
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, "retweets", tweet],
        env={**bare, **env},
        stderr=subprocess.PIPE,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 2
    assert "standard output is closed" in one_line(done.stderr)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
@pytest.mark.parametrize("out", [(), ("--out", "rows.jsonl")])
def test_a_closed_standard_error_is_nothing_to_fail_for(bare, env, tweet, tmp_path, out):
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" 2>&-', "sh", *COMMAND, "retweets", tweet, *out],
        env={**bare, **env},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0
    text = (tmp_path / "rows.jsonl").read_text() if out else done.stdout
    assert len([json.loads(line) for line in text.splitlines()]) == 230
    assert not out or done.stdout == "", "nor does it say there what belongs on standard error"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal")
def test_an_export_outlives_its_terminal(bare, tmp_path, sandbox_of_its_own):
    env, tweet = sandbox_of_its_own
    screen, terminal = pty.openpty()
    words = ("retweets", tweet, "--out", "rows.jsonl", "--max-results", "20")
    with subprocess.Popen(
        [*COMMAND, *words], env={**bare, **env, "TERM": "xterm"}, cwd=tmp_path, stderr=terminal
    ) as process:
        os.close(terminal)
        shown = b""
        while b"retweets" not in shown:
            shown += os.read(screen, 1000)
        os.close(screen)
        assert process.wait(TIMEOUT) == 0
    assert (tmp_path / "rows.jsonl").read_bytes().count(b"\n") == 1000


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_a_full_disk_leaves_whole_pages_where_output_is_redirected(env, tweet, tmp_path):
    (tmp_path / "rows").write_text("precious\n")
    words = ("retweets", tweet, "--max-results", "50")
    done = subprocess.run(
        ["/bin/bash", "-c", 'ulimit -f 24; exec "$@" >> rows', "bash", *COMMAND, *words],
        env=env,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 1
    assert "standard output can't be written: File too large" in one_line(done.stderr)
    first, *rows = (tmp_path / "rows").read_text().splitlines()
    assert first == "precious"
    assert len([json.loads(row) for row in rows]) % 50 == 0 < len(rows)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_full_disk_leaves_whole_pages_that_are_gone_on_with(run, env, tweet, tmp_path, kind):
    words = ("retweets", tweet, "--out", f"rows.{kind}", "--max-results", "50")
    done = subprocess.run(
        # No file may be longer than 24 blocks of 1024 bytes.
        ["/bin/bash", "-c", 'ulimit -f 24; exec "$@"', "bash", *COMMAND, *words],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 1
    line = one_line(done.stderr)
    assert "can't be written: File too large" in line
    assert "--resume goes on" in line
    place = json.loads((tmp_path / f"rows.{kind}.checkpoint").read_text())
    assert place["rows"] % 50 == 0 < place["rows"] < 230
    written = tmp_path / ("rows.csv" if kind == "csv" else "rows.parquet.journal")
    assert written.stat().st_size == place["size"], "what did not fit is not half there"
    done = run(*words, "--resume")
    assert done.returncode == 0
    assert f"done: 230 retweets, 5 pages, $1.155, in rows.{kind}" in done.stderr
