"""The catalogue: what it defines is what the specification of the metrics says."""

from __future__ import annotations

import pytest

import svcmetrics as sm
from svcmetrics import errors

#: Kind, time, direction and the columns that are read, as the tables of definitions have them.
REVENUE = ("revenue_start", "revenue_end")
#: What every metric of a ledger reads.
LEDGER = (
    *("yearly_revenue_start", "yearly_revenue_end", "yearly_transfer_in", "yearly_transfer_out", "yearly_fx"),
    *("yearly_transient", "had_revenue", "months_covered", "months_in_period"),
)
DEFINED: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "onboard_rate": ("share", "flow", "higher", ("is_new", "onboarded")),
    "adoption_rate": ("share", "stock", "higher", ("milestones_met", "milestones_total")),
    "success_rate": ("share", "stock", "higher", ("reached_goal",)),
    "availability": ("share", "flow", "higher", ("service_minutes", "downtime_minutes")),
    "engagement_quality": ("share", "flow", "higher", ("positive_engagements", "engagements")),
    "renewal_commitment_rate": ("share", "stock", "higher", ("is_active", "committed")),
    "net_recurring_revenue": ("amount", "flow", "higher", REVENUE),
    "recurring_revenue_rate": ("ratio", "stock", "higher", REVENUE),
    "plan_realization": ("share", "stock", "higher", ("goals_met", "goals_total")),
    "customer_retention_rate": ("share", "stock", "higher", REVENUE),
    "customer_churn_rate": ("share", "stock", "lower", REVENUE),
    "contract_renewal_rate": ("share", "flow", "higher", ("contracts_due", "contracts_renewed")),
    "revenue_start": ("amount", "stock", "neither", REVENUE),
    "revenue_end": ("amount", "stock", "higher", REVENUE),
    "revenue_new": ("amount", "flow", "higher", REVENUE),
    "revenue_expansion": ("amount", "flow", "higher", REVENUE),
    "revenue_contraction": ("amount", "flow", "lower", REVENUE),
    "revenue_churn": ("amount", "flow", "lower", REVENUE),
    "revenue_added": ("amount", "flow", "higher", REVENUE),
    "revenue_lost": ("amount", "flow", "lower", REVENUE),
    "net_revenue_retention": ("ratio", "stock", "higher", REVENUE),
    "gross_revenue_retention": ("share", "stock", "higher", REVENUE),
    "revenue_growth_rate": ("ratio", "stock", "higher", REVENUE),
    "new_share_of_growth": ("share", "flow", "neither", REVENUE),
    "expansion_share_of_growth": ("share", "flow", "neither", REVENUE),
    "churn_share_of_loss": ("share", "flow", "neither", REVENUE),
    "contraction_share_of_loss": ("share", "flow", "neither", REVENUE),
    "avoidable_loss_share": ("share", "flow", "lower", (*REVENUE, "loss_reason", "loss_avoidable")),
    "renewal_gap": ("derived", "stock", "neither", (*REVENUE, "contracts_due", "contracts_renewed")),
    "license_adoption": ("ratio", "stock", "higher", ("licenses_used", "licenses_sold")),
    "basic_user_share": ("share", "stock", "neither", ("basic_users", "advanced_users")),
    "advanced_user_share": ("share", "stock", "higher", ("basic_users", "advanced_users")),
    "fully_adopted_rate": ("share", "stock", "higher", ("milestones_met", "milestones_total")),
    "roi": ("ratio", "stock", "higher", ("benefit", "investment")),
    "positive_impact_share": ("share", "stock", "higher", ("impact",)),
    "neutral_impact_share": ("share", "stock", "neither", ("impact",)),
    "negative_impact_share": ("share", "stock", "lower", ("impact",)),
    "uninterrupted_rate": ("share", "flow", "higher", ("service_minutes", "downtime_minutes")),
    "negative_engagement_share": ("share", "flow", "lower", ("negative_engagements", "engagements")),
    "engaged_share": ("share", "flow", "higher", ("engagements",)),
    "engagements_per_customer": ("mean", "flow", "neither", ("engagements",)),
    "engagements_per_revenue": ("ratio", "flow", "neither", ("engagements", "revenue_start")),
    "mean_tenure_months": ("mean", "stock", "higher", ("tenure_months",)),
    "defection_risk_share": ("share", "stock", "lower", ("risk",)),
    "downgrade_risk_share": ("share", "stock", "lower", ("risk",)),
    "revenue_at_risk": ("amount", "stock", "lower", ("risk", "revenue_end")),
    "revenue_at_risk_share": ("share", "stock", "lower", ("risk", "revenue_end")),
    "defect_share": ("share", "flow", "lower", ("defect_cases", "cases")),
    "defect_cost": ("amount", "flow", "lower", ("defect_cost",)),
    "defect_cost_share": ("share", "flow", "lower", ("defect_cost", "service_cost")),
    "service_coverage": ("share", "stock", "higher", ("has_service_contract",)),
    "attach_rate": ("ratio", "flow", "higher", ("service_attached", "product_sales")),
    "upgrade_rate": ("share", "flow", "higher", ("is_subscriber", "upgraded")),
    "service_cost": ("amount", "flow", "lower", ("service_cost",)),
    "direct_revenue": ("amount", "flow", "higher", ("direct_revenue",)),
    "indirect_revenue": ("amount", "flow", "higher", ("indirect_revenue",)),
    "service_margin": ("ratio", "flow", "higher", ("direct_revenue", "service_cost")),
    "service_return": ("ratio", "flow", "higher", ("direct_revenue", "indirect_revenue", "service_cost")),
    "cost_per_case": ("mean", "flow", "lower", ("service_cost", "cases")),
    "cost_per_customer": ("mean", "flow", "lower", ("service_cost",)),
    "nps": ("score", "stock", "higher", ("nps_score",)),
    "csat": ("share", "flow", "higher", ("csat_score",)),
    "ces_mean": ("mean", "flow", "higher", ("effort_score",)),
    "ces_top_share": ("share", "flow", "higher", ("effort_score",)),
    "ces_net": ("score", "flow", "higher", ("effort_score",)),
    "revenue_reactivation": ("amount", "flow", "higher", LEDGER),
    "revenue_transfer_in": ("amount", "flow", "neither", LEDGER),
    "revenue_transfer_out": ("amount", "flow", "neither", LEDGER),
    "revenue_fx": ("amount", "flow", "neither", LEDGER),
    "reactivation_share_of_growth": ("share", "flow", "neither", LEDGER),
    "mrr": ("amount", "stock", "higher", LEDGER),
    "arr": ("amount", "stock", "higher", LEDGER),
    "customers_start": ("amount", "stock", "neither", LEDGER),
    "customers_new": ("amount", "flow", "higher", LEDGER),
    "customers_reactivated": ("amount", "flow", "higher", LEDGER),
    "customers_expanded": ("amount", "flow", "higher", LEDGER),
    "customers_contracted": ("amount", "flow", "lower", LEDGER),
    "customers_churned": ("amount", "flow", "lower", LEDGER),
    "customers_end": ("amount", "stock", "higher", LEDGER),
    "transient_customers": ("amount", "flow", "neither", LEDGER),
    "transient_revenue": ("amount", "flow", "neither", LEDGER),
    "complete": ("share", "stock", "neither", LEDGER),
    "case_defect_share": ("share", "flow", "lower", ("is_defect",)),
    "case_proactive_share": ("share", "flow", "higher", ("is_proactive",)),
    "case_documented_share": ("share", "flow", "higher", ("resolved_at", "is_documented")),
    "case_deflection_rate": ("share", "flow", "higher", ("self_resolved",)),
    "case_first_contact_resolution": ("share", "flow", "higher", ("resolved_at", "contacts", "reopened")),
    "case_reopen_rate": ("share", "flow", "lower", ("reopened",)),
    "case_sla_met_share": ("share", "flow", "higher", ("met_sla",)),
    "case_cost_mean": ("mean", "flow", "lower", ("cost",)),
    "case_cost": ("amount", "flow", "lower", ("cost",)),
    "case_csat_mean": ("mean", "flow", "higher", ("csat_score",)),
    "case_csat_mean_of_defects": ("mean", "flow", "higher", ("is_defect", "csat_score")),
    "case_csat_mean_of_others": ("mean", "flow", "higher", ("is_defect", "csat_score")),
    "case_channel_share": ("mix", "flow", "neither", ("channel",)),
    "case_issue_type_share": ("mix", "flow", "neither", ("issue_type",)),
    "case_access_point_share": ("mix", "flow", "neither", ("access_point",)),
    "case_defect_csat_gap": ("derived", "flow", "lower", ("is_defect", "csat_score")),
    "case_time_to_response_mean": ("mean", "flow", "lower", ("opened_at", "responded_at")),
    "case_time_to_response_median": ("derived", "flow", "lower", ("opened_at", "responded_at")),
    "case_time_to_response_p90": ("derived", "flow", "lower", ("opened_at", "responded_at")),
    "case_time_to_resolution_mean": ("mean", "flow", "lower", ("opened_at", "resolved_at")),
    "case_time_to_resolution_median": ("derived", "flow", "lower", ("opened_at", "resolved_at")),
    "case_time_to_resolution_p90": ("derived", "flow", "lower", ("opened_at", "resolved_at")),
}
EIGHT = [
    *("onboard_rate", "adoption_rate", "success_rate", "availability", "engagement_quality"),
    *("renewal_commitment_rate", "health", "net_recurring_revenue"),
]


