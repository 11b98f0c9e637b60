"""Rows as bytes: what is written is what a reader of the format gets back."""

import csv
import io
import json
from datetime import datetime

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twretweet.cli.export.columns import Column
from twretweet.cli.export.formats import Csv, JsonLines, chosen
from twretweet.cli.export.parquet import convert
from twretweet.cli.outcome import OutputRefused
from twretweet.errors import QueryError

TEXT = Column(("text",), "text")
COLUMNS = (
    Column(("id",), "text"),
    Column(("created_at",), "time"),
    TEXT,
    Column(("author", "count"), "integer"),
    Column(("share",), "number"),
    Column(("sure",), "boolean"),
    Column(("codes",), "texts"),
    Column(("media",), "json"),
)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ROWS = st.lists(
    st.fixed_dictionaries(
        {"id": st.integers(1, 2**63).map(str)},
        optional={
            "text": WORDS,
            "created_at": st.datetimes(
                min_value=datetime(2006, 1, 1),
                max_value=datetime(2100, 1, 1),
            ).map(lambda moment: f"{moment.isoformat(timespec='milliseconds')}Z"),
            "author": st.one_of(
                st.none(), st.fixed_dictionaries({"count": st.integers(0, 2**40)})
            ),
            "share": st.floats(allow_nan=False, allow_infinity=False),
            "sure": st.booleans(),
            "codes": st.lists(WORDS, max_size=3),
            "media": st.lists(st.dictionaries(WORDS, WORDS, max_size=2), max_size=2),
            "unasked": WORDS,
        },
    ),
    max_size=30,
)


def pages(rows):
    return [rows[:7], rows[7:8], rows[8:]]


@settings(max_examples=40)
@given(ROWS)
def test_json_lines_hold_each_row_as_it_is(rows):
    encoder = JsonLines()
    written = encoder.head + b"".join(encoder.encode(page) for page in pages(rows))
    assert [json.loads(line) for line in written.split(b"\n")[:-1]] == rows


@settings(max_examples=40)
@given(ROWS)
def test_csv_is_read_back_cell_by_cell_whatever_the_texts_hold(rows):
    encoder = Csv(COLUMNS)
    written = encoder.head + b"".join(encoder.encode(page) for page in pages(rows))
    header, *records = csv.reader(io.StringIO(written.decode(), newline=""), strict=True)
    assert header == [column.name for column in COLUMNS]
    assert [record[2] for record in records] == [row.get("text", "") for row in rows]
    for row, record in zip(rows, records, strict=True):
        assert record[0] == row["id"]
        assert record[3] == str((row.get("author") or {}).get("count", ""))
        assert record[5] == {None: "", True: "true", False: "false"}[row.get("sure")]
        if "share" in row:
            assert float(record[4]) == row["share"]
        for place, name in ((6, "codes"), (7, "media")):
            assert (json.loads(record[place]) if record[place] else None) == row.get(name)


def test_csv_ends_its_lines_and_quotes_its_cells_as_rfc_4180_says():
    encoder = Csv([TEXT, Column(("id",), "text")])
    assert encoder.head == b"text,id\r\n"
    rows = [{"text": 'a "b", c\nd', "id": "1"}, {"id": "2"}]
    assert encoder.encode(rows) == b'"a ""b"", c\nd",1\r\n,2\r\n'


@settings(max_examples=40)
@given(ROWS)
def test_parquet_holds_each_column_in_its_type(rows):
    journal = JsonLines().encode(rows)
    file = io.BytesIO()
    # What stands behind the place that is whole is none of it.
    convert(io.BytesIO(journal + b'{"id":"to'), len(journal), COLUMNS, file)
    table = pq.read_table(io.BytesIO(file.getvalue()))
    assert table.schema.names == [column.name for column in COLUMNS]
    read = table.to_pylist()
    assert [each["id"] for each in read] == [row["id"] for row in rows]
    for row, each in zip(rows, read, strict=True):
        assert each["text"] == row.get("text")
        assert each["author.count"] == (row.get("author") or {}).get("count")
        assert (each["share"], each["sure"]) == (row.get("share"), row.get("sure"))
        assert each["codes"] == row.get("codes")
        assert (json.loads(each["media"]) if each["media"] else None) == row.get("media")
        moment = each["created_at"]
        shown = moment and moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
        assert shown == row.get("created_at")


def test_parquet_is_written_in_row_groups():
    journal = JsonLines().encode([{"id": str(number)} for number in range(25_000)])
    file = io.BytesIO()
    convert(io.BytesIO(journal), len(journal), COLUMNS[:1], file)
    parquet = pq.ParquetFile(io.BytesIO(file.getvalue()))
    groups = [parquet.metadata.row_group(n).num_rows for n in range(parquet.num_row_groups)]
    assert groups == [10_000, 10_000, 5_000]
    assert parquet.read().column("id").to_pylist() == [str(number) for number in range(25_000)]


@pytest.mark.parametrize(
    ("given", "target", "kind"),
    [
        (None, "-", "jsonl"),
        (None, "rows", "jsonl"),
        (None, "rows.jsonl", "jsonl"),
        (None, "rows.CSV", "csv"),
        (None, "a.csv/rows.parquet", "parquet"),
        ("csv", "-", "csv"),
        ("JSONL", "rows.csv", "jsonl"),
        ("csv", "rows.csv.gz", "csv"),
        (None, "rows.txt", "jsonl"),
    ],
)
def test_the_format_is_the_one_that_was_named_or_that_of_the_suffix(given, target, kind):
    assert chosen(given, target) == kind


def test_an_unknown_format_and_parquet_on_a_stream_are_refused():
    with pytest.raises(QueryError, match="one of jsonl, csv, parquet"):
        chosen("xml", "rows")
    for name in ("rows.csv.gz", "rows.TSV", "a.csv/rows.xlsx"):
        with pytest.raises(OutputRefused, match="none of the formats: give another name, or --f"):
            chosen(None, name)
    with pytest.raises(OutputRefused, match="give --out FILE, or --format csv"):
        chosen("parquet", "-")
