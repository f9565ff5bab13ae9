"""The screening problem: who the agents may be, what can be offered, what the principal wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from contracts.ambiguity import Ambiguity, WorstCase
from contracts.arrays import Array, finite, is_frame, number
from contracts.costs import Cost, Linear
from contracts.domains import Domain, NonNegative
from contracts.door import GOODS_OF_TYPES, TYPES, Values, checked, limit
from contracts.errors import ProblemError
from contracts.names import NumberedLabels, check_same_names, column_names, distinct_names, row_names, type_names
from contracts.objectives import Objective, Profit, WeightedSum, Welfare
from contracts.uncertainty import Uncertainty, ValuationSets

Transfers = Literal["free", "none"] | tuple[float, float]
NO_COST, ANY_AMOUNT, PROFIT = Linear(0.0), NonNegative(), Profit()
INFINITE = ("inf", "-inf")  # as files write it
OWN_WORDS = (
    "cost",
    "domain",
    "objective",
    "constraints",
    "ambiguity",
    "uncertainty",
    "transfers",
)
WEIGHTS_SUM_TOLERANCE = 5e-6  # ten shares rounded to six digits still count as shares


@checked(own=("lower", "upper"))
@dataclass(frozen=True, eq=False)
class LinearConstraint:
    """lower <= sum_i allocation_i . x_i + utility_i u_i <= upper, one row over the whole menu.

    Parameters
    ----------
    allocation : (n_types, n_goods) array of coefficients, or None
    utility : (n_types,) array of coefficients, or None
    lower, upper : limits in the row's own units; leave one out for a one-sided row
    name : how messages call it
    """

    allocation: Any = None
    utility: Any = None
    lower: float | None = None
    upper: float | None = None
    name: str = "side constraint"

    def __post_init__(self) -> None:
        for field in ("allocation", "utility"):
            if getattr(self, field) is not None:
                object.__setattr__(self, field, finite(f"{self.name} {field}", getattr(self, field)))
        for field in ("lower", "upper"):
            if getattr(self, field) is not None:
                object.__setattr__(self, field, number(f"{self.name} {field}", getattr(self, field)))
        if self.allocation is None and self.utility is None:
            raise ProblemError(f"{self.name} has no coefficients: give allocation, utility or both")
        if self.lower is None and self.upper is None:
            raise ProblemError(f"{self.name} has no limit: give lower, upper or both")
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise ProblemError(f"{self.name} has lower {self.lower} above upper {self.upper}: swap them")


def _one_each(field: str, names: Sequence[str] | None, count: int, noun: str) -> Sequence[str]:
    """The names of so many types or goods; numbers where nobody gave any."""
    if names is None:
        return NumberedLabels(count)
    if len(names) != count:
        raise ProblemError(f"{field} has {len(names)} names for {count} {noun}s: give one per {noun}")
    return names


def _described(part: Any) -> str:
    """What the user passed for a part of the problem; a class given without parentheses is called so."""
    return f"the class {part.__name__}, not an object of it" if isinstance(part, type) else type(part).__name__


@dataclass(frozen=True, eq=False)
class SideRows:
    """All side constraints as rows allocation . x + utility . u <= limit."""

    allocation: Array  # (n_rows, n_types, n_goods)
    utility: Array  # (n_rows, n_types)
    limit: Array  # (n_rows,)
    names: tuple[str, ...]
    is_equation: NDArray[np.bool_]  # (n_rows,) one of the two rows of an equation

    def activity(self, allocation: Array, utility: Array) -> Array:
        """Left-hand side of every row; (n_rows,)."""
        return np.asarray(np.einsum("kij,ij->k", self.allocation, allocation) + self.utility @ utility)


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
    cost : convex Cost of an allocation, money
    domain : Domain of allocations
    principal_values : (n_types, n_goods) or (n_goods,) array, money per unit; 0 if left out
    reservation_utility : number or (n_types,) array, money; utility without a contract
    outside_option : (n_goods,) array, an allocation that every type can have for nothing (a default policy);
        it stands in for reservation_utility, and keeping it is always on the menu
    transfers : "free", "none", or (lowest, highest) in money; one of the two may be infinite
    objective : Profit(), Welfare(...) or WeightedSum(...)
    constraints : LinearConstraint rows over the allocations and utilities of all types
    ambiguity : TotalVariation, Wasserstein, KullbackLeibler, ChiSquare or Moments around the weights; the principal
        maximises its objective under the distribution in that set that is worst for it
    uncertainty : Interval, Ellipsoid or Noise around the valuations; IC and IR then hold for every valuation in each
        type's set, while the objective counts the valuations as given
    labels, goods : names of types and goods, distinct; by default those of the valuations, if they are a frame or a
        series: the pandas index, if it is distinct text, and the names of the columns. Arrays go by position, and names
        never rearrange them: indices of pandas inputs, or names of goods, in different orders are refused

    Raises
    ------
    ProblemError
        If anything does not fit; the message names the field, the place and the remedy.

    Examples
    --------
    >>> problem = ScreeningProblem([1.0, 2.0], [0.5, 0.5], labels=("low", "high"))
    >>> problem.n_types, problem.n_goods
    (2, 1)
    """

    valuations: Any
    weights: Any = None
    cost: Cost = NO_COST
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
        self._set("labels", _one_each("labels", labels, self.n_types, "type"))
        self._set("goods", _one_each("goods", goods, self.n_goods, "good"))
        self._set("weights", self._checked_weights())
        self._check_menu_space()
        self._set("principal_values", self._broadcast("principal_values", valuations.shape))
        self._set("outside_option", self._checked_outside_option())
        self._set("reservation_utility", self._checked_reservation())
        self._set("transfers", self._checked_transfers())
        self._check_objective()
        self._set("constraints", self._checked_constraints())
        self._check_ambiguity()
        self._check_uncertainty()

    # ---- what it is ----

    def __repr__(self) -> str:
        shown: dict[str, Any] = {"n_types": self.n_types, "n_goods": self.n_goods}
        for field in ("cost", "domain", "objective", "ambiguity", "uncertainty"):
            if getattr(self, field) is not None:
                shown[field] = type(getattr(self, field)).__name__
        shown["transfers"] = repr(self.transfers)
        if self.constraints:
            shown["constraints"] = len(self.constraints)
        return f"ScreeningProblem({', '.join(f'{name}={value}' for name, value in shown.items())})"

    @property
    def n_types(self) -> int:
        return int(self.valuations.shape[0])

    @property
    def n_goods(self) -> int:
        return int(self.valuations.shape[1])

    @property
    def transfer_limits(self) -> tuple[float, float]:
        """Lowest and highest transfer; infinite where free."""
        if self.transfers == "free":
            return (-np.inf, np.inf)
        if self.transfers == "none":
            return (0.0, 0.0)
        return (float(self.transfers[0]), float(self.transfers[1]))

    @property
    def side_rows(self) -> SideRows:
        """Every LinearConstraint as one or two rows of the form <= limit."""
        rows: list[tuple[Array, Array, float, str, bool]] = []
        for row in self.constraints:
            on_allocation = np.zeros(self.valuations.shape) if row.allocation is None else row.allocation
            on_utility = np.zeros(self.n_types) if row.utility is None else row.utility
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
        nothing = np.zeros((1, self.n_goods))
        lowest, highest = self.transfer_limits
        free = bool(np.all(self.reservation_utility == 0)) and lowest <= 0 <= highest
        if free and self.domain.violation(nothing)[0] == 0 and self.cost.value(nothing)[0] == 0:
            return np.asarray(nothing[0])
        return None

    @property
    def is_for_profit(self) -> bool:
        """Profit, nothing unknown, no side constraints; transfers may have limits."""
        known = self.ambiguity is None and self.uncertainty is None
        return known and isinstance(self.objective, Profit) and not self.constraints

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
                f"weights[{self.labels[worst]!r}] is {weights[worst]}: every type needs a positive share; leave out "
                "types that do not occur"
            )
        if abs(weights.sum() - 1.0) > WEIGHTS_SUM_TOLERANCE:
            raise ProblemError(f"weights sum to {weights.sum():.10g}, not 1: divide them by their sum")
        return weights

    def _check_menu_space(self) -> None:
        if isinstance(self.cost, type) or not isinstance(self.cost, Cost):
            raise ProblemError(
                f"cost is {_described(self.cost)}: use Linear, Quadratic, Power, Entropy, or an object with the "
                "methods value, conjugate and expression"
            )
        if isinstance(self.domain, type) or not hasattr(self.domain, "separable_maximiser"):
            raise ProblemError(
                f"domain is {_described(self.domain)}: use NonNegative(), Box(...), Simplex() or Polyhedron(...)"
            )
        self.domain.check(self.n_goods)
        if hasattr(self.cost, "check"):
            self.cost.check(self.n_goods, self.domain)
        else:
            self._check_convexity()

    def _check_convexity(self) -> None:
        """A user's own cost: refuse a chord that runs below the curve (a witness; passing proves nothing)."""
        centre, radius = self.domain.interior(self.n_goods)
        rng = np.random.default_rng(0)
        ends = self.domain.clip(centre + rng.normal(size=(64, self.n_goods)) * max(radius, 1e-3))
        middle = self.cost.value((ends[:32] + ends[32:]) / 2)
        chord = (self.cost.value(ends[:32]) + self.cost.value(ends[32:])) / 2
        if not np.all(np.isfinite(chord)) or np.any(middle > chord + 1e-9 * (1 + np.abs(chord))):
            raise ProblemError(
                f"cost {type(self.cost).__name__} is not convex and finite on the domain: it lies above a chord; "
                "the menu program needs a convex cost"
            )

    def _broadcast(self, field: str, shape: tuple[int, ...]) -> Array:
        per_good = len(shape) == 2 and np.ndim(getattr(self, field)) == 1 and self.n_goods > 1
        values = finite(field, getattr(self, field), self.goods if per_good else self.labels)
        if values.ndim == 1 and len(shape) == 2 and shape[1] == 1 and len(values) == shape[0]:
            values = values[:, np.newaxis]
        try:
            return np.array(np.broadcast_to(values, shape))
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
        return self._broadcast("reservation_utility", (self.n_types,))

    def _checked_transfers(self) -> Transfers:
        if isinstance(self.transfers, str):
            if self.transfers not in ("free", "none"):
                raise ProblemError(f"transfers is {self.transfers!r}: use 'free', 'none' or (lowest, highest)")
            return self.transfers
        try:
            limits = np.array(
                [float(one) if str(one) in INFINITE else limit("transfers", one) for one in self.transfers]
            )
        except (TypeError, ProblemError) as exc:
            raise ProblemError(f"transfers is {self.transfers}: use 'free', 'none' or (lowest, highest)") from exc
        if limits.shape != (2,) or np.isnan(limits).any():
            raise ProblemError(f"transfers is {self.transfers}: use 'free', 'none' or (lowest, highest)")
        if limits[0] == np.inf or limits[1] == -np.inf:
            raise ProblemError(f"transfers is {self.transfers}, which allows no transfer at all: swap the bounds")
        if limits[0] > limits[1]:
            raise ProblemError(f"transfers has lowest {limits[0]} above highest {limits[1]}: swap the bounds")
        if self.outside_option is not None and not limits[0] <= 0 <= limits[1]:
            raise ProblemError("transfers excludes 0, but the outside_option is free: let the bounds include 0")
        return (float(limits[0]), float(limits[1]))

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
        self._set(
            "weights", np.asarray(self.weights / self.weights.sum())
        )  # sets hold distributions, exact to rounding
        self.ambiguity.check(self.weights, self.valuations)

    def _check_uncertainty(self) -> None:
        if self.uncertainty is None:
            return
        if isinstance(self.uncertainty, type) or not isinstance(self.uncertainty, Uncertainty):
            raise ProblemError(
                f"uncertainty is {_described(self.uncertainty)}: use Interval(widths), Ellipsoid(factors) or Noise(sd)"
            )
        self.uncertainty.sets(self.valuations.shape)

    def _checked_constraints(self) -> tuple[LinearConstraint, ...]:
        rows = (self.constraints,) if isinstance(self.constraints, LinearConstraint) else self.constraints
        if not isinstance(rows, Sequence) or not all(isinstance(row, LinearConstraint) for row in rows):
            raise ProblemError("constraints must be LinearConstraint rows: give a list of LinearConstraint(...)")
        for row in rows:
            for field, shape in (("allocation", (self.n_types, self.n_goods)), ("utility", (self.n_types,))):
                given = getattr(row, field)
                if given is not None and given.shape != shape:
                    raise ProblemError(f"{row.name} {field} has shape {given.shape}; expected {shape}")
        return tuple(rows)
