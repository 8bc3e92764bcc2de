"""A reference for the metrics of a customers table: row by row in plain fractions, written from the definitions alone.

`scorecard` gives exact numerators, denominators and counts by group, `health_scores` one score a customer, and
`health_measures` what a scorecard shows of health by group. Slow and simple on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor, ulp
from typing import Any

import oracle_fractions_families as families
from oracle_fractions_parts import (
    MICRO,
    Cell,
    Metric,
    Refused,
    Row,
    everyone,
    flag,
    one,
    positive,
    share_of_counts,
    share_of_flags,
)

Options = Mapping[str, Any]

DECIMALS = ("revenue_start", "revenue_end", "service_minutes", "downtime_minutes", *families.DECIMALS)
COUNTS = (
    *("milestones_met", "milestones_total", "goals_met", "goals_total", "contracts_due", "contracts_renewed"),
    *("engagements", "positive_engagements", "negative_engagements"),
    *families.COUNTS,
)
# What does not add up over time; everything else here does.
STOCKS = frozenset(
    [
        *("adoption_rate", "success_rate", "renewal_commitment_rate", "recurring_revenue_rate", "plan_realization"),
        *("customer_retention_rate", "customer_churn_rate", "revenue_start", "revenue_end"),
        *("net_revenue_retention", "gross_revenue_retention", "revenue_growth_rate", "renewal_gap"),
        *families.STOCKS,
    ]
)
DEFAULT_BANDS = {"red": "0", "yellow": "50", "green": "75"}


def success_from_goals() -> Metric:
    """Customers that met all goals, among those with goals."""
    plan = share_of_counts("goals_met", "goals_total")

    def met_all(row: Row) -> Fraction:
        return Fraction(row["goals_met"] == row["goals_total"])

    return Metric(plan.columns, positive("goals_total"), plan.valid, met_all, one)


def availability() -> Metric:
    """Service minutes without downtime."""
    return Metric(
        ("service_minutes", "downtime_minutes"),
        everyone,
        lambda r: 0 <= r["downtime_minutes"] <= r["service_minutes"],
        lambda r: r["service_minutes"] - r["downtime_minutes"],
        lambda r: r["service_minutes"],
        MICRO,
    )


def movement(row: Row, kind: str) -> Fraction:
    """How much of a customer's revenue is new, expansion, contraction or churn."""
    start, end = row["revenue_start"], row["revenue_end"]
    if start == 0 and end > 0:
        moved = "new"
    elif start > 0 and end == 0:
        moved = "churn"
    elif end > start:
        moved = "expansion"
    elif end < start:
        moved = "contraction"
    else:
        moved = "retained"
    return abs(end - start) if moved == kind else Fraction()


def revenue_metrics() -> dict[str, Metric]:
    """Every metric that reads revenue at the start and at the end."""
    both = ("revenue_start", "revenue_end")

    def valid(row: Row) -> bool:
        return bool(row["revenue_start"] >= 0 and row["revenue_end"] >= 0)

    def metric(numerator: Callable[[Row], Fraction], denominator: Callable[[Row], Fraction] | None = None) -> Metric:
        return Metric(both, everyone, valid, numerator, denominator, MICRO)

    def moves(*kinds: str) -> Callable[[Row], Fraction]:
        return lambda row: sum((movement(row, kind) for kind in kinds), Fraction())

    def start(row: Row) -> Fraction:
        return Fraction(row["revenue_start"])

    def end(row: Row) -> Fraction:
        return Fraction(row["revenue_end"])

    def ended(row: Row) -> Fraction:
        return Fraction(row["revenue_end"] == 0)

    def stayed(row: Row) -> Fraction:
        return Fraction(row["revenue_end"] > 0)

    added, lost = moves("new", "expansion"), moves("contraction", "churn")
    expansion = moves("expansion")
    return {
        "net_recurring_revenue": metric(lambda r: added(r) - lost(r)),
        "recurring_revenue_rate": metric(end, start),
        "customer_retention_rate": Metric(both, positive("revenue_start"), valid, stayed, one),
        "customer_churn_rate": Metric(both, positive("revenue_start"), valid, ended, one),
        "revenue_start": metric(start),
        "revenue_end": metric(end),
        "revenue_new": metric(moves("new")),
        "revenue_expansion": metric(expansion),
        "revenue_contraction": metric(moves("contraction")),
        "revenue_churn": metric(moves("churn")),
        "revenue_added": metric(added),
        "revenue_lost": metric(lost),
        "net_revenue_retention": metric(lambda r: start(r) + expansion(r) - lost(r), start),
        "gross_revenue_retention": metric(lambda r: start(r) - lost(r), start),
        "revenue_growth_rate": metric(lambda r: added(r) - lost(r), start),
        "new_share_of_growth": metric(moves("new"), added),
        "expansion_share_of_growth": metric(expansion, added),
        "churn_share_of_loss": metric(moves("churn"), lost),
        "contraction_share_of_loss": metric(moves("contraction"), lost),
    }


