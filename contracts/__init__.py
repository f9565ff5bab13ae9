"""Menus of contracts for agents whose types nobody can see: designed as convex programs, proven exactly."""

from contracts import models
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

__all__ = [
    "Access",
    "Ambiguity",
    "Box",
    "Certificate",
    "ChiSquare",
    "ContractError",
    "Cost",
    "Criterion",
    "Deviation",
    "Domain",
    "Ellipsoid",
    "Entropy",
    "Exponential",
    "ExponentialCost",
    "Front",
    "FrontPoint",
    "Harm",
    "Implementability",
    "Inequality",
    "InfeasibleMenuError",
    "Information",
    "Interval",
    "Isoelastic",
    "KullbackLeibler",
    "Linear",
    "LinearConstraint",
    "Logarithm",
    "Menu",
    "Misalignment",
    "Moments",
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
    "Regret",
    "ScreeningProblem",
    "Search",
    "Separable",
    "Simplex",
    "SolverError",
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
    "implementable",
    "load_front",
    "load_menu",
    "models",
    "pareto_front",
    "regret",
    "same_group",
    "solve_menu",
    "verify",
    "without_zero_weights",
]
