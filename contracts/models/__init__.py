"""Textbook problems by name: ScreeningProblems of one agent, and of several agents mechanisms, solved and proven."""

from contracts.models.auctions import (
    all_pay,
    multi_unit,
    myerson_auction,
    procurement_auction,
    second_price,
    two_goods_two_bidders,
)
from contracts.models.buyers import damaged_goods, random_participation, sequential_screening
from contracts.models.collective import cremer_mclean, facility_location, public_good, vcg
from contracts.models.credit import credit_rationing
from contracts.models.persuasion import persuasion_menu
from contracts.models.policies import delegation, lotteries
from contracts.models.pricing import maskin_riley, multiproduct, mussa_rosen, optimal_auction
from contracts.models.public import countervailing, income_tax, regulation
from contracts.models.risks import insurance, insured_consumption
from contracts.models.trade import bilateral_trade, partnership

__all__ = [
    "all_pay",
    "bilateral_trade",
    "countervailing",
    "credit_rationing",
    "cremer_mclean",
    "damaged_goods",
    "delegation",
    "facility_location",
    "income_tax",
    "insurance",
    "insured_consumption",
    "lotteries",
    "maskin_riley",
    "multi_unit",
    "multiproduct",
    "mussa_rosen",
    "myerson_auction",
    "optimal_auction",
    "partnership",
    "persuasion_menu",
    "procurement_auction",
    "public_good",
    "random_participation",
    "regulation",
    "second_price",
    "sequential_screening",
    "two_goods_two_bidders",
    "vcg",
]
