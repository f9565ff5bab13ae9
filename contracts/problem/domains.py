"""Sets of allocations: what a contract may contain."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, check_one_each, entries_of, extended, finite
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import ROWS, Count, Expression, Numbers, Units

ROUNDING = 1e-12  # of a polyhedron's rows, which linear programs decide, relative to their terms
EQUILIBRATIONS = 40  # rounds, each of which halves the digits by which rows and columns of a matrix differ
NEAR = 2.0**10  # units of goods that differ by less are left alone
FLAT = 1e-9  # share of the largest amount below which a polyhedron's inner radius is none
Share = Expression | Numbers  # of a set, one number or one per row, (n, 1)
BISECTIONS = 120  # halvings that take any bracket of floats to neighbouring floats


class Domain(Protocol):
    """A closed convex set X of allocations in R^n_goods.

    Whoever writes one may add `faces(n_goods)`, the half-spaces normals . x <= limits that it is the intersection of,
    (n_faces, n_goods) and (n_faces,): then engines and bounds treat it as the Box or Polyhedron that it is.
    """

    @property
    def bounded(self) -> bool:
        """Whether X lies in a ball."""

    def check(self, n_goods: Count) -> None:
        """Refuse a number of goods that does not fit."""

    def constraints(self, allocation: Expression, share: Share = 1) -> list[Any]:
        """Membership of every row of a cvxpy expression (n, n_goods) in share X, share a number or (n, 1)."""

    def support(self, direction: Array) -> Array:
        """Row by row, a point of X that maximises direction . x; (n, n_goods), infinite where X is."""

    def separable_maximiser(self, value: Array, inverse_marginal: Callable[[Array], Array]) -> Array | None:
        """Row by row, argmax of value . x - c(x), c separable with this inverse marginal; None without closed form."""

    def violation(self, allocation: Array) -> Array:
        """Distance-like amount by which every row leaves X; (n,), zero inside."""

    def clip(self, allocation: Array) -> Array:
        """Row by row, a point of X close to the row; it moves by no more than rounding when the row is in X."""

    def interior(self, n_goods: Count) -> tuple[Array, float]:
        """Centre of a ball inside X relative to its affine hull, and the ball's radius (may be 0)."""

    def magnitude(self, n_goods: Count) -> Array:
        """Largest |x_k| over X; (n_goods,), infinite where X is."""

    def scaled(self, unit: Units) -> Domain:
        """The set X / unit."""


def _column(share: Any, allocation: Any) -> Any:
    """One share for every row."""
    if np.shape(share) not in ((), (allocation.shape[0], 1)):
        raise ProblemError(f"share has shape {np.shape(share)}; expected one number or {(allocation.shape[0], 1)}")
    return share if getattr(share, "ndim", 0) else np.full((allocation.shape[0], 1), float(share))


def ends_of(domain: Any, n_goods: int) -> tuple[Array, Array] | None:
    """Least and largest amount of each good, (n_goods,) both, where the domain leaves every good its own; else None."""
    return domain.ends(n_goods) if hasattr(domain, "ends") else None


def extent_of(domain: Any, n_goods: int) -> tuple[Array, Array]:
    """Least and largest amount of each good that some allocation has, (n_goods,) both; goods may share them."""
    ends = ends_of(domain, n_goods)
    if ends is not None:
        return ends
    if hasattr(domain, "extent"):
        return domain.extent(n_goods)
    each = np.eye(n_goods)
    return np.diag(domain.support(-each)), np.diag(domain.support(each))


def faces_of(domain: Any, n_goods: int) -> tuple[Array, Array] | None:
    """Half-spaces normals . x <= limits, whose intersection the domain is; None if it does not say."""
    return domain.faces(n_goods) if hasattr(domain, "faces") else None


def is_orthant(domain: Any, n_goods: int) -> bool:
    """Whether the domain is x >= 0, whatever it is called."""
    ends = ends_of(domain, n_goods)
    return ends is not None and not ends[0].any() and bool((ends[1] == np.inf).all())


