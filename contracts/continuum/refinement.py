r"""What a menu for finitely many types earns from the continuum, and what no menu earns more than.

**Earned.** Somebody in a cell [l, h] may take option j rather than the one k that the cell's type takes only if max
over theta in [l, h] of theta . (x_j - x_k) >= t_j - t_k. The least and the most that such options earn, times the
chances of cells, are sums on either side of what the menu earns from the continuum: only cells at the borders of
options differ, so they approach each other with the width of cells. Types that are indifferent, to rounding, have no
weight.

**The best.** Let D be the mean over cells of sum_k (largest distance from the type, along good k) x (range of
amounts). Take the best menu for the continuum and give back a share eta of the profit p of each option. A type a,
standing for theta in its cell, takes an option that earns p' >= p - D / eta, p being what theta's choice earns: what
a prefers and theta does not is worth at most D to it. So (1 - eta) (V - D / eta) <= V_n, the value for the n types,
and the best eta gives

    V <= (sqrt V_n + sqrt D)^2.

Amounts without a limit have one in a best menu: the principal loses on no option, so that c(x) <= (b + theta) . x.
With one good and amounts from 0 up there is a better one: if every type of a cell is moved to its upper end, the
revenue curve rises, and so does the bound of the dual, which is then a sum over types.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.continuum.curves import Steps
from contracts.continuum.discretise import Discretisation, Rule, discretise
from contracts.continuum.laws import Atoms
from contracts.continuum.reading import DataAs
from contracts.continuum.schedule import Pointwise
from contracts.display.numbers import plural
from contracts.display.table import Column, Table, Tabular
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count
from contracts.menu.menu import Menu
from contracts.problem.costs import Cost, Linear, is_closed_form
from contracts.problem.domains import Domain, NonNegative, ends_of, known_domain
from contracts.problem.screening import ScreeningProblem
from contracts.solve import solve_menu

if TYPE_CHECKING:
    import pandas as pd

NO_COST, ANY_AMOUNT = Linear(0.0), NonNegative()
STEPS = np.logspace(-4, 4, 161)  # in which the best l is looked for
ROUNDING = 1e-12  # of utilities, relative, by which an option may be thought better than it is


@checked
@dataclass(frozen=True)
class DiscretisationError:
    """What a menu is worth where types are a continuum.

    Attributes
    ----------
    value : what it earns from the types that it was made for
    earned_at_least, earned_at_most : what it earns from the continuum lies between
    optimum_at_most : no menu earns more from the continuum; infinite if there are several goods, and neither the domain
        nor a cost that curves limits amounts
    """

    value: float
    earned_at_least: float
    earned_at_most: float
    optimum_at_most: float

    @property
    def error(self) -> float:
        """How far the menu can be from the best for the continuum."""
        return self.optimum_at_most - self.earned_at_least


@checked
def discretisation_error(menu: Menu, discretisation: Discretisation) -> DiscretisationError:
    """What a menu earns from the continuum that a discretisation stands for, and what no menu earns more than.

    Parameters
    ----------
    menu : for profit, with free transfers, of agents who have nothing without a contract
    discretisation : with cells, so not of Gauss's points; that of the menu's types, or a finer one, whose cells bound
        what is earned more closely, but say nothing about the best if there are several goods

    Raises
    ------
    ProblemError
        If there are no cells, or the menu is of another kind.

    Examples
    --------
    >>> import scipy.stats
    >>> from contracts import Quadratic
    >>> types = discretise(scipy.stats.uniform(0, 1), 50, rule="lower")
    >>> found = discretisation_error(solve_menu(types.valuations, types.weights, cost=Quadratic()), types)
    >>> found.earned_at_least <= 1 / 12 <= found.optimum_at_most, found.error < 0.01
    (True, True)
    """
    problem, cells = menu.problem, discretisation
    if not cells.has_cells:
        raise ProblemError("discretisation is of Gauss's points, which have no cells: use another rule to bound errors")
    if cells.n_goods != problem.n_goods:
        raise ProblemError(
            f"discretisation has {cells.n_goods} goods and the menu {problem.n_goods}: give those of one"
        )
    if not problem.is_plain or problem.reservation_utility.any() or problem.outside_contract is None:
        raise ProblemError(
            "menu is not for profit with free transfers and agents who have nothing without it: only for such menus "
            "the error is bounded; drop the objective, constraints, limits or reservation utilities"
        )
    least, most = _earned(menu, cells)
    same = cells.valuations.shape == problem.valuations.shape and bool((cells.valuations == problem.valuations).all())
    return DiscretisationError(menu.value, least, most, max(_optimum(menu, cells, same=same), least))


def _earned(menu: Menu, cells: Discretisation) -> tuple[float, float]:
    """The least and the most that a menu earns, whatever types there are in the cells."""
    problem, (allocations, transfers) = menu.problem, menu.options
    nothing = np.zeros((1, problem.n_goods))
    allocations, transfers = np.vstack([nothing, allocations]), np.append(0.0, transfers)
    if np.ptp(problem.principal_values, axis=0).any():
        raise ProblemError("menu has principal_values that differ by type: give one value per good for all types")
    profit = allocations @ problem.principal_values[0] - problem.cost.value(allocations) + transfers
    utility = cells.valuations @ allocations.T - transfers
    chosen = np.argmax(utility, axis=1)
    least, most = np.empty(cells.n_types), np.empty(cells.n_types)
    for option in np.unique(chosen):
        rows = chosen == option
        gain = -np.broadcast_to(transfers - transfers[option], (int(rows.sum()), len(transfers))).copy()
        slack = ROUNDING * (np.abs(transfers).max() + np.abs(utility[rows]).max(axis=1, keepdims=True))
        for k in range(cells.n_goods):
            more = allocations[:, k] - allocations[option, k]
            low, high = cells.lower[rows, k][:, np.newaxis], cells.upper[rows, k][:, np.newaxis]
            with np.errstate(invalid="ignore"):
                gain += np.where(more > 0, high * more, np.where(more < 0, low * more, 0.0))
        may = gain > slack  # whoever is indifferent to rounding has no weight
        may[:, option] = True
        least[rows] = np.where(may, profit, np.inf).min(axis=1)
        most[rows] = np.where(may, profit, -np.inf).max(axis=1)
    return float(cells.weights @ least), float(cells.weights @ most)


def _optimum(menu: Menu, cells: Discretisation, *, same: bool) -> float:
    """What no menu earns more than from the continuum."""
    problem = menu.problem
    ends = ends_of(known_domain(problem.domain, problem.n_goods), problem.n_goods)
    bound = math.inf
    if problem.n_goods == 1 and ends is not None and ends[0][0] >= 0 and is_closed_form(problem.cost):
        bound = _rounded_up(problem, cells)
    if ends is None or not same:
        return bound
    width = np.maximum(cells.upper - cells.valuations, cells.valuations - cells.lower)
    most = _largest_amounts(problem, cells, ends)
    with np.errstate(invalid="ignore"):
        distance = float(cells.weights @ (width @ (most - ends[0])))
    worth = max(menu.upper_bound, 0.0)
    return min(bound, (math.sqrt(worth) + math.sqrt(distance)) ** 2) if math.isfinite(distance) else bound


def _largest_amounts(problem: ScreeningProblem, cells: Discretisation, ends: tuple[Array, Array]) -> Array:
    """What no option of a best menu has more of; (n_goods,), infinite where nothing is known.

    An option on which the principal loses can be left out: whoever took it takes one on which it does not, or none. So
    c(x) <= v . x with v = b + the highest tastes, and x_k <= l c*(v + e_k / l) for every l > 0.
    """
    highest = cells.upper.max(axis=0) + problem.principal_values[0]
    if np.isfinite(ends[1]).all() or not np.isfinite(highest).all() or (ends[0] < 0).any():
        return ends[1]
    cost, domain = problem.cost, problem.domain
    worth, best = cost.conjugate(highest[np.newaxis], domain)
    if not is_closed_form(cost) or not (np.isfinite(worth[0]) and worth[0] > 0):
        return ends[1]
    steps = float(best.max() / worth[0]) * STEPS
    asked = highest + np.eye(len(highest))[:, np.newaxis] / steps[:, np.newaxis]
    bounds = steps * cost.conjugate(asked.reshape(-1, len(highest)), domain)[0].reshape(len(highest), -1)
    return np.asarray(np.minimum(ends[1], np.where(np.isnan(bounds), np.inf, bounds).min(axis=1) * (1 + ROUNDING)))


def _rounded_up(problem: ScreeningProblem, cells: Discretisation) -> float:
    """The dual bound where every type of a cell is as its upper end; infinite if a cell has none."""
    order = np.argsort(cells.upper[:, 0])
    values = cells.upper[order, 0]
    if not np.isfinite(values[-1]):
        return math.inf
    curve = Steps(Atoms(values, cells.weights[order]), float(problem.principal_values[0, 0]), 0.0)
    pointwise = Pointwise(problem.cost, problem.domain, 0.0)
    found = curve.total(lambda theta, mass, virtual_mass, above: pointwise.best(curve.at(theta))[0] * mass, values[0])
    return found.value + found.error


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Refinement(Tabular):
    """Menus for more and more types, and where their values lead.

    Attributes
    ----------
    n_types : (n_levels,) types along each good, each level twice those of the one before
    values : (n_levels,) what the menus earn from their types
    errors : what each earns from the continuum, and what none earns more than
    order : by which the error falls: halved cells divide it by 2^order; nan if values do not say
    extrapolated : Richardson's value at infinitely many types; an estimate, not a bound
    menu, discretisation : those of the finest level
    """

    n_types: tuple[int, ...]
    values: Array
    errors: tuple[DiscretisationError, ...]
    order: float
    extrapolated: float
    menu: Menu
    discretisation: Discretisation

    def to_frame(self) -> pd.DataFrame:
        """One row per level: value, what is earned from the continuum at least and at most, and the bound."""
        return self._table().to_frame()

    def _table(self) -> Table:
        return Table(
            (
                Column("n_types", list(self.n_types), "d", heading="types per good"),
                Column("value", self.values, ".6g"),
                Column("earned_at_least", [one.earned_at_least for one in self.errors], ".6g"),
                Column("earned_at_most", [one.earned_at_most for one in self.errors], ".6g"),
                Column("optimum_at_most", [one.optimum_at_most for one in self.errors], ".6g"),
            ),
            f"Menus for a continuum of types, by {plural(self.menu.problem.n_goods, 'good')}",
            [f"extrapolated value {self.extrapolated:.6g}, order {self.order:.2f}"],
        )


@checked(own=("distribution", "support"))
def refine(
    distribution: Any,
    n_types: Count = 8,
    *,
    n_levels: Count = 3,
    rule: Rule = "midpoint",
    cost: Cost = NO_COST,
    domain: Domain = ANY_AMOUNT,
    principal_values: Any = 0.0,
    support: Any = None,
    data: DataAs = "kernel",
    gap: float = 1e-7,
) -> Refinement:
    """Menus for n, 2n, 4n, ... types along each good, their errors, and the value that they lead to.

    Parameters
    ----------
    distribution, rule, support, data : as for discretise; rules with cells
    n_types : along each good at the first level
    n_levels : at least 3, which an order needs
    cost, domain, principal_values, gap : as for solve_menu

    Raises
    ------
    ProblemError
        If there are fewer than 3 levels, or the rule has no cells.

    Examples
    --------
    >>> import scipy.stats
    >>> from contracts import Quadratic
    >>> found = refine(scipy.stats.uniform(0, 1), 16, cost=Quadratic())
    >>> round(found.order), abs(found.extrapolated - 1 / 12) < 2e-4
    (1, True)
    """
    if n_levels < 3:
        raise ProblemError(f"n_levels is {n_levels}: an order needs at least 3")
    if rule == "gauss":
        raise ProblemError("rule is 'gauss', which has no cells: use 'midpoint', 'lower' or 'quantile'")
    counts = tuple(n_types * 2**level for level in range(n_levels))
    values: list[float] = []
    errors: list[DiscretisationError] = []
    for count in counts:
        cells = discretise(distribution, count, rule=rule, support=support, data=data)
        menu = solve_menu(
            cells.valuations, cells.weights, cost=cost, domain=domain, principal_values=principal_values, gap=gap
        )
        values.append(menu.value)
        errors.append(discretisation_error(menu, cells))
    order, limit = _richardson(*values[-3:])
    return Refinement(counts, np.array(values), tuple(errors), order, limit, menu, cells)


def _richardson(coarse: float, middle: float, fine: float) -> tuple[float, float]:
    """The order by which values approach a limit, and the limit, if differences shrink; else nan and the last value.

    Examples
    --------
    >>> _richardson(1.25, 1.0625, 1.015625)
    (2.0, 1.0)
    """
    before, after = middle - coarse, fine - middle
    if after == 0 or not before / after > 1:
        return math.nan, fine
    ratio = before / after
    return math.log2(ratio), fine + after / (ratio - 1)
