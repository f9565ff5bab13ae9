"""Sets of type distributions around the principal's own: how far the weights may be from what it believes.

Each set holds the distributions g with distance(g, f) <= radius, f the problem's weights. It finds the distribution
under which given payoffs are worth least, by its dual: for any multiplier the dual value is a lower bound on the worst
case, so the number it returns is proven whatever the search did.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, extended, finite, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import FINITE_BY_TYPE, FINITE_TABLE, SHARES_BY_TYPE, Expression

RESTORATIONS = 3  # each squares what rounding leaves
OPTIMAL = 1e-15  # share of the payoffs' spread within which the dual counts as met
TIGHT: Any = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}  # of programs in units near 1
TRIANGLE = ("euclidean", "cityblock", "chebyshev")  # distances of which no detour is shorter than the direct way
BISECTIONS = 200  # halvings of a positive interval: more than a float can tell apart


class WorstCase(NamedTuple):
    """The distribution that hurts most, and a proven lower bound on what payoffs are worth in the whole set."""

    weights: Array  # (n_types,)
    value: float


@runtime_checkable
class Ambiguity(Protocol):
    """A convex set of type distributions that contains the problem's own."""

    def check(self, weights: Array, valuations: Array) -> None:
        """Refuse what does not fit the problem."""

    def worst_case(self, payoff: Array, weights: Array, valuations: Array) -> WorstCase:
        """The least that (n_types,) payoffs are worth over the set, and where."""

    def excess(self, other: Array, weights: Array, valuations: Array) -> float:
        """How far outside the set a distribution lies; at most 0 inside."""

    def restored(self, other: Array) -> Array:
        """A distribution that a solver left a little outside equations of the set, moved back onto them."""

    def worth(self, payoff: Expression, weights: Array, valuations: Array) -> tuple[Any, list[Any]]:
        """The dual of the worst case as a concave cvxpy expression of (n_types,) payoffs, with its constraints."""


@checked(payoff=FINITE_BY_TYPE, weights=SHARES_BY_TYPE, other=FINITE_BY_TYPE, valuations=FINITE_TABLE)
@dataclass(frozen=True)
class _Ball:
    radius: float

    def __post_init__(self) -> None:
        name = type(self).__name__
        object.__setattr__(self, "radius", number(f"{name} radius", self.radius))
        if self.radius < 0:
            raise ProblemError(f"{name} radius is {self.radius}: it must not be negative")

    def check(self, weights: Array, valuations: Array) -> None:
        """Every problem fits."""

    def restored(self, other: Array) -> Array:
        """A ball has no equations."""
        return other


@checked(payoff=FINITE_BY_TYPE, weights=SHARES_BY_TYPE, other=FINITE_BY_TYPE, valuations=FINITE_TABLE)
@dataclass(frozen=True)
class TotalVariation(_Ball):
    """Distributions that move at most `radius` of the mass: sum |g - f| / 2 <= radius.

    The worst case takes mass from the types that pay most and gives it to the one that pays least: closed form.

    Examples
    --------
    >>> TotalVariation(0.1).worst_case(np.array([1.0, 3.0]), np.array([0.5, 0.5]), np.zeros((2, 1))).weights
    array([0.6, 0.4])
    """

    def worst_case(self, payoff: Array, weights: Array, valuations: Array) -> WorstCase:
        order = np.argsort(-payoff, kind="stable")
        richer = np.cumsum(weights[order]) - weights[order]
        worst = weights.copy()
        worst[order] -= np.clip(self.radius - richer, 0.0, weights[order])
        worst[order[-1]] += weights.sum() - worst.sum()
        return WorstCase(worst, float(worst @ payoff))

    def excess(self, other: Array, weights: Array, valuations: Array) -> float:
        return float(np.abs(other - weights).sum() / 2 - self.radius)

    def worth(self, payoff: Expression, weights: Array, valuations: Array) -> tuple[Any, list[Any]]:
        import cvxpy as cp

        cap = cp.Variable()  # payoffs above it lose their mass
        capped = weights @ cp.minimum(payoff, cap)
        radius = min(self.radius, 1.0)  # no two distributions are farther apart, and beyond 1 the dual has no bound
        return capped - radius * cap + radius * cp.min(payoff), []


