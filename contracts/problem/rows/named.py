"""Rows by name: a capacity, a budget, coverage, equal access, a limit to inequality of rents.

They hold what the user wrote; the coefficients follow from the problem that they stand in.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count
from contracts.inputs.names import check_name
from contracts.problem.rows.linear import LinearConstraint

Access = Literal["allocation", "serving"]  # what a type has: an amount of a good, or the chance of being served
Utilities = Literal["rent", "utility"]  # above the reservation utility, or all of it
NOT_NAMES = (bool, np.bool_)


@checked(own=("upper", "good"))
@dataclass(frozen=True, eq=False)
class Capacity:
    """At most `upper` of a good: n_agents sum_i f_i x_i[good] <= upper.

    One unit of the row is one unit of the good. Its shadow price is what one more unit of capacity is worth, in units
    of the objective, and never negative.

    Parameters
    ----------
    upper : units of the good, per agent; of all agents together if `n_agents` says how many there are
    good : name or number of the good, or a list of goods that share the capacity; it may be left out where there is one
    n_agents : how many agents use the capacity
    name : what tables and messages call it; "capacity", with the good where there are several, if left out

    Examples
    --------
    Half a unit per buyer is too little for the high type, and one more would be worth its virtual value less its cost:

    >>> from contracts import Quadratic, solve_menu
    >>> menu = solve_menu([1.0, 2.0], cost=Quadratic(), constraints=[Capacity(0.5)])
    >>> menu.allocation.ravel().round(3) + 0.0, round(menu.shadow_prices["capacity"], 3)
    (array([0., 1.]), 1.0)
    """

    upper: float
    good: Any = None
    n_agents: Count = 1
    name: str | None = None

    def __post_init__(self) -> None:
        _check_name(self)
        _keep(self, upper=number("Capacity upper", self.upper), good=_good("Capacity", self.good))


@checked(own=("lower",))
@dataclass(frozen=True, eq=False)
class Budget:
    """Agents pay at least `lower` in sum: n_agents sum_i f_i t_i >= lower; a subsidy of at most s is Budget(-s).

    Only transfers count. For a budget that pays for the allocations, too, use Welfare(minimum_profit=...). Its shadow
    price is what one more unit of money required is worth: never positive, minus what a unit of subsidy is worth.

    Parameters
    ----------
    lower : money per agent; of all agents together if `n_agents` says how many there are
    n_agents : how many agents there are
    name : what tables and messages call it; "budget" if left out

    Examples
    --------
    A provider who cares for users more than for money must not lose any:

    >>> from contracts import Quadratic, Welfare, solve_menu
    >>> menu = solve_menu([1.0, 2.0], cost=Quadratic(), objective=Welfare(2.0), constraints=[Budget(0.0)])
    >>> round(float(menu.transfer.sum()), 6) + 0.0, round(menu.shadow_prices["budget"], 6)
    (0.0, -1.0)
    """

    lower: float
    n_agents: Count = 1
    name: str | None = None

    def __post_init__(self) -> None:
        _check_name(self)
        _keep(self, lower=number("Budget lower", self.lower))


@checked(own=("lower", "good", "types", "of"))
@dataclass(frozen=True, eq=False)
class Coverage:
    """On average the agents, or those of some types, get at least `lower`: sum_i f_i x_i[good] >= lower sum_i f_i.

    Its shadow price is what one more unit of coverage required is worth: never positive, minus what it costs.

    Parameters
    ----------
    lower : units of the good per agent; a share in [0, 1] of agents where serving is what counts
    good : name or number of the good, or a list of goods that count together; it may be left out where there is one
    types : labels or numbers of the types that count; all if left out
    of : "allocation"; or "serving", the chance of being served, where types can be left out and serving them costs
    name : what tables and messages call it; "coverage", with the good where there are several, if left out

    Examples
    --------
    >>> from contracts import Quadratic, solve_menu
    >>> universal = Coverage(0.25, types=["low"], name="universal service")
    >>> menu = solve_menu([1.0, 2.0], cost=Quadratic(), labels=("low", "high"), constraints=[universal])
    >>> menu.allocation.ravel().round(3), round(menu.shadow_prices["universal service"], 3)
    (array([0.25, 2.  ]), -0.125)
    """

    lower: float
    good: Any = None
    types: Any = None
    of: Access = "allocation"
    name: str | None = None

    def __post_init__(self) -> None:
        _check_name(self)
        _keep(self, lower=number("Coverage lower", self.lower), good=_good("Coverage", self.good))
        _check_access("Coverage", self.of, self.good)
        if self.of == "serving" and not 0 <= self.lower <= 1:
            raise ProblemError(f"Coverage lower is {self.lower}: the share of agents served lies between 0 and 1")
        if self.types is not None:
            _keep(self, types=_types("Coverage types", self.types))


@checked(own=("between", "tolerance", "good", "of"))
@dataclass(frozen=True, eq=False)
class EqualAccess:
    """Groups of types get the same on average, or within a tolerance: |E[x | group] - E[x | other group]| <= tolerance.

    Its shadow price is what one more unit of tolerance is worth, never negative; at equality, of which there is no
    less, it may be more than that where IC leaves the groups no way to differ.

    Parameters
    ----------
    between : two or more groups, each a list of types, by label or number; one type may stand alone
    tolerance : units of the good (or of the chance of being served) by which averages may differ; 0 for none
    good : name or number of the good, or a list of goods that count together; it may be left out where there is one
    of : "allocation"; or "serving", the chance of being served, where types can be left out and serving them costs
    name : what tables and messages call it; "equal access", with the good where there are several, if left out

    Examples
    --------
    >>> from contracts import Quadratic, solve_menu
    >>> alike = EqualAccess(["low", "high"], tolerance=0.5)
    >>> menu = solve_menu([1.0, 2.0], cost=Quadratic(), labels=("low", "high"), constraints=[alike])
    >>> menu.allocation.ravel().round(3), round(menu.shadow_prices["equal access"], 3)
    (array([0.75, 1.25]), 0.375)
    """

    between: Any
    tolerance: float = 0.0
    good: Any = None
    of: Access = "allocation"
    name: str | None = None

    def __post_init__(self) -> None:
        _check_name(self)
        _keep(self, tolerance=number("EqualAccess tolerance", self.tolerance), good=_good("EqualAccess", self.good))
        _check_access("EqualAccess", self.of, self.good)
        if self.tolerance < 0:
            raise ProblemError(f"EqualAccess tolerance is {self.tolerance}: it must not be negative; 0 is equality")
        _keep(self, between=_groups("EqualAccess", self.between))


@checked(own=("upper", "between", "of"))
@dataclass(frozen=True, eq=False)
class RentInequality:
    """Average rents of groups differ by at most `upper`: |E[u - r | group] - E[u - r | other group]| <= upper.

    Its shadow price is what one more unit of inequality is worth, never negative.

    Parameters
    ----------
    upper : units of utility
    between : two or more groups, each a list of types, by label or number; one type may stand alone
    of : "rent", utility above the reservation utility; or "utility", all of it
    name : what tables and messages call it; "rent inequality" if left out

    Examples
    --------
    >>> from contracts import Quadratic, solve_menu
    >>> fair = RentInequality(0.25, ["low", "high"])
    >>> menu = solve_menu([1.0, 2.0], [0.75, 0.25], cost=Quadratic(), labels=("low", "high"), constraints=[fair])
    >>> menu.information_rent.round(3) + 0.0, round(menu.shadow_prices["rent inequality"], 4)
    (array([0.  , 0.25]), 0.3125)
    """

    upper: float
    between: Any
    of: Utilities = "rent"
    name: str | None = None

    def __post_init__(self) -> None:
        _check_name(self)
        _keep(self, upper=number("RentInequality upper", self.upper))
        if self.upper < 0:
            raise ProblemError(f"RentInequality upper is {self.upper}: it must not be negative; 0 is equality")
        if not isinstance(self.of, str) or self.of not in ("rent", "utility"):
            raise ProblemError(f"RentInequality of is {self.of!r}: use 'rent' or 'utility'")
        _keep(self, between=_groups("RentInequality", self.between))


Named = Capacity | Budget | Coverage | EqualAccess | RentInequality
Row = LinearConstraint | Named
NAMED = (Capacity, Budget, Coverage, EqualAccess, RentInequality)


# ---- what the user wrote ----


def _keep(row: Any, **fields: Any) -> None:
    for name, value in fields.items():
        object.__setattr__(row, name, value)


def _check_name(row: Any) -> None:
    if row.name is not None:
        check_name("name", row.name)


def _good(what: str, given: Any) -> Any:
    """A name or a number, or a tuple of them; None for the only good there is."""
    if given is None or _is_name(given):
        return given if given is None or isinstance(given, str) else int(given)
    return _names(f"{what} good", given, "give the name or number of a good, or a list of them")


def _types(where: str, given: Any) -> tuple[str | int, ...]:
    """The labels or numbers of types, one or several."""
    remedy = "give the labels or numbers of types"
    return (_names(where, (given,), remedy)) if _is_name(given) else _names(where, given, remedy)


def _groups(what: str, given: Any) -> tuple[tuple[str | int, ...], ...]:
    """Two or more groups of types, which have no type twice."""
    remedy = "give two or more groups of types, such as [['low', 'middle'], ['high']]"
    if not isinstance(given, list | tuple) and not (isinstance(given, np.ndarray) and given.ndim > 0):
        raise ProblemError(f"{what} between is {given!r}: {remedy}")
    groups = tuple(_types(f"{what} between[{k}]", group) for k, group in enumerate(given))
    if len(groups) < 2:
        raise ProblemError(f"{what} between has {len(groups)} group{'' if len(groups) == 1 else 's'}: {remedy}")
    return groups


def _names(where: str, given: Any, remedy: str) -> tuple[str | int, ...]:
    listed = isinstance(given, list | tuple) or (isinstance(given, np.ndarray) and given.ndim == 1)
    if not listed or len(given) == 0 or not all(map(_is_name, given)):
        raise ProblemError(f"{where} is {given!r}: {remedy}")
    names = tuple(str(one) if isinstance(one, str) else int(one) for one in given)
    for k, one in enumerate(names):
        if one in names[:k]:
            raise ProblemError(f"{where} names {one!r} twice: leave one out")
    return names


def _is_name(given: Any) -> bool:
    return isinstance(given, str | int | np.integer) and not isinstance(given, NOT_NAMES)


def _check_access(what: str, of: Any, good: Any) -> None:
    if not isinstance(of, str) or of not in ("allocation", "serving"):
        raise ProblemError(f"{what} of is {of!r}: use 'allocation' or 'serving'")
    if of == "serving" and good is not None:
        raise ProblemError(f"{what} is of serving, which counts no goods: leave its good out, or let of='allocation'")
