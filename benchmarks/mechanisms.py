"""Mechanisms for several agents: seconds of processor time, with the certificate beside them.

    python -m benchmarks.mechanisms [--goods 6] [--bidders 50]

Everything is solved to the exact vertex, or in closed form, so that the gap is the last digit of two floats; a lottery
is exact, or not, by comparing fractions.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from contracts import (
    AdditiveAuctionProblem,
    AuctionProblem,
    LinearConstraint,
    SymmetricAuctionProblem,
    interim_lottery,
    models,
    solve_mechanism,
)

SEED = 0


def unlike(n_bidders: int, n_values: int, n_units: int = 1) -> AuctionProblem:
    """Bidders whose values and chances are drawn, each on a scale of its own, so that much is ironed."""
    rng = np.random.default_rng(SEED)
    values = [np.sort(rng.random(n_values)) * (k + 1) for k in range(n_bidders)]
    drawn = [rng.random(n_values) for _ in range(n_bidders)]
    return AuctionProblem(values, [part / part.sum() for part in drawn], n_units)


def alike(n_bidders: int, n_values: int) -> SymmetricAuctionProblem:
    """Bidders who draw values and a group from the same chances; low values get a share, nobody too much."""
    rng = np.random.default_rng(SEED)
    values, drawn = np.sort(rng.random(n_values)), rng.random(n_values)
    small, chances = rng.random(n_values) < 0.3, drawn / drawn.sum()
    values = values * np.where(small, 0.6, 1.0)
    share = LinearConstraint(allocation=n_bidders * chances * (small - 0.3), lower=0.0, name="share")
    top = (np.arange(n_values) == np.argmax(values)).astype(float)
    cap = LinearConstraint(allocation=top, upper=0.5, name="cap")
    groups = np.where(small, "small", "large").tolist()
    return SymmetricAuctionProblem(values, chances, n_bidders, groups=groups, constraints=[share, cap])


def lottery(n_bidders: int, n_types: int) -> str:
    """One line: the lottery for a rule between the highest type and anybody, and whether it gives that rule."""
    drawn = np.random.default_rng(SEED).random(n_types)
    chances = drawn / drawn.sum()
    below = np.concatenate([[0.0], np.cumsum(chances)]) ** n_bidders
    asked = 0.999 * (np.diff(below) / chances + 1.0) / (2 * n_bidders)
    start = time.process_time()
    found = interim_lottery(asked, chances, n_bidders=n_bidders)
    seconds = time.process_time() - start
    exact = [float(won) for won in found.interim()] == asked.tolist()
    return f"lottery of {len(found.exchanges)} exchanges: {seconds:.2f} s, gives the rule exactly {exact}"


def timed(name: str, solve: Callable[[], Any]) -> str:
    """One line: what was solved, how long it took, and what is proven."""
    start = time.process_time()
    found = solve()
    seconds = time.process_time() - start
    certificate = found.certificate
    return f"{name}: {seconds:.2f} s, value {found.value:.6g}, holds {certificate.holds}, gap {certificate.gap:.1e}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--goods", type=int, default=6, help="values per good of two bidders for two goods")
    parser.add_argument("--bidders", type=int, default=50, help="bidders of the large auction")
    asked = parser.parse_args()
    grid = (np.arange(20) + 0.5) / 20
    for name, solve in (
        ("10 unlike bidders x 1,000 values", lambda: solve_mechanism(unlike(10, 1000))),
        ("the same, 3 units", lambda: solve_mechanism(unlike(10, 1000, 3))),
        (f"{asked.bidders} bidders x 500 values", lambda: solve_mechanism(unlike(asked.bidders, 500))),
        (f"{asked.bidders} like bidders x 500 types, two rows", lambda: solve_mechanism(alike(asked.bidders, 500))),
        (
            "the same for welfare, revenue at least .8",
            lambda: solve_mechanism(replace(alike(asked.bidders, 500), objective="welfare", minimum_revenue=0.8)),
        ),
        ("trade 20 x 20, second best", lambda: models.bilateral_trade(grid, None, grid, None, "gains")),
        (
            f"two goods, 10 like bidders x {asked.goods**2} types",
            lambda: solve_mechanism(
                AdditiveAuctionProblem(list(itertools.product(range(1, asked.goods + 1), repeat=2)), n_bidders=10)
            ),
        ),
        ("public good, 8 citizens", lambda: models.public_good([[0, 3]] * 8, cost=16.0)),
        ("three places, 3 agents", lambda: models.facility_location([[0, 1, 2, 4]] * 3)),
        (
            f"two goods, two bidders x {asked.goods**2} types",
            lambda: models.two_goods_two_bidders(np.arange(1, asked.goods + 1)),
        ),
        (
            "the same in dominant strategies",
            lambda: solve_mechanism(
                replace(
                    models.two_goods_two_bidders(np.arange(1, asked.goods + 1)).problem,
                    incentives="dominant",
                    participation="ex post",
                )
            ),
        ),
    ):
        print(timed(name, solve), flush=True)
    print(lottery(asked.bidders, 500))


if __name__ == "__main__":
    main()
