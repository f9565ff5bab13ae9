"""Linear costs, quadratic ones, powers and entropy, and what every cost has: value, conjugate, cvxpy expression."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np

from contracts.errors import ProblemError, SolverError
from contracts.inputs.arrays import Array, check_one_each, entries_of, finite, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import ROWS, Count, Expression, Positive, Units
from contracts.problem.costs.traits import is_straight
from contracts.problem.domains import Box, Domain, Polyhedron, Simplex, ends_of, is_lottery

INSIGNIFICANT = 1e-150  # sizes whose inverse squared is no longer a float
EPS = float(np.finfo(np.float64).eps)
EIGENVALUE_ROUNDING = 4 * EPS  # of a symmetric matrix, per row, relative to its largest eigenvalue
SWEEPS = 2000  # coordinate sweeps of a small quadratic program before its bound is taken as it is


@runtime_checkable
class Cost(Protocol):
    """A convex function c of one allocation; every method works row by row on (n, n_goods) arrays.

    A cost of your own needs these three methods. With a fourth, `gradient(allocation)`, (n, n_goods), its bounds over
    boxes and simplices are rigorous too; without it certificates say "numerical". With a fifth, `hessian(allocation)`,
    (n, n_goods, n_goods), positive definite inside the domain, the engine "cuts" solves it for many types.

    It may say more of itself, and is solved and proven as the library's own of its kind: `is_straight` (linear, with
    a gradient), `is_a_sum_over_goods`, `is_closed_form` (its conjugate is right to few rounding errors),
    `curves_everywhere`, each True or False; a number `least_curvature`; where it is finite, `finite_range(n_goods)`;
    what a unit less and a unit more cost in the long run, `asymptotic_slopes(n_goods)`.
    """

    def value(self, allocation: Array) -> Array:
        """c(x) of every row; (n,)."""

    def conjugate(self, valuation: Array, domain: Domain) -> tuple[Array, Array]:
        """max over x in `domain` of valuation . x - c(x), and its maximiser; (n,), (n, n_goods)."""

    def expression(self, allocation: Expression) -> Any:
        """c of every row of a cvxpy expression; convex, (n,)."""


def conjugate_at(cost: Cost, valuation: Array, allocation: Array) -> Array:
    """valuation . x - c(x), row by row."""
    return np.asarray(np.einsum("ij,ij->i", valuation, allocation) - cost.value(allocation))


def numerical_conjugate(cost: Cost, valuation: Array, domain: Domain) -> tuple[Array, Array]:
    """The conjugate by one cvxpy program over all rows, in units near one, where no closed form is known."""
    import warnings

    import cvxpy as cp

    reach = domain.magnitude(valuation.shape[1])
    unit: Any = 1.0
    if isinstance(domain, Box | Polyhedron) and domain.bounded:
        unit = np.array([power_of_two(float(each)) for each in reach])
    elif domain.bounded and not isinstance(domain, Simplex):
        unit = power_of_two(float(np.max(reach)))
    outlay = float(np.abs(cost.value(domain.support(np.eye(valuation.shape[1])))).max()) if domain.bounded else 0.0
    sizes = np.maximum(np.abs(valuation * unit).max(axis=1, initial=0.0), outlay)
    money = np.array([power_of_two(float(size)) for size in sizes])  # of every row: none hides in another's rounding
    allocation = cp.Variable(valuation.shape)
    gross = cp.sum(cp.multiply(valuation * unit / money[:, np.newaxis], allocation))
    payoff = gross - (1 / money) @ scaled_cost(cost, unit, 1.0).expression(allocation)
    program = cp.Problem(cp.Maximize(payoff), domain.scaled(unit).constraints(allocation))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "solution may be inaccurate": bounds with a gradient correct for it
        try:
            program.solve(solver=cp.CLARABEL, tol_gap_abs=1e-11, tol_gap_rel=1e-11, tol_feas=1e-11)
        except cp.error.SolverError:
            try:
                program.solve(solver=cp.CLARABEL, warm_start=False)
            except cp.error.SolverError as exc:
                raise SolverError("the conjugate of the cost could not be computed", tried=("CLARABEL",)) from exc
    if allocation.value is None:
        raise SolverError(f"the conjugate of the cost is {program.status}", tried=("CLARABEL",))
    best = domain.clip(np.asarray(allocation.value) * unit)
    return conjugate_at(cost, valuation, best), best


def separable_conjugate(cost: Any, valuation: Array, domain: Domain) -> tuple[Array, Array]:
    """The conjugate of a cost that is a sum over goods, from its `inverse_marginal`."""
    best = domain.separable_maximiser(valuation, cost.inverse_marginal)
    if best is None:
        return numerical_conjugate(cost, valuation, domain)
    return conjugate_at(cost, valuation, best), best


@checked(allocation=ROWS, valuation=ROWS, marginal=ROWS)
@dataclass(frozen=True, eq=False)
class Linear:
    """c(x) = price . x; one price for all goods or one per good. Linear(0.0) is no cost at all.

    Examples
    --------
    >>> Linear(0.5).value(np.array([[1.0, 2.0]]))
    array([1.5])
    """

    price: Any = 0.0
    is_straight = is_closed_form = is_a_sum_over_goods = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "price", finite("Linear price", self.price))
        check_vector("Linear price", self.price)

    @cached_property
    def n_goods(self) -> int | None:
        return entries_of(self.price)

    def check(self, n_goods: Count, domain: Domain) -> None:
        check_per_good("Linear price", self.price, n_goods)

    def value(self, allocation: Array) -> Array:
        return np.asarray((allocation * self.price).sum(axis=1))

    def gradient(self, allocation: Array) -> Array:
        return np.broadcast_to(self.price, allocation.shape)

    def hessian(self, allocation: Array) -> Array:
        return np.zeros((*allocation.shape, allocation.shape[1]))

    def conjugate(self, valuation: Array, domain: Domain) -> tuple[Array, Array]:
        margin = valuation - self.price
        best = domain.support(margin)
        return np.where(best == 0, 0.0, margin * best).sum(axis=1), best

    def expression(self, allocation: Expression) -> Any:
        return allocation @ np.array(np.broadcast_to(self.price, allocation.shape[1]))

    def asymptotic_slopes(self, n_goods: Count) -> tuple[Array, Array]:
        """What one unit less and one unit more cost in the long run; (n_goods,) both."""
        price = per_good("Linear price", self.price, n_goods)
        return -price, price

    def scaled(self, unit: Units, money: Positive) -> Linear:
        check_one_each("unit", unit, self.price)
        return Linear(self.price * (unit / money))


@checked(allocation=ROWS, valuation=ROWS, marginal=ROWS)
@dataclass(frozen=True, eq=False)
class Quadratic:
    """c(x) = curvature |x|^2 / 2 for a number, sum_k curvature_k x_k^2 / 2 for one per good, x'Qx / 2 for a matrix Q.

    Examples
    --------
    >>> from contracts.problem.domains import Box
    >>> Quadratic().conjugate(np.array([[3.0]]), Box(0.0, 9.0))
    (array([4.5]), array([[3.]]))
    """

    curvature: Any = 1.0
    is_closed_form = True

    def __post_init__(self) -> None:
        curvature = finite("Quadratic curvature", self.curvature)
        square = curvature.ndim < 2 or (curvature.ndim == 2 and curvature.shape[0] == curvature.shape[1])
        if not square or curvature.size == 0:
            raise ProblemError(
                f"Quadratic curvature has shape {curvature.shape}; expected a number, one per good or a square matrix"
            )
        if curvature.ndim == 2 and not np.array_equal(curvature, curvature.T):
            raise ProblemError("Quadratic curvature is not symmetric: pass (Q + Q.T) / 2, which is the same cost")
        spectrum = np.linalg.eigvalsh(curvature) if curvature.ndim == 2 else np.sort(curvature, axis=None)
        lowest = float(spectrum[0])
        if lowest <= 0 or (curvature.ndim == 2 and not _is_definite(curvature)):
            raise ProblemError(
                f"Quadratic curvature is not positive definite (smallest curvature {lowest:.6g}), so the cost is not "
                "strictly convex: give every good a positive curvature, be it small, or use Linear where no good has "
                "any"
            )
        object.__setattr__(self, "curvature", curvature)

    @cached_property
    def n_goods(self) -> int | None:
        return entries_of(self.curvature)

    def check(self, n_goods: Count, domain: Domain) -> None:
        check_per_good("Quadratic curvature", self.curvature, n_goods)

    def value(self, allocation: Array) -> Array:
        return np.asarray((allocation * self.gradient(allocation)).sum(axis=1) / 2)

    def gradient(self, allocation: Array) -> Array:
        if self.curvature.ndim == 2:
            return np.asarray(allocation @ self.curvature)
        return np.asarray(allocation * self.curvature)

    def gradient_size(self, allocation: Array) -> Array:
        """Sizes of the terms of the gradient, which its rounding is relative to."""
        return (
            np.abs(allocation) @ np.abs(self.curvature)
            if self.curvature.ndim == 2
            else self.gradient(np.abs(allocation))
        )

    def hessian(self, allocation: Array) -> Array:
        matrix = self.curvature if self.curvature.ndim == 2 else np.eye(allocation.shape[1]) * self.curvature
        return np.broadcast_to(matrix, (*allocation.shape, allocation.shape[1]))

    def inverse_marginal(self, marginal: Array) -> Array:
        return np.asarray(marginal / self.curvature)

    def conjugate(self, valuation: Array, domain: Domain) -> tuple[Array, Array]:
        if self.curvature.ndim < 2:
            return separable_conjugate(self, valuation, domain)
        if domain.separable_maximiser(valuation[:0], lambda marginal: marginal) is None or isinstance(domain, Simplex):
            return numerical_conjugate(self, valuation, domain)
        best = self._coordinate_descent(valuation, domain)
        if domain.bounded:
            return conjugate_at(self, valuation, best), best
        # With prices z >= 0 of the finite ends of the domain, w = v + z_low - z_high, the conjugate is at most
        # w' Q^-1 w / 2 - z_low.lower + z_high.upper. For any y that is w.y - y'Qy / 2 + r' Q^-1 r / 2 - ... with
        # r = w - Qy: no rounding of y is at fault.
        lower, upper = ends_of(domain, valuation.shape[1]) or (np.array(0.0), np.array(np.inf))
        slope = valuation - self.gradient(best)
        low = np.where(np.isfinite(lower), np.maximum(-slope, 0.0), 0.0)
        high = np.where(np.isfinite(upper), np.maximum(slope, 0.0), 0.0)
        ends = high * np.where(np.isfinite(upper), upper, 0.0) - low * np.where(np.isfinite(lower), lower, 0.0)
        raised = valuation + low - high
        point = np.linalg.solve(self.curvature, raised.T).T
        rounding = (valuation.shape[1] + 4) * EPS * (np.abs(raised) + self.gradient_size(point))
        rest = np.abs(raised - self.gradient(point)) + rounding
        lost = np.einsum("ij,ij->i", rest, rest) / (2 * self.least_curvature)
        size = np.einsum("ij,ij->i", np.abs(raised), np.abs(point)) + (np.abs(point) * self.gradient_size(point)).sum(1)
        size = size + np.abs(ends).sum(axis=1)
        value = conjugate_at(self, raised, point) + ends.sum(axis=1)
        return value + lost + (valuation.shape[1] + 4) * EPS * size, best

    @property
    def is_a_sum_over_goods(self) -> bool:
        return bool(self.curvature.ndim < 2)

    @property
    def least_curvature(self) -> float:
        """Smallest eigenvalue of a matrix, rounded down."""
        if self.curvature.ndim < 2:
            return float(self.curvature.min())
        eigenvalues = np.linalg.eigvalsh(self.curvature)
        return float(eigenvalues[0] - EIGENVALUE_ROUNDING * len(eigenvalues) * eigenvalues[-1])

    def _coordinate_descent(self, valuation: Array, domain: Domain) -> Array:
        best = domain.clip(np.linalg.solve(self.curvature, valuation.T).T)
        diagonal = np.diag(self.curvature)
        for _ in range(SWEEPS):
            before = best.copy()
            for good, curvature in enumerate(diagonal):
                slope = valuation[:, good] - best @ self.curvature[:, good]
                best[:, good] += slope / curvature
                best = domain.clip(best)
            if np.abs(best - before).max(initial=0.0) <= 1e-16 * np.abs(best).max(initial=0.0):
                break
        return best

    def expression(self, allocation: Expression) -> Any:
        import cvxpy as cp

        if self.curvature.ndim == 2:
            root = np.linalg.cholesky(self.curvature)
            return cp.sum(cp.square(allocation @ root), axis=1) / 2
        weights = np.array(np.broadcast_to(self.curvature, allocation.shape))
        return cp.sum(cp.multiply(weights, cp.square(allocation)), axis=1) / 2

    def scaled(self, unit: Units, money: Positive) -> Quadratic:
        check_one_each("unit", unit, self.curvature)
        each = unit / money
        return Quadratic(self.curvature * (np.outer(each, unit) if self.curvature.ndim == 2 else each * unit))


@checked(own=("exponent",), allocation=ROWS, valuation=ROWS, marginal=ROWS)
@dataclass(frozen=True, eq=False)
class Power:
    """c(x) = sum_k scale x_k^exponent on x >= 0.

    Convex for exponent > 1 with scale > 0, and for 0 < exponent < 1 with scale < 0. The second kind is minus a concave
    benefit: earnings (k x)^(1/k) of an income tax, say.

    Examples
    --------
    >>> Power(3.0, scale=2.0).value(np.array([[1.0], [2.0]]))
    array([ 2., 16.])
    """

    exponent: float
    scale: Any = 1.0
    is_closed_form = is_a_sum_over_goods = takes_near = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "exponent", number("Power exponent", self.exponent))
        object.__setattr__(self, "scale", finite("Power scale", self.scale))
        check_vector("Power scale", self.scale)
        costs_rise = self.exponent > 1 and bool(np.all(self.scale > 0))
        benefits_saturate = 0 < self.exponent < 1 and bool(np.all(self.scale < 0))
        if not costs_rise and not benefits_saturate:
            raise ProblemError(
                f"Power(exponent={self.exponent}, scale={self.scale.tolist()}) is not strictly convex: use exponent "
                "> 1 with scale > 0, exponent in (0, 1) with scale < 0, or Linear for exponent 1"
            )

    @cached_property
    def n_goods(self) -> int | None:
        return entries_of(self.scale)

    def check(self, n_goods: Count, domain: Domain) -> None:
        check_per_good("Power scale", self.scale, n_goods)
        lowest = np.diag(domain.support(-np.eye(n_goods))).min()
        if lowest < 0:
            raise ProblemError(
                "Power needs allocations x >= 0, but the domain reaches below zero: raise its lower bound"
            )

    def value(self, allocation: Array) -> Array:
        return np.asarray((self.scale * np.power(allocation, self.exponent)).sum(axis=1))

    def gradient(self, allocation: Array) -> Array:
        with np.errstate(divide="ignore"):
            return np.asarray(self.scale * self.exponent * np.power(allocation, self.exponent - 1))

    def hessian(self, allocation: Array) -> Array:
        slope = self.scale * self.exponent * (self.exponent - 1)
        with np.errstate(divide="ignore"):
            return diagonal(slope * np.power(allocation, self.exponent - 2))

    def inverse_marginal(self, marginal: Array) -> Array:
        ratio = marginal / (self.scale * self.exponent)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            inverse = np.power(np.maximum(ratio, 0.0), 1.0 / (self.exponent - 1))
        return np.asarray(inverse)  # falling benefits: a marginal value above all costs asks for infinity

    def conjugate(self, valuation: Array, domain: Domain) -> tuple[Array, Array]:
        value, best = separable_conjugate(self, valuation, domain)
        return np.where(np.isfinite(best).all(axis=1), value, np.inf), best

    def expression(self, allocation: Expression, near: Any = 1.0) -> Any:
        """c of a cvxpy expression, row by row, from powers of allocation / near: (n, n_goods) numbers close to one."""
        import cvxpy as cp

        near = finite("near", near)
        if near.shape not in ((), allocation.shape) or not np.all(near > 0):
            raise ProblemError(f"near has shape {near.shape}; expected positive numbers, one or {allocation.shape}")
        near = np.broadcast_to(near, allocation.shape)
        powers = cp.power(cp.multiply(1.0 / near, allocation), self.exponent)
        return cp.sum(cp.multiply(self.scale * near**self.exponent, powers), axis=1)

    def asymptotic_slopes(self, n_goods: Count) -> tuple[Array, Array]:
        """What one unit less and one unit more cost in the long run; (n_goods,) both."""
        return np.full(n_goods, np.inf), np.full(n_goods, 0.0 if self.exponent < 1 else np.inf)

    def scaled(self, unit: Units, money: Positive) -> Power:
        check_one_each("unit", unit, self.scale)
        return replace(self, scale=self.scale * (unit**self.exponent / money))


@checked(allocation=ROWS, valuation=ROWS, marginal=ROWS)
@dataclass(frozen=True, eq=False)
class Entropy:
    """c(x) = temperature KL(x, reference) over lotteries x: the price of leaving a reference policy.

    Parameters
    ----------
    reference : (n_goods,) array, positive, sums to 1
    temperature : money per nat, positive

    Examples
    --------
    >>> value, policy = Entropy([0.5, 0.5], temperature=1.0).conjugate(np.array([[0.0, np.log(3.0)]]), Simplex())
    >>> policy.round(12)
    array([[0.25, 0.75]])
    """

    reference: Any
    temperature: float = 1.0

    def __post_init__(self) -> None:
        reference = finite("Entropy reference", self.reference)
        if reference.ndim != 1 or reference.size == 0 or not np.all(reference > 0):
            raise ProblemError("Entropy reference must be one positive probability per good: drop goods that have none")
        if abs(float(reference.sum()) - 1.0) > 1e-9:
            raise ProblemError(f"Entropy reference sums to {reference.sum():.12g}, not 1: divide it by its sum")
        temperature = number("Entropy temperature", self.temperature)
        if temperature <= 0:
            raise ProblemError(f"Entropy temperature is {temperature}: it must be positive; use Linear(0.0) for none")
        object.__setattr__(self, "reference", reference)
        object.__setattr__(self, "temperature", temperature)

    @cached_property
    def n_goods(self) -> int | None:
        return entries_of(self.reference)

    def check(self, n_goods: Count, domain: Domain) -> None:
        if len(self.reference) != n_goods:
            raise ProblemError(f"Entropy reference has {len(self.reference)} entries for {n_goods} goods")
        if not is_lottery(domain):
            raise ProblemError("Entropy is the cost of a lottery: use it with domain=Simplex()")

    def value(self, allocation: Array) -> Array:
        from scipy.special import rel_entr

        return np.asarray(self.temperature * rel_entr(allocation, self.reference).sum(axis=1))

    def gradient(self, allocation: Array) -> Array:
        return np.asarray(self.temperature * (self._log_ratio(allocation) + 1.0))

    def gradient_size(self, allocation: Array) -> Array:
        """Sizes of the terms of the gradient, which its rounding is relative to."""
        return np.asarray(self.temperature * (np.abs(self._log_ratio(allocation)) + 1.0))

    def hessian(self, allocation: Array) -> Array:
        with np.errstate(divide="ignore"):
            return diagonal(self.temperature / allocation)

    def _log_ratio(self, allocation: Array) -> Array:
        tiny = np.finfo(np.float64).tiny  # at a share of zero the slope is minus infinity, out of any maximiser's reach
        return np.asarray(np.log(np.maximum(allocation, tiny) / self.reference))

    def conjugate(self, valuation: Array, domain: Domain) -> tuple[Array, Array]:
        """Log-sum-exp and the softmax policy, the optimum of KL-regularised reward."""
        from scipy.special import logsumexp, softmax

        score = valuation / self.temperature + np.log(self.reference)
        return np.asarray(self.temperature * logsumexp(score, axis=1)), np.asarray(softmax(score, axis=1))

    def expression(self, allocation: Expression) -> Any:
        import cvxpy as cp

        reference = np.array(np.broadcast_to(self.reference, allocation.shape))
        return self.temperature * cp.sum(cp.rel_entr(allocation, reference), axis=1)

    def scaled(self, unit: Units, money: Positive) -> Entropy:
        return replace(self, temperature=self.temperature / money)


@dataclass(frozen=True, eq=False)
class ScaledCost:
    """A user's own cost with allocations measured in `unit`, of all goods or of each, and money in `money`."""

    cost: Cost
    unit: Any
    money: float

    @property
    def is_straight(self) -> bool:
        return is_straight(self.cost)

    def value(self, allocation: Array) -> Array:
        return self.cost.value(allocation * self.unit) / self.money

    def conjugate(self, valuation: Array, domain: Domain) -> tuple[Array, Array]:
        value, best = self.cost.conjugate(valuation * (self.money / self.unit), domain.scaled(1 / self.unit))
        return value / self.money, best / self.unit

    def expression(self, allocation: Expression) -> Any:
        import cvxpy as cp

        amounts = cp.multiply(allocation, np.array(np.broadcast_to(self.unit, allocation.shape)))
        return self.cost.expression(amounts) / self.money