def has_endless_goods(domain: Any, n_goods: int) -> bool:
    """Whether every good has its own ends, and some good has none on one side."""
    ends = ends_of(domain, n_goods)
    return ends is not None and bool(np.isinf(ends).any())


def is_lottery(domain: Any) -> bool:
    """Whether allocations are shares that sum to one: what all goods are worth in common is no taste then."""
    return isinstance(domain, Simplex) and not domain.free_disposal


def known_domain(domain: Any, n_goods: int) -> Any:
    """The Box or Polyhedron that a class of the user's own is, if it says its faces; else the domain itself.

    Raises
    ------
    ProblemError
        If the domain and its faces disagree about how far it reaches along a good.
    """
    if isinstance(domain, NonNegative | Box | Simplex | Polyhedron) or not hasattr(domain, "faces"):
        return domain
    normals, limits = (finite(f"{type(domain).__name__}.faces", part) for part in domain.faces(n_goods))
    if normals.shape != (len(limits), n_goods):
        raise ProblemError(
            f"{type(domain).__name__}.faces has shapes {normals.shape} and {limits.shape}: give one normal per limit, "
            f"(n_faces, {n_goods}) and (n_faces,)"
        )
    found = _box_of(normals, limits) if (np.count_nonzero(normals, axis=1) == 1).all() else Polyhedron(normals, limits)
    ways = np.vstack([np.eye(n_goods), -np.eye(n_goods)])
    far, told = ((ways * np.where(ways == 0, 0.0, each.support(ways))).sum(axis=1) for each in (domain, found))
    if not np.allclose(far, told, rtol=1e-9, atol=1e-9 * np.abs(told[np.isfinite(told)]).max(initial=0.0)):
        worst = int(np.flatnonzero(~np.isclose(far, told, rtol=1e-9))[0])
        raise ProblemError(
            f"{type(domain).__name__} reaches {far[worst]} in direction {ways[worst].tolist()}, but its faces let it "
            f"reach {told[worst]}: let faces and support say the same"
        )
    return found


def _box_of(normals: Array, limits: Array) -> Box:
    """The box that half-spaces along the goods leave."""
    each = normals.sum(axis=1)
    good, end = np.argmax(normals != 0, axis=1), limits / each
    lower, upper = np.full(normals.shape[1], -np.inf), np.full(normals.shape[1], np.inf)
    np.maximum.at(lower, good[each < 0], end[each < 0])
    np.minimum.at(upper, good[each > 0], end[each > 0])
    return Box(lower, upper)


def _powers_of_two(sizes: Any) -> Array:
    """Powers of two near sizes, dividing by which rounds nothing; 1 for 0."""
    return np.where(sizes > 0, np.ldexp(1.0, np.frexp(sizes)[1] - 1), 1.0)


def _units_of_columns(matrix: Array) -> Array:
    """Powers of two by which columns that meet in a row are multiplied, so that all are near one there (Ruiz 2001).

    A row of one entry says nothing of units. Columns that are near one another are left as they are.
    """
    meet = np.abs(matrix[np.count_nonzero(matrix, axis=1) > 1])
    if not len(meet):
        return np.ones(matrix.shape[1])
    of_rows, of_columns = np.ones(len(meet)), np.ones(matrix.shape[1])
    for _ in range(EQUILIBRATIONS):
        entries = meet * of_rows[:, np.newaxis] * of_columns
        of_rows, highest = of_rows / np.sqrt(entries.max(axis=1)), entries.max(axis=0)
        of_columns = of_columns / np.sqrt(np.where(highest > 0, highest, 1.0))
    units = _powers_of_two(of_columns)
    return units if units.max() > NEAR * units.min() else np.ones(len(units))


