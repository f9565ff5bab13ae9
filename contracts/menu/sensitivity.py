"""What a menu's value gains from a little more of everything it depends on, by the envelope theorem.

Let L be the Lagrangian of the menu program at the best menu (x, u) and at the prices that prove it: l_ij of IC, m_i of
IR, t_i of the limits on transfers (lowest less highest), s_k of the rows G_k.x + H_k.u <= g_k, whose transfers have the
coefficients T_k, and rho of the minimum profit. With kappa = profit_weight + rho, the value changes with a parameter as
L does with (x, u) and the prices held (Milgrom & Segal 2002):

    weight f_i             what a type of this kind counts for in the objective, + rho times its payoff
    valuation a_i          D_i(x),    D_i(x) = kappa f_i x_i - sum_j l_ij x_j + (sum_j l_ji + t_i - sum_k s_k T_ki) x_i
    principal's value b_i  kappa f_i x_i
    reservation utility    D_i(w) - m_i,    w_i = 1 - z_i the chance that type i is left with what it has anyway
    cost, all of it        - kappa sum_i f_i c(x_i), per one part more
    limit of a row         its price; minus that for a lower limit
    limits on t_i          - t_i for the lowest where it is positive, - t_i for the highest where it is negative; where
                           nobody pays 0 but who is not served, or limits differ by type, they are rows k and have s_k
    minimum profit         - rho

Reservation utility r_i is a valuation of being left out: u_i = a_i . x_i + w_i r_i - t_i, for whoever takes a contract
(`contracts.problem.participation`). So it counts in what type i is worth, in what it gains by the contracts of others,
in what others gain by its own, and in IR. Where only IC and IR bind, the flow of prices through i leaves of that

    D_i(w) - m_i = - m_i z_i + sum_j l_ij (z_j - z_i):

minus the price of IR where all are served, or must be, and nothing for a type that is left out and tempted by nobody.
Who is given nothing, for nothing, and has nothing anyway counts as left out: that it may be is worth something as soon
as reservation utilities differ. With an outside contract x_0, its w_i are so much more of x_0 to i, and D_i(w) - m_i
counts x_0 times in the derivative of a_i, not of r_i, which follows from it.

Where the value has a kink (another menu takes over, or several prices prove the same bound) this is one of the slopes
between those on the two sides; `slopes` has both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from contracts.display.table import Column, Table, Tabular, names
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.problem.participation import NO_DOUBT, WithOutside
from contracts.problem.rows import limits_of_transfers, side_rows
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import Bound
from contracts.readable import readable

if TYPE_CHECKING:
    import pandas as pd

ROUNDING = 1e-12  # share of the largest, below which a price is a solver's


@checked
@dataclass(frozen=True, eq=False)
class Sensitivity(Tabular):
    """Derivatives of the value of the best menu, in units of the objective per unit of each parameter.

    Attributes
    ----------
    labels, goods : of the types and goods
    weights : (n_types,) of the types' shares; shares sum to one, so what counts is the difference of two entries
    valuations, principal_values : (n_types, n_goods)
    reservation_utility : (n_types,) zero with an outside contract, which says what it is
    cost : of all costs together, serving included, per one part more: with .01 more the value changes by .01 times this
    lowest_transfer, highest_transfer : (n_types,) of the limits on what each type pays; a limit that all have in
        common is worth their sum
    minimum_profit : of the profit that is asked for, never positive
    """

    labels: tuple[str, ...]
    goods: tuple[str, ...]
    weights: Array
    valuations: Array
    principal_values: Array
    reservation_utility: Array
    cost: float
    lowest_transfer: Array
    highest_transfer: Array
    minimum_profit: float

    def to_frame(self) -> pd.DataFrame:
        """One row per type."""
        return self._table().to_frame()

    def _table(self) -> Table:
        columns = [names("type", self.labels), Column("weight", self.weights, ".6g")]
        least = ROUNDING * max(float(np.abs(self.reservation_utility).max()), float(np.abs(self.weights).max()))
        outside = np.where(np.abs(self.reservation_utility) > least, self.reservation_utility, 0.0)
        columns.append(Column("reservation_utility", outside, ".6g"))
        for what, values in (("valuation", self.valuations), ("principal_value", self.principal_values)):
            columns += [
                Column(f"{what}[{good}]", values[:, k], ".6g", readable(good), over=what.replace("_", " "))
                for k, good in enumerate(self.goods)
            ]
        notes = [f"all costs, one part more: {self.cost:.6g}"]
        notes += [
            f"{what}, one unit more: {slope:.6g}"
            for what, slope in (
                ("lowest transfer of all", float(self.lowest_transfer.sum())),
                ("highest transfer of all", float(self.highest_transfer.sum())),
                ("minimum profit", self.minimum_profit),
            )
            if abs(slope) > least
        ]
        return Table(columns, "What one more unit is worth", notes)


def sensitivity_of(problem: ScreeningProblem, allocation: Array, transfer: Array, bound: Bound) -> Sensitivity:
    """The derivatives at a menu (allocation in the goods of `problem.program`) and the bound that proves it.

    Raises
    ------
    ProblemError
        If valuations or weights are themselves in doubt: the slopes of a worst case are not those of a program.
    """
    if problem.valuation_sets is not None or problem.ambiguity is not None:
        raise ProblemError(
            "sensitivity is of known valuations and weights: leave uncertainty and ambiguity out, or compare menus "
            "with contracts.comparative_statics"
        )
    if not bound.among.is_every_menu:
        raise ProblemError(
            f"the bound is on {bound.among} alone, and its prices are no slopes: compare menus with "
            "contracts.comparative_statics, or ask a menu of any kind"
        )
    program, prices = problem.program, bound.multipliers
    kappa = program.terms.profit_weight + prices.profit
    share = (kappa * program.weights)[:, np.newaxis]
    payoff, utility = program.payoff(allocation, transfer), program.utility(allocation, transfer)
    worth = program.terms.by_type(payoff, allocation, utility) + prices.profit * payoff
    goods, alone = allocation[:, : problem.n_goods], _left_out(problem, allocation, utility)[:, np.newaxis]
    amounts = np.hstack([goods, alone])
    on_transfers = prices.side[:, np.newaxis] * _transfer_coefficients(program)
    tempting = np.asarray(prices.ic.sum(axis=0)).ravel() + prices.transfer - on_transfers.sum(axis=0)
    onto = share * amounts - np.asarray(prices.ic @ amounts) + tempting[:, np.newaxis] * amounts
    reservation, kept = onto[:, -1] - prices.ir, problem.outside.allocation
    cost = -float(share[:, 0] @ program.cost.value(allocation))
    limits = on_transfers[len(on_transfers) - _n_limits(problem, program) :]
    if program.excludes and not problem.may_pay_nothing:  # a limit of those who are served
        limits = limits * (1.0 - alone[:, 0])
    lowest, highest = (
        np.maximum(sign * prices.transfer, 0.0) + np.maximum(-sign * limits, 0.0).sum(axis=0) for sign in (1.0, -1.0)
    )
    return Sensitivity(
        tuple(problem.labels), tuple(problem.goods), worth, onto[:, :-1] + reservation[:, np.newaxis] * kept,
        share * (goods + alone * kept), reservation * (problem.outside_option is None) + 0.0, cost + 0.0,
        0.0 - lowest, highest, 0.0 - prices.profit,
    )  # fmt: skip


def _left_out(problem: ScreeningProblem, allocation: Array, utility: Array) -> Array:
    """The chance that each type is left with its outside option, (n_types,), at a menu in the goods of the program.

    Whoever is served with nothing, where being left out is as good for everybody, is left out.
    """
    goods, domain = allocation[:, : problem.n_goods], problem.program.domain
    alone = allocation[:, -1] / domain.total if isinstance(domain, WithOutside) else np.zeros(problem.n_types)
    may_be = problem.participation != "compulsory" and problem.outside_option is None and problem.serving_cost == 0
    if not may_be or not problem.offers_nothing or any(row.serving is not None for row in problem.rows):
        return alone
    unit = float(np.abs(goods).max(initial=0.0))
    worth = unit * float(np.abs(problem.valuations).max())
    nothing = (np.abs(goods).max(axis=1) <= NO_DOUBT * unit) & (utility <= NO_DOUBT * worth)
    return np.where(nothing & (problem.reservation_utility == 0), 1.0, alone)


def _n_limits(problem: ScreeningProblem, program: ScreeningProblem) -> int:
    """How many rows, the last ones, are limits on single transfers."""
    if problem.may_pay_nothing:
        return len(program.limits_of_single_types())
    return len(limits_of_transfers(problem.limits_by_type, (-np.inf, np.inf), problem.labels))


def _transfer_coefficients(program: ScreeningProblem) -> Array:
    """T_ki of every row, (n_rows, n_types): how its allocation coefficients rise with valuations."""
    rows = (*program.rows, *program.limits_of_single_types())
    ones = np.ones(program.valuations.shape)
    return np.asarray((side_rows(rows, ones).allocation - side_rows(rows, 0 * ones).allocation)[:, :, 0])
