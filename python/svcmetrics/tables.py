"""Tables in: each kind of frame is passed as it is, and no frame library is imported to look at another's.

What the core takes is an object with ``__arrow_c_stream__``, or a list of such; ``Arrays``; or names, a number of rows
and a function that gives the columns at some positions one after another: each a numpy array, or a tuple ``("array",
values, mask or None)``, ``("days", values, mask)``, ``("times", values, mask, unit, zone)``, ``("dictionary", codes,
values)``, ``("objects", list)``, ``("arrow", array or stream of arrays)`` or ``("unknown", type, rows)``.

An object with a stream whose class has ``_svcmetrics_categories`` has there pairs of the name of a column that holds
codes, and a column of what they stand for.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from svcmetrics._svcmetrics import Arrays
from svcmetrics.errors import UnsupportedTableError

ColumnTuple = tuple[Any, ...]
#: A numpy array or a tuple.
Column = Any
Source = Any

#: Lazy and distributed frames, by module and class: they have an Arrow stream too, and would be pulled through this
#: process.
_LAZY = {
    ("polars", "LazyFrame"): "call .collect() first",
    ("pyspark", "DataFrame"): "call .toArrow() first",
    ("dask", "DataFrame"): "call .compute() first",
    ("ibis", "Table"): "call .to_pyarrow() first",
}


#: What pandas does not say in public: a column's array by its position. Frames without it are read all the same.
PRIVATE = "_get_column_array"

#: From how many rows on, on average, reading chunks one by one costs less than making one of them.
_LARGE_CHUNK = 4096

#: Times that numpy converts in one go: who wants to stop is heard in between, and no copy of all is made on the way.
_AT_ONCE = 1 << 18

#: From how many rows a category on polars' own way costs more than asking for each by itself.
_MANY_CATEGORIES = 64


class Incoming(NamedTuple):
    """A table as the core takes it, and what its kind says of it."""

    source: Source
    #: Whether NaN means missing in this kind of table.
    nan_is_missing: bool
    in_memory: bool
    #: The names of the columns, where they are known before it is read.
    names: Container[str] | None
    #: The keys of a GroupBy.
    by: list[str] | None = None


def incoming(table: Any) -> Incoming:
    """The table as the core takes it."""
    if type(table) is dict:
        return _of_mapping(table)
    pandas = sys.modules.get("pandas")
    if pandas is not None:
        if isinstance(table, pandas.core.groupby.DataFrameGroupBy):
            return _of_pandas(_selected(table), pandas)._replace(by=_keys_of(table))
        if isinstance(table, pandas.DataFrame):
            return _of_pandas(table, pandas)
        if isinstance(table, pandas.Series):
            raise UnsupportedTableError("found a pandas Series; expected a table, as its to_frame() gives")
    module, name = type(table).__module__.split(".")[0], type(table).__name__
    if (module, name) in _LAZY:
        raise UnsupportedTableError(f"a lazy {module} {name} is not read; {_LAZY[module, name]}")
    if isinstance(table, Mapping):
        return _of_mapping(table)
    if hasattr(table, "__arrow_c_stream__"):
        # A DuckDB relation has a length, but counting it would run its query.
        in_memory = module not in ("duckdb", "_duckdb") and hasattr(table, "__len__")
        source = table
        if (module, name) == ("polars", "DataFrame"):
            source = _of_polars(table)
        elif (module, name) == ("pyarrow", "Table"):
            # what is in a list is in memory: its chunks are read together
            source = [table]
        return Incoming(source, False, in_memory, _names_of(table))
    if hasattr(table, "__arrow_c_array__"):
        return Incoming(_OneBatch(table), False, True, None)
    raise UnsupportedTableError(
        f"found {_type_name(table)}; expected a table: pandas, polars, pyarrow, DuckDB, anything with "
        "__arrow_c_stream__, or a mapping of names to numpy arrays",
    )


def _type_name(value: object) -> str:
    module, name = type(value).__module__, type(value).__qualname__
    return name if module == "builtins" else f"{module}.{name}"


def _names_of(table: Any) -> list[str] | None:
    names = getattr(table, "column_names", None) or getattr(table, "columns", None)
    return [str(name) for name in names] if isinstance(names, Sequence) else None


class _Coded:
    """A polars frame with codes in place of some categories, and beside it what they stand for."""

    _svcmetrics_categories: Sequence[tuple[str, Any]] = ()

    def __init__(self, frame: Any, categories: list[tuple[str, Any]]) -> None:
        self.frame = frame
        self._svcmetrics_categories = categories

    def __len__(self) -> int:
        return len(self.frame)

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        return self.frame.__arrow_c_stream__()


def _of_polars(frame: Any) -> Any:
    """A polars frame with the codes of its categories as they stand: polars would look up each row's anew."""
    if len(frame) < _LARGE_CHUNK:
        return frame
    polars = sys.modules["polars"]
    codes, categories = [], []
    for column in frame.get_columns():
        if column.dtype == polars.Categorical and (texts := _categories_of(column)) is not None:
            codes.append(column.to_physical())
            categories.append((column.name, polars.Series(texts, dtype=polars.String)))
    chunks = _chunks_of(frame.with_columns(codes) if codes else frame)
    if not codes:
        return chunks
    return [_Coded(chunk, categories) for chunk in chunks] if isinstance(chunks, list) else _Coded(chunks, categories)