def avoidable_loss_share() -> Metric:
    """Avoidable of all losses with a reason, in amounts."""

    def among(row: Row) -> bool | None:
        start, end = row["revenue_start"], row["revenue_end"]
        if row["loss_reason"] is None:
            return False
        return None if start is None or end is None else start > end

    def loss(row: Row) -> Fraction:
        return Fraction(row["revenue_start"] - row["revenue_end"])

    return Metric(
        ("revenue_start", "revenue_end", "loss_reason", "loss_avoidable"),
        among,
        lambda r: r["revenue_start"] >= 0 and r["revenue_end"] >= 0 and flag(r["loss_avoidable"]),
        lambda r: loss(r) if r["loss_avoidable"] else Fraction(),
        loss,
        MICRO,
    )


def catalogue(columns: Iterable[str]) -> dict[str, Metric]:
    """The metrics that a table with these columns allows, in catalogue order; `renewal_gap` is made of two of them."""
    have = set(columns)
    by_goals = "reached_goal" not in have
    negative = "negative_engagements" in have
    metrics = {
        "onboard_rate": share_of_flags("is_new", "onboarded"),
        "adoption_rate": share_of_counts("milestones_met", "milestones_total"),
        "success_rate": success_from_goals() if by_goals else share_of_flags(None, "reached_goal"),
        "availability": availability(),
        "engagement_quality": families.engagements("positive", "negative" if negative else None),
        "renewal_commitment_rate": share_of_flags("is_active", "committed"),
        "plan_realization": share_of_counts("goals_met", "goals_total"),
        "contract_renewal_rate": share_of_counts("contracts_renewed", "contracts_due"),
        **revenue_metrics(),
        "avoidable_loss_share": avoidable_loss_share(),
        **families.metrics("positive_engagements" in have),
    }
    return {name: metric for name, metric in metrics.items() if have.issuperset(metric.columns)}


# Reading


def read_decimal(value: float | Decimal, scale: int = 6, money: str = "auto") -> Fraction:
    """The exact decimal of at most `scale` places that a value stands for; rounded or refused where there is none."""
    grid = 10**scale
    if isinstance(value, float):
        rounded = Fraction(round(Fraction(value) * grid), grid)
        shortest = Fraction(Decimal(repr(value)))
        if ulp(value) * grid < 1:  # doubles are closer together than the decimals
            exact = float(rounded) == value
        else:
            exact = (shortest * grid).denominator == 1
            rounded = shortest if exact else rounded
        refused = money == "exact" and not exact
    else:
        rounded = Fraction(round(Fraction(value) * grid), grid)
        refused = money != "round" and rounded != Fraction(value)
    if refused:
        raise Refused("inexact")
    return rounded


