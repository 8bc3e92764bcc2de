"""The jobs: what is computed over how many rows, who competes, and which lead is asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace

ENGINES = ("polars-streaming", "pyarrow", "duckdb", "datafusion", "polars", "numpy", "pandas")

#: What job A asks of us, all else at its default.
METRICS = (
    "onboard_rate",
    "adoption_rate",
    "license_adoption",
    "advanced_user_share",
    "success_rate",
    "plan_realization",
    "availability",
    "engagement_quality",
    "renewal_commitment_rate",
    "contract_renewal_rate",
    "revenue_start",
    "revenue_end",
    "revenue_new",
    "revenue_churn",
    "revenue_expansion",
    "revenue_contraction",
    "recurring_revenue_rate",
    "net_revenue_retention",
    "gross_revenue_retention",
    "defect_share",
    "cost_per_case",
)


@dataclass(frozen=True)
class Job:
    """One row of the table."""

    #: What ``--jobs`` chooses by: every job whose name begins so.
    name: str
    title: str
    #: Which of the contests it is: ``scorecard``, ``health`` and ``ledger`` over frames, ``apply`` and ``mapping``.
    contest: str
    #: Of a ledger the customers: each has a row in about half of its months.
    rows: int
    keys: tuple[str, ...] = ()
    peers: tuple[str, ...] = ENGINES
    #: How the keys are held: as the file has them, or ``text``, ``dictionary``, ``category``, ``groupby`` (ours); or
    #: ``public``: what pandas does not say in public is not used.
    held: str = "plain"
    #: What is asked of us; None: all that the columns allow.
    metrics: tuple[str, ...] | None = METRICS
    #: With ``customer_id`` and the check that no customer stands twice in a group.
    identity: bool = False
    #: Whether the rows of a ledger come sorted by customer and month.
    in_order: bool = True
    #: The lead over the fastest peer: how many times as fast.
    at_least: float = 0.0
    aim: float = 0.0
    #: Or the most milliseconds.
    at_most_ms: float = 0.0
    aim_ms: float = 0.0
    #: Calls a run: what takes microseconds is repeated.
    calls: int = 1

    @property
    def marks(self) -> tuple[str, str]:
        """What is asked at least, and the aim."""
        if self.at_most_ms:
            return f"<= {shown_ms(self.at_most_ms)}", f"<= {shown_ms(self.aim_ms)}"
        return f">= {self.at_least:g} x", f"{self.aim:g} x"


def shown_ms(milliseconds: float) -> str:
    """Milliseconds, or microseconds where they are few."""
    return f"{milliseconds * 1e3:.3g} us" if milliseconds < 0.5 else f"{milliseconds:,.4g} ms"


def shown_count(count: int) -> str:
    """A number of rows or groups as it is said."""
    return f"{count / 1e6:g} M" if count >= 1_000_000 else f"{count:,}"


def jobs(large: int, small: int, customers: int) -> list[Job]:
    """All jobs; the large ones over so many rows, the others over so many; ledgers of so many customers."""
    big, few = shown_count(large), shown_count(small)
    a = Job("A", "", "scorecard", small, ("cohort_1000",), at_least=2, aim=3)
    # numpy groups codes only: where the key is text, it has nothing to run on
    of_text = tuple(engine for engine in ENGINES if engine != "numpy")
    named = ("cohort_1000_name",)
    c = replace(a, peers=("pandas",), metrics=None, at_least=6, aim=10)
    apply = replace(c, contest="apply", rows=small // 10, keys=("cohort",), at_least=10, aim=12)
    mapping = Job("mapping", "", "mapping", 100, peers=("numpy",), at_most_ms=0.015, aim_ms=0.012, calls=1_000)
    arrays = "one call on 24 numpy arrays of 100 rows"
    lines, texts = shown_count(customers), shown_count(customers // 4)
    sorted_ids = Job("D", "", "ledger", customers, ("customer_id",), metrics=None, at_least=5, aim=5)
    # the fastest first: what is slow by its measure runs once; DataFusion's windows take minutes there
    shuffled_ids = replace(
        sorted_ids,
        in_order=False,
        peers=("numpy", "duckdb", "polars", "polars-streaming", "pandas", "pyarrow"),
        at_least=3,
        aim=3,
    )
    sorted_texts = replace(sorted_ids, rows=customers // 4, keys=("customer_name",), peers=of_text)
    shuffled_texts = replace(sorted_texts, in_order=False, peers=shuffled_ids.peers[1:], at_least=3, aim=3)
    return [
        replace(a, name="A-large", title=f"A, {big} rows, 1,000 groups", rows=large, at_least=3, aim=5),
        replace(a, name="A-12", title=f"A, {few} rows, 12 groups", keys=("cohort_12",), at_least=3, aim=5),
        replace(a, name="A-100k", title=f"A, {few} rows, 100,000 groups", keys=("cohort_100000",)),
        replace(a, name="A-text", title=f"A, {few} rows, text key", keys=named, held="text", peers=of_text),
        replace(a, name="A-dictionary", title=f"A, {few} rows, dictionary key", keys=named, held="dictionary"),
        replace(a, name="A-two", title=f"A, {few} rows, two keys, 12,000 groups", keys=("cohort_12", "cohort_1000")),
        replace(a, name="A-identity", title=f"A, {few} rows, customer_id checked for duplicates", identity=True),
        replace(a, name="B", title=f"B, health, {big} rows", contest="health", rows=large, at_least=3, aim=4),
        replace(apply, name="C-apply", title="C, groupby.apply(sm.scorecard), 1,000 rows a cohort"),
        replace(apply, name="C-apply-21", title="the same with the 21 metrics of A", metrics=METRICS),
        replace(
            apply,
            name="C-apply-public",
            title="the same, all metrics, by pandas' public names alone",
            held="public",
            at_least=5,
        ),
        replace(c, name="C-int32", title=f"C in one call, {few} rows, int32 key"),
        replace(c, name="C-int32-21", title="the same with the 21 metrics of A", metrics=METRICS),
        replace(c, name="C-category", title=f"C in one call, {few} rows, category key", keys=named, held="category"),
        replace(c, name="C-groupby", title=f"C in one call, {few} rows, the GroupBy itself", held="groupby"),
        replace(mapping, name="mapping", title=f"{arrays}, the 21 metrics of A"),
        replace(mapping, name="mapping-all", title=f"{arrays}, all metrics", metrics=None),
        replace(sorted_ids, name="D-sorted", title=f"D, ledger of {lines} customers, sorted"),
        replace(shuffled_ids, name="D-shuffled", title=f"D, ledger of {lines} customers, shuffled"),
        replace(sorted_texts, name="D-text-sorted", title=f"D, {texts} customers with text ids, sorted"),
        replace(shuffled_texts, name="D-text-shuffled", title=f"D, {texts} customers with text ids, shuffled"),
    ]
