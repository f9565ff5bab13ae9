"""Menus of contracts for agents whose types nobody can see: designed as convex programs, proven exactly."""

from contracts import models, symbolic, testing
from contracts.agency.bound import ContractMultipliers
from contracts.agency.continuous import ContinuousContract, ContinuousMoralHazardProblem, solve_continuous_contract
from contracts.agency.contract import Contract, load_contract
from contracts.agency.forms import ContractComparison, ContractForm, RobustShare, compare_contracts, robust_share
from contracts.agency.lotteries import LotteryContract, solve_lottery
from contracts.agency.problem import MoralHazardProblem
from contracts.agency.solve import solve_contract
from contracts.agency.utility import CARA, CRRA, Log, RiskNeutral, SquareRoot
from contracts.agency.verify import verify_contract
from contracts.agency.wages.impossible import Impossibility
from contracts.continuum.discretise import Discretisation, discretise
from contracts.continuum.refinement import DiscretisationError, Refinement, discretisation_error, refine
from contracts.continuum.schedule import Schedule
from contracts.continuum.solve import optimal_schedule
from contracts.errors import (
    ContractError,
    InfeasibleMenuError,
    ProblemError,
    SolverError,
    UnboundedMenuError,
)
from contracts.exact.rationals import Implementability, implementable
from contracts.front.front import Front, FrontPoint, load_front
from contracts.front.goals import (
    Access,
    Criterion,
    Harm,
    Inequality,
    Information,
    Misalignment,
    NumberOfOptions,
    Surplus,
    TotalSurplus,
)
from contracts.front.lists import Search
from contracts.front.pareto import pareto_front
from contracts.menu.files import load_menu
from contracts.menu.menu import Menu
from contracts.menu.offers import Options
from contracts.problem.ambiguity import Ambiguity, ChiSquare, KullbackLeibler, Moments, TotalVariation, Wasserstein
from contracts.problem.costs import Cost, Entropy, Linear, Logarithm, Power, Quadratic, Separable, Total
from contracts.problem.costs import Exponential as ExponentialCost
from contracts.problem.domains import Box, Domain, NonNegative, Polyhedron, Simplex
from contracts.problem.dropping import without_zero_weights
from contracts.problem.mimicry import same_group
from contracts.problem.objectives import Exponential, Isoelastic, Profit, WeightedSum, Welfare, WorstOff
from contracts.problem.reading import Reading
from contracts.problem.rows import LinearConstraint
from contracts.problem.screening import ScreeningProblem
from contracts.problem.uncertainty import Ellipsoid, Interval, Noise, Uncertainty
from contracts.proof.certificate import Certificate, Deviation
from contracts.proof.verify import verify
from contracts.regrets import Regret, regret
from contracts.solve import solve_menu

__version__ = "0.1.0"

__all__ = [  # noqa: RUF022 - as Python sorts them
    "Access",
    "Ambiguity",
    "Box",
    "CARA",
    "CRRA",
    "Certificate",
    "ChiSquare",
    "ContinuousContract",
    "ContinuousMoralHazardProblem",
    "Contract",
    "ContractComparison",
    "ContractError",
    "ContractForm",
    "ContractMultipliers",
    "Cost",
    "Criterion",
    "Deviation",
    "Discretisation",
    "DiscretisationError",
    "Domain",
    "Ellipsoid",
    "Entropy",
    "Exponential",
    "ExponentialCost",
    "Front",
    "FrontPoint",
    "Harm",
    "Implementability",
    "Impossibility",
    "Inequality",
    "InfeasibleMenuError",
    "Information",
    "Interval",
    "Isoelastic",
    "KullbackLeibler",
    "Linear",
    "LinearConstraint",
    "Log",
    "Logarithm",
    "LotteryContract",
    "Menu",
    "Misalignment",
    "Moments",
    "MoralHazardProblem",
    "Noise",
    "NonNegative",
    "NumberOfOptions",
    "Options",
    "Polyhedron",
    "Power",
    "ProblemError",
    "Profit",
    "Quadratic",
    "Reading",
    "Refinement",
    "Regret",
    "RiskNeutral",
    "RobustShare",
    "Schedule",
    "ScreeningProblem",
    "Search",
    "Separable",
    "Simplex",
    "SolverError",
    "SquareRoot",
    "Surplus",
    "Total",
    "TotalSurplus",
    "TotalVariation",
    "UnboundedMenuError",
    "Uncertainty",
    "Wasserstein",
    "WeightedSum",
    "Welfare",
    "WorstOff",
    "compare_contracts",
    "discretisation_error",
    "discretise",
    "implementable",
    "load_contract",
    "load_front",
    "load_menu",
    "models",
    "optimal_schedule",
    "pareto_front",
    "refine",
    "regret",
    "robust_share",
    "same_group",
    "solve_continuous_contract",
    "solve_contract",
    "solve_lottery",
    "solve_menu",
    "symbolic",
    "testing",
    "verify",
    "verify_contract",
    "without_zero_weights",
]
