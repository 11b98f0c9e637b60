"""What a page and a signature cost by themselves, without a server."""

from __future__ import annotations

from typing import Any

from benchmarks.report import Row, Section
from benchmarks.speed import roster, table
from benchmarks.speed.field import Field, play
from benchmarks.speed.roster import Entry
from benchmarks.speed.table import Aim

_DECODE = (
    roster.LOOP,
    roster.LISTS,
    roster.OURS,
    roster.ORJSON,
    roster.JSON,
    roster.TWEEPY_SYNC,
    roster.XDK,
    roster.PEONY,
    roster.PYTWITTER,
)
_SIGN = (roster.PRECOMPUTED, roster.SIGNING, roster.OURS, roster.XDK, roster.PEONY)
_AIMS = {"GET": Aim(6), "POST": Aim(8)}


def _speed(answer: dict[str, Any]) -> float:
    return 1.0 / float(answer["cpu"])


def _cells(medians: dict[str, float]) -> tuple[str, ...]:
    return (f"{medians['cpu'] * 1e6:.1f}",)


def _own(entry: Entry) -> Entry | None:
    return None if entry is roster.OURS else roster.OURS


def decode(field: Field, *, quick: bool) -> Section:
    """From bytes to objects."""
    times, rounds = (20, 2) if quick else (300, 11)

    def one(entry: Entry) -> dict[str, Any]:
        vocabulary = "post" if entry is roster.XDK else "tweet"
        share = max(times // entry.slowness, 1)
        return field.ask(entry, do="decode", times=share, vocabulary=vocabulary)

    entries = field.players(_DECODE)
    answers = play(entries, one, rounds)
    return Section(
        "Decoding one page of 189 KB",
        f"From its bytes to what the client hands out. {answers.rounds} rounds; medians of CPU "
        "time.",
        ("µs", "ours against it"),
        table.rows(answers, entries, number=_speed, cells=_cells, ours=_own, aims={}),
        table.notes(answers),
    )


def sign(field: Field, *, quick: bool) -> Section:
    """One signature of OAuth 1.0a; each kind is checked against oauthlib's."""
    times, rounds = (50, 2) if quick else (1000, 11)
    entries = field.players(_SIGN)
    made: list[Row] = []
    missing: list[str] = []
    for method, what in (("GET", "GET, five parameters"), ("POST", "POST")):
        answers = play(
            entries,
            lambda entry, method=method: field.ask(entry, do="sign", method=method, times=times),
            rounds,
        )
        aims = {roster.SIGNING.name: _AIMS[method]}
        made += [
            Row(f"{what}: {_called(row.name)}", row.cells, row.data, row.goal)
            for row in table.rows(
                answers, entries, number=_speed, cells=_cells, ours=_own, aims=aims
            )
        ]
        missing += [note for note in table.notes(answers) if note not in missing]
    return Section(
        "One signature",
        f"With nonce, time and header. {answers.rounds} rounds of {times}; medians of CPU time.",
        ("µs", "ours against it"),
        tuple(made),
        tuple(missing),
    )


def _called(name: str) -> str:
    return {roster.SIGNING.name: "Client.sign", roster.PRECOMPUTED.name: "by hand"}.get(name, name)