def _categories_of(column: Any) -> list[str | None] | None:
    """What the codes of a polars column stand for; None where it does not say, or they are too many."""
    known: Any = getattr(column.dtype, "categories", None)
    last = column.to_physical().max()
    if last is None or last * _MANY_CATEGORIES > len(column) or not hasattr(known, "__getitem__"):
        return None
    return [known[code] for code in range(last + 1)]


def _chunks_of(frame: Any) -> Any:
    """A polars frame chunk by chunk, where its columns have the same ones: of the whole frame polars would make one
    chunk first, in memory of its own.
    """
    columns = frame.get_columns()
    lengths = columns[0].chunk_lengths() if columns else []
    if len(lengths) < 2 or len(frame) < len(lengths) * _LARGE_CHUNK:
        return frame
    if any(column.chunk_lengths() != lengths for column in columns):
        return frame
    starts = itertools.accumulate(lengths, initial=0)
    return [frame.slice(start, length) for start, length in zip(starts, lengths, strict=False)]


class _OneBatch:
    """A single record batch as a stream, by way of whoever made it."""

    def __init__(self, batch: Any) -> None:
        self.batch = batch

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        pyarrow = sys.modules.get("pyarrow")
        if pyarrow is None:
            raise UnsupportedTableError("a single Arrow batch is read with pyarrow only; pass a stream")
        try:
            batch = pyarrow.record_batch(self.batch)
        except pyarrow.ArrowInvalid as error:
            raise UnsupportedTableError(f"the Arrow array holds no table: {error}") from error
        return pyarrow.Table.from_batches([batch]).__arrow_c_stream__()


def _keys_of(groupby: Any) -> list[str]:
    keys = groupby.keys
    keys = [keys] if isinstance(keys, str) else keys
    if isinstance(keys, list) and all(isinstance(key, str) and key in groupby.obj.columns for key in keys):
        return keys
    raise UnsupportedTableError(
        f"a GroupBy by {keys!r} is not read; group by names of columns, or pass the frame with by=[...]"
    )


def _selected(groupby: Any) -> Any:
    """The frame of a GroupBy, of some columns only where those were selected."""
    # Not public; without it nothing is known of a selection.
    selection = getattr(groupby, "_selection", None)
    if selection is None:
        return groupby.obj
    keys = [key for key in _keys_of(groupby) if key not in selection]
    return groupby.obj[[*keys, *selection]]


def _of_mapping(table: Mapping[Any, Any]) -> Incoming:
    if type(table) is dict and "numpy" in sys.modules and (arrays := Arrays.of(table)) is not None:
        return Incoming(arrays, True, True, table)
    names = [str(name) for name in table]
    lengths = {str(name): _length(name, values) for name, values in table.items()}
    if len(set(lengths.values())) > 1:
        raise UnsupportedTableError(f"the arrays differ in length: {lengths}")
    rows = next(iter(lengths.values()), 0)
    by_name = {str(name): values for name, values in table.items()}

    def columns(positions: list[int]) -> Iterator[Column]:
        return (_any_column(by_name[names[position]]) for position in positions)

    return Incoming((names, rows, columns), True, True, names)


