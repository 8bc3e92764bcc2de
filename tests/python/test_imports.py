"""What is imported, and that each library works without the others."""

from __future__ import annotations

from subprocesses import run

LOADED = """
    def loaded():
        import sys
        names = ["duckdb", "narwhals", "numpy", "pandas", "polars", "pyarrow", "tqdm"]
        return [name for name in names if name in sys.modules]
"""
BLOCKED = """
    import sys

    class Blocker:
        def find_spec(self, name, path=None, target=None):
            if name.split(".")[0] in BLOCKED:
                raise ImportError(f"{name} is blocked")

    sys.meta_path.insert(0, Blocker())
"""
#: What a user does with a card, with no library named.
EVERYTHING = """
    def use(table, by):
        card = sm.scorecard(table, by=by)
        repr(card), card._repr_html_(), card.to_json(), card.quality, card.not_measured, card["adoption_rate"]
        card.tidy().rows(), card.measures().rows(), card.rollup()
        sm.check(table, by=by).rows(), sm.health_scores(table).rows(), repr(sm.catalog())
        return card
"""


def test_the_package_imports_no_library() -> None:
    assert run(LOADED + "\n    import svcmetrics\n    print(loaded())") == "[]\n"


def test_the_package_imports_nothing_heavy_of_python() -> None:
    program = """
    import sys
    before = set(sys.modules)
    import svcmetrics
    heavy = {"argparse", "dataclasses", "difflib", "html", "importlib.metadata", "inspect", "json", "tomllib"}
    print(sorted(heavy & (set(sys.modules) - before)))
    """
    assert run(program) == "[]\n"


def test_formulas_and_models_need_no_library() -> None:
    program = """
    import svcmetrics as sm
    float(sm.formulas.adoption_rate(milestones_met=1, milestones_total=2))
    sm.HealthModel({"adoption_rate": 1}).explain({"adoption_rate": 0.5})
    [metric.id for metric in sm.catalog()]
    print(loaded())
    """
    assert run(LOADED + program) == "[]\n"


def test_polars_alone_is_enough_for_polars() -> None:
    program = """
    import polars as pl
    import svcmetrics as sm
    text = pl.Series(["b", None, "a"])
    table = pl.DataFrame({
        "plan": text.cast(pl.Categorical),
        "size": text.cast(pl.Enum(["b", "a"])),
        "milestones_met": [1, None, 2],
        "milestones_total": [2, 2, 2],
        "revenue_start": pl.Series(["1.5", None, "2"]).cast(pl.Decimal(38, 6)),
        "revenue_end": [1.5, None, 2.0],
    })
    card = use(table, ["plan", "size"])
    for frame in (card, card.tidy(), card.measures(), sm.health_scores(table), sm.check(table), sm.catalog()):
        assert isinstance(frame.to_polars(), pl.DataFrame)
    assert sm.scorecard(table.to_dict(), by=["plan", "size"]) == card
    back = sm.Scorecard.from_measures(card.measures().to_polars(), by=["plan", "size"])
    assert back["adoption_rate"] == card["adoption_rate"]
    print(loaded())
    """
    assert run(LOADED + EVERYTHING + program) == "['polars']\n"


def test_numpy_alone_is_enough_for_numpy() -> None:
    program = """
    import numpy as np
    import svcmetrics as sm
    table = {"plan": np.array(["b", "a"]), "milestones_met": np.array([1, 2]), "milestones_total": np.array([2, 2])}
    card = use(table, "plan")
    assert card["adoption_rate"]["b"].value == 0.5
    print(loaded())
    """
    assert run(LOADED + EVERYTHING + program) == "['numpy']\n"


def test_pandas_works_without_pyarrow() -> None:
    program = """
    import pandas as pd
    import svcmetrics as sm
    table = pd.DataFrame({
        "text": ["a", None],
        "category": pd.Categorical(["a", None]),
        "period": pd.PeriodIndex(["2026-01", "NaT"], freq="M"),
        "date": pd.to_datetime(["2026-01-01", None]),
        "zoned": pd.to_datetime(["2026-01-01", None]).tz_localize("UTC"),
        "number": pd.Series([1, None], dtype="Int64"),
        "string": pd.Series(["a", None], dtype="string"),
        "flag": pd.Series([True, None], dtype="boolean"),
        "milestones_met": [1, None],
        "milestones_total": [2, 2],
    })
    for key in table.columns[:8]:
        card = use(table, key)
        assert list(card["adoption_rate"])[1:] == [None], key
        assert card["adoption_rate"][None].undefined_reason == "all_missing"
        assert use(table.groupby(key), None) == card
        for frame in (card, card.tidy(), card.measures()):
            assert len(frame.to_pandas()) == len(frame.to_pandas(amounts="decimal")) > 0
    for frame in (sm.health_scores(table), sm.check(table), sm.catalog(), sm.catalog(measures=True)):
        assert isinstance(frame.to_pandas(), pd.DataFrame)
    back = sm.Scorecard.from_measures(card.measures().to_pandas(), by=card.keys)
    assert back["adoption_rate"] == card["adoption_rate"]
    try:
        card.to_arrow()
    except sm.errors.MissingExtraError as error:
        print(error.hint)
    print(loaded())
    """
    blocked = BLOCKED + "\n    BLOCKED = ['pyarrow', 'narwhals', 'polars']\n"
    assert run(blocked + LOADED + EVERYTHING + program) == "pip install pyarrow\n['numpy', 'pandas']\n"


def test_pyarrow_works_without_pandas_and_numpy() -> None:
    program = """
    import pyarrow as pa
    import svcmetrics as sm
    table = pa.table({"plan": ["a", None], "milestones_met": [1, 2], "milestones_total": [2, 2]})
    card = use(table, "plan")
    assert card.to_arrow()["adoption_rate"].to_pylist() == [0.5, 1.0]
    assert use(table.to_batches()[0], "plan") == card
    print(loaded())
    """
    blocked = BLOCKED + "\n    BLOCKED = ['numpy', 'pandas', 'narwhals', 'polars']\n"
    assert run(blocked + LOADED + EVERYTHING + program) == "['pyarrow']\n"


def test_a_table_is_recognised_without_importing_its_library() -> None:
    program = """
    import svcmetrics as sm

    class Table:
        def __arrow_c_stream__(self, requested_schema=None):
            return card.__arrow_c_stream__(requested_schema)

    card = sm.Scorecard.from_json(text)
    assert sm.scorecard(Table()).metrics == []
    print(loaded())
    """
    import svcmetrics as sm

    text = sm.scorecard({"milestones_met": [1], "milestones_total": [2]}).to_json()
    assert run(LOADED + f"\n    text = {text!r}\n" + program) == "[]\n"
