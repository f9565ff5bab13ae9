"""Menus of contracts for agents whose types nobody can see: designed as convex programs, proven exactly."""

from contracts import models
from contracts.ambiguity import Ambiguity, ChiSquare, KullbackLeibler, Moments, TotalVariation, Wasserstein
from contracts.certificate import Certificate, Deviation, verify
from contracts.costs import Cost, Entropy, Linear, Power, Quadratic
from contracts.domains import Box, Domain, NonNegative, Polyhedron, Simplex
from contracts.errors import (
    ContractError,
    InfeasibleMenuError,
    ProblemError,
    SolverError,
    UnboundedMenuError,
)
from contracts.exact import Implementability, implementable
from contracts.menu import Menu, Options, load_menu
from contracts.objectives import Exponential, Isoelastic, Profit, WeightedSum, Welfare, WorstOff
from contracts.problem import LinearConstraint, ScreeningProblem
from contracts.solve import solve_menu
from contracts.uncertainty import Ellipsoid, Interval, Noise, Uncertainty

__version__ = "0.1.0"

__all__ = [
    "Ambiguity",
    "Box",
    "Certificate",
    "ChiSquare",
    "ContractError",
    "Cost",
    "Deviation",
    "Domain",
    "Ellipsoid",
    "Entropy",
    "Exponential",
    "Implementability",
    "InfeasibleMenuError",
    "Interval",
    "Isoelastic",
    "KullbackLeibler",
    "Linear",
    "LinearConstraint",
    "Menu",
    "Moments",
    "Noise",
    "NonNegative",
    "Options",
    "Polyhedron",
    "Power",
    "ProblemError",
    "Profit",
    "Quadratic",
    "ScreeningProblem",
    "Simplex",
    "SolverError",
    "TotalVariation",
    "UnboundedMenuError",
    "Uncertainty",
    "Wasserstein",
    "WeightedSum",
    "Welfare",
    "WorstOff",
    "implementable",
    "load_menu",
    "models",
    "solve_menu",
    "verify",
]
