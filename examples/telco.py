"""Who pays, who leaves, and who might be next: a scorecard of 7,043 telephone and internet customers.

    python examples/telco.py

The table (see data/README.md) is a snapshot of one month, a row a customer. Mapped to the columns of a scorecard:

- the add-on services taken, of those on offer, are the adoption milestones; without internet none are on offer: 0 of 0;
- a contract of one or two years is a commitment to renew;
- the monthly charges are the recurring revenue; whoever left has none at the end of the month;
- whoever has a tenure of 0 months is new: revenue at the end, none at the start. These customers have not had a bill.
  Those with 1 month have had one, and 380 of the 613 have left since: were they new too, with nothing at the start and
  nothing at the end, their churn would not show at all.
"""

from __future__ import annotations

import csv
import textwrap
from pathlib import Path

import numpy as np

import svcmetrics as sm

DATA = Path(__file__).parent / "data" / "telco.csv"
ADD_ONS = ["online_security", "online_backup", "device_protection", "tech_support", "streaming_tv", "streaming_movies"]
BANDS = ["red", "yellow", "green"]
SHOWN = [
    "adoption_rate",
    "renewal_commitment_rate",
    "customer_churn_rate",
    "net_revenue_retention",
    "revenue_start",
    "revenue_lost",
    "revenue_end",
]
HEALTH = [
    "customer_health",
    "health_coverage",
    *(f"{band}_share" for band in BANDS),
    "red_revenue",
    "red_revenue_share",
]
Table = dict[str, np.ndarray]


def customers(path: Path) -> Table:
    """The file's customers, in the columns that the metrics read."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    charges = np.array([float(row["monthly_charges"]) for row in rows])
    tenure = np.array([int(row["tenure"]) for row in rows])
    return {
        "customer_id": np.array([int(row["rownames"]) for row in rows]),
        "contract": np.array([row["contract"] for row in rows]),
        "internet_service": np.array([row["internet_service"] for row in rows]),
        "milestones_met": np.array([sum(row[add_on] == "Yes" for add_on in ADD_ONS) for row in rows]),
        "milestones_total": np.array([0 if row["internet_service"] == "No" else len(ADD_ONS) for row in rows]),
        "is_active": np.full(len(rows), True),
        "committed": np.array([row["contract"] in ("One year", "Two year") for row in rows]),
        "revenue_start": np.where(tenure == 0, 0.0, charges),
        "revenue_end": np.where([row["churn"] == "Yes" for row in rows], 0.0, charges),
        "tenure_months": tenure,
    }


def at_risk(table: Table, band: str, count: int) -> list[str]:
    """The customers in a band with the most revenue, and the component of health that costs each the most points."""
    scores = sm.health_scores(table)
    in_band = [row for row, customer in enumerate(scores) if customer["band"] == band]
    # A stable sort leaves equal ones in the order of the file.
    top = sorted(in_band, key=lambda row: -table["revenue_end"][row])[:count]
    # A customer is a group of one: the model's metrics on its own row say why its score is what it is.
    card = sm.scorecard({name: column[top] for name, column in table.items()}, by="customer_id")
    measured = [metric for metric in scores.model.components if metric in card.metrics]
    lines = []
    for row in top:
        customer = int(table["customer_id"][row])
        why = scores.model.explain({metric: card[metric][customer].value for metric in measured})
        worst = max(why.contributions, key=lambda part: part.lost or 0)
        contract, service, revenue = (table[name][row] for name in ("contract", "internet_service", "revenue_end"))
        lines.append(
            f"{customer:>8}  {contract:<14}  {service:<11}  {revenue:>7.2f}  {why.band:<6}  {why.score:>5.1f}  "
            f"{worst.metric}, {worst.lost:.1f} points"
        )
    return lines


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def reading(table: Table, by_contract: sm.Scorecard, by_service: sm.Scorecard) -> list[str]:
    """What there is to see, with the numbers of the scorecards."""
    whole = by_contract.rollup()
    churn, lost, red = (by_contract[metric] for metric in ("customer_churn_rate", "revenue_lost", "red_revenue"))
    monthly, fiber = "Month-to-month", "Fiber optic"
    adoption, leaving = by_service["adoption_rate"], by_service["customer_churn_rate"]
    times = float(leaving[fiber]) / float(leaving["DSL"])
    mean = sum(float(rate) for rate in churn.values()) / len(churn)
    # One after the other, in the order of the file; Python's own sum() makes up for its rounding from 3.12 on.
    floats = float(np.cumsum(table["revenue_end"])[-1])
    return [
        f"Commitment goes with staying: {churn[monthly]} of the customers with a month-to-month contract left, "
        f"{churn['One year']} of those with one year and {churn['Two year']} with two. Of the {whole['revenue_lost']} "
        f"lost, {percent(lost[monthly].value / whole['revenue_lost'].value)} was on month-to-month contracts.",
        f"Adoption alone does not: customers with fiber take {adoption[fiber]} of the add-ons on offer, those with DSL "
        f"{adoption['DSL']}, and yet fiber customers left {times:.1f} times as often.",
        f"Without internet there is nothing to adopt: adoption is undefined ({adoption['No'].undefined_reason}), not "
        "0 %, and those customers' health is that of the other components.",
        f"What could go next: {whole['red_revenue']} a month, {whole['red_revenue_share']} of the scored customers' "
        f"revenue, is in the red band, {percent(red[monthly].value / whole['red_revenue'].value)} of it on "
        "month-to-month contracts. Whoever is red has not committed and takes fewer than half of the add-ons. Nobody's "
        "charges changed while they stayed, so net revenue retention does not tell these customers apart.",
        f"Rates of groups come from sums: {whole['customer_churn_rate']} of all customers left; the mean of the "
        f"{len(churn)} contracts' rates would say {percent(mean)}.",
        f"Money is exact: the revenue at the end is {whole['revenue_end']}; the same amounts added as floats come to "
        f"{floats!r}.",
    ]


def main() -> None:
    table = customers(DATA)
    keys = ["contract", "internet_service"]
    for title, metrics in {"Scorecard": SHOWN, "Health": HEALTH}.items():
        for key in keys:
            print(f"{title} by {key}\n\n{sm.scorecard(table, by=key, metrics=metrics)}\n")
    print("Customers at risk: the most revenue in each band, their score, and the component that costs them most\n")
    for band in ("red", "yellow"):
        print("\n".join(at_risk(table, band, 6)))
    print("\nWhat to see in it\n")
    for sentence in reading(table, *(sm.scorecard(table, by=key) for key in keys)):
        sentence = sentence.replace(" %", "\N{NO-BREAK SPACE}%")
        print(textwrap.fill(sentence, 118, initial_indent="- ", subsequent_indent="  "))


if __name__ == "__main__":
    main()
