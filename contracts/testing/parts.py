"""Parts of problems as Hypothesis draws them: tastes, shares, domains and costs, the simplest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.problem.costs import (
    Cost,
    Entropy,
    Linear,
    Logarithm,
    Power,
    Quadratic,
    Separable,
    ShiftedPower,
    Total,
    numerical_conjugate,
)
from contracts.problem.costs import Exponential as ExponentialCost
from contracts.problem.domains import Box, Domain, NonNegative, Polyhedron, Simplex

MONEY = (1e-9, 1e-3, 1.0, 1e3, 1e9)
MONEY_SIMPLE_FIRST = (1.0, 1e-3, 1e3, 1e-9, 1e9)
QUARTERS = st.integers(-8, 8).map(lambda k: k / 4)
SHARES = st.integers(0, 8).map(lambda k: k / 8)


@dataclass(frozen=True, eq=False)
class Cosh:
    """A user's own cost, sum_k scale (cosh(x_k) - 1): the three methods of the protocol and nothing more."""

    scale: float = 1.0

    def value(self, allocation: Array) -> Array:
        return self.scale * (np.cosh(allocation) - 1).sum(axis=1)

    def conjugate(self, valuation: Array, domain: Domain) -> tuple[Array, Array]:
        best = domain.separable_maximiser(valuation, lambda marginal: np.arcsinh(marginal / self.scale))
        if best is None:
            return numerical_conjugate(self, valuation, domain)
        return (valuation * best).sum(axis=1) - self.value(best), best

    def expression(self, allocation: Any) -> Any:
        import cvxpy as cp

        return self.scale * (cp.sum(cp.exp(allocation) + cp.exp(-allocation), axis=1) / 2 - allocation.shape[1])


def moved(number: float, ulps: int) -> float:
    """`number` moved by so many units in the last place."""
    for _ in range(abs(ulps)):
        number = float(np.nextafter(number, np.inf if ulps > 0 else -np.inf))
    return number


def simple_first(lowest: float, highest: float) -> list[float]:
    """Quarters within limits: whole ones before halves, small ones before large, positive ones before negative."""
    quarters = [k / 4 for k in range(int(4 * lowest), int(4 * highest) + 1)]
    return sorted(quarters, key=lambda value: (value.as_integer_ratio()[1], abs(value), value < 0))


@st.composite
def tastes(
    draw: Any,
    n_types: int,
    n_goods: int,
    *,
    lowest: float = -2.0,
    ties: bool = True,
    near_ties: bool = True,
    is_simple: bool = False,
) -> Array:
    """Valuations on a coarse grid, so that ties are common, with copies and near-copies of types.

    If it is to be simple, they shrink to small whole numbers, otherwise to 0 by quarters.
    """
    whole = st.sampled_from(simple_first(lowest, 3.0))
    steps = whole if is_simple else st.integers(int(4 * lowest), 12).map(lambda k: k / 4)
    row = st.tuples(*[steps] * n_goods)
    kinds = st.sampled_from(["plain", "plain", *["duplicate"] * ties, *["ulp", "close"] * near_ties])
    copies = n_types > 1 and (ties or near_ties)
    kind = (
        draw(kinds) if copies and is_simple else "plain"
    )  # first, so that two plain types are simpler than near-twins
    if ties:
        rows = [list(draw(row)) for _ in range(n_types)]
    else:
        rows = [list(one) for one in draw(st.lists(row, min_size=n_types, max_size=n_types, unique=True))]
    if copies:
        kind = kind if is_simple else draw(kinds)
        copied = list(rows[0])
        if kind == "ulp":
            copied[0] = moved(copied[0], 1)
        if kind == "close":
            copied[0] += 1e-9
        if kind != "plain":
            rows[-1] = copied
    return np.array(rows)


@st.composite
def shares(draw: Any, n_types: int, *, tiny_weights: bool = True) -> Array:
    """Weights of types, a few of them tiny."""
    raw = np.array([float(draw(st.integers(1, 9))) for _ in range(n_types)])
    if tiny_weights and n_types > 1 and draw(st.booleans()):
        raw[draw(st.integers(0, n_types - 1))] = draw(st.sampled_from([1e-12, 1e-6, 1e-3]))
    return np.asarray(raw / raw.sum())


@checked
def priors(
    n_types: int | Sequence[int] = 2, *, tiny_weights: bool = True, correlated: bool = False
) -> st.SearchStrategy[Any]:
    """Weights of types that sum to one; of several agents a list of them, or, correlated, an array of all profiles.

    Parameters
    ----------
    n_types : of one agent, or a list with one number per agent
    tiny_weights : shares down to 1e-12
    correlated : chances of all profiles, of shape n_types, rather than weights by agent

    Raises
    ------
    ProblemError
        If a number of types is less than one, or one agent shall be correlated with nobody.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(priors(3), lambda weights: weights[0] > weights[1]).round(3).tolist()
    [0.5, 0.25, 0.25]
    """
    sizes = [n_types] if isinstance(n_types, int) else list(n_types)
    if not sizes or min(sizes) < 1:
        raise ProblemError(f"n_types is {n_types!r}: give whole numbers from 1, one per agent")
    if correlated:
        if len(sizes) < 2:
            raise ProblemError("correlated needs several agents: give n_types as a list with one number per agent")
        return shares(int(np.prod(sizes)), tiny_weights=tiny_weights).map(lambda found: found.reshape(sizes))
    each = [shares(count, tiny_weights=tiny_weights) for count in sizes]
    return each[0] if isinstance(n_types, int) else st.tuples(*each).map(list)


