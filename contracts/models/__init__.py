"""Textbook problems by name: each function returns a ScreeningProblem."""

from contracts.models.buyers import damaged_goods, random_participation, sequential_screening
from contracts.models.credit import credit_rationing
from contracts.models.persuasion import persuasion_menu
from contracts.models.policies import delegation, lotteries
from contracts.models.pricing import maskin_riley, multiproduct, mussa_rosen, optimal_auction
from contracts.models.public import countervailing, income_tax, regulation
from contracts.models.risks import insurance, insured_consumption

__all__ = [
    "countervailing",
    "credit_rationing",
    "damaged_goods",
    "delegation",
    "income_tax",
    "insurance",
    "insured_consumption",
    "lotteries",
    "maskin_riley",
    "multiproduct",
    "mussa_rosen",
    "optimal_auction",
    "persuasion_menu",
    "random_participation",
    "regulation",
    "sequential_screening",
]