@pytest.mark.parametrize("metric", DEFINED)
def test_a_metric_is_defined_as_the_specification_says(metric: str) -> None:
    found = sm.catalog()[metric]
    kind, time, better, columns = DEFINED[metric]
    assert (found.kind, found.time, found.better) == (kind, time, better)
    assert sorted(found.columns) == sorted(columns)
    assert found.title
    assert found.source.startswith("ServiceXRG, ")


def test_the_eight_core_metrics_name_their_place_in_the_article() -> None:
    for number, metric in enumerate(EIGHT, start=1):
        assert sm.catalog()[metric].source.startswith(f"ServiceXRG, Eight metrics, {number}")


def test_health_is_a_score_and_its_measures_are_stocks() -> None:
    of_health = [metric for metric in sm.catalog() if metric.id not in DEFINED]
    bands = [f"{band}_{what}" for band in ("red", "yellow", "green") for what in ("share", "revenue", "revenue_share")]
    assert [metric.id for metric in of_health] == [
        *("health", "customer_health", "health_coverage", *bands, "unknown_revenue"),
    ]
    assert {metric.time for metric in of_health} == {"stock"}
    assert sm.catalog()["health"].kind == "score"
    assert sm.catalog()["red_share"].better == "lower"
    assert sm.catalog()["green_revenue_share"].better == "higher"
    assert sm.catalog()["unknown_revenue"].kind == "amount"


