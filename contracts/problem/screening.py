"""The screening problem: who the agents may be, what can be offered, what the principal wants."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, distribution, finite, is_frame, is_unlimited_below, number, place
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import GOODS_OF_TYPES, TYPES, Values
from contracts.inputs.names import (
    NumberedLabels,
    check_same_names,
    column_names,
    distinct_names,
    one_name_each,
    row_names,
    type_names,
)
from contracts.problem.ambiguity import Ambiguity, WorstCase
from contracts.problem.costs import ByType, Cost, Linear, by_type, parts_of, power_of_two
from contracts.problem.domains import Domain, NonNegative
from contracts.problem.mimicry import checked_mimics
from contracts.problem.objectives import Objective, Profit, WeightedSum, Welfare
from contracts.problem.participation import (
    OUTSIDE_GOOD,
    AmbiguityOfServed,
    UncertaintyOfServed,
    WithOutside,
    when_served,
)
from contracts.problem.reading import Reading, checked_readings
from contracts.problem.rows import LinearConstraint, SideRows, transfer_limit
from contracts.problem.uncertainty import Uncertainty, ValuationSets

Transfers = Literal["free", "none"] | tuple[float | Array, float | Array]
Participation = Literal["voluntary", "compulsory"]
NO_COST, ANY_AMOUNT, PROFIT = Linear(0.0), NonNegative(), Profit()
FLATTEST = 1e-3  # share of its middle by which points of a domain without interior are tried
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
WEIGHTS_SUM_TOLERANCE = 5e-6  # ten shares rounded to six digits still count as shares


def _described(part: Any) -> str:
    """What the user passed for a part of the problem; a class given without parentheses is called so."""
    return f"the class {part.__name__}, not an object of it" if isinstance(part, type) else type(part).__name__


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
    constraints : LinearConstraint rows over the allocations and utilities of all types
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
    constraints: Sequence[LinearConstraint] = ()
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
        labels = type_names(self.valuations) if named is None else named
        goods = distinct_names("goods", columns if self.goods is None else self.goods, "good")
        valuations = finite("valuations", self.valuations, labels)
        if valuations.ndim == 1:
            valuations = valuations[:, np.newaxis]
        if valuations.ndim != 2 or valuations.size == 0:
            raise ProblemError(
                f"valuations has shape {valuations.shape}; expected (n_types, n_goods) with at least one of each"
            )
        self._set("valuations", valuations)
        self._check_same_types(named, rows)
        self._check_same_goods(goods, columns)
        self._set("labels", one_name_each("labels", labels, self.n_types, "type"))
        self._set("goods", one_name_each("goods", goods, self.n_goods, "good"))
        self._set("weights", self._checked_weights())
        self._check_menu_space()
        self._set("principal_values", self._broadcast("principal_values", valuations.shape))
        self._set("outside_option", self._checked_outside_option())
        self._set("reservation_utility", self._checked_reservation())
        self._set("transfers", self._checked_transfers())
        self._check_participation()
        self._check_objective()
        self._set("constraints", self._checked_constraints())
        self._check_ambiguity()
        self._check_uncertainty()
        self._set("readings", checked_readings(self.readings, self.n_goods))
        self._set("mimics", checked_mimics(self.mimics, self.labels))
        self._check_mimics()

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

    @property
    def has_rows(self) -> bool:
        """Whether there are rows over the whole menu, or limits on transfers that differ by type."""
        return bool(self.constraints) or bool(self.limits_of_single_types())

    def limits_of_single_types(self) -> list[LinearConstraint]:
        """A row for every type whose transfer has a tighter limit than that of all."""
        if isinstance(self.transfers, str):
            return []
        everybody, rows = np.eye(self.n_types), []
        sides = (("lower", "lowest"), ("upper", "highest"))
        for limits, common, (side, word) in zip(self.limits_by_type, self.transfer_limits, sides, strict=True):
            for who in np.flatnonzero(limits != common):
                name = f"{word} transfer of type {self.labels[who]!r}"
                rows.append(LinearConstraint(transfer=everybody[who], name=name, **{side: float(limits[who])}))
        return rows

    @property
    def side_rows(self) -> SideRows:
        """Every LinearConstraint, and every limit on the transfer of one type, as one or two rows of the form <= limit.

        A transfer is a_i . x_i - u_i, so a coefficient of it is one of the allocation and one of the utility.
        """
        rows: list[tuple[Array, Array, float, str, bool]] = []
        for row in (*self.constraints, *self.limits_of_single_types()):
            on_allocation = np.zeros(self.valuations.shape) if row.allocation is None else row.allocation
            on_utility = np.zeros(self.n_types) if row.utility is None else row.utility
            if row.transfer is not None:
                on_allocation = on_allocation + row.transfer[:, np.newaxis] * self.valuations
                on_utility = on_utility - row.transfer
            if row.upper is not None:
                rows.append((on_allocation, on_utility, float(row.upper), row.name, row.lower == row.upper))
            if row.lower is not None:
                rows.append((-on_allocation, -on_utility, -float(row.lower), row.name, row.lower == row.upper))
        return SideRows(
            np.array([row[0] for row in rows]).reshape(len(rows), self.n_types, self.n_goods),
            np.array([row[1] for row in rows]).reshape(len(rows), self.n_types),
            np.array([row[2] for row in rows]),
            tuple(row[3] for row in rows),
            np.array([row[4] for row in rows], dtype=bool),
        )

    @property
    def outside_contract(self) -> Array | None:
        """The contract (allocation, no transfer) that nobody can be kept from, if there is one; (n_goods,).

        It is `outside_option`, or nothing at all where nothing is allowed, costs nothing and is worth the
        reservation utility of every type. A type that keeps it is excluded, and earns the principal its usual payoff.
        """
        if self.outside_option is not None:
            return np.asarray(self.outside_option)
        if self._may_pay_nothing and np.all(self.reservation_utility == 0) and self.offers_nothing:
            return np.zeros(self.n_goods)
        return None

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
        if self.excludes or not self._gains_from_exclusion:
            return self
        if "share" not in inspect.signature(self.domain.constraints).parameters:
            raise ProblemError(
                f"domain {type(self.domain).__name__} does not say what a chance of it is, which leaving types out "
                "needs: give its method constraints a parameter share (x in share X), or participation='compulsory'"
            )
        value, outside = self.valuations, self.outside_option
        total = self._amount_unit
        kept = np.zeros(self.n_goods) if outside is None else outside
        worth = self.reservation_utility if outside is None else value @ kept
        earned = self.principal_values @ kept - self.costs_of(kept[np.newaxis])[:, 0] if outside is not None else 0.0
        return replace(
            self,
            valuations=np.column_stack([value, worth / total]),
            principal_values=np.column_stack([self.principal_values, np.broadcast_to(earned / total, self.n_types)]),
            cost=when_served(self.cost, total, self.serving_cost),
            domain=cast(Domain, WithOutside(self.domain, total, outside)),
            reservation_utility=0.0,
            outside_option=np.append(np.zeros(self.n_goods), total),
            transfers=self.transfers if self._may_pay_nothing else "free",
            objective=self._with_outside_values(kept / total),
            constraints=[*self._rows_with_outside(kept / total), *self._limits_when_served(total)],
            ambiguity=None if self.ambiguity is None else AmbiguityOfServed(self.ambiguity),
            uncertainty=None if self.uncertainty is None else UncertaintyOfServed(self.uncertainty),
            labels=self.labels if not isinstance(self.labels, NumberedLabels) else None,
            goods=[*self.goods, OUTSIDE_GOOD],
            serving_cost=0.0,
            readings=(),
        )

    def in_program(self, allocation: Array, transfer: Array, serving: Array | None = None) -> Array:
        """Expected allocations in the goods of `program`; (n_types, n_goods), or one more.

        `serving` are the chances of being served, (n_types,). If left out, a type that gets what it has anyway, for
        nothing, keeps its outside option: unless a contract of nothing at all is as good, and costs no more to serve.
        """
        if not self.program.excludes:
            return allocation
        kept = np.zeros(self.n_goods) if self.outside_option is None else self.outside_option
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
        if self.outside_contract is not None:
            return False
        return not (
            self.offers_nothing
            and np.ptp(self.reservation_utility) == 0
            and self.reservation_utility[0] <= 0
            and self._may_pay_nothing
            and bool(np.all(self.limits_by_type[1] == np.inf))
            and not any(row.transfer is not None and row.transfer.any() for row in self.constraints)
        )

    @property
    def offers_nothing(self) -> bool:
        """Whether a contract may hold no allocation, at no cost."""
        nothing = np.zeros((1, self.n_goods))
        return bool(self.domain.violation(nothing)[0] == 0 and not self.costs_of(nothing).any())

    @property
    def _amount_unit(self) -> float:
        """About as large as allocations are, a power of two; 1 where they are shares."""
        _, best = self.cost.conjugate(self.valuations + self.principal_values, self.domain)
        return power_of_two(float(np.max(np.abs(best), where=np.isfinite(best), initial=0.0)))

    def _with_outside_values(self, outside: Array) -> Objective:
        if not isinstance(self.objective, WeightedSum):
            return self.objective  # it counts no allocations
        values = self.terms.allocation_values
        return replace(self.terms, allocation_values=np.column_stack([values, values @ outside]))

    def _rows_with_outside(self, outside: Array) -> list[LinearConstraint]:
        rows = []
        for row in self.constraints:
            on = row.allocation
            rows.append(row if on is None else replace(row, allocation=np.column_stack([on, on @ outside])))
        return rows

    def _limits_when_served(self, total: float) -> list[LinearConstraint]:
        """Limits that exclude 0 are of those who are served, lowest z <= t <= highest z of every type, as rows."""
        if self._may_pay_nothing:
            return []
        everybody, rows = np.eye(self.n_types), []
        for limits, side, word in zip(self.limits_by_type, ("lower", "upper"), ("lowest", "highest"), strict=True):
            for who in np.flatnonzero(np.isfinite(limits)):
                alone = np.zeros((self.n_types, self.n_goods + 1))
                alone[who, -1] = limits[who] / total
                name = f"{word} transfer of type {self.labels[who]!r}"
                limit = {side: float(limits[who])}
                rows.append(LinearConstraint(allocation=alone, transfer=everybody[who], name=name, **limit))
        return rows

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
    def _may_pay_nothing(self) -> bool:
        if isinstance(self.transfers, str):
            return True
        return bool(np.all(np.asarray(self.transfers[0]) <= 0) and np.all(np.asarray(self.transfers[1]) >= 0))

    @property
    def is_for_profit(self) -> bool:
        """Profit, nothing unknown, no side constraints; transfers may have limits."""
        known = self.ambiguity is None and self.uncertainty is None
        return known and isinstance(self.objective, Profit) and not self.has_rows

    @property
    def is_plain(self) -> bool:
        """Free transfers besides: the textbook program of the fast engines."""
        return self.is_for_profit and self.transfers == "free"

    @cached_property
    def valuation_sets(self) -> ValuationSets | None:
        """The sets that valuations are in; None where they are known."""
        return None if self.uncertainty is None else self.uncertainty.sets(self.valuations.shape)

    def under(self, weights: Array) -> ScreeningProblem:
        """The same problem for a principal who is sure of other weights."""
        return replace(self, weights=weights, ambiguity=None)

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
        if not isinstance(self.cost, ByType):
            return np.broadcast_to(self.cost.value(allocations), (self.n_types, len(allocations)))
        found = np.empty((self.n_types, len(allocations)))
        for cost, types in self.cost.parts():
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

    # ---- the door ----

    def _set(self, name: str, value: Any) -> None:
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
        object.__setattr__(self, name, value)

    def _check_same_types(self, labels: Sequence[str] | None, rows: NDArray[Any] | None) -> None:
        """Refuse pandas inputs whose indices say that their rows are other types, or in another order."""
        check_same_names("labels", labels, "valuations", rows, "pass valuations.index", may_differ=True)
        whose, order = ("labels", "labels") if rows is None else ("valuations", "valuations.index")
        for field in ("labels", "weights", "principal_values", "reservation_utility"):
            given = getattr(self, field)
            if field != "principal_values" or is_frame(given) or self.n_goods == 1:
                remedy = f"pass {field}.reindex({order})"
                known = labels if rows is None else rows
                check_same_names(field, row_names(given), whose, known, remedy, may_differ=rows is None)

    def _check_same_goods(self, goods: Sequence[str] | None, columns: Sequence[str] | None) -> None:
        """Refuse the names of the goods in another order; other names may say what else a column holds."""
        check_same_names("goods", goods, "valuations", columns, "pass valuations.columns", may_differ=True)
        for field in ("principal_values", "outside_option"):
            given = getattr(self, field)
            names = column_names(given) if is_frame(given) else row_names(given)
            check_same_names(field, names, "goods", goods, f"pass {field}[list(goods)]", may_differ=True)

    def _checked_weights(self) -> Array:
        if self.weights is None:
            return np.full(self.n_types, 1.0 / self.n_types)
        weights = finite("weights", self.weights, self.labels).reshape(-1)
        if len(weights) != self.n_types:
            raise ProblemError(f"weights has {len(weights)} entries for {self.n_types} types: give one per type")
        if np.any(weights <= 0):
            worst = int(np.argmin(weights))
            raise ProblemError(
                f"weights{place((worst,), self.labels)} is {weights[worst]}: every type needs a positive share; leave "
                "out types that do not occur"
            )
        if abs(weights.sum() - 1.0) > WEIGHTS_SUM_TOLERANCE:
            raise ProblemError(f"weights sum to {weights.sum():.10g}, not 1: divide them by their sum")
        return weights

    def _check_menu_space(self) -> None:
        self._set("cost", self._checked_cost())
        if isinstance(self.domain, type) or not hasattr(self.domain, "separable_maximiser"):
            raise ProblemError(
                f"domain is {_described(self.domain)}: use NonNegative(), Box(...), Simplex() or Polyhedron(...)"
            )
        self.domain.check(self.n_goods)
        for cost, types in parts_of(self.cost):
            self._check_fit(cost, self._whose_cost(types))

    def _checked_cost(self) -> Cost:
        """One cost for all types, or one for each; the same object where all of them are the same."""
        if isinstance(self.cost, ByType):
            given: list[Any] = [self.cost.costs[k] for k in self.cost.index]
        elif isinstance(self.cost, list | tuple):
            given = list(self.cost)
        else:
            self._check_is_cost(self.cost, "cost")
            return self.cost
        if len(given) != self.n_types:
            raise ProblemError(
                f"cost has {len(given)} entries for {self.n_types} types: give one cost, or one per type (for one per "
                "good use Separable([...]))"
            )
        for who, cost in enumerate(given):
            self._check_is_cost(cost, f"cost[{self.labels[who]!r}]")
        found = by_type(given)
        return found if len(found.costs) > 1 else given[0]

    def _check_is_cost(self, cost: Any, where: str) -> None:
        if isinstance(cost, type | ByType) or not isinstance(cost, Cost):
            raise ProblemError(
                f"{where} is {_described(cost)}: use Linear, Quadratic, Power, Entropy, ExponentialCost, Logarithm, "
                "Separable, Total, or an object with the methods value, conjugate and expression"
            )

    def _whose_cost(self, types: Any) -> str:
        return "" if isinstance(types, slice) else f"cost[{self.labels[int(types[0])]!r}]: "

    def _check_fit(self, cost: Any, whose: str) -> None:
        try:
            if hasattr(cost, "check"):
                cost.check(self.n_goods, self.domain)
            else:
                self._check_convexity(cost)
        except ProblemError as exc:
            raise ProblemError(f"{whose}{exc}") from exc.__cause__

    def _amounts_to_try(self, steps: Array) -> Array:
        """Points of the domain where contracts may lie: inside it, or, where it has no end, around what types want."""
        centre, radius = self.domain.interior(self.n_goods)
        if not self.domain.bounded:
            _, best = self.cost.conjugate(self.valuations + self.principal_values, self.domain)
            wanted = best[np.isfinite(best).all(axis=1)]
            if np.any(wanted):
                centre, radius = wanted.mean(axis=0), float(np.abs(wanted).max())
        return self.domain.clip(centre + steps * max(radius, FLATTEST * float(np.abs(centre).max())))

    def _check_convexity(self, cost: Cost) -> None:
        """A user's own cost: refuse a chord that runs below the curve (a witness; passing proves nothing)."""
        rng = np.random.default_rng(0)
        ends = self._amounts_to_try(rng.normal(size=(64, self.n_goods)))
        middle = cost.value((ends[:32] + ends[32:]) / 2)
        chord = (cost.value(ends[:32]) + cost.value(ends[32:])) / 2
        if not np.all(np.isfinite(chord)) or np.any(middle > chord + 1e-9 * np.abs(chord).max()):
            raise ProblemError(
                f"cost {type(cost).__name__} is not convex and finite on the domain: it lies above a chord; "
                "the menu program needs a convex cost"
            )

    def _broadcast(self, field: str, shape: tuple[int, ...]) -> Array:
        per_good = len(shape) == 2 and np.ndim(getattr(self, field)) == 1 and self.n_goods > 1
        values = finite(field, getattr(self, field), self.goods if per_good else self.labels)
        if values.ndim == 1 and len(shape) == 2 and shape[1] == 1 and len(values) == shape[0]:
            values = values[:, np.newaxis]
        try:
            return np.array(np.broadcast_to(values, shape), order="C")
        except ValueError as exc:
            raise ProblemError(f"{field} has shape {values.shape}; expected {shape} or something that fits it") from exc

    def _checked_outside_option(self) -> Array | None:
        if self.outside_option is None:
            return None
        option = finite("outside_option", self.outside_option, self.goods).reshape(-1)
        if len(option) != self.n_goods:
            raise ProblemError(f"outside_option has {len(option)} entries for {self.n_goods} goods: give one per good")
        given = self._broadcast("reservation_utility", (self.n_types,))
        if np.any(given != 0) and not np.array_equal(given, self.valuations @ option):
            raise ProblemError(
                "outside_option and reservation_utility disagree: an outside option is worth valuations @ "
                "outside_option; leave reservation_utility out (0.0)"
            )
        if self.domain.violation(option[np.newaxis])[0] > 0:
            raise ProblemError("outside_option lies outside the domain: the menu could not offer it; widen the domain")
        return option

    def _checked_reservation(self) -> Array:
        if self.outside_option is not None:
            return np.asarray(self.valuations @ self.outside_option)
        if is_unlimited_below(self.reservation_utility):
            return np.full(self.n_types, -np.inf)
        return self._broadcast("reservation_utility", (self.n_types,))

    def _check_participation(self) -> None:
        if self.participation not in ("voluntary", "compulsory"):
            raise ProblemError(f"participation is {self.participation!r}: use 'voluntary' or 'compulsory'")
        serving_cost = number("serving_cost", self.serving_cost)
        if serving_cost < 0:
            raise ProblemError(f"serving_cost is {serving_cost}: it must not be negative")
        if serving_cost and self.participation == "compulsory":
            raise ProblemError(
                "serving_cost has no effect where everybody must be served: it lowers the value of every menu alike; "
                "leave it out, or let participation='voluntary'"
            )
        self._set("serving_cost", serving_cost)

    def _checked_transfers(self) -> Transfers:
        if isinstance(self.transfers, str):
            if self.transfers not in ("free", "none"):
                raise ProblemError(f"transfers is {self.transfers!r}: use 'free', 'none' or (lowest, highest)")
            return self.transfers
        words = f"transfers is {self.transfers}: use 'free', 'none' or (lowest, highest), each a number or one per type"
        try:
            limits = [transfer_limit(limit) for limit in self.transfers]
        except (TypeError, ValueError, ProblemError) as exc:
            raise ProblemError(words) from exc
        shapes = ((), (self.n_types,))
        if len(limits) != 2 or any(limit.shape not in shapes or np.isnan(limit).any() for limit in limits):
            raise ProblemError(words)
        lowest, highest = (np.broadcast_to(limit, self.n_types) for limit in limits)
        if np.any(lowest == np.inf) or np.any(highest == -np.inf):
            raise ProblemError(f"transfers is {self.transfers}, which allows no transfer at all: swap the bounds")
        for who in np.flatnonzero(lowest > highest)[:1]:
            whose = "" if limits[0].ndim == limits[1].ndim == 0 else f"[{self.labels[who]!r}]"
            raise ProblemError(
                f"transfers{whose} has lowest {lowest[who]} above highest {highest[who]}: swap the bounds"
            )
        if self.outside_option is not None and not np.all((lowest <= 0) & (highest >= 0)):
            raise ProblemError("transfers excludes 0, but the outside_option is free: let the bounds include 0")
        for limit in limits:
            limit.setflags(write=False)
        low, high = (float(limit.flat[0]) if np.all(limit == limit.flat[0]) else limit for limit in limits)
        return (low, high)

    def _check_objective(self) -> None:
        if not isinstance(self.objective, Profit | Welfare | WeightedSum):
            raise ProblemError(
                f"objective is {_described(self.objective)}: use Profit(), Welfare(...) or WeightedSum(...)"
            )
        self.objective.check(self.valuations.shape)

    def _check_ambiguity(self) -> None:
        if self.ambiguity is None:
            return
        if isinstance(self.ambiguity, type) or not isinstance(self.ambiguity, Ambiguity):
            raise ProblemError(
                f"ambiguity is {_described(self.ambiguity)}: use TotalVariation(radius), Wasserstein(radius), "
                "KullbackLeibler(radius), ChiSquare(radius) or Moments(features, lower, upper)"
            )
        if self.objective.minimum_profit is not None:
            raise ProblemError("a minimum_profit under ambiguity has no meaning yet: leave one of the two out")
        self._set("weights", distribution(self.weights))  # sets hold distributions, exact to rounding
        self.ambiguity.check(self.weights, self.valuations)

    def _check_uncertainty(self) -> None:
        if self.uncertainty is None:
            return
        if isinstance(self.uncertainty, type) or not isinstance(self.uncertainty, Uncertainty):
            raise ProblemError(
                f"uncertainty is {_described(self.uncertainty)}: use Interval(widths), Ellipsoid(factors) or Noise(sd)"
            )
        self.uncertainty.sets(self.valuations.shape)

    def _check_mimics(self) -> None:
        if self.mimics is not None and self.uncertainty is not None:
            raise ProblemError(
                "mimics together with uncertainty is not supported: leave uncertainty out, or mimics, which then asks "
                "for more than is needed"
            )

    def _checked_constraints(self) -> tuple[LinearConstraint, ...]:
        rows = (self.constraints,) if isinstance(self.constraints, LinearConstraint) else self.constraints
        if not isinstance(rows, Sequence) or not all(isinstance(row, LinearConstraint) for row in rows):
            raise ProblemError("constraints must be LinearConstraint rows: give a list of LinearConstraint(...)")
        return tuple(self._checked_row(row) for row in rows)

    def _checked_row(self, row: LinearConstraint) -> LinearConstraint:
        per_type = (self.n_types,)
        if row.allocation is not None and self.n_goods == 1 and row.allocation.shape == per_type:
            row = replace(row, allocation=row.allocation[:, np.newaxis])
        shapes = {"allocation": (self.n_types, self.n_goods), "utility": per_type, "transfer": per_type}
        for field, shape in shapes.items():
            given = getattr(row, field)
            if given is not None and given.shape != shape:
                raise ProblemError(f"{row.name} {field} has shape {given.shape}; expected {shape}")
        if row.transfer is not None and row.transfer.any() and self.transfers == "none":
            raise ProblemError(f"{row.name} counts transfers, but transfers is 'none': leave its transfer out")
        return row
