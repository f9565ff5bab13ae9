"""Menus of policies without money, by minimising the bound itself.

Without transfers u_i = a_i . x_i, and with an entropy cost every conjugate is a log-sum-exp, so the bound

    g(l, m) = sum_j kappa f_j c*(v_j) - m . r,
    v_j = b_j + [(pi_j + m_j + sum_k l_jk) a_j - sum_i l_ij a_i] / (kappa f_j)

is a smooth convex function of the n^2 prices l, m >= 0, however many policies there are. Its minimum is the menu's
value (strong duality); its maximisers x_j are the menu, and its gradient is the slack of IC and IR. A quasi-Newton
method comes close, and Newton's method on the prices that are positive makes their slacks vanish to rounding.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from contracts.engines.candidate import Candidate
from contracts.engines.diagnosis import infeasible_menu
from contracts.engines.program import menu_program
from contracts.errors import InfeasibleMenuError, ProblemError
from contracts.inputs.arrays import Array, Indices
from contracts.inputs.frozen import dataclass
from contracts.problem.costs import Entropy
from contracts.problem.screening import ScreeningProblem
from contracts.proof.multipliers import Multipliers, no_multipliers

DESCENT: Any = {"maxcor": 20, "maxfun": 20_000, "maxiter": 20_000, "ftol": 1e-16, "gtol": 1e-11}
RESTARTS, PROGRESS = 20, 1e-13  # of the descent, and the relative progress that is worth another
NEWTON_STEPS = 200
RIDGE = 1e-13  # of the Newton system, relative to its mean diagonal
SHORTEST, SUFFICIENT, ROUNDING = 1e-9, 1e-4, 1e-15  # of the line search: length, share of the promise, noise
ACTIVE = 1e-9  # price over weight below which a constraint that holds is left alone
TIGHT = 1e-13  # normalised slack at which Newton's method has done its work


def reason_against(problem: ScreeningProblem) -> str | None:
    """Why this engine does not apply, or None if it does."""
    if problem.mimics is not None:
        return "not everybody can mimic everybody (mimics), and it prices all pairs"
    if not problem.has_participation_constraint:
        return "it needs a participation constraint"
    if problem.transfers != "none" or problem.has_rows:
        return "it solves menus without transfers or side constraints"
    if not isinstance(problem.cost, Entropy):
        return "the cost is not an entropy"
    terms = problem.terms
    if not terms.is_linear or terms.minimum_profit is not None or terms.profit_weight <= 0:
        return "the objective is not linear in utilities, or gives the principal's payoff no weight"
    return None


@dataclass(frozen=True, eq=False)
class _Dual:
    """The bound as a function of prices y >= 0; row i of y holds l_i1 / f_i, ..., l_in / f_i, and m_i / f_i last.

    Money is measured in temperatures, utilities from the reference policy's.
    """

    value: Array  # (n, K) a
    base: Array  # (n, K) virtual valuations over temperature at no prices
    reservation: Array  # (n,)
    weights: Array  # (n,) f
    scale: float  # kappa
    log_reference: Array  # (K,)

    def prices(self, y: Array) -> Array:
        """(n, n + 1) prices with an empty diagonal."""
        table = y.reshape(len(self.weights), -1) * self.weights[:, np.newaxis]
        np.fill_diagonal(table, 0.0)
        return table

    def policies(self, prices: Array) -> tuple[Array, Array]:
        """log-sum-exp of every type's score, and its softmax policy."""
        own = prices.sum(axis=1)[:, np.newaxis] * self.value
        virtual = self.base + (own - prices[:, :-1].T @ self.value) / (self.scale * self.weights)[:, np.newaxis]
        score = virtual + self.log_reference
        highest = score.max(axis=1, keepdims=True)
        odds = np.exp(score - highest)  # once for both
        total = odds.sum(axis=1, keepdims=True)
        return (highest + np.log(total))[:, 0], odds / total

    def slacks(self, policies: Array) -> Array:
        """(n, n + 1) slack of IC and, last, of IR."""
        utility = self.value @ policies.T
        own = np.diag(utility)[:, np.newaxis]
        return np.hstack([own - utility, own - self.reservation[:, np.newaxis]])

    def bound(self, y: Array) -> tuple[float, Array]:
        """The bound, in units of temperature times kappa, and its gradient."""
        value, slack = _bound_and_slack(self, self.prices(y))
        return value, (slack * (self.weights / self.scale)[:, np.newaxis]).ravel()

    def curvature(self, policies: Array, rows: Indices, columns: Indices) -> Array:
        """Second derivatives of the bound in the prices (rows, columns): sum_j D_j' Cov_j D_j / (kappa f_j)."""
        n_types, count = len(self.weights), len(rows)
        total = np.zeros((count, count))
        for j in range(n_types):
            mine, tempting = rows == j, columns == j
            effect = np.zeros((count, self.value.shape[1]))
            effect[mine] += self.value[j]
            effect[tempting] -= self.value[rows[tempting]]
            touched = np.flatnonzero(mine | tempting)
            part = effect[touched]
            centred = part - (part @ policies[j])[:, np.newaxis]
            total[np.ix_(touched, touched)] += (centred * policies[j]) @ centred.T / (self.scale * self.weights[j])
        return total


