"""Prices of a menu's constraints: what they are, and which may be noise."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass, read_only
from contracts.problem.screening import ScreeningProblem
from contracts.proof.line_prices import LinePrices

if TYPE_CHECKING:
    from scipy.sparse import csr_array

DIGITS = 13  # decimal, of prices that are computed


class _MatrixWhenAsked:
    """A field of IC prices: those of a long line become a matrix when somebody reads it."""

    def __get__(self, prices: Any, owner: Any = None) -> Any:
        if prices is None:
            raise AttributeError("ic")  # the field has no default
        stated = prices.__dict__["ic"]
        if isinstance(stated, LinePrices):
            stated = prices.__dict__["ic"] = read_only(stated.matrix())
        return stated

    def __set__(self, prices: Any, stated: Any) -> None:
        prices.__dict__["ic"] = stated


@dataclass(frozen=True, eq=False)
class Multipliers:
    """Prices of the constraints, in units of the objective per unit of utility (or of the row)."""

    if TYPE_CHECKING:
        ic: csr_array  # (n_types, n_types), [i, j]: type i tempted by the contract of type j
    else:
        ic: Any = _MatrixWhenAsked()
    ir: Array  # (n_types,)
    transfer: Array  # (n_types,) price of the lowest transfer minus that of the highest
    side: Array  # (n_rows,) of problem.side_rows
    profit: float  # of the minimum profit
    worst_off: Array  # (n_types,) shares of the worst-off objective, sum 1
    weights: Array  # (n_types,) the problem's, or those of the ambiguity's worst case
    directions: Array  # (n_types, n_types + 1, n_goods) where in its set each row's valuation lies, IR last; or empty

    @property
    def stated_ic(self) -> Any:
        """`ic`, or the `LinePrices` that it will be made of."""
        return self.__dict__["ic"]

    def but(self, **fields: Any) -> Multipliers:
        """The same with other fields; a matrix that nobody has asked for is not made."""
        return replace(self, **{"ic": self.stated_ic, **fields})


def no_multipliers(problem: ScreeningProblem) -> Multipliers:
    """Everything free: the bound becomes what full information about types would earn."""
    from scipy.sparse import csr_array

    n_types = problem.n_types
    return Multipliers(
        ic=csr_array((n_types, n_types)),
        ir=np.zeros(n_types),
        transfer=np.broadcast_to(0.0, n_types),
        side=np.zeros(len(problem.side_rows.limit)),
        profit=0.0,
        worst_off=np.broadcast_to(1.0 / n_types, n_types),
        weights=problem.weights,
        directions=np.zeros((0, 0, problem.n_goods)),
    )


def without_noise(problem: ScreeningProblem, multipliers: Multipliers, share: float) -> Multipliers:
    """The same without prices below a share of the largest of their kind.

    Prices of side constraints are compared by what they put on a unit of utility, or on what is worth one.
    """
    ic = multipliers.ic.copy()
    ic.data = np.where(np.abs(ic.data) >= share * np.abs(ic.data).max(initial=0.0), ic.data, 0.0)

    def cleaned(prices: Array) -> Array:
        return np.where(np.abs(prices) >= share * np.abs(prices).max(initial=0.0), prices, 0.0)

    rows = problem.side_rows
    unit = float((np.abs(problem.valuations) + np.abs(problem.principal_values)).max())
    size = np.abs(rows.utility).max(axis=1, initial=0.0)
    if unit > 0:
        size = np.maximum(size, np.abs(rows.allocation).max(axis=(1, 2), initial=0.0) / unit)
    side = np.where(cleaned(multipliers.side * size) != 0, multipliers.side, 0.0)
    return replace(multipliers, ic=ic, ir=cleaned(multipliers.ir), transfer=cleaned(multipliers.transfer), side=side)


def of_rows_that_pay(problem: ScreeningProblem) -> Multipliers:
    """Only side constraints priced, so that nobody's utility costs anything, or as little as they can make it.

    Where all that is paid must be paid out again, say, transfers earn nothing: what menus are worth then is what
    allocations are worth to the principal, and a solver's digits of such prices leave a little of what they cancel.
    """
    from scipy.optimize import nnls

    costs = problem.weights * (problem.terms.profit_weight - problem.terms.utility_weights)
    price = nnls(-problem.side_rows.utility.T, costs)[0]
    return replace(no_multipliers(problem), side=np.array([float(f"{each:.{DIGITS}g}") for each in price]))


def check_multipliers(problem: ScreeningProblem, given: Any) -> None:
    """Refuse what are no multipliers of this problem's constraints."""
    if not isinstance(given, Multipliers):
        raise ProblemError(
            f"multipliers is {type(given).__name__}: give menu.bound.multipliers of a menu of this problem"
        )
    none = no_multipliers(problem)
    pairs = (problem.n_types, problem.n_types + 1, problem.n_goods)
    for field in fields(Multipliers):
        shape, wanted = np.shape(getattr(given, field.name)), np.shape(getattr(none, field.name))
        if shape != wanted and not (field.name == "directions" and shape == pairs):
            raise ProblemError(
                f"multipliers.{field.name} has shape {shape}; expected {wanted}: give those of a menu of this problem"
            )


def of_existing_rows(problem: ScreeningProblem, given: Multipliers) -> Multipliers:
    """The same without prices of IC between types who cannot mimic one another."""
    from scipy.sparse import csr_array

    pairs = given.ic.tocoo()
    exists = problem.mimics[pairs.row, pairs.col]
    if exists.all():
        return given
    kept = (pairs.data[exists], (pairs.row[exists], pairs.col[exists]))
    return replace(given, ic=csr_array(kept, shape=given.ic.shape))


def times(price: Any, limit: Any) -> Any:
    """price * limit, with 0 * infinity = 0."""
    price = np.asarray(price)
    with np.errstate(invalid="ignore"):
        return np.where(price == 0, 0.0, price * limit)


def non_negative(multipliers: Multipliers) -> Multipliers:
    """The multipliers without those below zero, and without prices of a type for mimicking itself."""
    ic = multipliers.stated_ic
    if not isinstance(ic, LinePrices):
        ic = _off_the_diagonal(ic)
    return multipliers.but(
        ic=ic,
        ir=np.maximum(multipliers.ir, 0.0),
        side=np.maximum(multipliers.side, 0.0),
        profit=max(multipliers.profit, 0.0),
    )


def _off_the_diagonal(ic: Any) -> csr_array:
    from scipy.sparse import csr_array

    is_clean = isinstance(ic, csr_array) and ic.has_canonical_format and not ic.diagonal().any()
    if is_clean and ic.data.min(initial=np.inf) > 0:
        return ic
    pairs = ic.tocoo()
    kept = (pairs.data > 0) & (pairs.row != pairs.col)
    return csr_array((pairs.data[kept], (pairs.row[kept], pairs.col[kept])), shape=pairs.shape)
