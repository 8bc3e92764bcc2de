"""The catalogue by what tables are about."""

from __future__ import annotations

import svcmetrics as sm

OF_CASES = [metric.id for metric in sm.catalog() if metric.id.startswith("case_")]
OF_LEDGERS = [metric.id for metric in sm.catalog() if metric.family == "Movements of a ledger"]
OF_CUSTOMERS = [metric.id for metric in sm.catalog() if metric.id not in OF_CASES]
