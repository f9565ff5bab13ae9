"""All that a principal can do, as one linear program (Myerson 1982), with tangents if costs bend.

The mechanism hears a report, draws an action a with chances pi_i(a), tells the agent, and pays by outcome and by what
it told. In z_i(a, o) = pi_i(a) v_i(a, o) everything is linear:

    maximise    sum_i f_i sum_a [pi_i(a) E_i y(a) - sum_o p_i(a, o) pi_i(a) h(z_i(a, o) / pi_i(a))]
    such that   U_i = sum_a [p_i(a) . z_i(a) - pi_i(a) e_i(a)] >= r_i                     (IR)
                U_i >= sum_a g_ij(a)                                 for all i, j         (IC: honesty, obedience)
                g_ij(a) >= p_i(b) . z_j(a) - pi_j(a) e_i(b)          for all b            (a liar who is told a)

Tangents of h at v_k are linear as well: pi h(z / pi) >= pi h(v_k) + h'(v_k) (z - pi v_k). Its optimum bounds all menus
that ask one action of each type; with chances of some actions held at zero, all those that ask others. So it is what
branch and bound branches on.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from contracts.agency.types.prices import AgencyMultipliers
from contracts.agency.types.problem import AgencyProblem
from contracts.agency.types.programs.linear import Program
from contracts.agency.types.programs.scales import Scales
from contracts.inputs.arrays import Array, Indices, Mask

ALL = 6000  # what liars may do that is all in the program from the start
ROUNDS = 100
MISSED = 1e-9  # of the unit of utility
FEWER = 3  # of the first tangents every third
STALLED = 1e-3  # share of what tangents lack below which ever more of them are not worth their time


class Drawn(NamedTuple):
    """The best mechanism, or the ray that proves that there is none."""

    chances: Array | None  # (n_types, n_actions)
    weighted: Array | None  # (n_types, n_actions, n_outcomes), utilities times chances
    value: float  # at least that of the best mechanism; -inf where there is none
    prices: AgencyMultipliers


class Mechanism:
    """The program, which remembers what it learned when actions are allowed or not.

    Parameters
    ----------
    enough : money by which tangents may stay below costs
    spare : room that constraints are asked to have, in units of utility; that of obedience counts when told
    apart : (n_types, n_types) which pairs of types are to have it between them; by default all
    """

    def __init__(
        self, problem: AgencyProblem, scales: Scales, enough: float, spare: float = 0.0, apart: Mask | None = None
    ) -> None:
        self.problem, self.scales, self.enough, self.spare = problem, scales, enough, spare
        others = ~np.eye(problem.n_types, dtype=bool)
        self.apart = others if apart is None else apart & others
        n_types, n_actions, n_outcomes = problem.n_types, problem.n_actions, problem.n_outcomes
        self.shape = (n_types, n_actions, n_outcomes)
        self.n_pi, self.n_x, self.n_g = n_types * n_actions, int(np.prod(self.shape)), n_types**2 * n_actions
        self.mass = problem.weights[:, np.newaxis, np.newaxis] * problem.outcome_probabilities
        self.told = (
            np.indices((n_types, n_types, n_actions, n_actions)).reshape(4, -1).T
        )  # tempted, report, told, taken
        self.is_in = np.zeros(len(self.told), dtype=bool)
        self._columns()
        self._fixed_rows()
        self.dev_rows: list[Indices] = []
        self.dev_kinds: list[Indices] = []
        cheapest = problem.effort_cost.argmin(axis=1)
        tempted, _, told, taken = self.told.T
        start = np.ones(len(self.told), dtype=bool)
        if len(self.told) > ALL:
            start = (taken == told) | (taken == cheapest[tempted])
        self._let_in(np.flatnonzero(start))
        if not scales.is_linear:
            self.steepest = np.full(self.shape, scales.starts.slope[-1])
            where = np.flatnonzero(self.mass.ravel() > 0)
            for k in range(0, len(scales.starts.slope), FEWER):
                self._touch(where, *(np.full(len(where), part[k]) for part in scales.starts))

    def _columns(self) -> None:
        problem, scales = self.problem, self.scales
        low = np.broadcast_to(scales.low, self.shape)  # 0, or none
        earned = problem.weights[:, np.newaxis] * problem.expected_output
        paid = np.zeros(self.shape)
        if scales.is_linear:
            paid = self.mass * scales.step
            earned = earned - self.mass @ scales.anchor
        cost = np.concatenate([-earned.ravel(), paid.ravel(), np.zeros(self.n_g)]) / scales.money
        parts_low = [np.zeros(self.n_pi), low.ravel(), np.full(self.n_g, -np.inf)]
        parts_high = [np.ones(self.n_pi), np.full(self.n_x, np.inf), np.full(self.n_g, np.inf)]
        if not scales.is_linear:
            priced = np.where(self.mass > 0, np.inf, 0.0).ravel()
            cost = np.concatenate([cost, self.mass.ravel()])
            parts_low, parts_high = [*parts_low, -priced], [*parts_high, priced]
        self.x_limits = parts_low[1], parts_high[1]
        self.program = Program(cost, np.concatenate(parts_low), np.concatenate(parts_high))
        self.n_columns = len(cost)

    def _rows(self, entries: list[tuple[Indices, Indices, Array]], n_rows: int) -> object:
        from scipy.sparse import csr_array

        rows, columns, values = (np.concatenate([np.asarray(one[k]).ravel() for one in entries]) for k in range(3))
        return csr_array((values, (rows, columns)), shape=(n_rows, self.n_columns))

    def _worth(self, who: Indices, report: Indices, told: Indices, taken: Indices) -> tuple[Array, Array]:
        """Coefficients of pi and x of what a type gets that reports another, is told an action and takes one."""
        problem, scales = self.problem, self.scales
        chances = problem.outcome_probabilities[who, taken]
        pi = (chances @ scales.anchor - problem.effort_cost[who, taken]) / scales.unit
        return pi, chances * (scales.step / scales.unit)

    def _fixed_rows(self) -> None:
        problem, (n_types, n_actions, n_outcomes) = self.problem, self.shape
        scales, each = self.scales, np.arange(n_types)
        kinds = np.indices((n_types, n_actions)).reshape(2, -1)
        pi, x = self._worth(kinds[0], kinds[0], kinds[1], kinds[1])
        own_pi = np.arange(self.n_pi)
        own_x = self.n_pi + np.arange(self.n_x).reshape(self.n_pi, n_outcomes)
        self.program.add(self._rows([(kinds[0], own_pi, np.ones(self.n_pi))], n_types), np.ones(n_types), equal=True)
        wide = np.repeat(kinds[0][:, np.newaxis], n_outcomes, axis=1)
        self.program.add(
            self._rows([(kinds[0], own_pi, pi), (wide, own_x, x)], n_types),
            np.asarray(problem.reservation_utility / scales.unit + self.spare),
        )
        pairs = np.indices((n_types, n_types)).reshape(2, -1)
        entries = []
        for other in each:  # row i * n + j: what i gets, less what it would get as j
            entries += [(kinds[0] * n_types + other, own_pi, pi), (wide * n_types + other, own_x, x)]
        told = np.arange(self.n_g)
        entries.append((told // n_actions, self.n_pi + self.n_x + told, -np.ones(self.n_g)))
        self.program.add(self._rows(entries, len(pairs[0])), self.spare * self.apart.ravel().astype(np.float64))
        self.n_fixed = 2 * n_types + n_types**2
        most = np.broadcast_to(scales.high, self.shape).ravel()
        places = np.flatnonzero(np.isfinite(most))  # x at most its limit, times pi
        if len(places):
            length, rows = np.maximum(most[places], 1.0), np.arange(len(places))
            entries = [(rows, places // n_outcomes, most[places] / length), (rows, self.n_pi + places, -1 / length)]
            self.program.add(self._rows(entries, len(places)), np.zeros(len(places)))

    def _let_in(self, which: Indices) -> None:
        tempted, report, told, taken = self.told[which].T
        _, n_actions, n_outcomes = self.shape
        rows = np.arange(len(which))
        pi, x = self._worth(tempted, report, told, taken)
        pi = pi + self.spare * ((tempted == report) & (told != taken))
        place = report * n_actions + told
        columns = self.n_pi + place[:, np.newaxis] * n_outcomes + np.arange(n_outcomes)
        pair = (tempted * self.problem.n_types + report) * n_actions + told
        entries = [
            (rows, self.n_pi + self.n_x + pair, np.ones(len(which))),
            (rows, place, -pi),
            (np.repeat(rows[:, np.newaxis], n_outcomes, axis=1), columns, -x),
        ]
        self.dev_rows.append(self.program.n_rows + rows)
        self.dev_kinds.append(which)
        self.program.add(self._rows(entries, len(which)), np.zeros(len(which)))
        self.is_in[which] = True

    def _touch(self, places: Indices, utility: Array, cost: Array, slope: Array) -> None:
        scales, n_outcomes = self.scales, self.shape[2]
        outcome, rows = places % n_outcomes, np.arange(len(places))
        rise = slope * scales.step[outcome] / scales.money
        fixed = (cost + slope * (scales.anchor[outcome] - utility)) / scales.money
        length = np.maximum(np.maximum(np.abs(rise), np.abs(fixed)), 1.0)
        entries = [
            (rows, self.n_pi + self.n_x + self.n_g + places, 1 / length),
            (rows, places // n_outcomes, -fixed / length),
            (rows, self.n_pi + places, -rise / length),
        ]
        self.program.add(self._rows(entries, len(places)), np.zeros(len(places)))

    def learn(self, actions: Indices, utilities: Array) -> None:
        """Tangents where a menu that is known to be good touches costs; (n_types,) and (n_types, n_outcomes)."""
        if self.scales.is_linear:
            return
        _, n_actions, n_outcomes = self.shape
        first = (np.arange(len(actions)) * n_actions + actions) * n_outcomes
        places = (first[:, np.newaxis] + np.arange(n_outcomes)).ravel()
        places = places[self.mass.ravel()[places] > 0]
        known = np.zeros(self.shape)
        known[np.arange(len(actions)), actions] = utilities
        self._touch(places, *self.scales.tangents(known.ravel()[places], self.steepest.ravel()[places]))

    def allow(self, allowed: Mask) -> None:
        """Draw allowed actions only; (n_types, n_actions)."""
        wide = np.repeat(allowed.ravel(), self.shape[2])
        low, high = self.x_limits
        columns = np.arange(self.n_pi + self.n_x)
        self.program.bound(
            columns,
            np.concatenate([np.zeros(self.n_pi), np.where(wide, low, 0.0)]),
            np.concatenate([allowed.ravel().astype(np.float64), np.where(wide, high, 0.0)]),
        )

    def solve(self, below: float = -math.inf) -> Drawn:
        """The best mechanism; only its bound, once that is below what is asked."""
        last = math.inf
        for _ in range(ROUNDS):
            found = self.program.solve()
            if found.x is None:
                return Drawn(None, None, -math.inf, self._multipliers(found.prices, 1.0))
            pi, x, g = (
                found.x[: self.n_pi],
                found.x[self.n_pi : self.n_pi + self.n_x].reshape(self.shape),
                found.x[self.n_pi + self.n_x : self.n_pi + self.n_x + self.n_g],
            )
            value = -found.value * self.scales.money
            if value <= below:
                break
            more = self._tempting(pi, x, g)
            bent = not self.scales.is_linear and self._bend(pi, x, found.x[-self.n_x :])
            if len(more):
                self._let_in(more)
            elif not bent:
                break
            last = value
        weighted = pi.reshape(self.shape[:2])[..., np.newaxis] * self.scales.anchor + self.scales.step * x
        prices = self._multipliers(found.prices, self.scales.money / self.scales.unit)
        return Drawn(pi.reshape(self.shape[:2]), weighted, min(value, last), prices)

    def _tempting(self, pi: Array, x: Array, g: Array) -> Indices:
        if self.is_in.all():
            return np.zeros(0, dtype=np.intp)
        problem, scales, (n_types, n_actions, _) = self.problem, self.scales, self.shape
        z = (pi.reshape(n_types, n_actions)[..., np.newaxis] * scales.anchor + scales.step * x) / scales.unit
        worth = np.einsum("ibo,jao->ijab", problem.outcome_probabilities, z)
        effort = problem.effort_cost / scales.unit
        worth -= effort[:, np.newaxis, np.newaxis, :] * pi.reshape(1, n_types, n_actions, 1)
        gain = worth - g.reshape(n_types, n_types, n_actions)[..., np.newaxis]
        gain = np.where(self.is_in.reshape(gain.shape), -np.inf, gain).reshape(-1, n_actions)
        most = gain.argmax(axis=1)
        tempting = np.flatnonzero(gain[np.arange(len(gain)), most] > MISSED)
        return np.asarray(tempting * n_actions + most[tempting])

    def _bend(self, pi: Array, x: Array, t: Array) -> bool:
        """New tangents where costs are above those known; whether there were any that matter."""
        scales = self.scales
        chance = np.broadcast_to(pi.reshape(*self.shape[:2], 1), self.shape)
        drawn = chance > 1e-9
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            utilities = scales.utilities(x / np.where(drawn, chance, 1.0))
            cost = chance * scales.cost(utilities)
        short = np.where(drawn & (self.mass > 0), self.mass * (cost - t.reshape(self.shape) * scales.money), 0.0)
        short = np.where(np.isnan(short), np.inf, short).ravel()
        if float(np.maximum(short, 0.0).sum()) <= self.enough:
            return False
        places = np.flatnonzero(short > 0.01 * self.enough / short.size)
        tangents = scales.tangents(utilities.ravel()[places], self.steepest.ravel()[places])
        self.steepest.ravel()[places] = np.maximum(self.steepest.ravel()[places], tangents.slope)
        self._touch(places, *tangents)
        return True

    def _multipliers(self, prices: Array, unit: float) -> AgencyMultipliers:
        n_types = self.problem.n_types
        honesty = prices[2 * n_types : self.n_fixed].reshape(n_types, n_types) * unit
        each = prices[np.concatenate(self.dev_rows)] * unit
        kinds = np.concatenate(self.dev_kinds)
        paid = (each > 0) & (honesty[tuple(self.told[kinds][:, :2].T)] > 0)
        tempted, report, told, taken = self.told[kinds[paid]].T
        return AgencyMultipliers(
            prices[n_types : 2 * n_types] * unit, honesty, tempted, report, told, taken, each[paid]
        )