def test_ids_are_unique_and_found() -> None:
    for catalog in (sm.catalog(), sm.catalog(measures=True)):
        ids = [entry.id for entry in catalog]
        assert len(ids) == len(set(ids)) == len(catalog) > 0
        assert [catalog[one].id for one in ids] == ids
        with pytest.raises(errors.MetricNotFoundError, match="nonsense") as caught:
            catalog["nonsense"]
        assert isinstance(caught.value, KeyError)


def test_units_follow_from_kinds() -> None:
    for metric in sm.catalog():
        expected = {
            "share": {"fraction"},
            "ratio": {"number" if metric.id == "engagements_per_revenue" else "fraction"},
            "mean": {"hours"} if "_time_to_" in metric.id else {"money", "number"},
            "amount": {"number"} if "customers" in metric.id else {"money"},
            "mix": {"fraction"},
            "derived": {"hours"} if "_time_to_" in metric.id else {"number" if "csat" in metric.id else "fraction"},
        }
        assert metric.unit in expected.get(metric.kind, {"points"}), metric.id


def test_formulas_are_made_of_measures() -> None:
    measures = {measure.id for measure in sm.catalog(measures=True)}
    for metric in sm.catalog():
        words = set(metric.formula.replace("(", " ").replace(")", " ").replace(";", " ").split())
        names = {word for word in words if word.isidentifier() and word not in ("x", "otherwise")}
        if metric.kind == "mix":
            names -= {"of", "each", *metric.columns}
        if metric.kind not in ("derived", "score"):
            assert names, metric.id
            assert names <= measures, metric.id


