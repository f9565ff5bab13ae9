"""Textbook problems by name: each function returns a ScreeningProblem."""

from contracts.models.pricing import (
    delegation,
    income_tax,
    lotteries,
    maskin_riley,
    multiproduct,
    mussa_rosen,
    optimal_auction,
    regulation,
)

__all__ = [
    "delegation",
    "income_tax",
    "lotteries",
    "maskin_riley",
    "multiproduct",
    "mussa_rosen",
    "optimal_auction",
    "regulation",
]
