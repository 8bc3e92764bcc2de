"""Every kind of frame that a table may come as, made from a plain dictionary of lists in which None is null."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

Columns = Mapping[str, Sequence[Any]]
MakeFrame = Callable[[Columns], Any]

#: Rows around a slice, which must not be seen.
BEFORE, AFTER = 3, 2


class StreamOnly:
    """An object of which nothing is known but its Arrow stream."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        """The table's stream."""
        return self._table.__arrow_c_stream__(requested_schema)


class ArrayOnly:
    """An object with a single record batch, and nothing else."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self._batch = batch

    def __arrow_c_array__(self, requested_schema: object = None) -> Any:
        """The batch's schema and array."""
        return self._batch.__arrow_c_array__(requested_schema)


def kind_of(values: Sequence[Any]) -> type | None:
    """The type of a column's values: the wider one of whole numbers and floats; None where all are null."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float}:
        return float
    return kinds.pop() if len(kinds) == 1 else (None if not kinds else object)


def arrow_table(columns: Columns) -> pa.Table:
    """As a pyarrow table; a mixture of decimals and whole numbers becomes decimals."""
    arrays = {}
    for name, values in columns.items():
        kinds = {type(value) for value in values if value is not None}
        if kinds == {int, Decimal}:
            values = [None if value is None else Decimal(value) for value in values]
        arrays[name] = pa.array(values, from_pandas=False)
    return pa.table(arrays)


def pandas_object(columns: Columns) -> pd.DataFrame:
    """All columns of Python objects."""
    return pd.DataFrame({name: pd.Series(list(values), dtype=object) for name, values in columns.items()})


def pandas_left_join(columns: Columns) -> pd.DataFrame:
    """As a left join leaves them: whole numbers as floats, booleans as objects, NaN for what found no partner."""
    frame = {}
    for name, values in columns.items():
        found = {row: value for row, value in enumerate(values) if value is not None}
        dtype = object if kind_of(values) in (None, object, Decimal, datetime.date) else None
        frame[name] = pd.Series(found, dtype=dtype).reindex(range(len(values)))
    return pd.DataFrame(frame)


def pandas_nullable(columns: Columns) -> pd.DataFrame:
    """The nullable extension types."""
    dtypes = {int: "Int64", bool: "boolean", float: "Float64", str: "string"}
    frame = {}
    for name, values in columns.items():
        dtype = dtypes.get(kind_of(values) or object, "object")
        frame[name] = pd.Series(list(values), dtype=dtype)
    return pd.DataFrame(frame)


def pandas_arrow(columns: Columns) -> pd.DataFrame:
    """Arrow-backed pandas columns."""
    table = arrow_table(columns)
    return table.to_pandas(types_mapper=pd.ArrowDtype)


def pandas_category(columns: Columns) -> pd.DataFrame:
    """Text as categories, with one that no row has; the rest as objects."""
    frame = pandas_object(columns)
    for name, values in columns.items():
        if kind_of(values) is str:
            texts = sorted({value for value in values if value is not None}, reverse=True)
            frame[name] = pd.Categorical(list(values), categories=["no row has it", *texts])
    return frame


def polars_frame(columns: Columns) -> pl.DataFrame:
    """A polars frame."""
    return pl.DataFrame({name: pl.Series(name, list(values), strict=False) for name, values in columns.items()})


def arrow_chunked(columns: Columns) -> pa.Table:
    """Uneven chunks, one of them empty."""
    table = arrow_table(columns)
    return pa.concat_tables([table.slice(0, 1), table.slice(1, 0), table.slice(1, 3), table.slice(4)])


def padded(columns: Columns) -> pa.Table:
    """The table between other rows."""

    def around(values: Sequence[Any]) -> list[Any]:
        others = [value for value in values if value is not None][:1] or [None]
        return [*others * BEFORE, *values, *others * AFTER]

    return arrow_table({name: around(values) for name, values in columns.items()})


def arrow_sliced(columns: Columns) -> pa.Table:
    """A slice of a larger table, with an offset into every buffer."""
    rows = len(next(iter(columns.values()), ()))
    return padded(columns).slice(BEFORE, rows)


def arrow_dictionary(columns: Columns) -> pa.Table:
    """Text as dictionaries with an unused value, a null code here and a null value there."""
    table = arrow_table(columns)
    for position, (name, values) in enumerate(columns.items()):
        if kind_of(values) is str:
            texts = ["no row has it", *dict.fromkeys(value for value in values if value is not None), None]
            nulls = [row for row, value in enumerate(values) if value is None]
            codes = [len(texts) - 1 if row in nulls[1:] else texts.index(value) for row, value in enumerate(values)]
            mask = np.array([row in nulls[:1] for row in range(len(values))], dtype=bool)
            array = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int16(), mask=mask), pa.array(texts, pa.string()))
            table = table.set_column(position, name, array)
    return table


def arrow_all_dictionaries(columns: Columns) -> pa.Table:
    """Every column a dictionary, numbers and booleans too."""
    table = arrow_table(columns)
    for position, name in enumerate(table.column_names):
        if not pa.types.is_null(table.schema.field(name).type):
            table = table.set_column(position, name, table.column(name).combine_chunks().dictionary_encode())
    return table


def one_batch(columns: Columns) -> pa.RecordBatch:
    """A single record batch, also of no rows."""
    table = arrow_table(columns)
    arrays = [column.combine_chunks() for column in table.columns]
    return pa.RecordBatch.from_arrays(arrays, schema=table.schema)


def duckdb_relation(columns: Columns) -> Any:
    """A DuckDB relation."""
    return duckdb.from_arrow(arrow_table(columns))


def numpy_mapping(columns: Columns) -> dict[str, Any]:
    """Masked arrays of numbers and booleans; objects for the rest."""
    plain: dict[type | None, Any] = {int: 0, float: 0.0, bool: False}
    arrays: dict[str, Any] = {}
    for name, values in columns.items():
        kind = kind_of(values)
        if kind in plain:
            filled: Any = np.array([plain[kind] if value is None else value for value in values], dtype=kind)
            arrays[name] = np.ma.array(filled, mask=[value is None for value in values])
        else:
            array = np.empty(len(values), dtype=object)
            array[:] = list(values)
            arrays[name] = array
    return arrays


def polars_mapping(columns: Columns) -> dict[str, pl.Series]:
    """Polars series by name."""
    return polars_frame(columns).to_dict()


def pandas_mapping(columns: Columns) -> dict[str, Any]:
    """Series of the nullable extension types by name."""
    return dict(pandas_nullable(columns).items())


def arrow_mapping(columns: Columns) -> dict[str, Any]:
    """Chunked arrays by name."""
    table = arrow_chunked(columns)
    return dict(zip(table.column_names, table.columns, strict=True))


FRAME_KINDS: dict[str, MakeFrame] = {
    "pandas": pandas_object,
    "pandas_left_join": pandas_left_join,
    "pandas_nullable": pandas_nullable,
    "pandas_arrow": pandas_arrow,
    "pandas_category": pandas_category,
    "polars": polars_frame,
    "arrow_table": arrow_table,
    "arrow_chunked": arrow_chunked,
    "arrow_sliced": arrow_sliced,
    "arrow_reader": lambda columns: arrow_table(columns).to_reader(max_chunksize=2),
    "arrow_dictionary": arrow_dictionary,
    "arrow_all_dictionaries": arrow_all_dictionaries,
    "duckdb": duckdb_relation,
    "stream_only": lambda columns: StreamOnly(arrow_chunked(columns)),
    "array_only": lambda columns: ArrayOnly(one_batch(columns)),
    "numpy": numpy_mapping,
    "polars_mapping": polars_mapping,
    "pandas_mapping": pandas_mapping,
    "arrow_mapping": arrow_mapping,
}