@st.composite
def domains(draw: Any, n_goods: int, kind: str) -> Domain:
    """A domain of a kind."""
    if kind == "nonnegative":
        return NonNegative()
    if kind == "simplex":
        return Simplex(free_disposal=draw(st.booleans()))
    if kind == "box":
        lower = np.array([draw(st.sampled_from([0.0, 0.0, 0.25])) for _ in range(n_goods)])
        return Box(lower, lower + draw(st.sampled_from([0.5, 1.0, 3.0])))
    if kind == "open box":  # one good may have any amount, of either sign even
        upper = np.array([draw(st.sampled_from([1.0, np.inf])) for _ in range(n_goods)])
        upper[draw(st.integers(0, n_goods - 1))] = np.inf
        return Box(draw(st.sampled_from([0.0, 0.25, -np.inf])), upper)
    budget = draw(st.sampled_from([1.0, 2.0]))  # x >= 0 and sum x <= budget
    matrix = np.vstack([np.ones((1, n_goods)), -np.eye(n_goods)])
    return Polyhedron(matrix, np.r_[budget, np.zeros(n_goods)])


@st.composite
def costs(draw: Any, n_goods: int, kind: str, money: float = 1.0) -> Cost:
    """A cost that curves, or a linear one, in units of money."""
    if kind == "linear":
        return Linear(money * np.array([draw(SHARES) for _ in range(n_goods)]))
    if kind == "quadratic":
        return Quadratic(money * draw(st.sampled_from([0.5, 1.0, 4.0])))
    if kind == "diagonal":
        return Quadratic(money * np.array([draw(st.sampled_from([0.5, 1.0, 4.0])) for _ in range(n_goods)]))
    if kind == "matrix":
        root = np.array([[draw(QUARTERS) for _ in range(n_goods)] for _ in range(n_goods)])
        return Quadratic(money * (root @ root.T + 0.5 * np.eye(n_goods)))
    if kind == "power":
        return Power(draw(st.sampled_from([1.5, 2.0, 3.0])), money * draw(st.sampled_from([0.5, 1.0])))
    if kind == "entropy":
        raw = np.array([float(draw(st.integers(1, 4))) for _ in range(n_goods)])
        return Entropy(raw / raw.sum(), money * draw(st.sampled_from([0.1, 1.0])))
    if kind == "exponential":
        return ExponentialCost(draw(st.sampled_from([0.5, 2.0])), money * draw(st.sampled_from([0.25, 1.0])))
    if kind == "logarithm":
        return Logarithm(money * draw(st.sampled_from([0.5, 2.0])), capacity=draw(st.sampled_from([4.0, 8.0])))
    if kind == "shifted":
        exponent, offset = draw(st.sampled_from([(1.5, 4.0), (-1.0, -8.0), (-0.5, -4.0)]))
        return ShiftedPower(exponent, money * draw(st.sampled_from([0.5, 2.0])), offset)
    if kind == "separable":
        one_good = st.sampled_from(["quadratic", "exponential", "logarithm"])
        return Separable([draw(costs(1, draw(one_good), money)) for _ in range(n_goods)])
    if kind == "total":
        along = [draw(st.sampled_from([0.5, 1.0, 2.0])) for _ in range(n_goods)]
        return Total(draw(costs(1, draw(st.sampled_from(["quadratic", "exponential"])), money)), along)
    return Cosh(money * draw(st.sampled_from([0.5, 2.0])))


SMOOTH = ("quadratic", "diagonal", "matrix", "power", "own")
BY_TYPE = ("quadratic", "matrix", "exponential")  # kinds of costs that may differ by type
MADE = ("exponential", "logarithm", "separable", "total", "shifted")  # of exponents and logarithms, goods and totals
LEGAL = {  # costs by domain: a linear cost on x >= 0 has a bound only if its multipliers are exact to the last bit
    "nonnegative": (*SMOOTH, *MADE),
    "box": ("linear", *SMOOTH, *MADE),
    "open box": ("quadratic", "diagonal", "matrix"),
    "simplex": ("linear", "entropy", *SMOOTH, *MADE),
    "polyhedron": ("linear", *SMOOTH),
}
PAIRS = [(domain, cost) for domain, of_domain in LEGAL.items() for cost in of_domain]


def fitting_cost(domain: Domain, kind: str) -> str:
    """Entropy is the cost of a lottery that sums to one."""
    return "quadratic" if kind == "entropy" and getattr(domain, "free_disposal", False) else kind
