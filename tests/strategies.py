"""Legal problems for property tests: ties, near-ties, tiny weights, ironing, extreme units, every kind of part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import assume, settings
from hypothesis import strategies as st

import contracts as c

MONEY = (1e-9, 1e-3, 1.0, 1e3, 1e9)
QUARTERS = st.integers(-8, 8).map(lambda k: k / 4)
SHARES = st.integers(0, 8).map(lambda k: k / 8)


def examples(most: int) -> settings:
    """At most so many examples, for properties that take long to check; fewer where the profile asks for fewer."""
    return settings(max_examples=min(most, settings.default.max_examples))


@dataclass(frozen=True, eq=False)
class Cosh:
    """A user's own cost, sum_k scale (cosh(x_k) - 1): the three methods of the protocol and nothing more."""

    scale: float = 1.0

    def value(self, allocation):
        return self.scale * (np.cosh(allocation) - 1).sum(axis=1)

    def conjugate(self, valuation, domain):
        best = domain.separable_maximiser(valuation, lambda marginal: np.arcsinh(marginal / self.scale))
        if best is None:
            from contracts.problem.costs import numerical_conjugate

            return numerical_conjugate(self, valuation, domain)
        return (valuation * best).sum(axis=1) - self.value(best), best

    def expression(self, allocation):
        import cvxpy as cp

        return self.scale * (cp.sum(cp.exp(allocation) + cp.exp(-allocation), axis=1) / 2 - allocation.shape[1])


def moved(number: float, ulps: int) -> float:
    """`number` moved by so many units in the last place."""
    for _ in range(abs(ulps)):
        number = float(np.nextafter(number, np.inf if ulps > 0 else -np.inf))
    return number


@st.composite
def tastes(draw: Any, n_types: int, n_goods: int, *, lowest: float = -2.0) -> np.ndarray:
    """Valuations on a coarse grid, so that ties are common, with copies and near-copies of types."""
    steps = st.integers(int(4 * lowest), 12).map(lambda k: k / 4)
    rows = [[draw(steps) for _ in range(n_goods)] for _ in range(n_types)]
    if n_types > 1:
        kind = draw(st.sampled_from(["plain", "plain", "duplicate", "ulp", "close"]))
        copied = list(rows[0])
        if kind == "ulp":
            copied[0] = moved(copied[0], 1)
        if kind == "close":
            copied[0] += 1e-9
        if kind != "plain":
            rows[-1] = copied
    return np.array(rows)


@st.composite
def shares(draw: Any, n_types: int) -> np.ndarray:
    """Weights of types, a few of them tiny."""
    raw = np.array([float(draw(st.integers(1, 9))) for _ in range(n_types)])
    if n_types > 1 and draw(st.booleans()):
        raw[draw(st.integers(0, n_types - 1))] = draw(st.sampled_from([1e-12, 1e-6, 1e-3]))
    return raw / raw.sum()


@st.composite
def domains(draw: Any, n_goods: int, kind: str) -> c.Domain:
    if kind == "nonnegative":
        return c.NonNegative()
    if kind == "simplex":
        return c.Simplex(free_disposal=draw(st.booleans()))
    if kind == "box":
        lower = np.array([draw(st.sampled_from([0.0, 0.0, 0.25])) for _ in range(n_goods)])
        return c.Box(lower, lower + draw(st.sampled_from([0.5, 1.0, 3.0])))
    if kind == "open box":  # one good may have any amount, of either sign even
        upper = np.array([draw(st.sampled_from([1.0, np.inf])) for _ in range(n_goods)])
        upper[draw(st.integers(0, n_goods - 1))] = np.inf
        return c.Box(draw(st.sampled_from([0.0, 0.25, -np.inf])), upper)
    budget = draw(st.sampled_from([1.0, 2.0]))  # x >= 0 and sum x <= budget
    matrix = np.vstack([np.ones((1, n_goods)), -np.eye(n_goods)])
    return c.Polyhedron(matrix, np.r_[budget, np.zeros(n_goods)])