@checked(allocation=ROWS, direction=ROWS, value=ROWS)
@dataclass(frozen=True, eq=False)
class NonNegative:
    """Any x >= 0.

    Examples
    --------
    >>> NonNegative().clip(np.array([[-1.0, 2.0]]))
    array([[0., 2.]])
    """

    bounded = False

    def check(self, n_goods: Count) -> None:
        """Every number of goods fits."""

    def constraints(self, allocation: Expression, share: Share = 1) -> list[Any]:
        return [allocation >= 0]

    def support(self, direction: Array) -> Array:
        return np.where(direction > 0, np.inf, 0.0)

    def separable_maximiser(self, value: Array, inverse_marginal: Callable[[Array], Array]) -> Array:
        return self.clip(inverse_marginal(value))

    def violation(self, allocation: Array) -> Array:
        return np.maximum(-allocation, 0.0).max(axis=1)

    def clip(self, allocation: Array) -> Array:
        return np.maximum(allocation, 0.0)

    def ends(self, n_goods: Count) -> tuple[Array, Array]:
        return np.zeros(n_goods), np.full(n_goods, np.inf)

    def faces(self, n_goods: Count) -> tuple[Array, Array]:
        return 0.0 - np.eye(n_goods), np.zeros(n_goods)

    def interior(self, n_goods: Count) -> tuple[Array, float]:
        return np.ones(n_goods), 1.0

    def magnitude(self, n_goods: Count) -> Array:
        return np.full(n_goods, np.inf)

    def scaled(self, unit: Units) -> NonNegative:
        return self


@checked(allocation=ROWS, direction=ROWS, value=ROWS)
@dataclass(frozen=True, eq=False)
class Box:
    """lower <= x <= upper, one number for all goods or one per good; [0, 1]^n_goods by default.

    Infinite ends leave a good without that limit: Box(-inf, inf) holds amounts of either sign.

    Examples
    --------
    >>> share_and_hours = Box([0.0, 0.0], [1.0, np.inf])
    >>> share_and_hours.bounded, Box(-np.inf, np.inf).clip(np.array([[-2.0]]))
    (False, array([[-2.]]))
    """

    lower: Any = 0.0
    upper: Any = 1.0

    def __post_init__(self) -> None:
        for name, never in (("lower", np.inf), ("upper", -np.inf)):
            array = extended(f"Box {name}", getattr(self, name))
            if array.ndim > 1 or array.size == 0:
                raise ProblemError(f"Box {name} has shape {array.shape}; expected a number or one number per good")
            if np.any(array == never):
                raise ProblemError(f"Box {name} is {never}, which no amount meets: swap the bounds")
            object.__setattr__(self, name, array)
        try:
            empty = np.atleast_1d(self.lower > self.upper)
        except ValueError as exc:
            raise ProblemError(
                f"Box lower has {self.lower.size} entries and upper {self.upper.size}: give one per good in both"
            ) from exc
        if empty.any():
            good = int(np.argmax(empty))
            raise ProblemError(f"Box is empty: lower exceeds upper for good {good}; swap or widen the bounds")

    @property
    def bounded(self) -> bool:
        return bool(np.isfinite(self.lower).all() and np.isfinite(self.upper).all())

    @property
    def n_goods(self) -> int | None:
        return entries_of(self.lower, self.upper)

    def check(self, n_goods: Count) -> None:
        for name in ("lower", "upper"):
            limit = getattr(self, name)
            if limit.ndim == 1 and len(limit) != n_goods:
                raise ProblemError(f"Box {name} has {len(limit)} entries for {n_goods} goods: give one per good")

    def constraints(self, allocation: Expression, share: Share = 1) -> list[Any]:
        lower, upper = (np.broadcast_to(limit, allocation.shape[1]) for limit in (self.lower, self.upper))
        every = _column(share, allocation)
        below, above = (np.flatnonzero(np.isfinite(limit)) for limit in (lower, upper))
        rows = [allocation[:, below] >= every @ lower[np.newaxis, below]] if below.size else []
        return rows + ([allocation[:, above] <= every @ upper[np.newaxis, above]] if above.size else [])

    def support(self, direction: Array) -> Array:
        ends = np.where(direction > 0, self.upper, self.lower)
        if self.bounded:
            return ends
        return np.where(direction == 0, np.clip(0.0, self.lower, self.upper), ends)

    def separable_maximiser(self, value: Array, inverse_marginal: Callable[[Array], Array]) -> Array:
        return self.clip(inverse_marginal(value))

    def violation(self, allocation: Array) -> Array:
        return np.maximum(np.maximum(self.lower - allocation, allocation - self.upper), 0.0).max(axis=1)

    def clip(self, allocation: Array) -> Array:
        return np.clip(allocation, self.lower, self.upper)

    def ends(self, n_goods: Count) -> tuple[Array, Array]:
        return np.broadcast_to(self.lower, n_goods), np.broadcast_to(self.upper, n_goods)

    def faces(self, n_goods: Count) -> tuple[Array, Array]:
        lower, upper = self.ends(n_goods)
        limits = np.concatenate([0.0 - lower, upper])
        return np.vstack([0.0 - np.eye(n_goods), np.eye(n_goods)])[np.isfinite(limits)], limits[np.isfinite(limits)]

    def interior(self, n_goods: Count) -> tuple[Array, float]:
        """A good without one limit has its ball next to the other, of radius 1; without both, around zero."""
        lower, upper = self.ends(n_goods)
        below, above = np.isfinite(lower), np.isfinite(upper)
        upper = np.where(above, upper, np.where(below, lower + 2.0, 1.0))
        lower = np.where(below, lower, np.where(above, upper - 2.0, -1.0))
        return np.array((lower + upper) / 2), float(np.min(upper - lower)) / 2

    def magnitude(self, n_goods: Count) -> Array:
        return np.array(np.broadcast_to(np.maximum(np.abs(self.lower), np.abs(self.upper)), n_goods))

    def scaled(self, unit: Units) -> Box:
        for end in (self.lower, self.upper):
            check_one_each("unit", unit, end)
        return Box(self.lower / unit, self.upper / unit)


