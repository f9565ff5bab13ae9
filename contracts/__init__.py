"""Menus of contracts for agents whose types nobody can see: designed as convex programs, proven exactly."""

from contracts import models, symbolic, testing
from contracts.agency.bound import ContractMultipliers
from contracts.agency.contract import Contract
from contracts.agency.forms import ContractComparison, ContractForm, RobustShare, compare_contracts, robust_share
from contracts.agency.line.contract import ContinuousContract
from contracts.agency.line.problem import ContinuousMoralHazardProblem
from contracts.agency.line.solve import solve_continuous_contract
from contracts.agency.lotteries import LotteryContract
from contracts.agency.problem import MoralHazardProblem
from contracts.agency.types.impossible import MenuImpossibility
from contracts.agency.types.lottery import LotteryMenu
from contracts.agency.types.menu import ContractMenu
from contracts.agency.types.prices import AgencyMultipliers
from contracts.agency.types.problem import AgencyProblem
from contracts.agency.types.proof import AgencyProof
from contracts.agency.types.verify import MenuCertificate, Response
from contracts.agency.utility import CARA, CRRA, Log, RiskNeutral, SquareRoot
from contracts.agency.verbs import load_contract, solve_contract, solve_lottery, verify_contract
from contracts.agency.wages.impossible import Impossibility
from contracts.audits.audit import Audit, audit
from contracts.audits.conflict import Conflict
from contracts.audits.repaired import Repaired
from contracts.audits.temptations import Binding, Domination, Envy
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
from contracts.exact.rationals import Implementability
from contracts.faces.face import OptimalFace, optimal_face
from contracts.front.front import Front, FrontPoint, load_front
from contracts.front.goals.objectives import (
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
from contracts.front.mechanisms.front import MechanismFront
from contracts.front.pareto import pareto_front
from contracts.mechanisms.auctions.auction import Auction
from contracts.mechanisms.auctions.problem import AuctionProblem
from contracts.mechanisms.files import load_mechanism
from contracts.mechanisms.mechanism import Mechanism
from contracts.mechanisms.problem import MechanismProblem
from contracts.mechanisms.reduced.auction import SymmetricAuction
from contracts.mechanisms.reduced.border import InterimFeasibility, feasible_interim
from contracts.mechanisms.reduced.goods_auction import AdditiveAuction
from contracts.mechanisms.reduced.goods_problem import AdditiveAuctionProblem
from contracts.mechanisms.reduced.lottery import InterimLottery, interim_lottery
from contracts.mechanisms.reduced.problem import SymmetricAuctionProblem
from contracts.mechanisms.reduced.rankings import RankingLottery
from contracts.mechanisms.simple.comparison import MechanismComparison, compare_mechanisms, simple_mechanisms
from contracts.mechanisms.simple.rules import RuleImplementability, implementable
from contracts.mechanisms.solve import solve_mechanism
from contracts.mechanisms.verify import verify_mechanism
from contracts.menu.files import load_menu
from contracts.menu.menu import Menu
from contracts.menu.offers import Options
from contracts.menu.sensitivity import Sensitivity
from contracts.problem.ambiguity import Ambiguity, ChiSquare, KullbackLeibler, Moments, TotalVariation, Wasserstein
from contracts.problem.costs import Cost, Entropy, Linear, Logarithm, Power, Quadratic, Separable, ShiftedPower, Total
from contracts.problem.costs import Exponential as ExponentialCost
from contracts.problem.domains import Box, Domain, NonNegative, Polyhedron, Simplex
from contracts.problem.dropping import without_zero_weights
from contracts.problem.mimicry import same_group
from contracts.problem.objectives import Exponential, Isoelastic, Profit, WeightedSum, Welfare, WorstOff
from contracts.problem.reading import Reading
from contracts.problem.rows import Budget, Capacity, Coverage, EqualAccess, LinearConstraint, RentInequality
from contracts.problem.screening import ScreeningProblem
from contracts.problem.uncertainty import Ellipsoid, Interval, Noise, Uncertainty
from contracts.proof.certificate import Certificate, Deviation
from contracts.proof.verify import verify
from contracts.regrets import Regret, regret
from contracts.sensitivities.compare import Comparison, compare
from contracts.sensitivities.grids import ComparativeStatics, comparative_statics
from contracts.sensitivities.radius import PriorRadius, prior_radius
from contracts.sensitivities.slopes import Slopes, slopes
from contracts.simplicity import PriceOfSimplicity, price_of_simplicity
from contracts.solve import solve_menu
from contracts.sweeps.result import Sweep, SweepEstimate
from contracts.sweeps.sweep import sweep

__version__ = "0.1.0"

__all__ = [  # noqa: RUF022 - as Python sorts them
    "Access",
    "AdditiveAuction",
    "AdditiveAuctionProblem",
    "AgencyMultipliers",
    "AgencyProblem",
    "AgencyProof",
    "Ambiguity",
    "Auction",
    "AuctionProblem",
    "Audit",
    "Binding",
    "Box",
    "Budget",
    "CARA",
    "CRRA",
    "Capacity",
    "Certificate",
    "ChiSquare",
    "ComparativeStatics",
    "Comparison",
    "Conflict",
    "ContinuousContract",
    "ContinuousMoralHazardProblem",
    "Contract",
    "ContractComparison",
    "ContractError",
    "ContractForm",
    "ContractMenu",
    "ContractMultipliers",
    "Cost",
    "Coverage",
    "Criterion",
    "Deviation",
    "Discretisation",
    "DiscretisationError",
    "Domain",
    "Domination",
    "Ellipsoid",
    "Entropy",
    "Envy",
    "EqualAccess",
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
    "InterimFeasibility",
    "InterimLottery",
    "Interval",
    "Isoelastic",
    "KullbackLeibler",
    "Linear",
    "LinearConstraint",
    "Log",
    "Logarithm",
    "LotteryContract",
    "LotteryMenu",
    "Mechanism",
    "MechanismComparison",
    "MechanismFront",
    "MechanismProblem",
    "Menu",
    "MenuCertificate",
    "MenuImpossibility",
    "Misalignment",
    "Moments",
    "MoralHazardProblem",
    "Noise",
    "NonNegative",
    "NumberOfOptions",
    "OptimalFace",
    "Options",
    "Polyhedron",
    "Power",
    "PriceOfSimplicity",
    "PriorRadius",
    "ProblemError",
    "Profit",
    "Quadratic",
    "RankingLottery",
    "Reading",
    "Refinement",
    "Regret",
    "RentInequality",
    "Repaired",
    "Response",
    "RiskNeutral",
    "RobustShare",
    "RuleImplementability",
    "Schedule",
    "ScreeningProblem",
    "Search",
    "Sensitivity",
    "Separable",
    "ShiftedPower",
    "Simplex",
    "Slopes",
    "SolverError",
    "SquareRoot",
    "Surplus",
    "Sweep",
    "SweepEstimate",
    "SymmetricAuction",
    "SymmetricAuctionProblem",
    "Total",
    "TotalSurplus",
    "TotalVariation",
    "UnboundedMenuError",
    "Uncertainty",
    "Wasserstein",
    "WeightedSum",
    "Welfare",
    "WorstOff",
    "audit",
    "comparative_statics",
    "compare",
    "compare_contracts",
    "compare_mechanisms",
    "discretisation_error",
    "discretise",
    "feasible_interim",
    "implementable",
    "interim_lottery",
    "load_contract",
    "load_front",
    "load_mechanism",
    "load_menu",
    "models",
    "optimal_face",
    "optimal_schedule",
    "pareto_front",
    "price_of_simplicity",
    "prior_radius",
    "refine",
    "regret",
    "robust_share",
    "same_group",
    "simple_mechanisms",
    "slopes",
    "solve_continuous_contract",
    "solve_contract",
    "solve_lottery",
    "solve_mechanism",
    "solve_menu",
    "sweep",
    "symbolic",
    "testing",
    "verify",
    "verify_contract",
    "verify_mechanism",
    "without_zero_weights",
]
