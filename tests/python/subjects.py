"""The catalogue by what tables are about."""

from __future__ import annotations

import svcmetrics as sm

OF_CASES = [metric.id for metric in sm.catalog() if metric.id.startswith("case_")]
OF_LEDGERS = [metric.id for metric in sm.catalog() if metric.family == "Movements of a ledger"]
OF_CUSTOMERS = [metric.id for metric in sm.catalog() if metric.id not in OF_CASES]
#: Those that a customers table can have.
MEASURED_OF_CUSTOMERS = [metric for metric in OF_CUSTOMERS if metric not in OF_LEDGERS]