@checked(allocation=ROWS, direction=ROWS, value=ROWS)
@dataclass(frozen=True, eq=False)
class Simplex:
    """Lotteries: x >= 0 with sum 1, or sum at most 1 with free disposal (unit demand).

    Examples
    --------
    >>> Simplex().support(np.array([[0.2, 0.9]]))
    array([[0., 1.]])
    """

    free_disposal: bool = False

    bounded = True

    def check(self, n_goods: Count) -> None:
        """Every number of goods fits."""

    def constraints(self, allocation: Expression, share: Share = 1) -> list[Any]:
        import cvxpy as cp

        total, every = cp.sum(allocation, axis=1, keepdims=True), _column(share, allocation)
        return [allocation >= 0, total <= every if self.free_disposal else total == every]

    def support(self, direction: Array) -> Array:
        rows = np.arange(len(direction))
        best = np.argmax(direction, axis=1)
        vertex = np.zeros_like(direction)
        vertex[rows, best] = 1.0
        if self.free_disposal:
            vertex[direction[rows, best] <= 0] = 0.0
        return vertex

    def separable_maximiser(self, value: Array, inverse_marginal: Callable[[Array], Array]) -> Array:
        """Water filling: x_k = (c')^-1(value_k - mu), with mu such that the shares sum to one."""
        if self.free_disposal:
            free = np.maximum(inverse_marginal(value), 0.0)
            fits = free.sum(axis=1) <= 1.0
        else:
            free, fits = np.zeros_like(value), np.zeros(len(value), dtype=bool)
        step = np.maximum(1.0, 2 * np.spacing(np.abs(value).max(axis=1)))  # beside the largest values 1 is nothing
        marginal_low = value.max(axis=1) - value.min(axis=1) + step
        low, high = value.min(axis=1) - marginal_low, value.max(axis=1)

        def filled(level: Array) -> Array:
            return np.maximum(inverse_marginal(value - level[:, np.newaxis]), 0.0)

        for _ in range(BISECTIONS):  # widen downwards until the water overflows
            short = filled(low).sum(axis=1) < 1.0
            if not short.any():
                break
            low = np.where(short, high - 2.0 * (high - low), low)
        for _ in range(BISECTIONS):  # and upwards until it does not: costs may fall at first
            over = filled(high).sum(axis=1) >= 1.0
            if not over.any():
                break
            high = np.where(over, low + 2.0 * (high - low), high)
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            over = filled(middle).sum(axis=1) >= 1.0
            low, high = np.where(over, middle, low), np.where(over, high, middle)
        return np.where(fits[:, np.newaxis], free, self._normalised(filled(low)))

    def _normalised(self, shares: Array) -> Array:
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))

    def violation(self, allocation: Array) -> Array:
        """Excess over few rounding errors of the sum: most lotteries cannot sum to one in floats."""
        rounding = 4 * allocation.shape[1] * np.finfo(np.float64).eps
        excess = allocation.sum(axis=1) - 1.0
        off = np.maximum(excess if self.free_disposal else np.abs(excess), 0.0)
        return np.maximum(np.where(off <= rounding, 0.0, off), np.maximum(-allocation, 0.0).max(axis=1))

    def clip(self, allocation: Array) -> Array:
        shares = np.maximum(allocation, 0.0)
        if not self.free_disposal:
            shares[shares.sum(axis=1) == 0] = 1.0  # nothing positive to go by: the middle of the simplex
            return self._normalised(shares)
        return np.asarray(shares / np.maximum(shares.sum(axis=1, keepdims=True), 1.0))

    def faces(self, n_goods: Count) -> tuple[Array, Array]:
        """Those of lotteries are x >= 0, and sum x <= 1 twice, once the other way round."""
        sums = np.ones((1, n_goods))
        rows = [0.0 - np.eye(n_goods), sums, *([] if self.free_disposal else [-sums])]
        return np.vstack(rows), np.append(np.zeros(n_goods), [1.0] if self.free_disposal else [1.0, -1.0])

    def interior(self, n_goods: Count) -> tuple[Array, float]:
        share = 1.0 / (n_goods + self.free_disposal)
        return np.full(n_goods, share), share / np.sqrt(n_goods)

    def magnitude(self, n_goods: Count) -> Array:
        return np.ones(n_goods)

    def scaled(self, unit: Units) -> Simplex:
        if np.any(np.asarray(unit) != 1.0):
            raise ProblemError("a simplex is measured in shares: its unit is 1")
        return self


