"""The peers: each written as one who knows it well would, with its data loaded as it likes it best.

They do less than we do: sums are floats, the nulls of a column are skipped by themselves rather than row by row and
metric by metric, and nothing is checked.
"""

from __future__ import annotations

from race.peers.arrays import Numpy, Pandas
from race.peers.engine import Engine
from race.peers.frames import Polars, PolarsStreaming, PyArrow
from race.peers.queries import DataFusion, DuckDB

PEERS: dict[str, type[Engine]] = {
    "polars-streaming": PolarsStreaming,
    "pyarrow": PyArrow,
    "duckdb": DuckDB,
    "datafusion": DataFusion,
    "polars": Polars,
    "numpy": Numpy,
    "pandas": Pandas,
}