def _length(name: object, values: Any) -> int:
    dimensions = getattr(values, "ndim", 1)
    try:
        if not isinstance(values, str | bytes) and dimensions == 1:
            return len(values)
    except TypeError:
        pass
    found = _type_name(values) if dimensions == 1 else f"{_type_name(values)} of {dimensions} dimensions"
    raise UnsupportedTableError(f"column '{name}': found {found}; expected an array or a list")


def _any_column(values: Any) -> Column:
    """A column by the way of its own library: numpy would make floats of whole numbers with a null among them."""
    pandas = sys.modules.get("pandas")
    if pandas is not None:
        if isinstance(values, pandas.Index | pandas.Series):
            values = values.array
        if isinstance(values, pandas.api.extensions.ExtensionArray):
            return _pandas_column(values, pandas)
    if hasattr(values, "__arrow_c_array__") or hasattr(values, "__arrow_c_stream__"):
        return ("arrow", values)
    return array_column(values)


class _Labels(NamedTuple):
    """The labels of a pandas frame's columns as names."""

    index: Any
    names: list[str]
    #: Those that several columns have.
    repeated: frozenset[str]
    #: What stands in their place where columns are found by their positions.
    numbers: Any


#: Those of the frame that was met last: of a GroupBy all groups have the same.
_labels = _Labels(None, [], frozenset(), None)


