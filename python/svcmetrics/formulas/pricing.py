"""Pricing: what support costs a customer over a term."""

from __future__ import annotations

from svcmetrics._svcmetrics import Figure, formula
from svcmetrics.formulas.number import Number


def support_price(
    *,
    list_price: Number | None = None,
    net_price: Number | None = None,
    rate: Number,
    add_ons: Number = 0,
    yearly_adjustment: Number = 0,
    years: Number = 1,
) -> Figure:
    """The price of support for a product over a term of years, an exact quotient.

    The first year costs ``price * rate + add_ons``, where the price is ``net_price`` or, without one, ``list_price``;
    each year after it ``1 + yearly_adjustment`` times the year before.

    Args:
        list_price: The product's list price; a net price above it is an error.
        net_price: What is paid for the product.
        rate: The share of the product's price, 0.18 for 18 %.
        add_ons: Add-ons and fixed fees a year.
        yearly_adjustment: 0.03 for 3 % more each year; negative where the price falls.
        years: The term, a whole number of years from 1.

    >>> support_price(list_price=100_000, rate=0.18, add_ons=2_000, yearly_adjustment=0.03, years=3)
    <Figure 61,818.00 (61818 / 1)>
    >>> support_price(list_price=100_000, net_price=80_000, rate="0.18").value
    14400.0
    >>> support_price(list_price=100, rate=0.18, years=0)
    Traceback (most recent call last):
    svcmetrics.errors.InvalidValueError: column 'years': found 0; expected at least 1

    Beside the published averages: 18 % lies between basic and premium support.

    >>> import svcmetrics as sm
    >>> basic, premium = sm.reference["support_price_basic"].low, sm.reference["support_price_premium"].low
    >>> [support_price(list_price=100_000, rate=rate).value for rate in (basic, 0.18, premium)]
    [15600.0, 18000.0, 26000.0]
    """
    arguments = {
        "rate": rate,
        "add_ons": add_ons,
        "yearly_adjustment": yearly_adjustment,
        "years": years,
    }
    prices = {"list_price": list_price, "net_price": net_price}
    return formula("support_price", arguments | {name: price for name, price in prices.items() if price is not None})
