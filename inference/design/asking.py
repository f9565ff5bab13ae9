"""Menus that ask: the best options for agents who choose by logit, with a weight on what their choices tell.

Agents who err take option o of a menu with probability p_i(o), proportional to exp(u_i(o) / temperature). The
principal chooses the options themselves, X (n_options, n_goods) and T (n_options,), to maximise

    J = sum_i f_i sum_o p_i(o) v_i(o) + information_weight * I(type; choice),

v_i(o) what its objective counts for option o with type i. The menu is incentive compatible in the sense of the
taxation principle: everybody chooses from the same list. With u the utilities, p = softmax(u / temperature) and
h_i(o) = v_i(o) + information_weight log(p_i(o) / q(o)), q = f . p,

    dJ/du_i(o) = f_i p_i(o) (h_i(o) - sum_k p_i(k) h_i(k)) / temperature

to which the direct effect of X and T on v is added. J is not concave: L-BFGS-B climbs from several starts, among them
the menu that is best for agents who do not err.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import softmax

from contracts.display.numbers import plural
from contracts.display.table import Column, Table, Tabular
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, number
from contracts.inputs.door import checked
from contracts.inputs.extras import pandas
from contracts.inputs.frozen import dataclass
from contracts.menu.menu import Menu
from contracts.menu.offers import Options
from contracts.problem.costs import parts_of
from contracts.problem.domains import Simplex, ends_of
from contracts.problem.screening import ScreeningProblem
from contracts.readable import readable
from contracts.solve import as_problem, solve_menu
from inference.choice.information import mutual_information
from inference.choice.model import Logit
from inference.choice.offered import ChoiceSet, check_one_list, choice_set

if TYPE_CHECKING:
    import pandas as pd

SLACKS = (1.0, 3.0)  # temperatures by which starts are cheaper than the menu for agents who do not err
SMALLEST_CHANCE = 1e-300  # where a probability underflows, its logarithm is of no account


@checked
@dataclass(frozen=True, eq=False, repr=False)
class AskingMenu(Tabular):
    """Options for agents who err, what they are expected to earn, and what choices from them tell.

    Attributes
    ----------
    options : Options(allocations (n_options, n_goods), transfers (n_options,))
    temperature : money; of the agents' logit choice
    information_weight : money per nat
    """

    problem: ScreeningProblem
    options: Options
    temperature: float
    information_weight: float

    @cached_property
    def choice_set(self) -> ChoiceSet:
        """What types choose between, for `infer_types`."""
        return choice_set(self.problem, *self.options)

    @cached_property
    def probabilities(self) -> Array:
        """Chance of each option, the outside option last, for each type; (n_types, n_options + 1)."""
        return Logit(self.temperature).probabilities(self.choice_set.utility)

    @cached_property
    def value(self) -> float:
        """The principal's objective, expected over types and their choices; money."""
        return self.expected_value()

    @cached_property
    def information(self) -> float:
        """Nats that one choice is expected to tell about the type."""
        return mutual_information(self.problem.weights, self.probabilities)

    def expected_value(self, weights: Any = None) -> float:
        """The objective expected under other weights of the types; (n_types,)."""
        shares = self.problem.weights if weights is None else finite("weights", weights)
        if shares.shape != self.problem.weights.shape:
            raise ProblemError(f"weights has shape {shares.shape}; expected {self.problem.weights.shape}, one per type")
        contracts = _contracts(self.problem, *self.options)
        return float(shares @ (self.probabilities * contracts.counted).sum(axis=1))

    def to_frame(self) -> pd.DataFrame:
        """One row per option, the outside option last: allocation, transfer, chance by type."""
        pd = pandas()
        names = [str(k) for k in range(len(self.options.transfers))]
        index = pd.Index([*names, "outside"], name="option")
        goods = {good: [*self.options.allocations[:, g], np.nan] for g, good in enumerate(self.problem.goods)}
        chances = {f"chance of {label}": self.probabilities[i] for i, label in enumerate(self.problem.labels)}
        return pd.DataFrame({**goods, "transfer": [*self.options.transfers, 0.0], **chances}, index=index)

    def _table(self) -> Table:
        head = (
            f"AskingMenu: {plural(len(self.options.transfers), 'option')} for logit choice at temperature "
            f"{self.temperature:g}; expected value {self.value:.4g}, information {self.information:.4g} nats a choice"
        )
        allocations, transfers = self.options
        columns = [Column("option", [*map(str, range(len(transfers))), "outside"], left=False)]
        amounts = dict(zip(map(readable, self.problem.goods), allocations.T, strict=True)) | {"transfer": transfers}
        columns += [
            Column(name, [*map("{:.4g}".format, held), ""], heading=name, left=False) for name, held in amounts.items()
        ]
        for label, chances in zip(self.problem.labels, self.probabilities, strict=True):
            columns.append(Column(f"P({label})", chances, ".3f", f"P({readable(label)})"))
        return Table(columns, head)