def solve(problem: ScreeningProblem, *, deadline: float = np.inf, start: Multipliers | None = None) -> Candidate:
    """Minimise the bound over the prices of IC and IR.

    Parameters
    ----------
    deadline : time.monotonic() at which to stop with the prices there are; an interrupt from the keyboard does the same
    start : prices per unit of profit weight to start from, such as those of the same types under another objective

    Raises
    ------
    ProblemError
        If the problem is outside this engine's class.
    InfeasibleMenuError
        If no policies give everybody its reservation utility: the bound would fall for ever.
    """
    from scipy.sparse import csr_array

    against = reason_against(problem)
    if against is not None:
        raise ProblemError(f"method 'dual' does not apply: {against}; use method='auto'")
    _check_feasible(problem)
    dual = _dual_of(problem)
    first = np.zeros((problem.n_types, problem.n_types + 1))
    if start is not None:
        first = np.column_stack([start.ic.toarray(), start.ir]) * (dual.scale / dual.weights)[:, np.newaxis]
    y, finished = _descended(dual, first.ravel(), deadline)
    prices = dual.prices(y)
    if finished:
        prices, finished = _polished(dual, prices, deadline)
    _, policies = dual.policies(prices)
    policies = problem.domain.clip(policies)
    multipliers = replace(no_multipliers(problem), ic=csr_array(prices[:, :-1]), ir=prices[:, -1])
    utility = np.einsum("ij,ij->i", problem.valuations, policies)
    return Candidate(policies, utility, multipliers, "dual", is_finished=finished)


def _check_feasible(problem: ScreeningProblem) -> None:
    """Refuse problems without a menu; where one policy suits everybody that is soon seen."""
    from scipy.optimize import linprog

    if problem.outside.is_contract:
        return
    size = float(np.abs(problem.valuations).max()) or 1.0
    one_for_all: Any = linprog(
        np.zeros(problem.n_goods),
        A_ub=-problem.valuations / size,
        b_ub=-problem.reservation_utility / size,
        A_eq=np.ones((1, problem.n_goods)),
        b_eq=[1.0],
        method="highs",
    )
    if one_for_all.status == 0:
        return
    why = infeasible_menu(menu_program(problem))
    if isinstance(why, InfeasibleMenuError):
        raise why


def _dual_of(problem: ScreeningProblem) -> _Dual:
    cost = problem.cost
    if not isinstance(cost, Entropy):
        raise ProblemError("method 'dual' does not apply: the cost is not an entropy; use method='auto'")
    centre = problem.valuations @ cost.reference
    value = (problem.valuations - centre[:, np.newaxis]) / cost.temperature
    scale = problem.terms.profit_weight
    social = problem.terms.utility_weights / scale
    gains = problem.principal_values + problem.terms.allocation_values / scale
    base = gains / cost.temperature + social[:, np.newaxis] * value
    reservation = (problem.reservation_utility - centre) / cost.temperature
    return _Dual(value, base, reservation, np.asarray(problem.weights), scale, np.log(cost.reference))