@checked(allocation=ROWS, direction=ROWS, value=ROWS)
@dataclass(frozen=True, eq=False)
class Polyhedron:
    """matrix @ x <= bounds, non-empty and bounded: both are proven at the door by linear programs.

    Parameters
    ----------
    matrix : (n_rows, n_goods) array
    bounds : (n_rows,) array

    Examples
    --------
    Two goods that share one machine: x >= 0 and x1 + x2 <= 1.

    >>> from contracts import Quadratic, solve_menu
    >>> shared = Polyhedron([[1.0, 1.0], [-1.0, 0.0], [0.0, -1.0]], [1.0, 0.0, 0.0])
    >>> menu = solve_menu([[1.0, 2.0], [2.0, 1.0]], [0.5, 0.5], cost=Quadratic(), domain=shared)
    >>> menu.allocation.round(3)
    array([[0., 1.],
           [1., 0.]])
    """

    matrix: Any
    bounds: Any

    bounded = True

    def __post_init__(self) -> None:
        matrix = finite("Polyhedron matrix", self.matrix)
        bounds = finite("Polyhedron bounds", self.bounds)
        if matrix.ndim != 2 or matrix.size == 0 or bounds.shape != matrix.shape[:1]:
            raise ProblemError(
                f"Polyhedron matrix has shape {matrix.shape} and bounds {bounds.shape}; "
                "expected (n_rows, n_goods) and (n_rows,)"
            )
        object.__setattr__(self, "matrix", matrix)
        object.__setattr__(self, "bounds", bounds)
        extremes = np.vstack([np.eye(matrix.shape[1]), -np.eye(matrix.shape[1])])
        points = self.support(extremes)
        object.__setattr__(self, "_magnitude", np.abs(points).max(axis=0))
        highest, lowest = np.vsplit(points, 2)
        object.__setattr__(self, "_extent", (np.diag(lowest), np.diag(highest)))

    def check(self, n_goods: Count) -> None:
        if self.matrix.shape[1] != n_goods:
            raise ProblemError(f"Polyhedron matrix has {self.matrix.shape[1]} columns for {n_goods} goods")

    def constraints(self, allocation: Expression, share: Share = 1) -> list[Any]:
        every = _column(share, allocation)
        return [allocation @ self.matrix.T <= every @ self.bounds[np.newaxis]]

    @property
    def n_goods(self) -> int:
        return int(self.matrix.shape[1])

    def support(self, direction: Array) -> Array:
        if not np.isfinite(direction).all():
            raise ProblemError("direction is not finite: give finite numbers")
        from scipy.optimize import linprog

        rows, limits, unit = self._measured()
        points = np.empty_like(direction)
        worth = direction * unit
        sizes = np.abs(worth).max(axis=1, initial=0.0)
        for row, objective in enumerate(worth / np.where(sizes > 0, sizes, 1.0)[:, np.newaxis]):
            found = linprog(-objective, A_ub=rows, b_ub=limits, bounds=(None, None), method="highs")
            if found.status == 2:
                raise ProblemError("Polyhedron is empty: no x meets matrix @ x <= bounds; relax a row")
            if found.status == 3:
                towards = np.round(direction[row] / np.abs(direction[row]).max(), 6).tolist()
                raise ProblemError(f"Polyhedron is unbounded in direction {towards}: add rows that bound it")
            if found.x is None:
                raise ProblemError(f"Polyhedron could not be checked ({found.message}): rescale its rows")
            points[row] = unit * found.x
        return points

    def _measured(self) -> tuple[Array, Array, Array]:
        """Rows and limits in sizes near one, which solvers of linear programs take for granted, and the units of x."""
        units = _units_of_columns(self.matrix)
        rows = self.matrix * units
        sizes = _powers_of_two(np.abs(rows).max(axis=1))
        limits = self.bounds / sizes
        unit = float(_powers_of_two(np.abs(limits).max()))
        return rows / sizes[:, np.newaxis], limits / unit, unit * units

    def separable_maximiser(self, value: Array, inverse_marginal: Callable[[Array], Array]) -> Array | None:
        ends = self.ends(value.shape[1])
        return None if ends is None else np.clip(inverse_marginal(value), *ends)

    def ends(self, n_goods: Count) -> tuple[Array, Array] | None:
        """Least and largest amounts of a box that is stated as rows, if they say so to the last digit; else None."""
        return None if self._box is None else self._box.ends(n_goods)

    @cached_property
    def _box(self) -> Box | None:
        """The box that the rows state, to the last digit; None if they state another set."""
        each = self.matrix.sum(axis=1)
        if (np.count_nonzero(self.matrix, axis=1) != 1).any() or (np.abs(np.frexp(each)[0]) != 0.5).any():
            return None
        return _box_of(self.matrix, self.bounds)

    def violation(self, allocation: Array) -> Array:
        rounding = ROUNDING * (np.abs(allocation) @ np.abs(self.matrix).T + np.abs(self.bounds))
        excess = allocation @ self.matrix.T - self.bounds
        return np.where(excess <= rounding, 0.0, excess).max(axis=1)

    def clip(self, allocation: Array) -> Array:
        """Move each row onto the equations that X lies on, then towards the centre until it meets every inequality."""
        self.interior(allocation.shape[1])  # which refuses other numbers of goods
        centre, radius, units = self._centre
        curbs = np.ones(len(self.bounds), dtype=bool)
        if radius <= FLAT * float((self.magnitude(allocation.shape[1]) / units).max()):
            centre, flat = self._flat()
            off = self.bounds[flat] - allocation @ self.matrix[flat].T
            allocation, curbs = allocation + off @ np.linalg.pinv(self.matrix[flat]).T, ~flat
        room = (self.bounds - self.matrix @ centre)[curbs]
        step = (allocation - centre) @ self.matrix[curbs].T
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = np.where(step > room, room / step, 1.0).min(axis=1, initial=1.0)
        return np.asarray(centre + np.clip(reach, 0.0, 1.0)[:, np.newaxis] * (allocation - centre))

    def _flat(self) -> tuple[Array, NDArray[np.bool_]]:
        """A point with room at every inequality that can have some, and those that cannot: X lies on them.

        The largest sum of rooms s of at most 1 each, along with any multiple k >= 1 of X, so that all reach 1 together
        (Freund, Roundy & Todd 1985).
        """
        from scipy.optimize import linprog

        n_rows, n_goods = self.matrix.shape
        rows, limits, unit = self._measured()
        found = linprog(
            np.r_[np.zeros(n_goods + 1), -np.ones(n_rows)],
            A_ub=np.column_stack([rows, -limits, np.eye(n_rows)]),
            b_ub=np.zeros(n_rows),
            bounds=[(None, None)] * n_goods + [(1, None)] + [(0, 1)] * n_rows,
            method="highs",
        )
        point: Array = np.asarray(found.x)
        return unit * point[:n_goods] / point[n_goods], np.asarray(point[n_goods + 1 :] < 0.5)

    def faces(self, n_goods: Count) -> tuple[Array, Array]:
        return self.matrix, self.bounds

    def interior(self, n_goods: Count) -> tuple[Array, float]:
        """Chebyshev centre and radius."""
        if n_goods != self.n_goods:
            raise ProblemError(f"n_goods is {n_goods}: the matrix of the Polyhedron has {self.n_goods} columns")
        centre, radius, units = self._centre
        return centre, radius * float(units.min())

    @cached_property
    def _centre(self) -> tuple[Array, float, Array]:
        """Chebyshev centre, and the radius in the units that come with it."""
        from scipy.optimize import linprog

        rows, limits, unit = self._measured()
        found = linprog(
            np.r_[np.zeros(self.n_goods), -1.0],
            A_ub=np.column_stack([rows, np.linalg.norm(rows, axis=1)]),
            b_ub=limits,
            bounds=[(None, None)] * self.n_goods + [(0, None)],
            method="highs",
        )
        centre: Array = np.asarray(found.x)
        return unit * centre[:-1], float(centre[-1]), unit

    def extent(self, n_goods: Count) -> tuple[Array, Array]:
        return self._extent  # type: ignore[attr-defined]

    def magnitude(self, n_goods: Count) -> Array:
        return np.asarray(self._magnitude)  # type: ignore[attr-defined]

    def scaled(self, unit: Units) -> Polyhedron:
        check_one_each("unit", unit, self.matrix)
        smaller = object.__new__(Polyhedron)  # the same points: nothing is proven twice
        if np.ndim(unit) == 0:
            stated = self.matrix, self.bounds / unit
        else:
            sizes = _powers_of_two(np.abs(self.matrix * unit).max(axis=1))
            stated = self.matrix * unit / sizes[:, np.newaxis], self.bounds / sizes
        known = {"_magnitude": self._magnitude / unit, "_extent": tuple(end / unit for end in self._extent)}  # type: ignore[attr-defined]
        smaller.__setstate__({"matrix": stated[0], "bounds": stated[1], **known})  # type: ignore[attr-defined]
        return smaller
