"""A licence for sale: whether to design the auction, or to find another bidder.

A government sells one licence to an incumbent and two entrants. What it is worth to each is known only as a
distribution (million euros); the incumbent is likely to value it more. A posted price, a second-price auction without
and with one reserve price for all, and the auction that treats bidders as what they are, are compared with what is
proven of every auction. Then the same with one more entrant. For bidders who are alike, and values that are not on a
grid, another bidder is worth more than any design (Bulow & Klemperer 1996); here they are not alike.

    python examples/spectrum_reserve.py
"""

from __future__ import annotations

from typing import Any

import numpy as np

from contracts import models

GRID = np.arange(20.0, 101.0, 16.0)


def chances(peak: float, width: float) -> list[float]:
    """A bell around a value, on the grid."""
    weights = np.exp(-(((GRID - peak) / width) ** 2) / 2)
    return list((weights / weights.sum()).tolist())


INCUMBENT, ENTRANT = chances(70.0, 20.0), chances(40.0, 20.0)
PRIORS = {"incumbent": INCUMBENT, "entrant": ENTRANT, "second entrant": ENTRANT}


def designs(priors: dict[str, list[float]]) -> dict[str, Any]:
    """The same licence sold in several ways."""
    bidders, prior = list(priors), list(priors.values())
    values = [GRID] * len(bidders)
    sealed = {reserve: models.second_price(values, prior, reserve=reserve, bidders=bidders) for reserve in (0.0, *GRID)}
    best_reserve = max(sealed, key=lambda reserve: sealed[reserve].revenue)
    return {
        "second price, no reserve": sealed[0.0],
        f"second price, reserve {best_reserve:g}": sealed[best_reserve],
        "the best auction": models.myerson_auction(values, prior, bidders=bidders),
    }


def posted(priors: dict[str, list[float]]) -> tuple[float, float]:
    """The best price that whoever comes first may take, and what it earns."""
    none_takes = {price: np.prod([sum(np.array(p)[price > GRID]) for p in priors.values()]) for price in GRID}
    earned = {price: float(price * (1 - missed)) for price, missed in none_takes.items()}
    price = max(earned, key=lambda price: earned[price])
    return float(price), earned[price]


def report(priors: dict[str, list[float]]) -> None:
    """A line per design."""
    found = designs(priors)
    best = found["the best auction"].value
    price, earned = posted(priors)
    print(f"{len(priors)} bidders")
    print(f"  posted price {price:g}: {earned:.3f}, {earned / best:.1%} of the proven best")
    for name, sold in found.items():
        exact = sold.certificate.is_exact
        print(f"  {name}: {sold.revenue:.3f}, {sold.revenue / best:.1%} of the proven best, exactly IC and IR: {exact}")


def main() -> None:
    """Print the comparison, and what the best auction asks of whom."""
    report(PRIORS)
    auction = designs(PRIORS)["the best auction"]
    for bidder, reserve in zip(auction.problem.bidders, auction.reserve_prices, strict=True):
        print(f"  lowest price for the {bidder}: {reserve:g}")
    report({**PRIORS, "third entrant": ENTRANT})


if __name__ == "__main__":
    main()
