"""Screening problems as Hypothesis draws them, with every kind of part, and what their types choose of some options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from contracts.errors import ProblemError
from contracts.exact.best import best_options
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.problem.costs import Entropy, Linear, Quadratic
from contracts.problem.domains import Box, NonNegative, Simplex
from contracts.problem.objectives import Exponential, Isoelastic, Welfare, WorstOff
from contracts.problem.participation import in_goods
from contracts.problem.rows import LinearConstraint
from contracts.problem.screening import ScreeningProblem
from contracts.testing.parts import (
    BY_TYPE,
    MONEY,
    MONEY_SIMPLE_FIRST,
    PAIRS,
    QUARTERS,
    SHARES,
    costs,
    domains,
    fitting_cost,
    shares,
    tastes,
)

Problem = Literal["line", "plain", "rich"]
SLIVER = 1e-6  # of the largest number, that transfers are lowered by for rounding


@dataclass(frozen=True)
class Switches:
    """What may occur in what is drawn.

    Attributes
    ----------
    is_simple : whether valuations shrink to whole numbers, in units of money; our own properties draw otherwise, so
        that they keep the examples that they have been tried on
    """

    ties: bool = True
    near_ties: bool = True
    tiny_weights: bool = True
    ironing: bool = True
    scales: bool = True
    reservation_utilities: bool = True
    is_simple: bool = False

    def tastes(self, n_types: int, n_goods: int, lowest: float = -2.0) -> st.SearchStrategy[Array]:
        """Valuations."""
        return tastes(
            n_types, n_goods, lowest=lowest, ties=self.ties, near_ties=self.near_ties, is_simple=self.is_simple
        )

    def shares(self, n_types: int) -> st.SearchStrategy[Array]:
        """Weights."""
        return shares(n_types, tiny_weights=self.tiny_weights)

    @property
    def money(self) -> st.SearchStrategy[float]:
        """Units of money."""
        units = MONEY_SIMPLE_FIRST if self.is_simple else MONEY
        return st.sampled_from(units) if self.scales else st.just(1.0)


ANYTHING = Switches()


@checked
def problems(
    *,
    kinds: Sequence[Problem] = ("line", "plain", "rich"),
    n_types: tuple[int, int] | None = None,
    n_goods: tuple[int, int] | None = None,
    labels: Sequence[str] | None = None,
    goods: Sequence[str] | None = None,
    ties: bool = True,
    near_ties: bool = True,
    tiny_weights: bool = True,
    ironing: bool = True,
    scales: bool = True,
    reservation_utilities: bool = True,
) -> st.SearchStrategy[ScreeningProblem]:
    """Legal screening problems for `hypothesis.given`, small ones first.

    A counterexample shrinks to few types with whole valuations and equal weights, in units of money, under the labels.
    Each switch says what may occur; switched off it never does.

    Parameters
    ----------
    kinds : "line": one good, quadratic cost, voluntary participation; "plain": profit and free transfers, any cost and
        domain; "rich": limits on transfers or none, welfare, outside options, capacities
    n_types, n_goods : (fewest, most), by default up to four types and two goods, or as many as are named; "line" has
        one good, lotteries have two at least
    labels, goods : names that problems take theirs from, the first one first; by default numbers
    ties, near_ties : types of equal valuations, and types a last digit or 1e-9 apart
    tiny_weights : shares down to 1e-12
    ironing : types on a line whose virtual valuations fall, so that some must be pooled
    scales : money in units from 1e-9 to 1e9
    reservation_utilities : outside options that are worth something, type by type

    Raises
    ------
    ProblemError
        If a range is empty, or there are fewer names than types or goods may be.

    Examples
    --------
    >>> from hypothesis import find
    >>> smallest = find(problems(labels=("low", "high")), lambda problem: problem.n_types == 2)
    >>> smallest.labels, smallest.valuations.tolist(), smallest.weights.tolist()
    (('low', 'high'), [[1.0], [1.0]], [0.5, 0.5])
    """
    n_types = counts("n_types", n_types, (1, 4), labels, "labels")
    n_goods = counts("n_goods", n_goods, (1, 2), goods, "goods")
    if not len(kinds) or not set(kinds) <= {"line", "plain", "rich"}:
        raise ProblemError(f"kinds is {list(kinds)!r}: give some of 'line', 'plain' and 'rich'")
    switches = Switches(
        ties=ties, near_ties=near_ties, tiny_weights=tiny_weights, ironing=ironing, scales=scales,
        reservation_utilities=reservation_utilities, is_simple=True,
    )  # fmt: skip
    names = {"labels": labels, "goods": goods}
    known = {
        "line": line_problems(n_types=n_types, switches=switches, **names),
        "plain": plain_problems(n_types=n_types, n_goods=n_goods, switches=switches, **names),
        "rich": rich_problems(n_types=n_types, n_goods=n_goods, switches=switches, **names),
    }
    return st.one_of([known[kind] for kind in kinds])


def counts(
    name: str,
    ends: tuple[int, int] | None,
    usual: tuple[int, int],
    names: Sequence[str] | None = None,
    whose: str = "",
) -> tuple[int, int]:
    """The fewest and the most of something, and no more than there are names for, unless that was asked for."""
    known = usual[1] if names is None else len(names)
    if names is not None and not known:
        raise ProblemError(f"{whose} is empty: give at least one name, or leave it out")
    low, high = (min(usual[0], known), min(usual[1], known)) if ends is None else ends
    if not 1 <= low <= high:
        raise ProblemError(f"{name} is ({low}, {high}): give the fewest and the most, at least 1")
    if names is not None and known < high:
        raise ProblemError(f"{whose} has {known} names for up to {high}: give {high}, or leave {name} out")
    return low, high


def _named(fields: dict[str, Any], labels: Sequence[str] | None, goods: Sequence[str] | None) -> dict[str, Any]:
    """Fields with the first names of those given."""
    n_types, n_goods = fields["valuations"].shape
    named = {} if labels is None else {"labels": tuple(labels[:n_types])}
    return fields | named | ({} if goods is None else {"goods": tuple(goods[:n_goods])})


@st.composite
def plain_problems(
    draw: Any,
    n_types: tuple[int, int] = (1, 5),
    n_goods: tuple[int, int] = (1, 3),
    switches: Switches = ANYTHING,
    labels: Sequence[str] | None = None,
    goods: Sequence[str] | None = None,
) -> ScreeningProblem:
    """Profit and free transfers: the textbook program, with any cost and domain, in any unit of money."""
    pairs = PAIRS if n_goods[1] > 1 else [pair for pair in PAIRS if pair[0] != "simplex"]
    domain_kind, cost_kind = draw(st.sampled_from(pairs))
    count = draw(st.integers(*n_types))
    size = draw(st.integers(max(2, n_goods[0]) if domain_kind == "simplex" else n_goods[0], n_goods[1]))
    money = draw(switches.money) if cost_kind != "own" else 1.0
    domain = draw(domains(size, domain_kind))
    fields: dict[str, Any] = {
        "valuations": money * draw(switches.tastes(count, size)),
        "weights": draw(switches.shares(count)),
        "cost": draw(costs(size, fitting_cost(domain, cost_kind), money)),
        "domain": domain,
        "participation": "compulsory",
    }
    if draw(st.booleans()):
        fields["principal_values"] = money * np.array([draw(QUARTERS) for _ in range(size)])
    if switches.reservation_utilities and draw(st.booleans()):
        fields["reservation_utility"] = money * np.array([draw(SHARES) for _ in range(count)])
    if cost_kind in BY_TYPE and are_distinct(fields["valuations"]) and draw(st.booleans()):
        fields["cost"] = [draw(costs(size, cost_kind, money)) for _ in range(count)]
    if size == 1 and not switches.ironing:
        fields |= regular(fields["valuations"], fields["weights"])
    return ScreeningProblem(**_named(fields, labels, goods))


def are_distinct(valuations: Array) -> bool:
    """Whether no two types nearly coincide: with different costs they would have to be exactly indifferent."""
    distance = np.abs(valuations[:, np.newaxis] - valuations).max(axis=2)
    return bool((distance + np.diag(np.full(len(valuations), np.inf))).min() > 1e-6 * np.abs(valuations).max())


def regular(valuations: Array, weights: Array) -> dict[str, Array]:
    """Types on a line whose virtual valuations rise: as drawn, else of equal weights, else in equal steps as well."""
    order = np.argsort(valuations[:, 0], kind="stable")
    equal = np.full(len(weights), 1 / len(weights))
    steps = valuations.copy()
    steps[order, 0] = np.linspace(valuations.min(), valuations.max(), len(weights))
    for values, shared in ((valuations, weights), (valuations, equal), (steps, equal)):
        types, heavy = values[order, 0], shared[order]
        above = 1 - np.cumsum(heavy)
        virtual = types - above / heavy * np.append(np.diff(types), 0.0)
        if np.all(np.diff(virtual) >= 0):
            return {"valuations": values, "weights": shared}
    return {"valuations": steps, "weights": equal}


@st.composite
def line_problems(
    draw: Any,
    n_types: tuple[int, int] = (1, 6),
    switches: Switches = ANYTHING,
    labels: Sequence[str] | None = None,
    goods: Sequence[str] | None = None,
) -> ScreeningProblem:
    """One good, quadratic cost, one common outside option of nothing: single crossing; often ironed."""
    count = draw(st.integers(*n_types))
    money = draw(switches.money)
    fields = {
        "valuations": money * draw(switches.tastes(count, 1, lowest=0.25)),
        "weights": draw(switches.shares(count)),
        "cost": Quadratic(money),
    }
    if not switches.ironing:
        fields |= regular(fields["valuations"], fields["weights"])
    return ScreeningProblem(**_named(fields, labels, goods))


@st.composite
def objectives(draw: Any, n_types: int) -> tuple[Any, Any]:
    """A welfare objective and transfers under which it has a best menu."""
    kind = draw(st.sampled_from(["linear", "isoelastic", "exponential", "worst off", "budget"]))
    weights = np.array([draw(st.sampled_from([0.0, 0.5, 1.0])) for _ in range(n_types)])
    weights[draw(st.integers(0, n_types - 1))] = 1.0
    if kind == "linear":
        return Welfare(weights * 0.75), draw(st.sampled_from(["free", (-2.0, 2.0)]))
    if kind == "isoelastic":
        isoelastic = Isoelastic(draw(st.sampled_from([0.5, 1.0, 2.0])))
        return Welfare(1.0, isoelastic, profit_weight=0.0, minimum_profit=-1.0), "free"
    if kind == "exponential":
        exponential = Exponential(draw(st.sampled_from([0.5, 2.0])))
        return Welfare(weights + 0.25, exponential, profit_weight=0.5), "free"
    if kind == "worst off":
        return Welfare(draw(st.sampled_from([0.5, 0.75])), WorstOff()), draw(st.sampled_from(["free", (-2.0, 2.0)]))
    return Welfare(weights, profit_weight=0.0, minimum_profit=0.0), (-2.0, 2.0)


@st.composite
def rich_problems(
    draw: Any,
    n_types: tuple[int, int] = (1, 4),
    n_goods: tuple[int, int] = (1, 2),
    switches: Switches = ANYTHING,
    labels: Sequence[str] | None = None,
    goods: Sequence[str] | None = None,
) -> ScreeningProblem:
    """Limited transfers, welfare, outside options and side constraints, where a strictly feasible menu exists."""
    count = draw(st.integers(*n_types))
    lotteries = ["none"] if n_goods[0] <= 2 <= n_goods[1] else []
    policies = ["default policy"] if lotteries and switches.reservation_utilities else []
    case = draw(st.sampled_from([*lotteries, "bounded", "welfare", "side", *policies]))
    size = 2 if case in ("none", "default policy") else draw(st.integers(*n_goods))
    valuations = draw(switches.tastes(count, size, lowest=-1.0))
    fields: dict[str, Any] = {"valuations": valuations, "weights": draw(switches.shares(count)), "cost": Quadratic(1.0)}
    if case == "none":
        fields |= {"transfers": "none", "domain": draw(st.sampled_from([Box(), Simplex()]))}
        fields["principal_values"] = -np.array([draw(SHARES) for _ in range(size)])
        fields["reservation_utility"] = -4.0
        fields["cost"] = draw(st.sampled_from([Linear(0.0), Quadratic(1.0)]))
    elif case == "default policy":
        fields |= {"transfers": "none", "domain": Simplex(), "cost": Entropy([0.5, 0.5], 0.5)}
        fields["outside_option"] = draw(st.sampled_from([[0.5, 0.5], [0.75, 0.25]]))
        fields["principal_values"] = -np.array([draw(SHARES) for _ in range(size)])
    elif case == "bounded":
        fields["transfers"] = draw(st.sampled_from([(-0.5, 0.5), (0.0, 1.0), (0.0, np.inf), (-np.inf, 1.0)]))
        fields["domain"] = draw(st.sampled_from([Box(0.0, 2.0), NonNegative()]))
    elif case == "welfare":
        fields["objective"], fields["transfers"] = draw(objectives(count))
        fields["domain"] = draw(st.sampled_from([Box(0.0, 2.0), NonNegative()]))
    else:
        capacity = draw(st.sampled_from([0.25, 1.0]))
        served = fields["weights"][:, np.newaxis] * np.ones(size)
        fields["constraints"] = [LinearConstraint(allocation=served, upper=capacity, name="capacity")]
        fields["domain"] = draw(st.sampled_from([Box(0.0, 2.0), NonNegative()]))
        if draw(st.booleans()):
            fields["constraints"].append(LinearConstraint(utility=fields["weights"], lower=0.125, name="welfare"))
    return ScreeningProblem(**_named(fields, labels, goods), participation="compulsory")


def chosen(problem: ScreeningProblem, allocations: Array, transfers: Array) -> tuple[Array, Array]:
    """Each type's best of some options, or of the outside option: IC by the taxation principle, and IR.

    Where the outside option is no contract and money is free, all transfers are lowered until everybody takes part.
    """
    outside = problem.outside_contract
    if outside is not None:
        allocations, transfers = np.vstack([allocations, outside]), np.r_[transfers, 0.0]
    elif problem.transfers == "free":
        worth = problem.valuations @ allocations.T
        short = float((problem.reservation_utility - (worth - transfers).max(axis=1)).max())
        size = float(np.abs(worth).max() + np.abs(transfers).max() + 1e-12)
        transfers = transfers - max(0.0, short) - SLIVER * size
    assume(bool(np.isfinite(allocations).all()))
    values, amounts = in_goods(problem.domain, problem.valuations, allocations)
    taken = best_options(values, amounts, transfers, payoff=lambda _, option: transfers[option]).option
    return allocations[taken], transfers[taken]


def random_menu(problem: ScreeningProblem, rng: np.random.Generator, size: int = 4) -> tuple[Array, Array]:
    """A random IC and IR menu of a problem with an outside contract or free transfers: (allocation, transfer)."""
    centre, radius = problem.domain.interior(problem.n_goods)
    spread = rng.choice([0.1, 1.0, 10.0]) * (radius + 0.1)
    allocations = problem.domain.clip(centre + spread * rng.normal(size=(size, problem.n_goods)))
    low, high = problem.transfer_limits
    worth = problem.valuations @ allocations.T
    return chosen(problem, allocations, np.clip(worth.mean(axis=0) * rng.uniform(-0.5, 1.5, size), low, high))