def _labels_of(index: Any, pandas: Any) -> _Labels:
    global _labels
    known = _labels
    if known.index is None or not index.is_(known.index):
        names = [str(label) for label in index]
        repeated = {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else set()
        _labels = known = _Labels(index, names, frozenset(repeated), pandas.RangeIndex(len(names)))
    return known


def _arrays_at(positions: list[int], frame: Any, numbers: Any, pandas: Any) -> Iterator[Any]:
    """A frame's columns at some positions as arrays, one after another."""
    if hasattr(type(frame), PRIVATE):
        # Much quicker than a Series for each column.
        return map(getattr(frame, PRIVATE), positions)
    # By numbers columns are found quicker than by text, and each by itself where several have one label; all together
    # quicker than one by one.
    numbered = frame.set_axis(numbers, axis="columns")
    found: Iterator[Any] = ((position, numbered[position]) for position in positions)
    if 2 * len(positions) > len(numbers):
        wanted = set(positions)
        found = itertools.compress(numbered.items(), [position in wanted for position in range(len(numbers))])
    return _unwrapped(found, pandas.arrays.NumpyExtensionArray)


def _unwrapped(found: Iterator[tuple[int, Any]], wrapper: Any) -> Iterator[Any]:
    """The arrays of Series; what is numpy's comes without what pandas wraps it in."""
    for _, column in found:
        array = column.array
        yield array.to_numpy() if type(array) is wrapper else array


def _masked(array: Any) -> tuple[Any, Any]:
    """Values and mask of a nullable array, as they stand."""
    # Not public; what is masked is never looked at.
    return getattr(array, "_data", None), getattr(array, "_mask", None)


def _of_pandas(frame: Any, pandas: Any) -> Incoming:
    _, names, repeated, numbers = _labels_of(frame.columns, pandas)
    numpy_array = sys.modules["numpy"].ndarray

    def columns(positions: list[int]) -> Iterator[Column]:
        asked = iter(positions)
        for array in _arrays_at(positions, frame, numbers, pandas):
            if repeated and names[next(asked)] in repeated:
                # The core says so, where it is read.
                yield ("unknown", "two columns", len(frame))
            else:
                yield array if type(array) is numpy_array else _pandas_column(array, pandas)

    return Incoming((names, len(frame), columns), True, True, names)


def _pandas_column(array: Any, pandas: Any) -> Column:
    """An array of pandas by the way that copies least, public names only."""
    dtype = array.dtype
    numpy = sys.modules["numpy"]
    if isinstance(dtype, numpy.dtype) or type(array) is pandas.arrays.NumpyExtensionArray:
        return array_column(numpy.asarray(array))
    if isinstance(dtype, pandas.CategoricalDtype):
        codes = numpy.ascontiguousarray(array.codes)
        # Mostly nothing is missing: to see that takes no memory, as a mask does.
        missing = codes < 0 if codes.min(initial=0) < 0 else None
        return ("dictionary", ("array", codes, missing), _any_column(array.categories))
    if isinstance(dtype, pandas.PeriodDtype):
        if not _is_period(array.freqstr):
            return ("unknown", str(dtype), len(array))
        return ("objects", [period_text(period) for period in array])
    if isinstance(dtype, pandas.DatetimeTZDtype):
        naive = numpy.asarray(array.tz_convert("UTC").tz_localize(None))
        return (*array_column(naive)[:4], _zone_of(dtype.tz))
    if isinstance(dtype, pandas.ArrowDtype) or (isinstance(dtype, pandas.StringDtype) and dtype.storage == "pyarrow"):
        import pyarrow

        column = pyarrow.array(array)
        return ("arrow", column.combine_chunks() if isinstance(column, pyarrow.ChunkedArray) else column)
    if isinstance(dtype, pandas.StringDtype):
        return ("objects", [None if missing else text for text, missing in zip(array, array.isna(), strict=True)])
    numpy_dtype = getattr(dtype, "numpy_dtype", None)
    if numpy_dtype is not None and numpy_dtype.kind in "biuf":
        values, mask = _masked(array)
        if type(values) is not numpy.ndarray or type(mask) is not numpy.ndarray:
            mask = array.isna()
            values = array.to_numpy(dtype=numpy_dtype, na_value=numpy_dtype.type(0))
        return ("array", numpy.ascontiguousarray(values), numpy.ascontiguousarray(mask))
    return ("objects", array.astype(object).tolist())


def _zone_of(zone: Any) -> str:
    """A time zone as Arrow names it: by its name, or as an offset such as ``+05:30``."""
    name = getattr(zone, "key", None) or getattr(zone, "zone", None)
    if name is not None:
        return str(name)
    offset = zone.utcoffset(None)
    if offset is None:
        # dateutil knows its zones by the files that they were read from
        _, found, name = str(getattr(zone, "_filename", "")).rpartition("zoneinfo/")
        return name if found else str(zone)
    minutes = round(offset.total_seconds() / 60)
    hours, minutes, sign = abs(minutes) // 60, abs(minutes) % 60, "-" if minutes < 0 else "+"
    return f"{sign}{hours:02}:{minutes:02}" if offset else "UTC"


def _is_period(frequency: str) -> bool:
    """Whether it is a month, a quarter or a year."""
    return frequency == "M" or frequency.partition("-")[0] in ("Q", "Y", "A")


def period_text(period: Any) -> str | None:
    """A pandas period as this package writes periods; a fiscal year is named by the year in which it ends. None for NaT
    and for what is no month, quarter or year.
    """
    frequency = getattr(period, "freqstr", None)
    if frequency is None or not _is_period(frequency):
        return None
    if frequency == "M":
        return f"{period.year:04}-{period.month:02}"
    length, _, end = frequency.partition("-")
    year = period.qyear if length == "Q" else period.year
    text = f"{year:04}" if end == "DEC" else f"FY{year:04}"
    return f"{text}-Q{period.quarter}" if length == "Q" else text


def key_value(value: Any) -> Any:
    """A value of a key as frames show it, as the core names it: a period as its text, what is missing as None."""
    pandas = sys.modules.get("pandas")
    if pandas is not None and pandas.api.types.is_scalar(value) and pandas.isna(value):
        return None
    if isinstance(value, float) and value != value:
        return None
    return period_text(value) or value


def array_column(values: Any) -> ColumnTuple:
    """A numpy array, or anything that numpy makes one of, as a column."""
    import numpy

    if isinstance(values, list | tuple) and not _are_numbers(values, numpy):
        # as they stand: numpy would make numbers of true and false beside some, texts of numbers, or a table of lists
        return ("objects", list(values))
    array = numpy.asarray(values)
    if array.ndim != 1:
        raise UnsupportedTableError(f"found an array of {array.ndim} dimensions; expected one")
    if isinstance(values, numpy.ma.MaskedArray):
        mask = numpy.ascontiguousarray(numpy.ma.getmaskarray(values))
        plain = values.data
        if plain.dtype.kind == "M":
            # what is masked is never looked at
            plain = numpy.where(mask, numpy.array("NaT", plain.dtype), plain)
        kind, data, *rest = array_column(plain)
        if kind in ("days", "times"):
            return (kind, data, mask | rest[0], *rest[1:])
        if kind == "unknown":
            return (kind, data, *rest)
        if kind != "array":
            return ("objects", [None if masked else value for value, masked in zip(data, mask, strict=True)])
        return (kind, data, mask, *rest[1:])
    kind = array.dtype.kind
    if kind == "f" and isinstance(values, list | tuple) and any(_is_large(value, numpy) for value in values):
        return ("objects", [value.item() if isinstance(value, numpy.integer) else value for value in values])
    if kind in "biuf" and array.dtype.itemsize <= 8:
        if array.dtype == numpy.float16:
            array = array.astype(numpy.float32)
        array = numpy.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
        # what was read at an odd place of other bytes is not aligned
        return ("array", array if array.flags.aligned else array.copy(), None)
    if kind == "M":
        return _times(array, numpy)
    if kind == "O":
        return ("objects", array.tolist())
    if kind in "UTS":
        # a list is taken as it stands: numpy would cut zeros at the end
        return ("objects", list(values) if isinstance(values, list | tuple) else array.tolist())
    return ("unknown", str(array.dtype), len(array))


def _are_numbers(values: list[Any] | tuple[Any, ...], numpy: Any) -> bool:
    """Whether there are values, all of them numbers, booleans, or numpy's own."""
    kinds, booleans = set(map(type, values)), {bool, numpy.bool_}
    return bool(kinds) and (
        kinds <= booleans
        or all(kind not in booleans and issubclass(kind, int | float | numpy.generic) for kind in kinds)
    )


def _is_large(value: Any, numpy: Any) -> bool:
    """Whether it is a whole number that a double need not hold."""
    return isinstance(value, int | numpy.integer) and abs(int(value)) > 1 << 53


def _times(array: Any, numpy: Any) -> ColumnTuple:
    unit, step = numpy.datetime_data(array.dtype)
    mask = numpy.ascontiguousarray(numpy.isnat(array))
    if (unit, step) == ("Y", 1):
        # A period, as pandas' years are, and not the first of its months.
        years = array.astype(str).tolist()
        return ("objects", [None if missing else year for year, missing in zip(years, mask, strict=True)])
    if unit in ("ps", "fs", "as", "Y") or (unit == "M" and step != 1):
        # Instants that differ by less than a nanosecond would become one, and several months the first of them.
        return ("unknown", str(array.dtype), len(array))
    is_days = step == 1 and unit == "D"
    if is_days:
        values = numpy.empty(len(array), numpy.int32)
        for start in range(0, len(array), _AT_ONCE):
            rows = slice(start, start + _AT_ONCE)
            days = numpy.where(mask[rows], 0, array[rows].astype("datetime64[D]", copy=False).view("int64"))
            values[rows] = days
            if not (values[rows] == days).all():
                # seconds have room for them
                break
        else:
            return ("days", values, mask)
    is_exact = step == 1 and unit in ("s", "ms", "us", "ns")
    unit = unit if unit in ("s", "ms", "us", "ns") else "s"
    values = numpy.empty(len(array), numpy.int64)
    for start in range(0, len(array), _AT_ONCE):
        rows = slice(start, start + _AT_ONCE)
        times = array[rows].astype(f"datetime64[{unit}]", copy=False)
        if not is_exact and not ((times.astype(array.dtype) == array[rows]) | mask[rows]).all():
            # Beyond 64 bits numpy begins anew from the other end.
            return ("unknown", f"{array.dtype} beyond the years of a {unit}", len(array))
        values[rows] = numpy.where(mask[rows], 0, times.view("int64"))
    return ("times", values, mask, unit, None)
