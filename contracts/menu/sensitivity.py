"""What a menu's value gains from a little more of everything it depends on, by the envelope theorem.

Let L be the Lagrangian of the menu program at the best menu (x, u) and at the prices that prove it: l_ij of IC, m_i of
IR, t_i of the limits on transfers (lowest less highest), s_k of the rows G_k.x + H_k.u <= g_k, whose transfers have the
coefficients T_k, and rho of the minimum profit. With kappa = profit_weight + rho, the value changes with a parameter as
L does with (x, u) and the prices held (Milgrom & Segal 2002):

    weight f_i             what a type of this kind counts for in the objective, + rho times its payoff
    valuation a_i          kappa f_i x_i - sum_j l_ij x_j + (sum_j l_ji + t_i - sum_k s_k T_ki) x_i   (- m_i x_outside)
    principal's value b_i  kappa f_i x_i
    reservation utility    - m_i
    cost, all of it        - kappa sum_i f_i c(x_i), per one part more
    limit of a row         its price; minus that for a lower limit
    limits on t_i          - t_i for the lowest where it is positive, - t_i for the highest where it is negative; where
                           nobody pays 0 but who is not served, or limits differ by type, they are rows k and have s_k
    minimum profit         - rho

Where the value has a kink (another menu takes over, or several prices prove the same bound) this is one of the slopes
between those on the two sides. Of one reservation utility that all have it is the slope of the program that gives it to
everybody by contract: where types may be left out the value changes by that or more, and `slopes` has both sides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from contracts.display.table import Column, Table, Tabular, names
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.problem.participation import WithOutside
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
    reservation_utility : (n_types,) never positive; where types are left out, the least that a change may be worth
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
    tempted_by = np.asarray(prices.ic @ allocation)  # sum_j l_ij x_j
    on_transfers = prices.side[:, np.newaxis] * _transfer_coefficients(program)
    tempting = np.asarray(prices.ic.sum(axis=0)).ravel() + prices.transfer - on_transfers.sum(axis=0)
    onto = share * allocation - tempted_by + tempting[:, np.newaxis] * allocation
    if program.outside.is_contract:
        onto = onto - prices.ir[:, np.newaxis] * program.outside.allocation
    from_principal = share * allocation
    reservation = -prices.ir
    cost = -float(share[:, 0] @ program.cost.value(allocation))
    if isinstance(program.domain, WithOutside):
        onto, from_principal, reservation = _of_served(problem, program, onto, from_principal)
    limits = on_transfers[len(on_transfers) - _n_limits(problem, program) :]
    if isinstance(program.domain, WithOutside) and not problem.may_pay_nothing:  # a limit of those who are served
        limits = limits * (1.0 - allocation[:, -1] / program.domain.total)
    lowest, highest = (
        np.maximum(sign * prices.transfer, 0.0) + np.maximum(-sign * limits, 0.0).sum(axis=0) for sign in (1.0, -1.0)
    )
    return Sensitivity(
        tuple(problem.labels), tuple(problem.goods), worth, onto, from_principal, reservation + 0.0, cost + 0.0,
        0.0 - lowest, highest, 0.0 - prices.profit,
    )  # fmt: skip


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


def _of_served(
    problem: ScreeningProblem, program: ScreeningProblem, onto: Array, from_principal: Array
) -> tuple[Array, Array, Array]:
    """Derivatives in the problem's own parameters, where the program has one more good for the outside option.

    That good is worth r_i / total, or a_i . x_outside / total, to type i.
    """
    alone = onto[:, -1] / program.domain.total  # type: ignore[attr-defined]
    earned = from_principal[:, -1] / program.domain.total  # type: ignore[attr-defined]
    if problem.outside_option is None:
        return onto[:, :-1], from_principal[:, :-1], alone
    kept = problem.outside.allocation
    return (
        onto[:, :-1] + alone[:, np.newaxis] * kept,
        from_principal[:, :-1] + earned[:, np.newaxis] * kept,
        np.zeros(problem.n_types),
    )
