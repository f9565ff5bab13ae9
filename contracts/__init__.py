"""Menus of contracts for agents whose types nobody can see: designed as convex programs, proven exactly."""

from contracts import models
from contracts.ambiguity import Ambiguity, ChiSquare, KullbackLeibler, Moments, TotalVariation, Wasserstein
from contracts.certificate import Certificate, Deviation, verify
from contracts.costs import Cost, Entropy, Linear, Logarithm, Power, Quadratic, Separable, Total
from contracts.costs import Exponential as ExponentialCost
from contracts.criteria import (
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
from contracts.domains import Box, Domain, NonNegative, Polyhedron, Simplex
from contracts.dropping import without_zero_weights
from contracts.errors import (
    ContractError,
    InfeasibleMenuError,
    ProblemError,
    SolverError,
    UnboundedMenuError,
)
from contracts.evolution import Search
from contracts.exact import Implementability, implementable
from contracts.front import Front, FrontPoint, load_front
from contracts.menu import Menu, load_menu
from contracts.mimicry import same_group
from contracts.objectives import Exponential, Isoelastic, Profit, WeightedSum, Welfare, WorstOff
from contracts.offers import Options
from contracts.pareto import pareto_front
from contracts.problem import LinearConstraint, ScreeningProblem
from contracts.reading import Reading
from contracts.regret import Regret, regret
from contracts.solve import solve_menu
from contracts.uncertainty import Ellipsoid, Interval, Noise, Uncertainty

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
