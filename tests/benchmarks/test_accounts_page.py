"""`python -m benchmarks accounts`, as a user runs it."""

import pytest

from benchmarks import accounts
from tests.benchmarks.printed import printed

KINDS = [
    "OAuth 1.0a",
    "OAuth 2.0, tokens that are passed",
    "OAuth 2.0, a name; tokens in the store",
    "OAuth 2.0, a name; tokens in both",
    "app-only, bearer token",
    "app-only, key and secret",
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return printed("accounts", tmp_path_factory.mktemp("accounts"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_session_of_each_kind_is_made_and_holds_less_than_a_kilobyte(run, kind):
    row = run.rows[kind]
    assert 300 < row["data"]["bytes"] < 1024
    assert row["goal"]["met"]
    assert row["data"]["seconds"] > 0
    assert "having acted" in row["goal"]["measured"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_it_holds_once_it_has_acted_is_shown_too(run, kind):
    data = run.rows[kind]["data"]
    assert data["bytes"] < data["after"] < data["acting"] < 3500
    assert run.code == 0


def test_a_kind_that_can_t_be_counted_leaves_the_others_alone(monkeypatch):
    kinds = {"unknown": "of no kind", "bearer": "app-only, bearer token"}
    monkeypatch.setattr(accounts, "_NAMES", kinds)
    [section] = accounts.run(quick=True)
    unknown, bearer = section.rows
    assert "unknown" in unknown.cells[0]
    assert not unknown.goal.met
    assert bearer.data["bytes"] > 0