@checked(payoff=FINITE_BY_TYPE, weights=SHARES_BY_TYPE, other=FINITE_BY_TYPE, valuations=FINITE_TABLE)
@dataclass(frozen=True)
class KullbackLeibler(_Ball):
    """Distributions with relative entropy sum g log(g / f) <= radius, in nats (Hansen & Sargent 2001).

    The worst case tilts the weights exponentially, g ~ f exp(-payoff / multiplier).

    Examples
    --------
    >>> worst = KullbackLeibler(0.02).worst_case(np.array([1.0, 3.0]), np.array([0.5, 0.5]), np.zeros((2, 1)))
    >>> worst.weights.round(4)
    array([0.5997, 0.4003])
    """

    def worst_case(self, payoff: Array, weights: Array, valuations: Array) -> WorstCase:
        cheapest = float(payoff.min())
        excess = payoff - cheapest
        if self.radius == 0 or excess.max() == 0:
            return WorstCase(weights, float(weights @ payoff))
        on_cheapest = np.where(excess == 0, weights, 0.0)
        if self.radius >= -np.log(on_cheapest.sum() / weights.sum()):
            return WorstCase(on_cheapest / on_cheapest.sum(), cheapest)

        def tilted(multiplier: float) -> Array:
            density = weights * np.exp(-excess / multiplier)
            return np.asarray(density / density.sum())

        multiplier = _crossing(lambda trial: _relative_entropy(tilted(trial), weights) <= self.radius, excess.max())
        mean = float(np.log(weights @ np.exp(-excess / multiplier)))
        return WorstCase(tilted(multiplier), cheapest - multiplier * (self.radius + mean))

    def excess(self, other: Array, weights: Array, valuations: Array) -> float:
        return _relative_entropy(other, weights) - self.radius

    def worth(self, payoff: Expression, weights: Array, valuations: Array) -> tuple[Any, list[Any]]:
        import cvxpy as cp

        multiplier, mean, tilt = cp.Variable(nonneg=True), cp.Variable(), cp.Variable(len(weights))
        every = multiplier * np.ones(len(weights))
        cone = cp.constraints.ExpCone(-payoff - mean, every, tilt)
        return -self.radius * multiplier - mean, [cone, weights @ tilt <= multiplier]


@checked(payoff=FINITE_BY_TYPE, weights=SHARES_BY_TYPE, other=FINITE_BY_TYPE, valuations=FINITE_TABLE)
@dataclass(frozen=True)
class ChiSquare(_Ball):
    """Distributions with sum (g - f)^2 / f <= radius.

    The worst case lowers the weights in proportion to the payoff, down to zero: g = f max(0, level - payoff) / m. For
    a small radius it is the mean less sqrt(radius) standard deviations (Duchi & Namkoong 2019).

    Examples
    --------
    >>> worst = ChiSquare(0.04).worst_case(np.array([1.0, 3.0]), np.array([0.5, 0.5]), np.zeros((2, 1)))
    >>> worst.weights.round(9), round(worst.value, 9)  # mean 2 less 0.2 standard deviations of 1
    (array([0.6, 0.4]), 1.8)
    """

    def worst_case(self, payoff: Array, weights: Array, valuations: Array) -> WorstCase:
        cheapest = float(payoff.min())
        excess = payoff - cheapest
        if self.radius == 0 or excess.max() == 0:
            return WorstCase(weights, float(weights @ payoff))
        on_cheapest = np.where(excess == 0, weights, 0.0)
        if self.radius >= 1 / on_cheapest.sum() - 1:
            return WorstCase(on_cheapest / on_cheapest.sum(), cheapest)

        def lowered(level: float) -> Array:
            kept = weights * np.maximum(level - excess, 0.0)
            return np.asarray(kept / kept.sum())

        level = _crossing(lambda trial: self.excess(lowered(trial), weights, valuations) <= 0, excess.max())
        # The Lagrangian with price m of the distance and n of the total: every type's share is a square to complete.
        price = float(weights @ np.maximum(level - excess, 0.0)) / 2
        total = level - 2 * price
        share = np.maximum(0.0, 1 + (total - excess) / (2 * price))
        parts = weights * (share * (excess - total) + price * (share - 1) ** 2)
        return WorstCase(lowered(level), cheapest + float(parts.sum()) + total - price * self.radius)

    def excess(self, other: Array, weights: Array, valuations: Array) -> float:
        return float(((other - weights) ** 2 / weights).sum() - self.radius)

    def worth(self, payoff: Expression, weights: Array, valuations: Array) -> tuple[Any, list[Any]]:
        import cvxpy as cp

        price, total, kept = cp.Variable(nonneg=True), cp.Variable(), cp.Variable(len(weights), nonneg=True)
        lost = cp.quad_over_lin(cp.multiply(np.sqrt(weights), kept), price) / 4
        return total + price * (1 - self.radius) - lost, [kept >= 2 * price - payoff + total]