def read_rows(rows: Sequence[Row], options: Options) -> list[dict[str, Any]]:
    """The rows with numbers as fractions, and absent revenue read as the options say."""
    scale, money, absent = options.get("scale", 6), options.get("money", "auto"), options.get("absent_revenue")
    result = []
    for number, row in enumerate(rows):
        read = dict(row)
        for column, value in row.items():
            if value is None or column not in DECIMALS + COUNTS:
                continue
            try:
                read[column] = read_decimal(value, scale, money) if column in DECIMALS else Fraction(value)
            except Refused as refused:
                raise Refused(refused.kind, column, number) from None
        result.append(read)
    half = [n for n, r in enumerate(result) if {"revenue_start", "revenue_end"} <= r.keys() and half_absent(r)]
    if half and absent is None:
        raise Refused("absent_revenue", row=half[0], count=len(half))
    for number in half if absent == "zero" else []:
        for column in ("revenue_start", "revenue_end"):
            if result[number][column] is None:
                result[number][column] = Fraction()
    return result


def half_absent(row: Row) -> bool:
    """Whether exactly one end of the revenue is null."""
    return (row["revenue_start"] is None) != (row["revenue_end"] is None)


def sort_key(key: tuple[Any, ...]) -> tuple[tuple[bool, Any], ...]:
    """By value, null last."""
    return tuple((value is None, 0 if value is None else value) for value in key)


def group(rows: Sequence[Row], by: Sequence[str]) -> dict[tuple[Any, ...], list[Row]]:
    """The rows of each key, sorted; without keys one group, also of no rows."""
    groups: dict[tuple[Any, ...], list[Row]] = {} if by else {(): []}
    for row in rows:
        groups.setdefault(tuple(row[column] for column in by), []).append(row)
    return {key: groups[key] for key in sorted(groups, key=sort_key)}


def refuse_invalid(rows: Sequence[Row], metrics: Mapping[str, Metric], options: Options) -> None:
    """Raise at the first invalid row, unless such rows are to be skipped."""
    if options.get("on_invalid", "raise") == "skip":
        return
    for metric in metrics.values():
        invalid = [number for number, row in enumerate(rows) if metric.judge(row) == "invalid"]
        if invalid:
            raise Refused("invalid_value", row=invalid[0], count=len(invalid))


def columns_of(rows: Sequence[Row], options: Options) -> list[str]:
    """The table's columns; an empty table must name them in the options."""
    return list(rows[0]) if rows else list(options.get("columns", ()))


def scorecard(
    rows: Sequence[Row], by: Sequence[str] = (), options: Options | None = None
) -> dict[tuple[Any, ...], dict[str, Cell | tuple[Cell, Cell]]]:
    """Every metric that the columns allow, by group. `renewal_gap` is the pair of cells that it is the difference of.

    Options: absent_revenue, on_invalid, money, scale, metrics (ids; all), columns (of an empty table).
    """
    options = options or {}
    metrics = catalogue(columns_of(rows, options))
    wanted = options.get("metrics") or [*metrics, "renewal_gap"]
    if "renewal_gap" in wanted:
        wanted = [*wanted, "recurring_revenue_rate", "contract_renewal_rate"]
    metrics = {name: metric for name, metric in metrics.items() if name in wanted}
    clean = read_rows(rows, options)
    refuse_invalid(clean, metrics, options)
    result: dict[tuple[Any, ...], dict[str, Cell | tuple[Cell, Cell]]] = {}
    for key, members in group(clean, by).items():
        cells = {name: metric.total(members) for name, metric in metrics.items()}
        result[key] = dict(cells)
        if "renewal_gap" in wanted and {"recurring_revenue_rate", "contract_renewal_rate"} <= cells.keys():
            result[key]["renewal_gap"] = (cells["recurring_revenue_rate"], cells["contract_renewal_rate"])
    return result


# Health