@st.composite
def costs(draw: Any, n_goods: int, kind: str, money: float = 1.0) -> c.Cost:
    """A cost that curves, or a linear one, in units of money."""
    if kind == "linear":
        return c.Linear(money * np.array([draw(SHARES) for _ in range(n_goods)]))
    if kind == "quadratic":
        return c.Quadratic(money * draw(st.sampled_from([0.5, 1.0, 4.0])))
    if kind == "diagonal":
        return c.Quadratic(money * np.array([draw(st.sampled_from([0.5, 1.0, 4.0])) for _ in range(n_goods)]))
    if kind == "matrix":
        root = np.array([[draw(QUARTERS) for _ in range(n_goods)] for _ in range(n_goods)])
        return c.Quadratic(money * (root @ root.T + 0.5 * np.eye(n_goods)))
    if kind == "power":
        return c.Power(draw(st.sampled_from([1.5, 2.0, 3.0])), money * draw(st.sampled_from([0.5, 1.0])))
    if kind == "entropy":
        raw = np.array([float(draw(st.integers(1, 4))) for _ in range(n_goods)])
        return c.Entropy(raw / raw.sum(), money * draw(st.sampled_from([0.1, 1.0])))
    if kind == "exponential":
        return c.ExponentialCost(draw(st.sampled_from([0.5, 2.0])), money * draw(st.sampled_from([0.25, 1.0])))
    if kind == "logarithm":
        return c.Logarithm(money * draw(st.sampled_from([0.5, 2.0])), capacity=draw(st.sampled_from([4.0, 8.0])))
    if kind == "shifted":
        exponent, offset = draw(st.sampled_from([(1.5, 4.0), (-1.0, -8.0), (-0.5, -4.0)]))
        return c.ShiftedPower(exponent, money * draw(st.sampled_from([0.5, 2.0])), offset)
    if kind == "separable":
        one_good = st.sampled_from(["quadratic", "exponential", "logarithm"])
        return c.Separable([draw(costs(1, draw(one_good), money)) for _ in range(n_goods)])
    if kind == "total":
        along = [draw(st.sampled_from([0.5, 1.0, 2.0])) for _ in range(n_goods)]
        return c.Total(draw(costs(1, draw(st.sampled_from(["quadratic", "exponential"])), money)), along)
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


def fitting_cost(domain: c.Domain, kind: str) -> str:
    """Entropy is the cost of a lottery that sums to one."""
    return "quadratic" if kind == "entropy" and getattr(domain, "free_disposal", False) else kind


@st.composite
def plain_problems(draw: Any, max_types: int = 5, max_goods: int = 3, **fixed: Any) -> c.ScreeningProblem:
    """Profit and free transfers: the textbook program, with any cost and domain, in any unit of money."""
    domain_kind, cost_kind = draw(st.sampled_from(PAIRS))
    n_types = draw(st.integers(1, max_types))
    n_goods = draw(st.integers(2 if domain_kind == "simplex" else 1, max_goods))
    money = draw(st.sampled_from(MONEY)) if cost_kind != "own" else 1.0
    domain = draw(domains(n_goods, domain_kind))
    fields: dict[str, Any] = {
        "valuations": money * draw(tastes(n_types, n_goods)),
        "weights": draw(shares(n_types)),
        "cost": draw(costs(n_goods, fitting_cost(domain, cost_kind), money)),
        "domain": domain,
        "participation": "compulsory",  # tests/contracts/problem/test_participation.py is about the other
    }
    if draw(st.booleans()):
        fields["principal_values"] = money * np.array([draw(QUARTERS) for _ in range(n_goods)])
    if draw(st.booleans()):
        fields["reservation_utility"] = money * np.array([draw(SHARES) for _ in range(n_types)])
    if cost_kind in BY_TYPE and are_distinct(fields["valuations"]) and draw(st.booleans()):
        fields["cost"] = [draw(costs(n_goods, cost_kind, money)) for _ in range(n_types)]
    return c.ScreeningProblem(**{**fields, **fixed})


def are_distinct(valuations: np.ndarray) -> bool:
    """Whether no two types nearly coincide: with different costs they would have to be exactly indifferent."""
    distance = np.abs(valuations[:, np.newaxis] - valuations).max(axis=2)
    return bool((distance + np.diag(np.full(len(valuations), np.inf))).min() > 1e-6 * np.abs(valuations).max())


@st.composite
def line_problems(draw: Any, max_types: int = 6) -> c.ScreeningProblem:
    """One good, quadratic cost, one common outside option of nothing: single crossing; often ironed."""
    n_types = draw(st.integers(1, max_types))
    money = draw(st.sampled_from(MONEY))
    valuations = money * draw(tastes(n_types, 1, lowest=0.25))
    return c.ScreeningProblem(valuations, draw(shares(n_types)), cost=c.Quadratic(money))


@st.composite
def objectives(draw: Any, n_types: int) -> tuple[Any, Any]:
    """A welfare objective and transfers under which it has a best menu."""
    kind = draw(st.sampled_from(["linear", "isoelastic", "exponential", "worst off", "budget"]))
    weights = np.array([draw(st.sampled_from([0.0, 0.5, 1.0])) for _ in range(n_types)])
    weights[draw(st.integers(0, n_types - 1))] = 1.0
    if kind == "linear":
        return c.Welfare(weights * 0.75), draw(st.sampled_from(["free", (-2.0, 2.0)]))
    if kind == "isoelastic":
        function = c.Isoelastic(draw(st.sampled_from([0.5, 1.0, 2.0])))
        return c.Welfare(1.0, function, profit_weight=0.0, minimum_profit=-1.0), "free"
    if kind == "exponential":
        function = c.Exponential(draw(st.sampled_from([0.5, 2.0])))
        return c.Welfare(weights + 0.25, function, profit_weight=0.5), "free"
    if kind == "worst off":
        return c.Welfare(draw(st.sampled_from([0.5, 0.75])), c.WorstOff()), draw(st.sampled_from(["free", (-2.0, 2.0)]))
    return c.Welfare(weights, profit_weight=0.0, minimum_profit=0.0), (-2.0, 2.0)