def test_what_a_metric_is_about_is_a_condition() -> None:
    assert sm.catalog()["onboard_rate"].among == "is_new"
    assert sm.catalog()["renewal_commitment_rate"].among == "is_active"
    assert sm.catalog()["customer_churn_rate"].among == "revenue_start > 0"
    assert sm.catalog()["adoption_rate"].among is None


def test_times_are_quotients_of_seconds_and_quantiles_of_rows() -> None:
    assert sm.catalog()["case_time_to_resolution_mean"].formula == (
        "case_seconds_to_resolution / (3600 x cases_with_resolution)"
    )
    assert sm.catalog()["case_time_to_resolution_p90"].formula == (
        "90 % quantile of the rows of case_seconds_to_resolution in whole units / 3600"
    )
    seconds = sm.catalog(measures=True)["case_seconds_to_resolution"]
    assert seconds.formula == "sum of resolved_at - opened_at"
    assert sm.catalog()["case_first_contact_resolution"].among == "resolved_at is present"


def test_measures_are_flows_and_stocks_as_their_metrics() -> None:
    measures = {measure.id: measure for measure in sm.catalog(measures=True)}
    assert measures["revenue_churn"].time == "flow"
    assert measures["revenue_start"].time == "stock"
    assert measures["new_customers"].time == "flow"
    assert measures["milestones_total"].time == "stock"
    assert measures["revenue_churn"].unit == "millionths"
    assert measures["new_customers"].unit == "whole"
    assert measures["revenue_churn"].formula == "sum of revenue_start where revenue_start > 0 and revenue_end = 0"


@pytest.mark.parametrize("measures", [False, True])
def test_the_catalogue_is_a_frame_too(measures: bool) -> None:
    catalog = sm.catalog(measures=measures)
    names = list((sm.MeasureDefinition if measures else sm.Definition)._fields)
    polars, arrow, pandas = catalog.to_polars(), catalog.to_arrow(), catalog.to_pandas()
    assert polars.columns == arrow.column_names == list(pandas.columns) == names
    assert polars["id"].to_list() == arrow["id"].to_pylist() == pandas["id"].tolist() == [one.id for one in catalog]
    assert [tuple(columns) for columns in polars["columns"].to_list()] == [one.columns for one in catalog]
    assert names[0] in repr(catalog)
    assert "<table>" in catalog._repr_html_()
    assert "revenue_churn" in repr(catalog)


def test_definitions_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        sm.catalog()["adoption_rate"].title = "x"


def test_in_the_catalogue_are_definitions_and_their_ids() -> None:
    for catalog in (sm.catalog(), sm.catalog(measures=True)):
        assert all(entry in catalog and entry.id in catalog for entry in catalog)
        for other in ("npss", None, 0, ("nps",)):
            assert other not in catalog
        with pytest.raises(errors.InvalidOptionError, match="metric: found 0; expected an id"):
            catalog[0]  # type: ignore[index] # wrong on purpose


def test_short_ids_have_near_ones_of_one_slip_that_begin_alike() -> None:
    for wanted, near in [
        ("npss", "nps"),
        ("np", "nps"),
        ("nsp", "nps"),
        ("rio", "roi"),
        ("rois", "roi"),
        ("cast", "csat"),
        ("mrrr", "mrr"),
        ("heath", "health"),
        # two slips, another beginning, too little to say
        ("nxx", None),
        ("nrr", None),
        ("n", None),
        ("roicsat", None),
    ]:
        with pytest.raises(errors.MetricNotFoundError) as caught:
            sm.catalog()[wanted]
        assert caught.value.hint == near, wanted