@checked
def asking_menu(
    problem: Any,
    weights: Any = None,
    *,
    temperature: float,
    information_weight: float = 0.0,
    n_options: int | None = None,
    starts: Sequence[Options | Menu | AskingMenu] = (),
    n_random: int = 4,
    rng: np.random.Generator | None = None,
    **fields: Any,
) -> AskingMenu:
    """The options that are worth most when agents choose by logit, with a reward for what choices tell.

    Parameters
    ----------
    problem, weights, fields : a ScreeningProblem, or its parts, as in `solve_menu`; objectives linear in utilities
    temperature : money, positive; the scale of the agents' errors
    information_weight : money per nat of mutual information between type and choice; not negative
    n_options : options on offer, without the outside option; by default as many as the largest start has. More are
        never worth less, even if they are copies: each has its own noise, so compare menus of equal numbers
    starts : menus to climb from besides that of `solve_menu`
    n_random : starts drawn around that menu; with `rng`, by default seeded with 0

    Returns
    -------
    AskingMenu
        The best local optimum found; with as many options it never is worth less than the menu of `solve_menu`.

    Raises
    ------
    ProblemError
        If the domain is a Polyhedron, or the objective has welfare functions, worst-off terms, ambiguity,
        uncertainty or side constraints.

    Examples
    --------
    The menu that is optimal for agents who never err leaves the high type indifferent, so that half of them leave:

    >>> import contracts, inference
    >>> problem = contracts.ScreeningProblem([1.0, 2.0], [0.5, 0.5], cost=contracts.Quadratic())
    >>> round(contracts.solve_menu(problem).expected_value(inference.Logit(0.1)), 3)
    0.5
    >>> menu = asking_menu(problem, temperature=0.1)
    >>> round(menu.value, 3)
    0.811
    >>> round(asking_menu(problem, temperature=0.1, information_weight=1.0).information, 3) > round(menu.information, 3)
    True
    """
    problem = as_problem(problem, weights, fields)
    _check(problem)
    if not number("temperature", temperature) > 0:
        raise ProblemError(
            f"temperature is {temperature}: it must be positive; solve_menu is for agents without errors"
        )
    if n_random < 0:
        raise ProblemError(f"n_random is {n_random}: it must not be negative")
    if number("information_weight", information_weight) < 0:
        raise ProblemError(f"information_weight is {information_weight}: it must not be negative")
    rng = np.random.default_rng(0) if rng is None else rng
    given = [_menu_options(solve_menu(problem, gap=1e-4), problem)]
    given += [start if isinstance(start, Options) else start.options for start in starts]
    count = max(len(options.transfers) for options in given) if n_options is None else n_options
    if count < 1:
        raise ProblemError(f"n_options is {n_options}: offer at least one")
    best: tuple[float, Options] | None = None
    for options in _starting_options(problem, given, count, temperature, n_random, rng):
        climbed = _climb(problem, options, temperature, information_weight)
        if best is None or climbed[0] > best[0]:
            best = climbed
    assert best is not None
    return AskingMenu(problem, best[1], float(temperature), float(information_weight))


@checked
def information_front(
    problem: ScreeningProblem,
    *,
    temperature: float,
    information_weights: Sequence[float] | None = None,
    rng: np.random.Generator | None = None,
) -> tuple[AskingMenu, ...]:
    """Menus from the most valuable to the most telling, none better than another in both.

    Parameters
    ----------
    information_weights : money per nat, increasing; by default 0 and twelve from a hundredth to a hundred times the
        value of the first menu

    Examples
    --------
    >>> import contracts
    >>> front = information_front(contracts.ScreeningProblem([1.0, 2.0], cost=contracts.Quadratic()), temperature=0.2)
    >>> values, information = zip(*[(menu.value, menu.information) for menu in front])
    >>> values == tuple(sorted(values, reverse=True)), information == tuple(sorted(information))
    (True, True)
    """
    first = asking_menu(problem, temperature=temperature, rng=rng)
    sizes = abs(first.value) * np.geomspace(1e-2, 1e2, 12) if information_weights is None else information_weights
    found = [first]
    for weight in sizes:
        found.append(
            asking_menu(problem, temperature=temperature, information_weight=weight, starts=[found[-1], first], rng=rng)
        )
    ranked = sorted(found, key=lambda menu: (-menu.value, -menu.information))
    front: list[AskingMenu] = []
    for menu in ranked:
        if not front or menu.information > front[-1].information + 1e-9:
            front.append(menu)
    return tuple(front)