@dataclass(frozen=True)
class Score:
    """A customer's or a group's health in micro-points. Outside the model's `among` everything is None."""

    micro: int | None
    band: str | None
    coverage: float | None
    points: dict[str, int | None]


def default_model(columns: Iterable[str]) -> dict[str, Any]:
    """Adoption, plan realization (else success), commitment and net revenue retention, with equal weights."""
    success = "plan_realization" if {"goals_met", "goals_total"} <= set(columns) else "success_rate"
    names = ("adoption_rate", success, "renewal_commitment_rate", "net_revenue_retention")
    return {"components": {name: {"weight": "1"} for name in names}}


def whole_weights(model: Mapping[str, Any]) -> dict[str, int]:
    """The weights times the smallest power of ten that makes all of them whole."""
    weights = {name: Fraction(str(part["weight"])) for name, part in model["components"].items()}
    power = 1
    while any((weight * power).denominator != 1 for weight in weights.values()):
        power *= 10
    return {name: int(weight * power) for name, weight in weights.items()}


def rate(cell: Cell | None, metric: Metric | None) -> float | None:
    """A ratio as a double: numerator and denominator, integers inside, each converted once, then divided."""
    if cell is None or metric is None or cell.undefined:
        return None
    if cell.numerator is None or cell.denominator is None:
        raise NotImplementedError("a component of the reference is a ratio")
    return float(int(cell.numerator * metric.unit)) / float(int(cell.denominator * metric.unit))


def score(rates: Mapping[str, float | None], model: Mapping[str, Any]) -> Score:
    """The model on the rates of one customer or one group."""
    weights = whole_weights(model)
    everything = sum(weights.values())
    policy = model.get("missing", "renormalize")
    scaled: dict[str, float] = {}
    for name, part in model["components"].items():
        value = rates.get(name)
        if value is not None:
            low, high = float(part.get("floor", 0.0)), float(part.get("ceiling", 1.0))
            scaled[name] = min(max((value - low) / (high - low), 0.0), 1.0)
    present = sum(weights[name] for name in scaled)
    divisor = everything if policy == "zero" else present
    absent: dict[str, int | None] = dict.fromkeys(weights)
    coverage = float(present) / float(everything)
    too_little = Fraction(present, everything) < Fraction(str(model.get("min_coverage", "0.5")))
    if too_little or divisor == 0 or (policy == "require" and len(scaled) < len(weights)):
        return Score(None, "unknown", coverage, absent)
    total = 0.0
    for name, value in scaled.items():
        total += float(weights[name]) * value
    micro = round(100.0 * total / float(divisor) * 1e6)
    parts = {name: 100.0 * (float(weights[name]) * value) / float(divisor) * 1e6 for name, value in scaled.items()}
    return Score(micro, band(micro, rates, model), coverage, {**absent, **apportion(micro, parts)})


def apportion(total: int, parts: Mapping[str, float]) -> dict[str, int]:
    """The parts floored, and what is left of the total given one by one to the largest fractions, ties in order."""
    floors = {name: floor(part) for name, part in parts.items()}
    left = total - sum(floors.values())
    for name in sorted(parts, key=lambda name: floors[name] - parts[name])[:left]:
        floors[name] += 1
    return floors


def band(micro: int, rates: Mapping[str, float | None], model: Mapping[str, Any]) -> str:
    """The last band whose threshold is reached, lowered by the gates."""
    thresholds: Mapping[str, str] = model.get("bands", DEFAULT_BANDS)
    names = sorted(thresholds, key=lambda name: Fraction(str(thresholds[name])))
    level = max(i for i, name in enumerate(names) if micro >= Fraction(str(thresholds[name])) * MICRO)
    for gate in model.get("gates", ()):
        value = rates.get(gate["metric"])
        if value is not None and value < float(gate["below"]):
            level = min(level, names.index(gate["cap"]))
    return names[level]


