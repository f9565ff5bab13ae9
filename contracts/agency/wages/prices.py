"""The prices of incentives by Newton's method, for many actions at once.

For every action the dual (see `contracts.agency.bound`) is a concave function of few prices: that of participation and
those of the few actions that tempt most. They rise by damped Newton steps on whatever prices are positive or want to
be; the wages that go with them show which action tempts next, and it joins, until none does. Constraints are measured
by how far apart the two actions' distributions are, so that neighbours on a fine grid count like distant actions.

Constraints are asked to hold with a sliver to spare, so that the wages keep them after rounding.
"""

from __future__ import annotations

from typing import Any, NamedTuple

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

    BY_ROW = (
        "place", "who", "occurs", "own", "mass", "norm", "missing", "punished", "slack", "index", "z", "rows",
        "right", "within", "length", "damping",
    )  # fmt: skip

    def __init__(self, problem: MoralHazardProblem, who: Indices, spare: float, fixed: float | None) -> None:
        self.problem, self.fixed, self.who = problem, fixed, who
        probabilities, effort, utility = problem.outcome_probabilities, problem.effort_cost, problem.utility
        self.low, self.high = problem.lowest_wage, problem.highest_wage
        self.low_utility, self.high_utility = problem.utility_limits
        self.low_price, self.high_price = np.zeros(len(self.low)), np.full(len(self.low), np.inf)
        for wage, price in ((self.low, self.low_price), (self.high, self.high_price)):
            known = np.isfinite(wage)
            price[known] = utility.price(wage[known])
        n, n_outcomes = len(who), problem.n_outcomes
        self.place = np.arange(n)
        own = probabilities[who]
        self.occurs = own > 0
        self.own = np.where(self.occurs, own, 1.0)
        self.mass = np.where(self.occurs, own, 0.0)
        bottomless = np.isneginf(self.low_utility)
        self.is_bottomless = bool(bottomless.any())
        self.norm, allowed = self._apart(own, bottomless)
        missing = effort[who][:, np.newaxis] - effort[np.newaxis, :]  # what a must be better by than b
        self.punished = np.where(~self.occurs & ~bottomless, np.where(bottomless, 0.0, self.low_utility), 0.0)
        reserve = effort[who] + problem.reservation_utility
        pulls = np.where(allowed, missing / np.maximum(self.norm, 1e-3 * self.norm.max()), 0.0)
        unit = np.maximum(pulls.max(axis=1, initial=0.0), 1e-2 * np.abs(pulls).max(axis=1, initial=0.0))
        unit = np.maximum(unit, 1e-3 * np.abs(reserve))
        self.missing = np.where(allowed, missing, -np.inf)
        self.slack = spare * np.maximum(unit, 1e-280)
        reserve_slack = spare * (unit * np.sqrt((own * own).sum(axis=1)))
        self.index = np.full((n, SLOTS), -1, dtype=np.intp)
        self.z, self.right, self.within = (np.zeros((n, SLOTS + 1)) for _ in range(3))
        self.length = np.ones((n, SLOTS + 1))  # of each constraint, in units of the problem
        self.rows = np.zeros((n, SLOTS + 1, n_outcomes))
        self.z[:, 0] = self._first_price(reserve) if fixed is None else fixed
        self.rows[:, 0] = self.occurs
        at_bottom = np.einsum("ij,ij->i", np.where(self.occurs, 0.0, own), self.punished)
        self.right[:, 0] = reserve + reserve_slack - at_bottom
        self.within[:, 0] = np.maximum(PART * reserve_slack, ROUNDING * np.abs(self.right[:, 0]))  # may be missed
        self.damping = np.full(n, DAMPING[1])
        self.left: list[tuple[Any, ...]] = []  # what was found for rows that are done
        self.state = self._evaluate(self.z)

    def _apart(self, own: Array, bottomless: Mask) -> tuple[Array, Mask]:
        """How far actions are apart, and which other ones may tempt; (n, n_actions) both."""
        probabilities, effort = self.problem.outcome_probabilities, self.problem.effort_cost
        apart = 2.0 - 2.0 * np.sqrt(own) @ np.sqrt(probabilities).T  # squared distance of Hellinger
        barred = apart <= CLOSE
        for i, b in np.argwhere(barred):
            barred[i, b] = bool(np.array_equal(own[i], probabilities[b])) and bool(effort[b] >= effort[self.who[i]])
        if self.is_bottomless:  # what has outcomes that the action never has is punished without end
            barred |= ((~self.occurs & bottomless).astype(np.float64) @ (probabilities > 0).T.astype(np.float64)) > 0
        barred[self.place, self.who] = True
        return np.sqrt(np.maximum(apart, CLOSE)), ~barred

    def _first_price(self, reserve: Array) -> Array:
        """The price of a wage that is the same whatever happens and just keeps the agent; 0 if all wages do."""
        utility = self.problem.utility
        low = utility.span[0]
        top = float(self.high_utility.max())
        bottom = float(self.low_utility.min())
        level = np.maximum(reserve, bottom)
        level = np.where(level >= top, top - 1e-3 * max(abs(top), 1.0), level) if np.isfinite(top) else level
        level = np.where(level <= low, low + 1e-6, level)
        with np.errstate(over="ignore"):
            price = utility.price(np.clip(utility.inverse(level), self.low.min(), self.high.max()))
        idle = (reserve < bottom) & (self.low_price.min() > 0)  # else there is no scale to start from
        return np.where(idle, 0.0, np.maximum(price, 1e-200))

    def _evaluate(self, z: Array) -> tuple[Array, Array, Array, Array]:
        """Dual value, price after each outcome, promised utility and the response of utility; -inf outside."""
        price = (z[:, np.newaxis] @ self.rows)[:, 0]
        with np.errstate(all="ignore"):
            wage, promised, response = self.problem.utility._at_price(np.maximum(price, NO_PRICE))
        promised = np.minimum(np.maximum(promised, self.low_utility), self.high_utility)
        wage = np.minimum(np.maximum(wage, self.low), self.high)
        value = (z * self.right).sum(axis=1) - (self.mass * (price * promised - wage)).sum(axis=1)
        response[(price <= self.low_price) | (price >= self.high_price)] = 0.0
        if self.is_bottomless:  # no wage is best where utility has no end and costs nothing
            endless = (price <= 0) & np.isneginf(self.low_utility) & self.occurs
            value = np.where(endless.any(axis=1), -np.inf, value)
        return value, price, promised, response

    def advance(self) -> bool:
        """Newton steps for all, then the next tempting action of each; whether anything is left to do."""
        reference = self._whole_response()
        gradient = self._gradient()
        settled = self._settled(gradient)
        for _ in range(NEWTON):
            if settled.all():
                break
            self._step(gradient, reference)
            gradient = self._gradient()
            settled = self._settled(gradient)
        done = settled & ~self._tempt()
        lost = ~done
        lost[lost] = self._on_a_ray(lost)
        if (done | lost).any():
            self._leave(done | lost, done)
        return len(self.who) > 0

    def _leave(self, gone: Mask, done: Mask) -> None:
        """Rows that are done, or lost, make room for the others."""
        found: tuple[Any, ...] = (
            self.place,
            self.z,
            self.index,
            self.z / self.length,
            self.state[1],
            self.occurs,
            done,
        )
        self.left.append(tuple(part[gone] for part in found))
        for name in self.BY_ROW:
            setattr(self, name, getattr(self, name)[~gone])
        self.state = tuple(part[~gone] for part in self.state)  # type: ignore[assignment]

    def _gradient(self) -> Array:
        weighted = self.mass * self.state[2]
        return np.asarray(self.right - (self.rows @ weighted[:, :, np.newaxis])[:, :, 0])

    def _settled(self, gradient: Array) -> Mask:
        """Whether the constraints at hand are missed by no more than a part of what there is to spare."""
        missed = np.where(self.z > 0, np.abs(gradient), gradient) - self.within
        return np.asarray(missed[:, self.fixed is not None :].max(axis=1, initial=0.0) <= 0)

    def _whole_response(self) -> Array:
        """The mean response of utility to its price, had wages no limits: what damping is measured by."""
        within = np.minimum(np.maximum(self.state[1], self.low_price), self.high_price)
        within = np.where(within > 0, within, np.maximum(np.abs(self.z[:, :1]), 1e-200))
        with np.errstate(over="ignore"):  # at prices where `_at_price` underflows, as well
            response = self.problem.utility.response(within)
        return np.asarray((self.mass * response).sum(axis=1) + 1e-280)

    def _step(self, gradient: Array, reference: Array) -> None:
        value, price, _, response = self.state
        z, features = self.z, self.rows
        weighted = features * (self.mass * response)[:, np.newaxis]
        curvature = weighted @ features.transpose(0, 2, 1)
        diagonal = np.einsum("ikk->ik", curvature)
        diagonal += (self.damping * reference)[:, np.newaxis]
        free = (z > 0) | (gradient > 0)
        free[:, 1:] &= self.index >= 0
        if self.fixed is not None:
            free[:, 0] = False
        step = _bounded_newton(curvature, gradient, np.where(free | (z > 0), z, 0.0), free, self.fixed is not None)
        if self.is_bottomless:
            ahead = (step[:, np.newaxis] @ features)[:, 0]
            cliff = self.occurs & np.isneginf(self.low_utility) & (price + ahead <= 0)
            with np.errstate(divide="ignore", invalid="ignore"):
                reach = np.where(cliff, price / -ahead, np.inf).min(axis=1)
            step = step * np.where(np.isfinite(reach), np.minimum(1.0, NEAR_END * reach), 1.0)[:, np.newaxis]
        trial = np.maximum(z + step, 0.0)
        if self.fixed is not None:
            trial[:, 0] = self.fixed
        found = self._evaluate(trial)
        slope = (gradient * (trial - z)).sum(axis=1)
        noise = 1e-14 * (np.abs(value) + (np.abs(self.right) * trial).sum(axis=1))
        good = found[0] >= value + 1e-4 * np.maximum(slope, 0.0) - noise
        if good.all():
            self.z, self.state = trial, found
        elif good.any():
            self.z = np.where(good[:, np.newaxis], trial, z)
            self.state = tuple(
                np.where(good.reshape(-1, *[1] * (new.ndim - 1)), new, old)
                for new, old in zip(found, self.state, strict=True)
            )  # type: ignore[assignment]
        damping = self.damping * np.where(good, EASIER, HARDER)
        self.damping = np.minimum(np.maximum(damping, DAMPING[0]), DAMPING[2])

    def _tempt(self) -> Mask:
        """Let the action that tempts most join the constraints of each row; whether there was one."""
        each = np.arange(len(self.who))
        promised = np.where(self.occurs, self.state[2], self.punished)
        worth = promised @ self.problem.outcome_probabilities.T
        here = worth[each, self.who]
        pull = (worth - here[:, np.newaxis] + self.missing) / self.norm + self.slack[:, np.newaxis]
        row, slot = np.nonzero(self.index >= 0)
        pull[row, self.index[row, slot]] = -np.inf
        most = pull.argmax(axis=1)
        size = np.abs(self.missing[each, most]) / self.norm[each, most]
        joins = pull[each, most] > np.maximum(0.5 * self.slack, 1e-15 * size)
        if joins.any():
            self._join(np.flatnonzero(joins), most[joins])  # at a price of zero: nothing else changes
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
        length = _length(self.mass[rows], other)
        right = self.missing[rows, most] + np.einsum("io,io->i", np.where(occurs, 0.0, other), self.punished[rows])
        spare = self.slack[rows] * self.norm[rows, most]
        right = right + spare
        self.index[rows, slot] = most
        self.length[rows, slot + 1] = length
        self.rows[rows, slot + 1] = row / length[:, np.newaxis]
        self.right[rows, slot + 1] = right / length
        self.within[rows, slot + 1] = np.maximum(PART * spare, ROUNDING * np.abs(right)) / length
        self.z[rows, slot + 1] = 0.0

    def _widen(self) -> None:
        slots = self.index.shape[1]
        for name in ("index", "z", "right", "within", "length", "rows"):
            setattr(self, name, _wider(getattr(self, name), slots, -1 if name == "index" else name == "length"))

    def _on_a_ray(self, rows: Mask) -> Mask:
        """Whether prices rise for ever without changing wages."""
        parts = self.z[rows, 1:, np.newaxis] * self.rows[rows, 1:]
        size, net = np.abs(parts).sum(axis=(1, 2)), np.abs(parts.sum(axis=1)).sum(axis=1)
        return np.asarray((size > 0) & (net <= CANCELS * size) & (self.damping[rows] < 1.0))

    def result(self) -> Priced:
        """What was found, in units of the problem."""
        if len(self.who):
            everyone = np.ones(len(self.who), dtype=bool)
            self._leave(everyone, ~everyone)
        slots = self.index.shape[1]
        place, z, index, incentive, price, occurs, done = zip(*self.left, strict=True)
        order = np.argsort(np.concatenate(place))
        columns = (
            [part[:, 0] for part in z],
            [_wider(part, slots - part.shape[1], -1) for part in index],
            [_wider(part[:, 1:], slots + 1 - part.shape[1], 0) for part in incentive],
            [np.where(occurring, part, np.nan) for part, occurring in zip(price, occurs, strict=True)],
            done,
        )
        return Priced(*(np.concatenate(column)[order] for column in columns))


def _wider(table: Array, more: int, empty: float) -> Array:
    """A table with more slots, which are empty."""
    if more <= 0:
        return table
    return np.concatenate([table, np.full((len(table), more, *table.shape[2:]), empty, dtype=table.dtype)], axis=1)


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
