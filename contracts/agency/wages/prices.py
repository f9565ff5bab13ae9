"""The prices of incentives by Newton's method, for many actions at once.

For every action the dual (see `contracts.agency.bound`) is a concave function of few prices: that of participation and
those of the few actions that tempt most. They rise by damped Newton steps on whatever prices are positive or want to
be; the wages that go with them show which action tempts next, and it joins, until none does. Constraints are measured
by how far apart the two actions' distributions are, so that neighbours on a fine grid count like distant actions.

Constraints are asked to hold with a sliver to spare, so that the wages keep them after rounding.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from contracts.agency.problem import MoralHazardProblem
from contracts.inputs.arrays import Array, Indices, Mask

SPARE = 1e-10  # of the least spread of utilities that incentives need
NEWTON = 4  # steps between two looks for the most tempting action
ROUNDS = 120
PART, ROUNDING = 0.3, 1e-15  # of what there is to spare, and of what is asked, by which a constraint may be missed
SLOTS = 4  # tempting actions at first
EASIER, HARDER = 0.1, 10.0  # what a step that went well, or not, does to the damping
DAMPING = (1e-12, 1e-1, 1e12)  # least, at first, most; of the curvature that utility has within its limits
NEAR_END = 0.9  # of the way to where utility is no longer defined
NO_PRICE = 1e-280  # stands for prices that are not positive: wages are at their lowest
CLOSE = 1e-14  # squared distance of distributions below which they may be the same
CANCELS = 1e-9  # share of themselves that prices on a ray leave in wages: the action cannot be implemented


class Priced(NamedTuple):
    """What was found for some actions, in the order in which they were asked for."""

    participation: Array  # (n,)
    tempting: Indices  # (n, n_slots) actions, -1 for none
    incentive: Array  # (n, n_slots) their prices
    price: Array  # (n, n_outcomes) of utility after each outcome; nan where it cannot occur
    is_solved: Mask  # (n,) whether wages meet all constraints


def implementation_prices(
    problem: MoralHazardProblem, who: Indices, *, spare: float = SPARE, fixed: float | None = None
) -> Priced:
    """Prices at which the least costly wages implement each of some actions.

    `fixed` holds the price of participation where it is, and participation is not asked for.
    """
    solver = _Solver(problem, who, spare, fixed)
    for _ in range(ROUNDS):
        if not solver.advance():
            break
    return solver.result()


class _Solver:
    """Rows of actions that are still being solved; those that are done leave."""

    def __init__(self, problem: MoralHazardProblem, who: Indices, spare: float, fixed: float | None) -> None:
        self.problem, self.fixed = problem, fixed
        probabilities, effort, utility = problem.outcome_probabilities, problem.effort_cost, problem.utility
        self.low, self.high = problem.lowest_wage, problem.highest_wage
        self.low_utility, self.high_utility = problem.utility_limits
        self.low_price, self.high_price = np.zeros(len(self.low)), np.full(len(self.low), np.inf)
        for wage, price in ((self.low, self.low_price), (self.high, self.high_price)):
            known = np.isfinite(wage)
            price[known] = utility.price(wage[known])
        n, n_outcomes = len(who), problem.n_outcomes
        self.who = who
        own = probabilities[who]
        self.occurs = own > 0
        self.own = np.where(self.occurs, own, 1.0)
        self.mass = np.where(self.occurs, own, 0.0)
        bottomless = np.isneginf(self.low_utility)
        self.is_bottomless = bool(bottomless.any())
        free = ((~self.occurs & bottomless).astype(np.float64) @ (probabilities > 0).T.astype(np.float64)) > 0
        apart = 2.0 - 2.0 * np.sqrt(own) @ np.sqrt(probabilities).T  # squared distance of Hellinger
        self.norm = np.sqrt(np.maximum(apart, CLOSE))
        alike = apart <= CLOSE
        for i, b in np.argwhere(alike):
            alike[i, b] = bool(np.array_equal(own[i], probabilities[b])) and bool(effort[b] >= effort[who[i]])
        self.allowed = ~(free | alike)
        self.allowed[np.arange(n), who] = False
        self.missing = effort[who][:, np.newaxis] - effort[np.newaxis, :]  # what a must be better by than b
        punished = np.where(~self.occurs & ~bottomless, np.where(bottomless, 0.0, self.low_utility), 0.0)
        self.punished = punished
        self.reserve = effort[who] + problem.reservation_utility
        pulls = np.where(self.allowed, self.missing / np.maximum(self.norm, 1e-3 * self.norm.max()), 0.0)
        unit = np.maximum(pulls.max(axis=1, initial=0.0), 1e-2 * np.abs(pulls).max(axis=1, initial=0.0))
        unit = np.maximum(unit, 1e-3 * np.abs(self.reserve))
        self.slack = spare * np.maximum(unit, 1e-280)
        self.reserve_slack = spare * (unit * np.sqrt((own * own).sum(axis=1)))
        bottom = float(self.low_utility.min())
        self.index = np.full((n, SLOTS), -1, dtype=np.intp)
        self.z = np.zeros((n, SLOTS + 1))
        self.z[:, 0] = self._first_price(bottom) if fixed is None else fixed
        self.rows = np.zeros((n, SLOTS + 1, n_outcomes))
        self.rows[:, 0] = self.occurs
        self.right = np.zeros((n, SLOTS + 1))
        at_bottom = np.einsum("ij,ij->i", np.where(self.occurs, 0.0, own), punished)
        self.right[:, 0] = self.reserve + self.reserve_slack - at_bottom
        self.within = np.zeros((n, SLOTS + 1))  # what each constraint may be missed by
        self.within[:, 0] = np.maximum(PART * self.reserve_slack, ROUNDING * np.abs(self.right[:, 0]))
        self.damping, self.reference = np.full(n, DAMPING[1]), np.ones(n)
        self.active = np.arange(n)  # rows still at work
        self.solved = np.zeros(n, dtype=bool)
        self.state = self._evaluate(self.active, self.z)

    def _first_price(self, bottom: float) -> Array:
        """The price of a wage that is the same whatever happens and just keeps the agent."""
        utility = self.problem.utility
        low = utility.span[0]
        top = float(self.high_utility.max())
        level = np.maximum(self.reserve, bottom)
        level = np.where(level >= top, top - 1e-3 * max(abs(top), 1.0), level) if np.isfinite(top) else level
        level = np.where(level <= low, low + 1e-6, level)
        with np.errstate(over="ignore"):
            price = utility.price(np.clip(utility.inverse(level), self.low.min(), self.high.max()))
        return np.maximum(price, 1e-200)

    def _evaluate(self, rows: Indices, z: Array) -> tuple[Array, Array, Array, Array]:
        """Dual value, price after each outcome, promised utility and the response of utility; -inf outside."""
        price = (z[:, np.newaxis] @ self.rows[rows])[:, 0]
        with np.errstate(all="ignore"):
            wage, promised, response = self.problem.utility._at_price(np.maximum(price, NO_PRICE))
        promised = np.clip(promised, self.low_utility, self.high_utility)
        mass = self.mass[rows]
        value = np.einsum("ik,ik->i", z, self.right[rows])
        value -= np.einsum("io,io->i", mass, price * promised - np.clip(wage, self.low, self.high))
        response[(price <= self.low_price) | (price >= self.high_price)] = 0.0
        if self.is_bottomless:  # no wage is best where utility has no end and costs nothing
            endless = (price <= 0) & np.isneginf(self.low_utility) & self.occurs[rows]
            value = np.where(endless.any(axis=1), -np.inf, value)
        return value, price, promised, response

    def advance(self) -> bool:
        """Newton steps for all, then the next tempting action of each; whether anything is left to do."""
        rows = self.active
        self.reference[rows] = self._whole_response(rows)
        gradient = self._gradient(rows)
        settled = self._settled(rows, gradient)
        for _ in range(NEWTON):
            if settled.all():
                break
            self._step(rows, gradient)
            gradient = self._gradient(rows)
            settled = self._settled(rows, gradient)
        more = self._tempt(rows)
        done = settled & ~more
        self.solved[rows[done]] = True
        lost = np.zeros(len(rows), dtype=bool)
        lost[~done] = self._on_a_ray(rows[~done])
        keep = ~done & ~lost
        if not keep.all():
            self.active = rows[keep]
            self.state = tuple(part[keep] for part in self.state)  # type: ignore[assignment]
        return len(self.active) > 0

    def _gradient(self, rows: Indices) -> Array:
        weighted = self.mass[rows] * self.state[2]
        return np.asarray(self.right[rows] - (self.rows[rows] @ weighted[:, :, np.newaxis])[:, :, 0])

    def _settled(self, rows: Indices, gradient: Array) -> Mask:
        """Whether the constraints at hand are missed by no more than a part of what there is to spare."""
        missed = np.where(self.z[rows] > 0, np.abs(gradient), gradient) - self.within[rows]
        return np.asarray(missed[:, self.fixed is not None :].max(axis=1, initial=0.0) <= 0)

    def _whole_response(self, rows: Indices) -> Array:
        """The mean response of utility to its price, had wages no limits: what damping is measured by."""
        within = np.clip(self.state[1], self.low_price, self.high_price)
        within = np.where(within > 0, within, np.maximum(np.abs(self.z[rows, :1]), 1e-200))
        with np.errstate(over="ignore"):
            return np.einsum("io,io->i", self.mass[rows], self.problem.utility.response(within)) + 1e-280

    def _step(self, rows: Indices, gradient: Array) -> None:
        value, price, _, response = self.state
        z, features = self.z[rows], self.rows[rows]
        weighted = features * (self.mass[rows] * response)[:, np.newaxis]
        curvature = weighted @ features.transpose(0, 2, 1)
        diagonal = np.einsum("ikk->ik", curvature)
        diagonal += (self.damping[rows] * self.reference[rows])[:, np.newaxis]
        free = (z > 0) | (gradient > 0)
        free[:, 1:] &= self.index[rows] >= 0
        if self.fixed is not None:
            free[:, 0] = False
        step = _bounded_newton(curvature, gradient, np.where(free | (z > 0), z, 0.0), free, self.fixed is not None)
        if self.is_bottomless:
            ahead = (step[:, np.newaxis] @ features)[:, 0]
            cliff = self.occurs[rows] & np.isneginf(self.low_utility) & (price + ahead <= 0)
            with np.errstate(divide="ignore", invalid="ignore"):
                reach = np.where(cliff, price / -ahead, np.inf).min(axis=1)
            step = step * np.where(np.isfinite(reach), np.minimum(1.0, NEAR_END * reach), 1.0)[:, np.newaxis]
        trial = np.maximum(z + step, 0.0)
        if self.fixed is not None:
            trial[:, 0] = self.fixed
        found = self._evaluate(rows, trial)
        slope = np.einsum("ik,ik->i", gradient, trial - z)
        noise = 1e-14 * (np.abs(value) + np.einsum("ik,ik->i", np.abs(self.right[rows]), trial))
        good = found[0] >= value + 1e-4 * np.maximum(slope, 0.0) - noise
        self.z[rows] = np.where(good[:, np.newaxis], trial, z)
        self.state = tuple(
            np.where(good.reshape(-1, *[1] * (new.ndim - 1)), new, old)
            for new, old in zip(found, self.state, strict=True)
        )  # type: ignore[assignment]
        self.damping[rows] = np.clip(self.damping[rows] * np.where(good, EASIER, HARDER), DAMPING[0], DAMPING[2])

    def _tempt(self, rows: Indices) -> Mask:
        """Let the action that tempts most join the constraints of each row; whether there was one."""
        problem = self.problem
        promised = np.where(self.occurs[rows], self.state[2], self.punished[rows])
        worth = promised @ problem.outcome_probabilities.T
        here = worth[np.arange(len(rows)), self.who[rows]]
        pull = (worth - here[:, np.newaxis] + self.missing[rows]) / self.norm[rows] + self.slack[rows][:, np.newaxis]
        pull = np.where(self.allowed[rows], pull, -np.inf)
        known = self.index[rows]
        each = np.arange(len(rows))[:, np.newaxis]
        pull[np.broadcast_to(each, known.shape)[known >= 0], known[known >= 0]] = -np.inf
        most = pull.argmax(axis=1)
        size = np.abs(self.missing[rows, most]) / self.norm[rows, most]
        joins = pull[np.arange(len(rows)), most] > np.maximum(0.5 * self.slack[rows], 1e-15 * size)
        if joins.any():
            self._join(rows[joins], most[joins])
            self.state = self._evaluate(rows, self.z[rows])
        return np.asarray(joins)

    def _join(self, rows: Indices, most: Indices) -> None:
        """A slot for a new constraint of each row: an empty one, or one whose constraint does not bind."""
        idle = self.z[rows, 1:] == 0
        if not idle.any(axis=1).all():
            self._widen()
            idle = self.z[rows, 1:] == 0
        empty = idle & (self.index[rows] < 0)
        slot = np.where(empty.any(axis=1), empty.argmax(axis=1), idle.argmax(axis=1))
        own, other = self.own[rows], self.problem.outcome_probabilities[most]
        occurs = self.occurs[rows]
        row = np.where(occurs, 1.0 - other / own, 0.0)
        length = _length(np.where(occurs, own, 0.0), other)
        right = self.missing[rows, most] + np.einsum("io,io->i", np.where(occurs, 0.0, other), self.punished[rows])
        right = right + self.slack[rows] * self.norm[rows, most]
        self.index[rows, slot] = most
        self.rows[rows, slot + 1] = row / length[:, np.newaxis]
        self.right[rows, slot + 1] = right / length
        spare = self.slack[rows] * self.norm[rows, most] / length
        self.within[rows, slot + 1] = np.maximum(PART * spare, ROUNDING * np.abs(right / length))
        self.z[rows, slot + 1] = 0.0

    def _widen(self) -> None:
        n, slots = self.index.shape
        self.index = np.concatenate([self.index, np.full((n, slots), -1, dtype=np.intp)], axis=1)
        self.z = np.concatenate([self.z, np.zeros((n, slots))], axis=1)
        self.rows = np.concatenate([self.rows, np.zeros((n, slots, self.rows.shape[2]))], axis=1)
        self.right = np.concatenate([self.right, np.zeros((n, slots))], axis=1)
        self.within = np.concatenate([self.within, np.zeros((n, slots))], axis=1)

    def _on_a_ray(self, rows: Indices) -> Mask:
        """Whether prices rise for ever without changing wages."""
        if not len(rows):
            return np.zeros(0, dtype=bool)
        parts = self.z[rows, 1:, np.newaxis] * self.rows[rows, 1:]
        size, net = np.abs(parts).sum(axis=(1, 2)), np.abs(parts.sum(axis=1)).sum(axis=1)
        return np.asarray((size > 0) & (net <= CANCELS * size) & (self.damping[rows] < 1.0))

    def result(self) -> Priced:
        """What was found, in units of the problem."""
        length = np.ones_like(self.z)
        for k in range(self.index.shape[1]):
            joined = np.flatnonzero(self.index[:, k] >= 0)
            own, other = self.own[joined], self.problem.outcome_probabilities[self.index[joined, k]]
            length[joined, k + 1] = _length(np.where(self.occurs[joined], own, 0.0), other)
        incentive = self.z[:, 1:] / length[:, 1:]
        price = np.einsum("ik,iko->io", self.z, self.rows)
        return Priced(self.z[:, 0], self.index, incentive, np.where(self.occurs, price, np.nan), self.solved)


def _length(own: Array, other: Array) -> Array:
    """How far apart distributions are, by outcome where either is likely; (n,)."""
    total = own + other
    apart = np.where(total > 0, (own - other) ** 2 / np.where(total > 0, total, 1.0), 0.0)
    return np.asarray(np.sqrt(np.maximum(apart.sum(axis=1), CLOSE)))


def _bounded_newton(curvature: Array, gradient: Array, z: Array, free: Mask, keep: bool) -> Array:  # noqa: FBT001
    """The step that maximises the quadratic model with prices >= 0, by fixing at zero what would fall below it."""
    size = gradient.shape[1]
    step = np.where(free, 0.0, -z)
    if keep:
        step[:, 0] = 0.0
    eye = np.eye(size)
    free = free.copy()
    for _ in range(size + 1):
        system = np.where(free[:, :, np.newaxis] & free[:, np.newaxis, :], curvature, eye)
        right = np.where(free, gradient - np.einsum("ikl,il->ik", curvature, np.where(free, 0.0, step)), step)
        try:
            solved = np.linalg.solve(system, right[:, :, np.newaxis])[:, :, 0]
        except np.linalg.LinAlgError:  # constraints that float can tell no longer from one another share a price
            solved = (np.linalg.pinv(system, hermitian=True) @ right[:, :, np.newaxis])[:, :, 0]
        below = free & (z + solved < 0)
        if not below.any():
            break
        free &= ~below
        step = np.where(below, -z, step)
    return np.asarray(solved)
