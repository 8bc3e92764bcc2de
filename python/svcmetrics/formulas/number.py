"""What a formula takes for a number."""

from __future__ import annotations

from decimal import Decimal

Number = int | float | str | Decimal
