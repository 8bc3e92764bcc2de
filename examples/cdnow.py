"""What became of 23,570 customers of a music shop: 69,659 purchases of 18 months as a ledger of monthly revenue.

    python examples/cdnow.py

The table (see data/README.md) has a row a purchase; those of one customer and month are added up. Purchases are no
subscriptions: a month without one counts as churn, and the next purchase as reactivation. That is how a ledger sees a
shop.
"""

from __future__ import annotations

import csv
import textwrap
from pathlib import Path

import svcmetrics as sm

DATA = Path(__file__).parent / "data" / "cdnow.csv"
SHOWN = [
    *("revenue_start", "revenue_new", "revenue_reactivation", "revenue_expansion", "revenue_contraction"),
    *("revenue_churn", "revenue_end", "customers_end"),
]


def purchases(path: Path) -> dict[str, list[str | float]]:
    """The file's purchases, in the columns of a ledger."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {
        "customer_id": [row["customer_id"] for row in rows],
        "month": [row["date"] for row in rows],
        "revenue": [float(row["dollars"]) for row in rows],
    }


def table(card: sm.Scorecard, metrics: list[str]) -> str:
    """A row a period, a column a metric."""
    header = ["period", *(metric.removeprefix("revenue_") for metric in metrics)]
    figures = [card[metric] for metric in metrics]
    rows = [header, *([period, *(str(of[period]) for of in figures)] for period in figures[0])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    return "\n".join("  ".join(map(str.rjust, row, widths)) for row in rows)


def triangle(retention: sm.Retention) -> str:
    """A row a cohort, a column an age, in percent."""
    frame = retention.triangle("customer_retention")
    lines = ["cohort " + "".join(f"{age:>5}" for age in frame.columns[1:])]
    for cohort, *shares in frame.rows():
        lines.append(cohort + "".join("    ·" if share is None else f"{share:5.0%}" for share in shares))
    return "\n".join(lines)


def say(text: str) -> None:
    """Prints a paragraph."""
    print("\n" + textwrap.fill(" ".join(text.split()), 100) + "\n")


def months_of(ledger: sm.Ledger) -> None:
    """Movements by month."""
    months = ledger.movements()
    print(table(months, SHOWN))
    returned = sum(figure.numerator / 12 for figure in months["revenue_reactivation"].values())
    new = list(months["customers_new"].values())
    later = sum(figure.value for figure in new[3:])
    say(f"""
        The data follows those who first bought in the first quarter of 1997, so hardly anybody is new after March: only
        {later} whose purchases until then were free of charge, which makes nobody a paying customer. What came later
        came from customers who returned after a month or more without a purchase: {returned:,.0f} dollars in all. A
        ledger that compares each row with the row before would call them expansion, one that only looks for customers
        missing from the month before would call them new.
    """)


def quarters_of(ledger: sm.Ledger) -> None:
    """What quarters do not see."""
    quarters = ledger.movements("quarter")
    print(table(quarters, ["revenue_end", "customers_end", "transient_customers", "transient_revenue"]))
    say(f"""
        A quarter looks at its last month alone: {quarters["transient_customers"]["1998-Q2"]} customers bought in April
        or May 1998, and neither in March nor in June. They stand beside the movements, as transient.
    """)


def cohorts_of(ledger: sm.Ledger) -> None:
    """What is left of those who started together."""
    retention = ledger.retention()
    print(triangle(retention))
    at = {(row["cohort"], row["age"]): row for row in retention}
    second, last = at["1997-01", 1], at["1997-01", 17]
    say(f"""
        Of the {second["customers_start"]:,} customers of January 1997, {second["customer_retention"]:.0%} bought again
        the month after, and {last["customer_retention"]:.0%} bought in the 18th month. Most are lost at once, after the
        first purchase; from the fourth month on the share hardly falls, and the three cohorts are much alike.
    """)


def main() -> None:
    """Movements, retention, and what they say."""
    ledger = sm.ledger(purchases(DATA))
    made_of = ledger.diagnostics
    print(f"{len(ledger):,} customers, {made_of.rows:,} purchases in {made_of.months:,} months of customers\n")
    months_of(ledger)
    quarters_of(ledger)
    cohorts_of(ledger)


if __name__ == "__main__":
    main()
