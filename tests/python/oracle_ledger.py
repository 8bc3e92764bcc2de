"""Movements and retention as the definitions say them, customer by customer and period by period: plain Python."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

#: Customer, month as a number (year x 12 + month - 1), revenue, segment.
Line = tuple[Any, int, Fraction, Any]

LENGTHS = {"month": 1, "quarter": 3, "year": 12}
SEGMENTS = ("a", "b", "c", None)


class Book:
    """Lines added up, and the months that they reach."""

    def __init__(self, lines: list[Line], opening: bool = False) -> None:
        self.revenue: dict[tuple[Any, int], Fraction] = {}
        self.segment: dict[tuple[Any, int], Any] = {}
        for customer, month, revenue, segment in lines:
            self.revenue[customer, month] = self.revenue.get((customer, month), Fraction()) + revenue
            self.segment[customer, month] = segment
        self.first = min(month for _, month, _, _ in lines)
        self.last = max(month for _, month, _, _ in lines)
        self.customers = sorted({customer for customer, *_ in lines})
        self.opening = opening

    def paid(self, customer: Any, month: int) -> Fraction:
        return self.revenue.get((customer, month), Fraction())


class Period(NamedTuple):
    """From its first month to the one before its end."""

    name: str
    start: int
    end: int


def name_of(start: int, every: str, fiscal_start: int) -> str:
    year, month = divmod(start, 12)
    if every == "month":
        return f"{year:04}-{month + 1:02}"
    since = start - (fiscal_start - 1)
    named = since // 12 + (fiscal_start != 1)
    prefix = "FY" if fiscal_start != 1 else ""
    return f"{prefix}{named:04}" + (f"-Q{since % 12 // 3 + 1}" if every == "quarter" else "")


def periods(book: Book, every: str, fiscal_start: int = 1) -> Iterator[Period]:
    length = LENGTHS[every]
    start = book.first
    while (start - (fiscal_start - 1)) % length:
        start -= 1
    while start <= book.last:
        yield Period(name_of(start, every, fiscal_start), start, start + length)
        start += length


Cells = dict[tuple[str, Any], dict[str, Fraction]]
AMOUNTS = ("new", "reactivation", "expansion", "contraction", "churn", "transfer_in", "transfer_out")
HEADS = ("new", "reactivated", "expanded", "contracted", "churned")


def movements(book: Book, every: str, by: bool, fiscal_start: int = 1) -> Cells:
    """By period and segment: amounts of a month, and heads."""
    segments = set(book.segment.values()) if by else [None]
    cells: Cells = {}
    for number, period in enumerate(periods(book, every, fiscal_start)):
        for segment in segments:
            names = ["revenue_start", "revenue_end", "customers_start", "customers_end"]
            names += [f"revenue_{name}" for name in AMOUNTS] + [f"customers_{name}" for name in HEADS]
            cells[period.name, segment] = dict.fromkeys(
                [*names, "transient_customers", "transient_revenue"], Fraction()
            )
            cells[period.name, segment]["complete"] = Fraction(period.end <= book.last + 1)
        for customer in book.customers:
            before = book.first if number == 0 and book.opening else period.start - 1
            after = min(period.end - 1, book.last)
            start, end = book.paid(customer, before), book.paid(customer, after)
            was = book.segment.get((customer, before)) if by else None
            now = book.segment.get((customer, after)) if by else None
            ever = any(book.paid(customer, month) for month in range(book.first, period.start))

            def add(segment: Any, revenue: Fraction, *names: str, period: Period = period) -> None:
                for name in names:
                    heads = name.startswith(("customers", "transient_c"))
                    cells[period.name, segment][name] += 1 if heads else revenue

            if start:
                add(was, start, "revenue_start", "customers_start")
            if end:
                add(now, end, "revenue_end", "customers_end")
            if start and not end:
                add(was, start, "revenue_churn", "customers_churned")
            elif end and not start:
                add(
                    now,
                    end,
                    *(("revenue_reactivation", "customers_reactivated") if ever else ("revenue_new", "customers_new")),
                )
            elif end > start:
                add(was, end - start, "revenue_expansion", "customers_expanded")
            elif end < start:
                add(was, start - end, "revenue_contraction", "customers_contracted")
            if start and end and was != now:
                add(was, end, "revenue_transfer_out")
                add(now, end, "revenue_transfer_in")
            if not start and not end:
                inside = [(book.paid(customer, month), -month) for month in range(period.start, period.end)]
                most, month = max(inside)
                if most:
                    add(
                        book.segment[customer, -month] if by else None, most, "transient_revenue", "transient_customers"
                    )
    return cells


def retention(book: Book, every: str, fiscal_start: int = 1) -> dict[tuple[str, int], tuple[Fraction, ...]]:
    """By cohort and age: customers, all who started, revenue, that at the start, and that capped at it."""
    all_periods = list(periods(book, every, fiscal_start))
    known = [period for period in all_periods if period.end - 1 <= book.last]
    found: dict[tuple[str, int], tuple[Fraction, ...]] = {}
    for place, cohort in enumerate(known):
        members = []
        for customer in book.customers:
            paying = [month for month in range(book.first, book.last + 1) if book.paid(customer, month)]
            if paying and cohort.start <= paying[0] < cohort.end:
                members.append(customer)
        for age, period in enumerate(known[place:] if members else []):
            starts = [book.paid(customer, cohort.end - 1) for customer in members]
            ends = [book.paid(customer, period.end - 1) for customer in members]
            capped = sum((min(pair) for pair in zip(starts, ends, strict=True)), Fraction())
            heads = Fraction(sum(bool(end) for end in ends))
            found[cohort.name, age] = (
                heads,
                Fraction(len(members)),
                sum(ends, Fraction()),
                sum(starts, Fraction()),
                capped,
            )
    return found


def random_lines(seed: int) -> list[Line]:
    """A few customers over some months, with gaps, zeros, several lines a month, and changes of segment."""
    random_ = random.Random(seed)
    first, months = random_.randrange(2019 * 12, 2025 * 12), random_.randint(1, 40)
    lines: list[Line] = []
    for customer in random_.sample(range(-20, 1000), random_.randint(1, 14)):
        staying, segment = random_.choice([0.95, 0.7, 0.3]), random_.choice(SEGMENTS)
        for month in range(first, first + months):
            if random_.random() > staying:
                continue
            segment = random_.choice(SEGMENTS) if random_.random() < 0.1 else segment
            for _ in range(random_.choice([1, 1, 1, 2, 3])):
                lines.append((customer, month, Fraction(random_.choice([0, 5, 10, 10, 10, 99.5, 0.01, 7])), segment))
    if not lines:
        lines.append((1, first, Fraction(5), "a"))
    lines = [
        (customer, month, Fraction(round(revenue * 100), 100), segment) for customer, month, revenue, segment in lines
    ]
    random_.shuffle(lines)
    return lines


def of_rows(metric: str, rows: list[dict[str, Any]]) -> tuple[Fraction, Fraction | None]:
    """A metric of rows that are a customer in a period and segment each: amount, or numerator and denominator."""
    sums: dict[str, Fraction] = dict.fromkeys(
        [
            *AMOUNTS,
            *HEADS,
            "fx",
            "start",
            "end",
            "heads_start",
            "heads_end",
            "transient",
            "heads_transient",
            "covered",
            "months",
        ],
        Fraction(),
    )
    for row in rows:
        start, end = Fraction(row["yearly_revenue_start"]), Fraction(row["yearly_revenue_end"])
        into, out, fx = (Fraction(row[f"yearly_{name}"]) for name in ("transfer_in", "transfer_out", "fx"))
        # what is paid at the end for what was there at the start
        kept = end + out - into - fx
        adds = {"start": start, "end": end, "transfer_in": into, "transfer_out": out, "fx": fx}
        adds |= {"transient": Fraction(row["yearly_transient"]), "heads_start": Fraction(start > 0)}
        adds |= {"heads_end": Fraction(end > 0), "heads_transient": Fraction(row["yearly_transient"] > 0)}
        months, is_complete = Fraction(row["months_in_period"]), row["months_covered"] == row["months_in_period"]
        adds |= {"complete": months if is_complete else Fraction(), "months": months}
        if start == 0 and kept > 0:
            adds |= {"reactivation": kept, "reactivated": Fraction(1)} if row["had_revenue"] else {"new": kept}
            adds |= {} if row["had_revenue"] else {"heads_new": Fraction(1)}
        elif start > 0 and kept <= 0:
            adds |= {"churn": start, "churned": Fraction(1)}
        elif kept > start:
            adds |= {"expansion": kept - start, "expanded": Fraction(1)}
        elif kept < start:
            adds |= {"contraction": start - kept, "contracted": Fraction(1)}
        for name, value in adds.items():
            sums[name] = sums.get(name, Fraction()) + value
    of = {f"revenue_{name}": sums[name] for name in ("reactivation", "transfer_in", "transfer_out", "fx")}
    of |= {f"customers_{name}": sums[name] for name in HEADS if name != "new"}
    of |= {"customers_new": sums.get("heads_new", Fraction()), "customers_start": sums["heads_start"]}
    of |= {"customers_end": sums["heads_end"], "transient_customers": sums["heads_transient"]}
    of |= {"transient_revenue": sums["transient"], "arr": sums["end"]}
    added = sums["new"] + sums["reactivation"] + sums["expansion"]
    pairs = {"mrr": (sums["end"], Fraction(12)), "complete": (sums["complete"], sums["months"])}
    pairs |= {"reactivation_share_of_growth": (sums["reactivation"], added)}
    return pairs[metric] if metric in pairs else (of[metric], None)
