"""pyarrow, as far as it is used here, as typed functions; it ships no types of its own.

It is imported by whoever calls one of them: that takes a tenth of a second and tens of megabytes.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, BinaryIO, Protocol, cast

from twretweet.cli.outcome import MissingExtra


class Type(Protocol):
    """The type of a column."""


class Schema(Protocol):
    """The names and types of all columns."""

    names: Sequence[str]


class _Array(Protocol):
    def cast(self, target: Type) -> _Array: ...


class Batch(Protocol):
    """Some rows, column by column."""

    def to_pydict(self) -> dict[str, list[object]]:
        """The values of each column."""
        ...


class Writer(Protocol):
    """Writes a file, a row group for each batch."""

    def write_batch(self, batch: Batch) -> None:
        """Write these rows."""
        ...


class _Reader(Protocol):
    schema_arrow: Schema

    def iter_batches(self, *, batch_size: int, columns: Sequence[str]) -> Iterator[Batch]: ...


def schema(kinds: Mapping[str, str]) -> tuple[Schema, Sequence[Type]]:
    """The schema of columns that have these kinds, and their types.

    Args:
        kinds: for each column ``integer``, ``number``, ``boolean``, ``time``, ``texts``, or
            anything else, which is text.

    Raises:
        MissingExtra: pyarrow is not installed.
    """
    pa = _pyarrow("pyarrow")
    known: dict[str, Type] = {
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "time": pa.timestamp("ms", tz="UTC"),
        "texts": pa.list_(pa.string()),
    }
    types = [known.get(kind, pa.string()) for kind in kinds.values()]
    return cast("Schema", pa.schema(list(zip(kinds, types, strict=True)))), types


def batch(columns: Sequence[Sequence[object]], schema: Schema, types: Sequence[Type]) -> Batch:
    """These columns as a batch; points in time are text, as X writes them.

    Raises:
        ValueError: a value does not fit its column.
    """
    pa = _pyarrow("pyarrow")
    time = pa.timestamp("ms", tz="UTC")
    arrays: list[_Array] = []
    for name, values, kind in zip(schema.names, columns, types, strict=True):
        try:
            if kind == time:
                arrays.append(pa.array(values, pa.string()).cast(kind))
            else:
                arrays.append(pa.array(values, kind))
        except (OverflowError, ValueError) as error:
            raise ValueError(f"a value of the column {name} does not fit ({error})") from error
    return cast("Batch", pa.record_batch(arrays, schema=schema))


def writer(file: BinaryIO, schema: Schema) -> AbstractContextManager[Writer]:
    """Write a Parquet file."""
    pq = _pyarrow("pyarrow.parquet")
    made: AbstractContextManager[Writer] = pq.ParquetWriter(file, schema, compression="zstd")
    return made


def names(file: BinaryIO) -> Sequence[str]:
    """The columns of a Parquet file.

    Raises:
        MissingExtra: pyarrow is not installed.
        OSError: it can't be read.
        ValueError: it is no Parquet file.
    """
    return _reader(file).schema_arrow.names


def batches(
    file: BinaryIO, columns: Sequence[str], size: int
) -> Iterator[dict[str, list[object]]]:
    """The values of some columns of a Parquet file, ``size`` rows at a time.

    Raises:
        OSError: it can't be read.
        ValueError: it is no Parquet file.
    """
    for each in _reader(file).iter_batches(batch_size=size, columns=columns):
        yield each.to_pydict()


def _reader(file: BinaryIO) -> _Reader:
    return cast("_Reader", _pyarrow("pyarrow.parquet").ParquetFile(file))


def _pyarrow(name: str) -> Any:  # noqa: ANN401  # typed by the functions above
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtra("Parquet", "parquet") from error
