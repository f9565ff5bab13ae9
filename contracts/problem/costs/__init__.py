"""Convex costs of an allocation: value, conjugate over a domain, cvxpy expression."""

from contracts.problem.costs.basic import (
    EIGENVALUE_ROUNDING,
    EPS,
    Cost,
    Entropy,
    Linear,
    Power,
    Quadratic,
    ScaledCost,
    check_per_good,
    check_vector,
    conjugate_at,
    diagonal,
    numerical_conjugate,
    power_of_two,
    scaled_cost,
    separable_conjugate,
    value_size,
)
from contracts.problem.costs.composite import Separable, Total, by_good
from contracts.problem.costs.curved import Exponential, Logarithm
from contracts.problem.costs.ends import asymptotic_slopes, finite_range
from contracts.problem.costs.per_type import ByType, by_type, parts_of, rows_of
from contracts.problem.costs.served import WhenServed, perspective, when_served
from contracts.problem.costs.traits import curves_everywhere, finite_faces, is_a_sum_over_goods, is_closed_form

__all__ = [
    "EIGENVALUE_ROUNDING",
    "EPS",
    "ByType",
    "Cost",
    "Entropy",
    "Exponential",
    "Linear",
    "Logarithm",
    "Power",
    "Quadratic",
    "ScaledCost",
    "Separable",
    "Total",
    "WhenServed",
    "asymptotic_slopes",
    "by_good",
    "by_type",
    "check_per_good",
    "check_vector",
    "conjugate_at",
    "curves_everywhere",
    "diagonal",
    "finite_faces",
    "finite_range",
    "is_a_sum_over_goods",
    "is_closed_form",
    "numerical_conjugate",
    "parts_of",
    "perspective",
    "power_of_two",
    "rows_of",
    "scaled_cost",
    "separable_conjugate",
    "value_size",
    "when_served",
]