# ---- the climb ----


@dataclass(frozen=True, eq=False)
class _Contracts:
    """Utilities and counted values of options, the outside option last; (n_types, n_options + 1)."""

    utility: Array
    counted: Array


def _contracts(problem: ScreeningProblem, allocations: Array, transfers: Array) -> _Contracts:
    terms = problem.terms
    utility = problem.valuations @ allocations.T - transfers
    payoff = problem.principal_values @ allocations.T - problem.costs_of(allocations) + transfers
    counted = terms.profit_weight * payoff + terms.allocation_values @ allocations.T
    outside, home = np.zeros(problem.n_types), problem.reservation_utility
    if problem.outside_option is not None:
        option = problem.outside_option
        payoff_outside = problem.principal_values @ option - problem.costs_of(option[np.newaxis])[:, 0]
        outside = terms.profit_weight * payoff_outside + terms.allocation_values @ option
    everything = np.column_stack([utility, home])
    values = np.column_stack([counted, outside]) + terms.utility_weights[:, np.newaxis] * everything
    return _Contracts(everything, values)


def _climb(
    problem: ScreeningProblem, start: Options, temperature: float, information_weight: float
) -> tuple[float, Options]:
    from scipy.optimize import minimize

    shape = start.allocations.shape
    chart = _Chart(problem, start)

    def loss(point: Array) -> tuple[float, Array]:
        allocations, transfers = chart.options(point)
        value, by_allocation, by_transfer = _objective(problem, allocations, transfers, temperature, information_weight)
        return -value / chart.money, -chart.gradient(point, by_allocation, by_transfer) / chart.money

    found = minimize(loss, chart.point(start), jac=True, method="L-BFGS-B", bounds=chart.bounds(shape[0]))
    allocations, transfers = chart.options(found.x)
    return -float(found.fun) * chart.money, Options(problem.domain.clip(allocations), transfers)


def _objective(
    problem: ScreeningProblem, allocations: Array, transfers: Array, temperature: float, information_weight: float
) -> tuple[float, Array, Array]:
    """J and its derivatives by allocations (n_options, n_goods) and transfers (n_options,)."""
    terms, weights = problem.terms, problem.weights
    contracts = _contracts(problem, allocations, transfers)
    chances = softmax(contracts.utility / temperature, axis=1)
    surprise = np.log(np.maximum(chances, SMALLEST_CHANCE)) - np.log(np.maximum(weights @ chances, SMALLEST_CHANCE))
    gain = contracts.counted + information_weight * surprise
    value = float(weights @ (chances * gain).sum(axis=1))
    taken = weights[:, np.newaxis] * chances
    through = taken * (gain - (chances * gain).sum(axis=1, keepdims=True)) / temperature
    through, taken = through[:, :-1], taken[:, :-1]
    through = through + taken * terms.utility_weights[:, np.newaxis]
    marginal = terms.profit_weight * problem.principal_values + terms.allocation_values
    by_allocation = through.T @ problem.valuations + taken.T @ marginal
    for cost, types in parts_of(problem.cost):
        slope = cost.gradient(allocations)  # type: ignore[attr-defined]
        by_allocation = by_allocation - terms.profit_weight * taken[types].sum(axis=0)[:, np.newaxis] * slope
    return value, by_allocation, terms.profit_weight * taken.sum(axis=0) - through.sum(axis=0)