@checked(payoff=FINITE_BY_TYPE, weights=SHARES_BY_TYPE, other=FINITE_BY_TYPE, valuations=FINITE_TABLE)
@dataclass(frozen=True)
class Wasserstein(_Ball):
    """Distributions that earth movers reach at cost <= radius: mass times distance between types.

    Parameters
    ----------
    radius : units of the distance
    metric : "euclidean", "cityblock" or another of scipy's distances between valuations, or the (n_types, n_types)
        array of distances itself

    Examples
    --------
    A tenth of the people may value a unit by 1 less or more than was thought:

    >>> from contracts import Quadratic, ScreeningProblem, solve_menu
    >>> problem = ScreeningProblem([2.0, 3.0], [0.5, 0.5], cost=Quadratic(), ambiguity=Wasserstein(0.1))
    >>> robust, plain = solve_menu(problem), solve_menu([2.0, 3.0], [0.5, 0.5], cost=Quadratic())
    >>> round(robust.value, 4), round(plain.value, 4)
    (2.3333, 2.5)
    """

    metric: Any = "euclidean"

    def __post_init__(self) -> None:
        super().__post_init__()
        if callable(self.metric):
            raise ProblemError(
                "Wasserstein metric is a function: give the name of one of scipy's distances, or the "
                "(n_types, n_types) array of distances between the types"
            )

    def check(self, weights: Array, valuations: Array) -> None:
        distance = self.distance(valuations)
        if distance.shape != (len(weights), len(weights)):
            raise ProblemError(f"Wasserstein metric has shape {distance.shape}; expected {(len(weights),) * 2}")
        if np.any(distance < 0) or np.any(np.diagonal(distance) != 0):
            raise ProblemError("Wasserstein metric must be non-negative, and 0 from every type to itself")

    def distance(self, valuations: Array) -> Array:
        """Cost of moving one unit of mass from the row's type to the column's; (n_types, n_types)."""
        if not isinstance(self.metric, str):
            return finite("Wasserstein metric", self.metric)
        from scipy.spatial.distance import cdist

        try:
            return np.asarray(cdist(valuations, valuations, self.metric))  # type: ignore[call-overload]
        except ValueError as exc:
            raise ProblemError(f"Wasserstein metric is {self.metric!r}: {exc}") from exc

    def worst_case(self, payoff: Array, weights: Array, valuations: Array) -> WorstCase:
        """At price m of a unit of work every type moves to the cheapest payoff + m distance; m meets the radius.

        The dual is concave and piecewise linear in m. Its tangents at two prices, one too low and one too high, meet
        in a mixture of the two plans that uses up the radius: once the dual is worth as much, both are optimal.
        """
        distance = self.distance(valuations)
        here, middle, spread = np.arange(len(weights)), float(payoff.min()), float(np.ptp(payoff))
        excess = payoff - middle  # above the cheapest

        def moved(price: float) -> tuple[Array, float, float]:
            cost = excess + price * distance
            cheapest = cost.min(axis=1)
            where = np.where(cost == cheapest[:, np.newaxis], distance, np.inf).argmin(axis=1)
            return where, float(weights @ distance[here, where]), float(weights @ cheapest) - price * self.radius

        apart = distance[distance > 0]
        low, high = 0.0, 2 * spread / max(self.radius, float(apart.min())) if apart.size else 0.0
        (there, much, _), (near, little, proven) = moved(low), moved(high)
        if much <= self.radius:  # everybody can go where it is cheapest
            there, near, little, proven = near, there, much, float(weights @ excess[there])
        share = 0.0
        while much > self.radius:
            share = (self.radius - little) / (much - little)
            mixed = float(weights @ ((1 - share) * excess[near] + share * excess[there]))
            lean = float(weights @ (excess[near] - excess[there])) / (much - little)  # where the tangents meet
            price = lean if low < lean < high else (low + high) / 2
            if mixed - proven <= OPTIMAL * spread or not low < price < high:
                break
            where, work, value = moved(price)
            proven = max(proven, value)
            if work > self.radius:
                low, there, much = price, where, work
            else:
                high, near, little = price, where, work
        worst = np.bincount(near, weights * (1 - share), len(weights)) + np.bincount(
            there, weights * share, len(weights)
        )
        return WorstCase(np.asarray(worst, dtype=np.float64), middle * float(weights.sum()) + proven)

    def excess(self, other: Array, weights: Array, valuations: Array) -> float:
        distance = self.distance(valuations)
        weights = weights * (other.sum() / weights.sum())
        gives, takes = weights > other, weights < other
        if not (gives.any() and takes.any()):  # they are the same, to rounding
            return -self.radius
        work = _least_work(distance[np.ix_(gives, takes)], (weights - other)[gives], (other - weights)[takes])
        if work > self.radius and not (isinstance(self.metric, str) and self.metric in TRIANGLE):
            work = min(work, _least_work(distance, weights, other))  # a detour may be shorter than the direct way
        return work - self.radius

    def worth(self, payoff: Expression, weights: Array, valuations: Array) -> tuple[Any, list[Any]]:
        import cvxpy as cp

        n_types, distance = len(weights), self.distance(valuations)
        longest = float(distance.max()) or 1.0
        price, cheapest = cp.Variable(nonneg=True), cp.Variable(n_types)  # the price of moving a unit the longest way
        here, there = np.repeat(np.arange(n_types), n_types), np.tile(np.arange(n_types), n_types)
        moves = cheapest[here] <= payoff[there] + price * (distance.ravel() / longest)
        return weights @ cheapest - min(self.radius / longest, 1.0) * price, [moves]