class ScaledSmoothCost(ScaledCost):
    """The same of a cost that has a gradient; engines ask whether there is one."""

    def gradient(self, allocation: Array) -> Array:
        return np.asarray(self.cost.gradient(allocation * self.unit) * (self.unit / self.money))  # type: ignore[attr-defined]


class ScaledCurvedCost(ScaledSmoothCost):
    """The same of a cost that has a gradient and a Hessian."""

    def hessian(self, allocation: Array) -> Array:
        curvature = self.cost.hessian(allocation * self.unit)  # type: ignore[attr-defined]
        unit = np.broadcast_to(self.unit, curvature.shape[-1:])
        return np.asarray(curvature * np.outer(unit / self.money, unit))


def scaled_cost(cost: Any, unit: Units, money: Positive) -> Cost:
    """x -> c(unit x) / money, in closed form where the cost knows how; one unit for all goods, or one for each."""
    knows_how = hasattr(cost, "scaled") and (np.ndim(unit) == 0 or type(cost).__module__.startswith("contracts."))
    if knows_how:  # one's own classes know of one unit for all goods, if of any
        return cost.scaled(unit, money)
    scaled = ScaledCost
    if hasattr(cost, "gradient"):
        scaled = ScaledCurvedCost if hasattr(cost, "hessian") else ScaledSmoothCost
    return scaled(cost, unit, money)