class _Chart:
    """Coordinates in which the domain is a box: amounts over their unit, or logarithms of lottery shares."""

    def __init__(self, problem: ScreeningProblem, start: Options) -> None:
        self.problem = problem
        self.is_lottery = isinstance(problem.domain, Simplex)
        self.amount = 1.0 if self.is_lottery else float(np.abs(start.allocations).max()) or 1.0
        gross = np.abs(problem.valuations).max() + np.abs(problem.principal_values).max()
        self.money = float(gross * self.amount) or 1.0
        self.has_transfers = problem.transfers != "none"

    def point(self, options: Options) -> Array:
        amounts = options.allocations / self.amount
        if self.is_lottery:
            amounts = np.log(np.maximum(self._whole(options.allocations), 1e-8))
        paid = options.transfers / self.money if self.has_transfers else np.empty(0)
        return np.concatenate([amounts.ravel(), paid])

    def options(self, point: Array) -> tuple[Array, Array]:
        amounts, paid = self._split(point)
        transfers = paid * self.money if self.has_transfers else np.zeros(len(amounts))
        if self.is_lottery:
            shares = softmax(amounts, axis=1)
            return shares[:, : self.problem.n_goods], transfers
        return amounts * self.amount, transfers

    def gradient(self, point: Array, by_allocation: Array, by_transfer: Array) -> Array:
        amounts, _ = self._split(point)
        if self.is_lottery:
            shares = softmax(amounts, axis=1)
            padded = np.zeros_like(shares)
            padded[:, : self.problem.n_goods] = by_allocation
            by_amount = shares * (padded - (shares * padded).sum(axis=1, keepdims=True))
        else:
            by_amount = by_allocation * self.amount
        paid = by_transfer * self.money if self.has_transfers else np.empty(0)
        return np.concatenate([by_amount.ravel(), paid])

    def bounds(self, n_options: int) -> list[tuple[float | None, float | None]]:
        domain, shape = self.problem.domain, (n_options, self.problem.n_goods)
        amounts: list[tuple[float | None, float | None]] = [(None, None)] * (n_options * self._coordinates)
        found = ends_of(domain, shape[1])
        if found is not None:
            lower, upper = (np.broadcast_to(end, shape).ravel() / self.amount for end in found)
            ends = zip(lower.tolist(), upper.tolist(), strict=True)
            amounts = [(None if np.isinf(low) else low, None if np.isinf(high) else high) for low, high in ends]
        lowest, highest = (limit / self.money for limit in self.problem.transfer_limits)
        limits = (None if np.isinf(lowest) else lowest, None if np.isinf(highest) else highest)
        return amounts + ([limits] * n_options if self.has_transfers else [])

    @property
    def _coordinates(self) -> int:
        return self.problem.n_goods + (self.is_lottery and bool(getattr(self.problem.domain, "free_disposal", False)))

    def _whole(self, shares: Array) -> Array:
        if self._coordinates == self.problem.n_goods:
            return shares
        return np.column_stack([shares, np.maximum(1 - shares.sum(axis=1), 0.0)])

    def _split(self, point: Array) -> tuple[Array, Array]:
        per_option = self._coordinates + self.has_transfers
        count = len(point) // per_option
        return point[: count * self._coordinates].reshape(count, self._coordinates), point[count * self._coordinates :]


# ---- where to start ----


def _starting_options(
    problem: ScreeningProblem,
    given: list[Options],
    count: int,
    temperature: float,
    n_random: int,
    rng: np.random.Generator,
) -> list[Options]:
    whole = [_of_size(options, count) for options in given]
    lowest, highest = problem.transfer_limits
    cheaper = [
        Options(whole[0].allocations, np.clip(whole[0].transfers - slack * temperature, lowest, highest))
        for slack in SLACKS
    ]
    noisy = []
    for _ in range(n_random):
        scale = np.abs(whole[0].allocations).max() or 1.0
        allocations = whole[0].allocations + 0.3 * scale * rng.normal(size=whole[0].allocations.shape)
        transfers = whole[0].transfers + 2 * temperature * rng.normal(size=count)
        noisy.append(Options(problem.domain.clip(allocations), np.clip(transfers, lowest, highest)))
    return [*whole, *cheaper, *noisy]


def _of_size(options: Options, count: int) -> Options:
    """The first options, or the options with the last one repeated."""
    position = np.minimum(np.arange(count), len(options.transfers) - 1)
    return Options(options.allocations[position], options.transfers[position])


def _menu_options(menu: Menu, problem: ScreeningProblem) -> Options:
    if len(menu.options.transfers):
        return menu.options
    centre, _ = problem.domain.interior(problem.n_goods)  # nothing is sold to agents who do not err
    return Options(centre[np.newaxis], np.clip(np.zeros(1), *problem.transfer_limits))


def _check(problem: ScreeningProblem) -> None:
    if not problem.terms.is_linear or problem.terms.minimum_profit is not None:
        raise ProblemError("asking_menu takes objectives linear in utilities: Profit(), or Welfare without a function")
    if problem.ambiguity is not None or problem.uncertainty is not None or problem.has_rows:
        raise ProblemError("asking_menu takes no ambiguity, uncertainty or side constraints: leave them out")
    check_one_list(problem)
    if ends_of(problem.domain, problem.n_goods) is None and not isinstance(problem.domain, Simplex):
        raise ProblemError(f"asking_menu takes NonNegative, Box or Simplex, not {type(problem.domain).__name__}")
    if not hasattr(problem.cost, "gradient"):
        raise ProblemError(f"cost {type(problem.cost).__name__} has no gradient: asking_menu needs it")
