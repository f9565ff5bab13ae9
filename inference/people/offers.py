"""What a designer offers who knows half of the people: one policy, one a group, or a menu.

Policies lie in the span of the groups' mean answers and the average. A menu loses nothing by that: its incentives and
benefits depend on a policy's part in that span alone, and any other part only costs. The robust menu can lose. Mixtures
of programmes are as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError, SolverError
from contracts.inputs.arrays import Array
from contracts.menu.menu import Menu
from contracts.problem.costs import Entropy, Linear, Quadratic
from contracts.problem.domains import Box, Simplex
from contracts.problem.objectives import Welfare
from contracts.problem.uncertainty import Ellipsoid
from contracts.solve import solve_menu
from inference.people.judging import Panel, best, divergence, item_means

Indices = NDArray[np.intp]
Choice = Literal["nobody", "benefit", "welfare"]
COVERAGE = 0.95  # of every group's confidence ellipsoid, in the span of policies
GAP = 1e-5  # relative, of menus
REACH = 8.0  # no policy is farther from zero than so many times the longest mean
SAME = 1e-4  # of the largest mean, within which two policies are one: solvers leave that much

AVERAGING, LABELS, OPEN, MENU, ROBUST, PRICED = (
    "averaging",
    "labels",
    "labels, open",
    "menu",
    "robust menu",
    "menu at cost",
)
MECHANISMS = (AVERAGING, LABELS, OPEN, MENU, ROBUST, PRICED)


class Elicited(NamedTuple):
    """What half of the people say about their groups."""

    means: Array  # (n_groups, n_items)
    errors: Array  # (n_groups, n_items, n_items) covariance of the means
    weights: Array  # (n_groups,)
    pooled: Array  # (n_items,) mean of everybody
    temperature: float | None = None  # of mixtures of programmes, which then are the items

    @property
    def policies(self) -> Array:
        """The groups' own policies, and last that for the average; (n_groups + 1, n_items)."""
        return best(np.vstack([self.means, self.pooled]), self.temperature)

    @property
    def own_welfare(self) -> float:
        """Welfare of the groups' own policies."""
        own = self.policies[:-1]
        spent = (own**2).sum(axis=1) / 2 if self.temperature is None else self.temperature * divergence(own)
        return float(self.weights @ ((self.means * own).sum(axis=1) - spent))


class Offer(NamedTuple):
    """Policies on offer, the average last; which is meant for whom; and who chooses by what."""

    policies: Array  # (n_options, n_items)
    meant: Indices  # (n_groups,)
    choice: Choice


class Offers(NamedTuple):
    """Every mechanism's offer, and what incentive compatibility did to the menu."""

    by_name: dict[str, Offer]
    bound: float  # 1 if the menu differs from the groups' own policies, else 0; NaN without a menu
    incentive_cost: float  # welfare of the groups' own policies less that of the menu, as elicited; NaN without one


def elicit(panel: Panel, group: Indices, n_groups: int) -> Elicited:
    """Means of groups with their errors; no change is asked on an item that nobody of a group answered.

    Raises
    ------
    ProblemError
        If a group has fewer than two people.
    """
    size = np.bincount(group, minlength=n_groups)
    if size.min() < 2:
        raise ProblemError(
            f"a group has {size.min()} people in one half: join it with another, leave its people out, or find fewer"
        )
    means, errors = [], []
    for k in range(n_groups):
        part = panel.of_people(np.flatnonzero(group == k))
        mean = item_means(part)
        residual = (part.values - mean) * part.known
        if panel.balanced:
            residual = (residual - residual.sum(axis=1, keepdims=True) / part.asked) * part.known
        each = residual / np.maximum(part.known.sum(axis=0), 1)
        means.append(mean)
        errors.append(each.T @ each)
    return Elicited(np.stack(means), np.stack(errors), size / size.sum(), item_means(panel), panel.temperature)


def offers(elicited: Elicited, mechanisms: Sequence[str]) -> Offers:
    """What some mechanisms offer to the same groups."""
    own = np.arange(len(elicited.means))
    everything = elicited.policies
    found = {
        AVERAGING: Offer(everything[-1:], np.zeros_like(own), "nobody"),
        LABELS: Offer(everything, own, "nobody"),
        OPEN: Offer(everything, own, "benefit"),
        PRICED: Offer(everything, own, "welfare"),
    }
    basis = span(everything) if elicited.temperature is None else np.eye(everything.shape[1])
    if len(basis) == 0:  # nobody wants anything on average
        return Offers(found | dict.fromkeys((MENU, ROBUST), found[OPEN]), 0.0, 0.0)
    bound, lost = np.nan, np.nan
    if MENU in mechanisms:
        plain = best_menu(elicited, basis)
        found[MENU] = _offered(plain, basis, elicited)
        away = np.abs(plain.allocation @ basis - everything[:-1]).max()
        bound = float(away > SAME * np.abs(everything[:-1]).max())
        lost = elicited.own_welfare - plain.value
    if ROBUST in mechanisms:
        found[ROBUST] = _offered(best_menu(elicited, basis, robust=True), basis, elicited)
    return Offers(found, bound, lost)


def _offered(menu: Menu, basis: Array, elicited: Elicited) -> Offer:
    """A menu with the average at the end; policies that differ by no more than solvers leave are made the same."""
    policies = np.vstack([menu.allocation @ basis, elicited.policies[-1]])
    least = SAME * np.abs(elicited.policies[:-1]).max()
    for k in reversed(range(len(policies) - 1)):
        alike = np.abs(policies[k + 1 :] - policies[k]).max(axis=1) <= least
        if alike.any():
            policies[k] = policies[k + 1 :][alike][-1]
    return Offer(policies, np.arange(len(menu.allocation)), "benefit")


def span(vectors: Array) -> Array:
    """An orthonormal basis of the rows' span; (rank, n_items)."""
    _, sizes, basis = np.linalg.svd(vectors, full_matrices=False)
    return np.asarray(basis[sizes > 1e-9 * max(float(sizes[0]), 1e-9)])


def best_menu(elicited: Elicited, basis: Array, *, robust: bool = False) -> Menu:
    """The best menu under IC and IR, the average always on offer; allocations in coordinates of the basis."""
    means, heat = elicited.means @ basis.T, elicited.temperature
    fields: dict[str, Any] = {
        "transfers": "none",
        "objective": Welfare(),
        "outside_option": basis @ elicited.policies[-1],
    }
    if heat is None:
        reach = REACH * float(np.abs(means).max())
        fields |= {"cost": Quadratic(), "domain": Box(-reach, reach)}
    else:
        equal = np.full(len(basis), 1 / len(basis))
        fields |= {"cost": Entropy(equal, heat) if heat > 0 else Linear(0.0), "domain": Simplex()}
    if robust:
        from scipy.stats import chi2

        values, vectors = np.linalg.eigh(basis @ elicited.errors @ basis.T)
        radius = np.sqrt(chi2.ppf(COVERAGE, len(basis)))
        fields["uncertainty"] = Ellipsoid(radius * vectors * np.sqrt(np.maximum(values, 0.0))[:, np.newaxis, :])
    try:
        return solve_menu(means, elicited.weights, gap=GAP, **fields)
    except SolverError as exc:  # exact all the same, only farther from the best
        if exc.reached is None:
            raise
        return exc.reached
