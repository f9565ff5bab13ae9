"""The least costly contracts for given actions: a linear program, with tangents where costs bend.

    minimise    sum_i f_i sum_o p_i(a_i, o) h(v_i(o))
    such that   p_i(a_i) . v_i - e_i(a_i) >= p_i(b) . v_j - e_i(b)    for all types i, reports j, actions b   (IC)
                p_i(a_i) . v_i - e_i(a_i) >= r_i                                                           (IR)

Types that take the same contract share its variables. Deviations join when they tempt.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from contracts.agency.types.prices import AgencyMultipliers
from contracts.agency.types.problem import AgencyProblem
from contracts.agency.types.programs.linear import Program
from contracts.agency.types.programs.scales import Scales
from contracts.inputs.arrays import Array, Indices, Mask

ALL = 3000  # deviations that are all in the program from the start
ROUNDS = 200
MISSED = 1e-10  # of the unit of utility, by which a deviation that is left out may tempt
CLOSE = 1e-12  # share of chances below which two rows are the same


class Assigned(NamedTuple):
    """What was found for given actions."""

    utilities: Array | None  # (n_contracts, n_outcomes); None where nothing implements the actions
    prices: AgencyMultipliers  # of the constraints; a ray that proves it where nothing implements them
    cost: float  # what the tangents make of the expected wages: a lower bound


class Assignment:
    """The program of given actions.

    Parameters
    ----------
    actions : (n_types,) what types are asked for
    contract_of : (n_types,) which contract each takes, numbered from 0
    enough : money by which tangents may stay below costs
    """

    def __init__(
        self, problem: AgencyProblem, scales: Scales, actions: Indices, contract_of: Indices, enough: float
    ) -> None:
        self.problem, self.scales, self.enough = problem, scales, enough
        self.actions, self.contract_of = actions, contract_of
        self.n_contracts = int(contract_of.max()) + 1
        n_types, n_outcomes = problem.n_types, problem.n_outcomes
        self.everyone = np.arange(n_types)
        self.own = problem.outcome_probabilities[self.everyone, actions]
        self.effort = problem.effort_cost[self.everyone, actions]
        self.mass = np.zeros((self.n_contracts, n_outcomes))
        np.add.at(self.mass, contract_of, problem.weights[:, np.newaxis] * self.own)
        self.rows = np.zeros((0, 3), dtype=np.intp)  # (type, contract, action) of constraints; participation is first
        self.right, self.size, self.at = np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.intp)  # of constraints
        self.spare = 0.0
        self._start()

    def _start(self) -> None:
        problem, scales, shape = self.problem, self.scales, self.mass.shape
        low, high = (np.broadcast_to(end, shape).ravel() for end in (scales.low, scales.high))
        cost = (self.mass * scales.step).ravel() / scales.money
        if not scales.is_linear:
            priced = np.where(self.mass > 0, np.inf, 0.0).ravel()
            cost = np.concatenate([np.zeros(self.mass.size), self.mass.ravel()])
            low, high = np.concatenate([low, -priced]), np.concatenate([high, priced])
        self.program = Program(cost, low, high)
        self._join(np.column_stack([self.everyone] * 3), participation=True)
        kinds = np.indices((problem.n_types, self.n_contracts, problem.n_actions)).reshape(3, -1).T
        self.kinds = kinds[~self._is_void(kinds)]
        self.is_in = np.zeros(len(self.kinds), dtype=bool)
        if len(self.kinds) <= ALL:
            self._let_in(np.arange(len(self.kinds)))
        if not scales.is_linear:
            contracts, outcomes = np.nonzero(self.mass)
            for k in range(len(scales.starts.slope)):
                self._touch(contracts, outcomes, *(np.full(len(contracts), part[k]) for part in scales.starts))
            self.steepest = np.full(shape, scales.starts.slope[-1])

    def _is_void(self, kinds: Indices) -> Mask:
        """Deviations that are none: under its own contract, a type's own outcomes for no less effort."""
        who, contract, action = kinds.T
        same = np.asarray(contract == self.contract_of[who])
        alike = np.abs(self.problem.outcome_probabilities[who, action] - self.own[who]).sum(axis=1) == 0
        return np.asarray(same & alike & (self.problem.effort_cost[who, action] >= self.effort[who]))

    def solve(self, spare: float = 0.0) -> Assigned:
        """The contracts, with every constraint kept with room to spare, in units of utility."""
        self.program.move(self.at, self.right / self.size + spare)
        self.spare = spare
        for _ in range(ROUNDS):
            found = self.program.solve()
            if found.x is None:
                return Assigned(None, self._multipliers(found.prices, 1.0), np.inf)
            x = found.x[: self.mass.size].reshape(self.mass.shape)
            more = self._tempting(x)
            bent = False if self.scales.is_linear else self._bend(x, found.x[self.mass.size :])
            if len(more):
                self._let_in(more)
            elif not bent:
                break
        prices = self._multipliers(found.prices, self.scales.money / self.scales.unit)
        constant = float((self.mass * self.scales.anchor).sum()) if self.scales.is_linear else 0.0
        return Assigned(self.scales.utilities(x), prices, found.value * self.scales.money + constant)

    # ---- rows ----

    def _join(self, kinds: Indices, *, participation: bool = False) -> None:
        """Rows of participation, or of deviations, in the program's units."""
        problem, scales, (n_contracts, n_outcomes) = self.problem, self.scales, self.mass.shape
        who = kinds[:, 0]
        rows = np.zeros((len(who), n_contracts, n_outcomes))
        each = np.arange(len(who))
        rows[each, self.contract_of[who]] += self.own[who]
        if participation:
            needed = self.effort + problem.reservation_utility
        else:
            rows[each, kinds[:, 1]] -= problem.outcome_probabilities[who, kinds[:, 2]]
            needed = self.effort[who] - problem.effort_cost[who, kinds[:, 2]]
        right = (needed - (rows * scales.anchor).sum(axis=(1, 2))) / scales.unit
        flat = (rows * (scales.step / scales.unit)).reshape(len(who), self.mass.size)
        size = np.maximum(np.abs(flat).max(axis=1), CLOSE)
        if not scales.is_linear:
            flat = np.hstack([flat, np.zeros_like(flat)])
        self.right, self.size = np.concatenate([self.right, right]), np.concatenate([self.size, size])
        self.at = np.concatenate([self.at, self.program.n_rows + each])
        self.rows = np.concatenate([self.rows, kinds])
        self.program.add(flat / size[:, np.newaxis], right / size + self.spare)

    def _let_in(self, which: Indices) -> None:
        self.is_in[which] = True
        self._join(self.kinds[which])

    def _tempting(self, x: Array) -> Indices:
        """Deviations left out that tempt, the worst of each type and contract."""
        if self.is_in.all():
            return np.zeros(0, dtype=np.intp)
        utilities = self.scales.anchor + self.scales.step * x
        worth = np.einsum("ibo,jo->ijb", self.problem.outcome_probabilities, utilities)
        worth = worth - self.problem.effort_cost[:, np.newaxis]
        mine = (self.own * utilities[self.contract_of]).sum(axis=1) - self.effort
        gain = (worth - mine[:, np.newaxis, np.newaxis])[tuple(self.kinds.T)] / self.scales.unit + self.spare
        gain[self.is_in] = -np.inf
        group = self.kinds[:, 0] * self.n_contracts + self.kinds[:, 1]
        order = np.lexsort((-gain, group))
        first = order[np.unique(group[order], return_index=True)[1]]
        return np.asarray(first[gain[first] > MISSED])

    # ---- costs that bend ----

    def _touch(self, contracts: Indices, outcomes: Indices, utility: Array, cost: Array, slope: Array) -> None:
        """Rows t >= cost + slope (v - utility), with t in units of money."""
        from scipy.sparse import csr_array

        scales, n = self.scales, len(contracts)
        place = contracts * self.problem.n_outcomes + outcomes
        right = (cost + slope * (scales.anchor[outcomes] - utility)) / scales.money
        rise = slope * scales.step[outcomes] / scales.money
        length = np.maximum(np.abs(rise), 1.0)
        each = np.concatenate([np.arange(n), np.arange(n)])
        columns = np.concatenate([place, self.mass.size + place])
        rows = csr_array((np.concatenate([-rise / length, 1 / length]), (each, columns)), shape=(n, 2 * self.mass.size))
        self.program.add(rows, right / length)

    def _bend(self, x: Array, t: Array) -> bool:
        """New tangents where costs are above those known; whether there were any."""
        scales = self.scales
        utilities = scales.utilities(x)
        with np.errstate(over="ignore", invalid="ignore"):
            short = self.mass * (scales.cost(utilities) - t.reshape(x.shape) * scales.money)
        short = np.where(self.mass > 0, np.where(np.isnan(short), np.inf, short), 0.0)
        if float(np.maximum(short, 0.0).sum()) <= self.enough:
            return False
        contracts, outcomes = np.nonzero(short > 0.1 * self.enough / short.size)
        tangents = scales.tangents(utilities[contracts, outcomes], self.steepest[contracts, outcomes])
        self.steepest[contracts, outcomes] = np.maximum(self.steepest[contracts, outcomes], tangents.slope)
        self._touch(contracts, outcomes, *tangents)
        return True

    # ---- prices ----

    def _multipliers(self, prices: Array, unit: float) -> AgencyMultipliers:
        """Prices of rows, by type, report and action, in money per unit of utility."""
        n_types = self.problem.n_types
        each = prices[self.at] / self.size * unit
        participation, deviations, kinds = each[:n_types], each[n_types:], self.rows[n_types:]
        paid = deviations > 0
        deviations, kinds = deviations[paid], kinds[paid]
        holder = np.array([int(np.flatnonzero(self.contract_of == c)[0]) for c in range(self.n_contracts)])
        report = holder[kinds[:, 1]]
        honesty = np.zeros((n_types, n_types))
        np.add.at(honesty, (kinds[:, 0], report), deviations)
        return AgencyMultipliers(
            participation, honesty, kinds[:, 0], report, self.actions[report], kinds[:, 2], deviations
        )