def power_of_two(size: float) -> float:
    """The power of two just below `size`, a unit in which nothing is rounded; 1 for sizes of no significance."""
    return math.ldexp(1.0, math.frexp(size)[1] - 1) if INSIGNIFICANT < size < math.inf else 1.0


def _is_definite(curvature: Array) -> bool:
    """Whether a symmetric matrix is positive definite in every unit of its goods, beyond rounding."""
    size = np.sqrt(np.diag(curvature))
    spectrum = np.linalg.eigvalsh(curvature / size / size[:, np.newaxis])
    return bool(spectrum[0] > 2 * EIGENVALUE_ROUNDING * len(spectrum) * spectrum[-1])


def diagonal(values: Array) -> Array:
    """Row by row, the diagonal matrix of the row; (n, d, d)."""
    return np.asarray(values[:, :, np.newaxis] * np.eye(values.shape[1]))


def check_vector(name: str, values: Array) -> None:
    """Refuse parameters that are neither a number nor a vector."""
    if values.ndim > 1 or values.size == 0:
        raise ProblemError(f"{name} has shape {values.shape}; expected a number or one number per good")


def check_per_good(name: str, values: Array, n_goods: int) -> None:
    """Refuse parameters that are neither one number nor one per good."""
    if values.ndim and values.shape[0] != n_goods:
        raise ProblemError(f"{name} has {values.shape[0]} entries for {n_goods} goods: give one number or one per good")


def per_good(name: str, values: Array, n_goods: int) -> Array:
    """A parameter of each of so many goods; (n_goods,)."""
    check_per_good(name, values, n_goods)
    return np.array(np.broadcast_to(values, n_goods))


def check_same_goods(cost: str, **values: Array | None) -> None:
    """Refuse two parameters that are of different numbers of goods."""
    several = [(name, len(each)) for name, each in values.items() if each is not None and each.ndim]
    if len({entries for _, entries in several}) > 1:
        (one, entries), (other, others) = several
        raise ProblemError(f"{cost} {one} has {entries} entries and {other} {others}: give one per good in both")


def value_size(cost: Any, allocation: Array) -> Array:
    """Sizes of the terms of the value, which its rounding is relative to; (n,)."""
    if hasattr(cost, "value_size"):
        return np.asarray(cost.value_size(allocation))
    return np.abs(cost.value(allocation))