@st.composite
def rich_problems(draw: Any, max_types: int = 4, max_goods: int = 2) -> c.ScreeningProblem:
    """Limited transfers, welfare, outside options and side constraints, where a strictly feasible menu exists."""
    n_types = draw(st.integers(1, max_types))
    case = draw(st.sampled_from(["none", "bounded", "welfare", "side", "default policy"]))
    n_goods = 2 if case in ("none", "default policy") else draw(st.integers(1, max_goods))
    valuations = draw(tastes(n_types, n_goods, lowest=-1.0))
    fields: dict[str, Any] = {"valuations": valuations, "weights": draw(shares(n_types)), "cost": c.Quadratic(1.0)}
    if case == "none":
        fields |= {"transfers": "none", "domain": draw(st.sampled_from([c.Box(), c.Simplex()]))}
        fields["principal_values"] = -np.array([draw(SHARES) for _ in range(n_goods)])
        fields["reservation_utility"] = -4.0
        fields["cost"] = draw(st.sampled_from([c.Linear(0.0), c.Quadratic(1.0)]))
    elif case == "default policy":
        fields |= {"transfers": "none", "domain": c.Simplex(), "cost": c.Entropy([0.5, 0.5], 0.5)}
        fields["outside_option"] = draw(st.sampled_from([[0.5, 0.5], [0.75, 0.25]]))
        fields["principal_values"] = -np.array([draw(SHARES) for _ in range(n_goods)])
    elif case == "bounded":
        fields["transfers"] = draw(st.sampled_from([(-0.5, 0.5), (0.0, 1.0), (0.0, np.inf), (-np.inf, 1.0)]))
        fields["domain"] = draw(st.sampled_from([c.Box(0.0, 2.0), c.NonNegative()]))
    elif case == "welfare":
        fields["objective"], fields["transfers"] = draw(objectives(n_types))
        fields["domain"] = draw(st.sampled_from([c.Box(0.0, 2.0), c.NonNegative()]))
    else:
        capacity = draw(st.sampled_from([0.25, 1.0]))
        served = fields["weights"][:, np.newaxis] * np.ones(n_goods)
        fields["constraints"] = [c.LinearConstraint(allocation=served, upper=capacity, name="capacity")]
        fields["domain"] = draw(st.sampled_from([c.Box(0.0, 2.0), c.NonNegative()]))
        if draw(st.booleans()):
            fields["constraints"].append(c.LinearConstraint(utility=fields["weights"], lower=0.125, name="welfare"))
    return c.ScreeningProblem(**fields, participation="compulsory")


@st.composite
def feasible_menus(draw: Any, problem: c.ScreeningProblem, size: int = 4) -> tuple[np.ndarray, np.ndarray] | None:
    """Contracts that types choose for themselves: IC by the taxation principle, IR by leaving the rest out.

    Returns (allocation, transfer) per type, or None if the outside option cannot be kept as a contract.
    """
    seed = draw(st.integers(0, 2**32 - 1))
    return random_menu(problem, np.random.default_rng(seed), size)


def random_menu(problem: c.ScreeningProblem, rng: np.random.Generator, size: int = 4) -> Any:
    """A random IC and IR menu of a problem with an outside contract or free transfers; None if there is none."""
    centre, radius = problem.domain.interior(problem.n_goods)
    spread = rng.choice([0.1, 1.0, 10.0]) * (radius + 0.1)
    allocations = problem.domain.clip(centre + spread * rng.normal(size=(size, problem.n_goods)))
    low, high = problem.transfer_limits
    worth = problem.valuations @ allocations.T
    transfers = np.clip(worth.mean(axis=0) * rng.uniform(-0.5, 1.5, size), low, high)
    outside = problem.outside_contract
    if outside is not None:
        allocations, transfers = np.vstack([allocations, outside]), np.r_[transfers, 0.0]
    elif problem.transfers == "free":  # lower all transfers until everybody takes part, with a margin for rounding
        utility = (worth - transfers).max(axis=1)
        short = float((problem.reservation_utility - utility).max())
        transfers = transfers - max(0.0, short) - 1e-6 * float(np.abs(worth).max() + np.abs(transfers).max() + 1e-12)
    taken = np.argmax(problem.valuations @ allocations.T - transfers, axis=1)
    allocation, transfer = allocations[taken], transfers[taken]
    assume(np.isfinite(allocation).all())
    return allocation, transfer