@checked(payoff=FINITE_BY_TYPE, weights=SHARES_BY_TYPE, other=FINITE_BY_TYPE, valuations=FINITE_TABLE)
@dataclass(frozen=True, eq=False)
class Moments:
    """Every distribution whose expected features lie within limits; nothing else is known.

    Parameters
    ----------
    features : (n_types, n_features) array, or (n_types,) for one feature
    lower, upper : (n_features,) limits on sum_i g_i features_i, or one number; -inf and inf where there is none
    """

    features: Any
    lower: Any
    upper: Any

    def __post_init__(self) -> None:
        features = finite("Moments features", self.features)
        features = features[:, np.newaxis] if features.ndim == 1 else features
        if features.ndim != 2:
            raise ProblemError(f"Moments features has shape {features.shape}; expected (n_types, n_features)")
        object.__setattr__(self, "features", features)
        for name, none in (("lower", -np.inf), ("upper", np.inf)):
            limit = _limits(f"Moments {name}", getattr(self, name), none)
            if limit.shape not in ((), (features.shape[1],)):
                raise ProblemError(f"Moments {name} has shape {limit.shape}; expected one limit per feature")
            object.__setattr__(self, name, np.broadcast_to(limit, features.shape[1]))
        if np.any(self.lower > self.upper):
            raise ProblemError("Moments lower lies above upper: swap them")
        if not (np.isfinite(self.lower) | np.isfinite(self.upper)).any():
            raise ProblemError("Moments has no finite limit: for every distribution there is, use TotalVariation(1.0)")

    def check(self, weights: Array, valuations: Array) -> None:
        self._check_count(weights)
        if self.excess(weights, weights, valuations) > 0:
            mean = (weights @ self.features / weights.sum()).tolist()
            raise ProblemError(f"Moments leaves out the problem's own weights, whose mean is {mean}: widen the limits")

    def _check_count(self, by_type: Array) -> None:
        if len(self.features) != len(by_type):
            raise ProblemError(f"Moments features has {len(self.features)} rows for {len(by_type)} types")

    def worst_case(self, payoff: Array, weights: Array, valuations: Array) -> WorstCase:
        from scipy.optimize import linprog

        middle, spread = float(payoff.min()), float(np.ptp(payoff))
        if spread == 0:
            return WorstCase(weights, middle)
        (rows, limits), everybody = self._rows, np.ones((1, len(payoff)))
        excess = (payoff - middle) / spread
        found: Any = linprog(excess, rows, limits, everybody, [1.0], method="highs", options=TIGHT)
        worst = self.restored(np.maximum(found.x, 0.0))
        prices = np.maximum(-np.asarray(found.ineqlin.marginals), 0.0)
        return WorstCase(worst / worst.sum(), middle + spread * float((excess + prices @ rows).min() - prices @ limits))

    def excess(self, other: Array, weights: Array, valuations: Array) -> float:
        mean = other @ self.features
        rounding = (len(other) + 4) * np.finfo(np.float64).eps * (other @ np.abs(self.features))
        return float((np.maximum(self.lower - mean, mean - self.upper) - rounding).max())

    def restored(self, other: Array) -> Array:
        """Shares change in proportion to themselves: the least relative change, in squares, that meets the limits."""
        self._check_count(other)
        rows = np.column_stack([self.features, np.ones(len(other))])
        for _ in range(RESTORATIONS):
            mean = other @ rows
            missed = np.append(np.clip(mean[:-1], self.lower, self.upper), 1.0) - mean
            weighted = rows * other[:, np.newaxis]
            other = np.maximum(other + weighted @ np.linalg.lstsq(weighted.T @ rows, missed, rcond=1e-12)[0], 0.0)
        return other

    def worth(self, payoff: Expression, weights: Array, valuations: Array) -> tuple[Any, list[Any]]:
        import cvxpy as cp

        rows, limits = self._rows
        price = cp.Variable(len(rows), nonneg=True)
        return cp.min(payoff + rows.T @ price) - price @ limits, []

    @property
    def _rows(self) -> tuple[Array, Array]:
        """The finite limits as rows . g <= limits, features in units near 1; (n_limits, n_types) and (n_limits,)."""
        size = np.abs(self.features).max(axis=0)
        size[size == 0] = 1.0
        rows = np.vstack([self.features.T, -self.features.T]) / np.tile(size, 2)[:, np.newaxis]
        limits = np.concatenate([self.upper / size, -self.lower / size])
        return rows[np.isfinite(limits)], limits[np.isfinite(limits)]