def _descended(dual: _Dual, first: Array, deadline: float) -> tuple[Array, bool]:
    """Prices near the minimum by L-BFGS-B, restarted while that helps: it can stop short of it; whether it ended."""
    from scipy.optimize import minimize

    y, value = first, np.inf

    def watch(intermediate_result: Any) -> None:
        nonlocal y
        y = np.array(intermediate_result.x)
        if time.monotonic() > deadline:
            raise StopIteration

    settings = {"jac": True, "method": "L-BFGS-B", "bounds": [(0.0, None)] * len(first), "options": DESCENT}
    try:
        for _ in range(RESTARTS):
            found = minimize(dual.bound, y, callback=watch, **settings)
            y = np.asarray(found.x)
            if time.monotonic() > deadline:
                return y, False
            if float(found.fun) >= value - PROGRESS * abs(value):
                break
            value = float(found.fun)
    except KeyboardInterrupt:
        return y, False
    return y, True


def _polished(dual: _Dual, prices: Array, deadline: float) -> tuple[Array, bool]:
    """Newton's steps until they end or time does; the prices, and which of the two it was."""
    try:
        for moved in _newton(dual, prices):
            prices = moved
            if time.monotonic() > deadline:
                return prices, False
    except KeyboardInterrupt:
        return prices, False
    return prices, True


def _newton(dual: _Dual, prices: Array) -> Iterator[Array]:
    """Newton's method under the bounds on prices: each step minimises the quadratic model over non-negative prices.

    With the Hessian H = R'R, the model at price p + step is |R price - (R p - R^-T slack)|^2: non-negative least
    squares, over the prices that are positive or whose constraint is violated.
    """
    from scipy.linalg import solve_triangular
    from scipy.optimize import nnls

    current, slack = _bound_and_slack(dual, prices)
    for _ in range(NEWTON_STEPS):
        if _miss(prices, slack) <= TIGHT:
            break
        free = (prices > ACTIVE * dual.weights[:, np.newaxis]) | (slack < -TIGHT)
        np.fill_diagonal(free, val=False)
        rows, columns = np.nonzero(free)
        if not rows.size:  # prices left over from where the descent began, on constraints that have room
            yield np.zeros_like(prices)
            break
        _, policies = dual.policies(prices)
        hessian = dual.curvature(policies, rows, columns)
        hessian += RIDGE * float(np.trace(hessian)) / len(rows) * np.eye(len(rows))
        try:
            root = np.linalg.cholesky(hessian).T
        except np.linalg.LinAlgError:  # policies next to a corner have no curvature left to go by
            break
        target = root @ prices[rows, columns] - solve_triangular(root, slack[rows, columns], trans="T")
        best = np.zeros_like(prices)
        best[rows, columns] = nnls(root, target, maxiter=50 * len(rows))[0]
        length, promised = 1.0, float(np.sum(slack * (best - prices))) / dual.scale
        while length > SHORTEST:
            moved = prices + length * (best - prices)
            ahead, its_slack = _bound_and_slack(dual, moved)
            if ahead <= current + SUFFICIENT * length * promised + ROUNDING * abs(current):
                break
            length /= 2
        else:
            break
        if ahead >= current and _miss(moved, its_slack) >= _miss(prices, slack):
            break
        prices, current, slack = moved, ahead, its_slack
        yield prices


def _bound_and_slack(dual: _Dual, prices: Array) -> tuple[float, Array]:
    surplus, policies = dual.policies(prices)
    value = float(dual.weights @ surplus) - float(prices[:, -1] @ dual.reservation) / dual.scale
    return value, dual.slacks(policies)


def _miss(prices: Array, slack: Array) -> float:
    """How far from optimal: slack where there is a price, violation elsewhere."""
    return float(np.where(prices > 0, np.abs(slack), np.maximum(-slack, 0.0)).max())