def is_among(row: Row, model: Mapping[str, Any]) -> bool:
    """Whether the model is about this customer."""
    among = model.get("among", "revenue_end > 0" if "revenue_end" in row else "all")
    if among not in ("all", "revenue_end > 0"):
        raise NotImplementedError(among)
    return among == "all" or (row["revenue_end"] is not None and row["revenue_end"] > 0)


def health_scores(
    rows: Sequence[Row], model: Mapping[str, Any] | None = None, options: Options | None = None
) -> list[Score]:
    """One score a row, in order. The model is written as in the shared vectors; None is the default model."""
    options = options or {}
    columns = columns_of(rows, options)
    model = model or default_model(columns)
    needed = {*model["components"], *(gate["metric"] for gate in model.get("gates", ()))}
    metrics = {name: metric for name, metric in catalogue(columns).items() if name in needed}
    clean = read_rows(rows, options)
    refuse_invalid([row for row in clean if is_among(row, model)], metrics, options)
    nothing = Score(None, None, None, dict.fromkeys(model["components"]))
    return [
        score({n: rate(m.total([row]), m) for n, m in metrics.items()}, model) if is_among(row, model) else nothing
        for row in clean
    ]


def health_measures(
    rows: Sequence[Row], by: Sequence[str] = (), model: Mapping[str, Any] | None = None, options: Options | None = None
) -> dict[tuple[Any, ...], dict[str, tuple[Fraction, Fraction | None] | None]]:
    """What a scorecard shows of health by group: (numerator, denominator), or None where no row counts.

    Scores are in points. `health`, of the group's own rates over all its rows, is (points, None). The revenue of a
    band counts scored customers, `unknown_revenue` all among; both only where `revenue_end` is known and not negative.
    """
    options = options or {}
    columns = columns_of(rows, options)
    model = model or default_model(columns)
    metrics = {name: metric for name, metric in catalogue(columns).items() if name in model["components"]}
    clean = [
        {**row, "_score": scored}
        for row, scored in zip(read_rows(rows, options), health_scores(rows, model, options), strict=True)
    ]
    result = {}
    for key, members in group(clean, by).items():
        among = [row for row in members if row["_score"].coverage is not None]
        scored = [row for row in among if row["_score"].micro is not None]
        whole = score({n: rate(m.total(members), m) for n, m in metrics.items()}, model)
        measures: dict[str, tuple[Fraction, Fraction | None] | None] = {
            "health": None if whole.micro is None else (Fraction(whole.micro, MICRO), None),
            "customer_health": ratio(sum((Fraction(r["_score"].micro, MICRO) for r in scored), Fraction()), scored),
            "health_coverage": ratio(Fraction(len(scored)), among),
        }
        for name in model.get("bands", DEFAULT_BANDS):
            inside = [row for row in scored if row["_score"].band == name]
            measures[f"{name}_share"] = ratio(Fraction(len(inside)), scored)
            if "revenue_end" in columns:
                revenue, of_all = revenue_end(inside), revenue_end(scored)
                measures[f"{name}_revenue"] = (sum(revenue, Fraction()), None) if of_all else None
                shares = (sum(revenue, Fraction()), sum(of_all, Fraction()))
                measures[f"{name}_revenue_share"] = shares if of_all else None
        if "revenue_end" in columns:
            unknown = revenue_end(row for row in among if row["_score"].micro is None)
            measures["unknown_revenue"] = (sum(unknown, Fraction()), None) if revenue_end(among) else None
        result[key] = measures
    return result


def ratio(numerator: Fraction, members: Sequence[Row]) -> tuple[Fraction, Fraction] | None:
    """Something per member, or None where there are none."""
    return (numerator, Fraction(len(members))) if members else None


def revenue_end(rows: Iterable[Row]) -> list[Fraction]:
    """The known and valid revenues at the end."""
    return [row["revenue_end"] for row in rows if row["revenue_end"] is not None and row["revenue_end"] >= 0]