def _least_work(distance: Array, leaving: Array, arriving: Array) -> float:
    """Mass times distance of the cheapest plan, by a linear program.

    Mass that the program's rounding leaves behind is charged the longest way, so the number is never too small.

    Parameters
    ----------
    distance : (n_from, n_to) array
    leaving, arriving : (n_from,) and (n_to,) masses of the same total
    """
    from scipy.optimize import linprog
    from scipy.sparse import eye_array, kron, vstack

    longest, (n_from, n_to) = float(distance.max()), distance.shape
    if longest == 0:
        return 0.0
    by_from = kron(eye_array(n_from, format="csr"), np.ones((1, n_to)))
    by_to = kron(np.ones((1, n_from)), eye_array(n_to, format="csr"))
    sums: Any = vstack([by_from, by_to], format="csr")
    limits, total = np.concatenate([leaving, arriving])[:-1], float(leaving.sum())  # one of the sums follows
    plan: Any = linprog(distance.ravel() / longest, A_eq=sums[:-1], b_eq=limits / total, method="highs", options=TIGHT)
    moves = np.maximum(plan.x, 0.0).reshape(n_from, n_to) * total
    for axis, most in ((1, leaving), (0, arriving)):
        moved = moves.sum(axis=axis)
        moves *= np.expand_dims(np.minimum(most / np.where(moved > 0, moved, 1.0), 1.0), axis)
    left_behind = max(total - float(moves.sum()), 0.0)
    return float((distance * moves).sum()) + left_behind * longest


def _limits(name: str, values: Any, none: float) -> Array:
    """One number or an array, infinite on the one side where there is no limit."""
    limits = extended(name, values)
    return limits if not np.any(limits == -none) else finite(name, limits)


def _relative_entropy(other: Array, weights: Array) -> float:
    from scipy.special import rel_entr

    return float(rel_entr(other, weights).sum())


def _crossing(within: Any, start: float) -> float:
    """The smallest number, to rounding, from which a monotone condition holds; bisection on a logarithmic scale."""
    high = start
    while not within(high):
        high *= 4
    low = high
    while within(low) and low > 1e-300:
        low /= 4
    for _ in range(BISECTIONS):
        middle = np.sqrt(low) * np.sqrt(high)
        if not low < middle < high:
            break
        low, high = (low, middle) if within(middle) else (middle, high)
    return float(high)
