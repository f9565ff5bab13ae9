"""The screening problem: who the agents may be, what can be offered, what the principal wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal

import numpy as np

from contracts.inputs.arrays import Array, Indices, distribution, rising_order
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass, read_only
from contracts.inputs.kinds import GOODS_OF_TYPES, TYPES, Values
from contracts.inputs.names import column_names, distinct_names, one_name_each, row_names, type_names
from contracts.problem.ambiguity import Ambiguity, WorstCase
from contracts.problem.checks import (
    Transfers,
    check_ambiguity,
    check_domain,
    check_fit,
    check_objective,
    check_same_goods,
    check_same_types,
    check_serving_rows,
    check_uncertainty,
    checked_constraints,
    checked_cost,
    checked_outside_option,
    checked_reservation,
    checked_serving_cost,
    checked_transfers,
    checked_valuations,
    checked_weights,
    fitted_row,
    spread,
)
from contracts.problem.costs import Linear, parts_of
from contracts.problem.domains import Domain, NonNegative, known_domain
from contracts.problem.mimicry import checked_mimics
from contracts.problem.objectives import Objective, Profit, WeightedSum
from contracts.problem.participation import Outside, WithOutside, with_outside_good
from contracts.problem.reading import Reading, checked_readings
from contracts.problem.rows import LinearConstraint, Row, SideRows, limits_of_transfers, linear_rows, side_rows
from contracts.problem.uncertainty import Uncertainty, ValuationSets

Participation = Literal["voluntary", "compulsory"]
NO_COST, ANY_AMOUNT, PROFIT = Linear(0.0), NonNegative(), Profit()
OWN_WORDS = (
    "cost",
    "domain",
    "objective",
    "constraints",
    "ambiguity",
    "uncertainty",
    "transfers",
    "mimics",
)


@checked(own=OWN_WORDS, allocation=GOODS_OF_TYPES, transfer=TYPES, weights=TYPES)
@dataclass(frozen=True, eq=False, repr=False)
class ScreeningProblem:
    """A principal who offers a menu of contracts to agents of hidden types.

    Type i values the allocation x at valuations[i] . x and pays the transfer t, so its utility is
    valuations[i] . x - t. The principal earns principal_values[i] . x - cost(x) + t from it.

    Parameters
    ----------
    valuations : (n_types, n_goods) array or dataframe, money per unit; (n_types,) for one good
    weights : (n_types,) array, positive shares that sum to 1; equal shares if left out
    cost : convex Cost of an allocation, money; a list of costs, one per type, where it depends on who is served
    domain : Domain of allocations
    principal_values : (n_types, n_goods) or (n_goods,) array, money per unit; 0 if left out
    reservation_utility : number or (n_types,) array, money; utility without a contract. Minus infinity for everybody is
        no participation constraint at all, as in taxation
    outside_option : (n_goods,) array, an allocation that every type can have for nothing (a default policy);
        it stands in for reservation_utility, and keeping it is always on the menu
    participation : "voluntary": a type may be left with its reservation utility, at no cost to the principal, or served
        with a chance; "compulsory": everybody gets a contract, worth at least the reservation utility
    serving_cost : money that serving anybody at all costs the principal, besides the cost of the allocation
    transfers : "free", "none", or (lowest, highest) in money, each a number or one per type; they may be infinite
    objective : Profit(), Welfare(...) or WeightedSum(...)
    constraints : rows over the allocations, utilities and transfers of all types: Capacity, Budget, Coverage,
        EqualAccess, RentInequality, or a LinearConstraint of any coefficients
    ambiguity : TotalVariation, Wasserstein, KullbackLeibler, ChiSquare or Moments around the weights; the principal
        maximises its objective under the distribution in that set that is worst for it
    uncertainty : Interval, Ellipsoid or Noise around the valuations; IC and IR then hold for every valuation in each
        type's set, while the objective counts the valuations as given
    labels, goods : names of types and goods, distinct; by default those of the valuations, if they are a frame or a
        series: the pandas index, if it is distinct text, and the names of the columns. Arrays go by position, and names
        never rearrange them: indices of pandas inputs, or names of goods, in different orders are refused. Without
        names they are called '0', '1', ..., as options are
    readings : Reading columns, in which tables and pictures show the contracts in the model's own words; by default
        the amounts of the goods and the transfer. They change no number of the menu
    mimics : who can mimic whom: an (n_types, n_types) mask, [i, j] true if type i can take the contract meant for type
        j, or a list of such pairs (i, j) by number or label; everybody everybody, if left out. See below

    Where groups are observed, claims need evidence, or agents post bonds, not everybody can take every contract. Then
    contracts are meant for types: type i chooses among its own, those of the types that it can mimic and the outside
    option, and IC is asked of these alone. Where the relation is transitive (whoever can mimic somebody can mimic all
    whom that one can: the nested range condition of Green & Laffont 1986) the revelation principle holds, and no other
    mechanism is worth more. Where it is not, the menu is the best in which everybody takes the contract meant for it;
    a mechanism in which some pretend to be others might be worth more.

    Raises
    ------
    ProblemError
        If anything does not fit; the message names the field, the place and the remedy.

    Examples
    --------
    >>> problem = ScreeningProblem([1.0, 2.0], [0.5, 0.5], labels=("low", "high"))
    >>> problem.n_types, problem.n_goods
    (2, 1)

    Wealth can be hidden but not made up, so a type can only claim less (and likewise post a bond no higher than its
    budget): [i, j] is true where wealth i is at least wealth j.

    >>> wealth = np.array([1.0, 2.0, 3.0])
    >>> evidence = ScreeningProblem([3.0, 2.0, 1.0], mimics=wealth[:, np.newaxis] >= wealth)
    >>> evidence.mimics.astype(int)
    array([[1, 0, 0],
           [1, 1, 0],
           [1, 1, 1]])
    """

    valuations: Any
    weights: Any = None
    cost: Any = NO_COST
    domain: Domain = ANY_AMOUNT
    principal_values: Values = 0.0
    reservation_utility: Any = 0.0
    outside_option: Any = None
    transfers: Transfers = "free"
    objective: Objective = PROFIT
    constraints: Sequence[Row] = ()
    ambiguity: Ambiguity | None = None
    uncertainty: Uncertainty | None = None
    labels: Any = None
    goods: Any = None
    participation: Participation = "voluntary"
    serving_cost: float = 0.0
    readings: Sequence[Reading] = ()
    mimics: Any = None

    def __post_init__(self) -> None:
        rows, columns = row_names(self.valuations), column_names(self.valuations)
        named = distinct_names("labels", self.labels, "type")
        given_labels = type_names(self.valuations) if named is None else named
        given_goods = distinct_names("goods", columns if self.goods is None else self.goods, "good")
        valuations = checked_valuations(self.valuations, given_labels)
        shape = valuations.shape
        check_same_types(self, named, rows, n_goods=shape[1])
        check_same_goods(self, given_goods, columns)
        labels = one_name_each("labels", given_labels, shape[0], "type")
        goods = one_name_each("goods", given_goods, shape[1], "good")
        self._set(valuations=valuations, labels=labels, goods=goods, weights=checked_weights(self.weights, labels))
        self._set(cost=checked_cost(self.cost, labels))
        check_domain(self.domain, shape[1])
        self._set(principal_values=spread("principal_values", self.principal_values, shape, labels, goods))
        check_fit(self.cost, self.domain, valuations + self.principal_values, labels)
        given = self.outside_option, self.reservation_utility
        self._set(outside_option=checked_outside_option(*given, valuations, self.domain, labels, goods))
        self._set(reservation_utility=checked_reservation(given[1], self.outside_option, valuations, labels, goods))
        must_allow_none = self.outside_option is not None
        self._set(transfers=checked_transfers(self.transfers, labels, must_allow_none=must_allow_none))
        self._set(serving_cost=checked_serving_cost(self.serving_cost, self.participation))
        check_objective(self.objective, shape)
        self._set(constraints=checked_constraints(self.constraints, shape, self.transfers))
        if self.ambiguity is not None:
            check_ambiguity(self.ambiguity, self.objective)
            self._set(weights=distribution(self.weights))  # sets hold distributions, exact to rounding
            self.ambiguity.check(self.weights, valuations)
        self._set(readings=checked_readings(self.readings, shape[1]), mimics=checked_mimics(self.mimics, labels))
        check_uncertainty(self.uncertainty, self.mimics, shape)
        if any(row.serving is not None for row in self.rows):
            check_serving_rows(self.rows, excludes=self.excludes or self._gains_from_exclusion)

    def _set(self, **fields: Any) -> None:
        """Fields as they are kept, arrays read-only."""
        for name, value in fields.items():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)
            object.__setattr__(self, name, value)

    # ---- what it is ----

    def __repr__(self) -> str:
        shown: dict[str, Any] = {"n_types": self.n_types, "n_goods": self.n_goods}
        for field in ("cost", "domain", "objective", "ambiguity", "uncertainty"):
            if getattr(self, field) is not None:
                shown[field] = type(getattr(self, field)).__name__
        shown["transfers"] = repr(self.transfers)
        if self.participation != "voluntary":
            shown["participation"] = repr(self.participation)
        if self.constraints:
            shown["constraints"] = len(self.constraints)
        if self.mimics is not None:
            pairs = self.n_types * (self.n_types - 1)
            shown["mimics"] = f"{np.count_nonzero(self.mimics) - self.n_types} of {pairs} pairs"
        return f"ScreeningProblem({', '.join(f'{name}={value}' for name, value in shown.items())})"

    @property
    def n_types(self) -> int:
        return int(self.valuations.shape[0])

    @property
    def n_goods(self) -> int:
        return int(self.valuations.shape[1])

    @property
    def transfer_limits(self) -> tuple[float, float]:
        """Lowest and highest transfer of any type; infinite where free."""
        if self.transfers == "free":
            return (-np.inf, np.inf)
        if self.transfers == "none":
            return (0.0, 0.0)
        return (float(np.min(self.transfers[0])), float(np.max(self.transfers[1])))

    @property
    def limits_by_type(self) -> tuple[Array, Array]:
        """Lowest and highest transfer of each type; (n_types,) both."""
        ends = self.transfer_limits if isinstance(self.transfers, str) else self.transfers
        lowest, highest = (np.broadcast_to(np.asarray(end), self.n_types) for end in ends)
        return lowest, highest

    @cached_property
    def rising(self) -> Indices | None:
        """Types by rising valuation of the only good, (n_types,); None of several goods."""
        return rising_order(self.valuations[:, 0]) if self.n_goods == 1 else None

    @cached_property
    def rows(self) -> tuple[LinearConstraint, ...]:
        """Every constraint as the rows of coefficients that it states, in order."""
        shape = self.valuations.shape
        stated = (row for constraint in self.constraints for row in linear_rows(constraint, self))
        return tuple(fitted_row(row, shape, self.transfers) for row in stated)

    @property
    def has_rows(self) -> bool:
        """Whether there are rows over the whole menu, or limits on transfers that differ by type."""
        return bool(self.constraints) or bool(self.limits_of_single_types())

    def limits_of_single_types(self) -> list[LinearConstraint]:
        """A row for every type whose transfer has a tighter limit than that of all."""
        if isinstance(self.transfers, str):
            return []
        return limits_of_transfers(self.limits_by_type, self.transfer_limits, self.labels)

    @cached_property
    def side_rows(self) -> SideRows:
        """Every constraint, and every limit on the transfer of one type, as one or two rows of the form <= limit."""
        return side_rows((*self.rows, *self.limits_of_single_types()), self.valuations)

    @cached_property
    def outside(self) -> Outside:
        """What types have without a contract.

        It is itself a contract, which nobody can be kept from, if it is an `outside_option`, or nothing at all where
        nothing is allowed, costs nothing and is worth the reservation utility of every type. A type that keeps it is
        excluded, and earns the principal its usual payoff.
        """
        if self.outside_option is not None:
            return Outside(self.outside_option, read_only(np.zeros(self.n_types)), is_contract=True)
        is_nothing = self.may_pay_nothing and not self.reservation_utility.any() and self.offers_nothing
        return Outside(read_only(np.zeros(self.n_goods)), self.reservation_utility, is_contract=is_nothing)

    @property
    def outside_contract(self) -> Array | None:
        """The contract (allocation, no transfer) that nobody can be kept from, if there is one; (n_goods,)."""
        return self.outside.allocation if self.outside.is_contract else None

    # ---- who need not be served ----

    @property
    def has_participation_constraint(self) -> bool:
        """Whether somebody has a reservation utility; without any there is no IR."""
        return bool(np.isfinite(self.reservation_utility).any())

    @property
    def excludes(self) -> bool:
        """Whether this is the program of a problem in which types can be left out: its last good is the outside option.

        See `contracts.problem.participation`.
        """
        return isinstance(self.domain, WithOutside)

    @cached_property
    def program(self) -> ScreeningProblem:
        """The problem that engines, bounds and certificates are about.

        Itself, where everybody is served, or where the outside contract is a contract like any other. Otherwise the
        outside option joins as one more good, which nobody needs to pay for; see `contracts.problem.participation`.
        """
        known = known_domain(self.domain, self.n_goods)
        is_plain = known is self.domain and all(isinstance(row, LinearConstraint) for row in self.constraints)
        stated = self if is_plain else replace(self, domain=known, constraints=self.rows)
        if stated.excludes or not stated._gains_from_exclusion:
            return stated
        return replace(stated, **with_outside_good(stated))

    def in_program(self, allocation: Array, transfer: Array, serving: Array | None = None) -> Array:
        """Expected allocations in the goods of `program`; (n_types, n_goods), or one more.

        `serving` are the chances of being served, (n_types,). If left out, a type that gets what it has anyway, for
        nothing, keeps its outside option: unless a contract of nothing at all is as good, and costs no more to serve.
        """
        if not self.program.excludes:
            return allocation
        kept = self.outside.allocation
        if serving is None:
            is_contract = self.offers_nothing and self.serving_cost == 0 and self.outside_option is None
            leaves = (allocation == kept).all(axis=1) & (transfer == 0)
            serving = np.where(leaves & ~(is_contract & (self.reservation_utility <= 0)), 0.0, 1.0)
        alone = 1.0 - serving
        total = self.program.domain.total  # type: ignore[attr-defined]
        return np.column_stack([allocation - alone[:, np.newaxis] * kept, total * alone])

    @property
    def _gains_from_exclusion(self) -> bool:
        """Whether leaving types out can be worth more than giving them a contract like any other.

        Where nothing is an allocation that costs nothing, it does for an outside option worth 0, and for one that is
        worth less to all alike the principal can pay less for it: t = -r, if transfers may be as high, and no row
        counts them.
        """
        if self.participation == "compulsory" or not self.has_participation_constraint:
            return False
        if self.serving_cost > 0:
            return True
        if self.outside.is_contract:
            return False
        return not (
            self.offers_nothing
            and np.ptp(self.reservation_utility) == 0
            and self.reservation_utility[0] <= 0
            and self.may_pay_nothing
            and bool(np.all(self.limits_by_type[1] == np.inf))
            and not any(row.transfer is not None and row.transfer.any() for row in self.rows)
        )

    @property
    def offers_nothing(self) -> bool:
        """Whether a contract may hold no allocation, at no cost."""
        nothing = np.zeros((1, self.n_goods))
        return bool(self.domain.violation(nothing)[0] == 0 and not self.costs_of(nothing).any())

    @cached_property
    def reference_allocation(self) -> Array:
        """The contract against which menus are measured: the outside option, else the allocation nearest to none."""
        if self.outside_option is not None:
            return np.asarray(self.outside_option)
        nearest = self.domain.clip(np.zeros((1, self.n_goods)))
        if np.isfinite(self.costs_of(nearest)).all():
            return np.asarray(nearest[0])
        return self.domain.interior(self.n_goods)[0]

    @property
    def may_pay_nothing(self) -> bool:
        """Whether a transfer of 0 is within the limits of every type."""
        if isinstance(self.transfers, str):
            return True
        return bool(np.all(np.asarray(self.transfers[0]) <= 0) and np.all(np.asarray(self.transfers[1]) >= 0))

    @property
    def is_for_profit(self) -> bool:
        """Profit, nothing unknown, no side constraints; transfers may have limits."""
        known = self.ambiguity is None and self.valuation_sets is None
        return known and isinstance(self.objective, Profit) and not self.has_rows

    @property
    def is_plain(self) -> bool:
        """Free transfers besides: the textbook program of the fast engines."""
        return self.is_for_profit and self.transfers == "free"

    @cached_property
    def valuation_sets(self) -> ValuationSets | None:
        """The sets that valuations are in; None where they are known, and so they are in sets of no size."""
        sets = None if self.uncertainty is None else self.uncertainty.sets(self.valuations.shape)
        return sets if sets is None or sets.factors.any() else None

    def under(self, weights: Array) -> ScreeningProblem:
        """The same problem for a principal who is sure of other weights; rows count the same agents as before."""
        rows = self.constraints if np.array_equal(weights, self.weights) else self.rows
        return replace(self, weights=weights, ambiguity=None, constraints=rows)

    @cached_property
    def terms(self) -> WeightedSum:
        """The objective as a sum of concave terms, with one entry per type and good."""
        return self.objective.terms(self.valuations.shape)

    # ---- what it is worth ----

    def utility(self, allocation: Array, transfer: Array) -> Array:
        """valuations_i . x_i - t_i; (n_types,)."""
        return np.asarray(np.einsum("ij,ij->i", self.valuations, allocation) - transfer)

    def payoff(self, allocation: Array, transfer: Array) -> Array:
        """What the principal earns from each type, principal_values_i . x_i - c(x_i) + t_i; (n_types,)."""
        gross = np.einsum("ij,ij->i", self.principal_values, allocation)
        return np.asarray(gross - self.cost.value(allocation) + transfer)

    def costs_of(self, allocations: Array) -> Array:
        """What each allocation of a list costs when each type takes it; (n_types, n_allocations)."""
        allocations = np.ascontiguousarray(allocations)
        parts = parts_of(self.cost)
        if len(parts) == 1:
            return np.broadcast_to(parts[0][0].value(allocations), (self.n_types, len(allocations)))
        found = np.empty((self.n_types, len(allocations)))
        for cost, types in parts:
            found[types] = cost.value(allocations)
        return found

    def objective_value(self, allocation: Array, transfer: Array) -> float:
        """The objective at a menu that gives type i the contract (x_i, t_i); the worst over the ambiguity, if any."""
        if self.ambiguity is not None:
            return self.worst_case(allocation, transfer).value
        payoff, utility = self.payoff(allocation, transfer), self.utility(allocation, transfer)
        return self.terms.value(self.weights, payoff, allocation, utility)

    def worst_case(self, allocation: Array, transfer: Array) -> WorstCase:
        """The distribution of types under which a menu is worth least, and what it is worth there."""
        if self.ambiguity is None:
            return WorstCase(self.weights, self.objective_value(allocation, transfer))
        utility = self.utility(allocation, transfer)
        by_type = self.terms.by_type(self.payoff(allocation, transfer), allocation, utility)
        if np.any(by_type == -np.inf):  # a welfare function has no worse
            return WorstCase(self.weights, -np.inf)
        weights, value = self.ambiguity.worst_case(by_type, self.weights, self.valuations)
        return WorstCase(weights, value + self.terms.worst_off_weight * float(utility.min()))
