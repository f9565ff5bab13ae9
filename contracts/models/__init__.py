"""Textbook problems by name: each function returns a ScreeningProblem."""

from contracts.models.insurance import insurance, insured_consumption
from contracts.models.policies import delegation, lotteries
from contracts.models.pricing import maskin_riley, multiproduct, mussa_rosen, optimal_auction
from contracts.models.public import income_tax, regulation

__all__ = [
    "delegation",
    "income_tax",
    "insurance",
    "insured_consumption",
    "lotteries",
    "maskin_riley",
    "multiproduct",
    "mussa_rosen",
    "optimal_auction",
    "regulation",
]
