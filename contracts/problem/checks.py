"""What a screening problem is checked for, field by field: each check takes what was given and returns what is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, is_frame, is_unlimited_below, number, place
from contracts.inputs.names import check_same_names, column_names, row_names
from contracts.problem.ambiguity import Ambiguity
from contracts.problem.costs import (
    ByType,
    Cost,
    by_type,
    is_a_sum_over_goods,
    is_straight,
    least_curvature,
    parts_of,
)
from contracts.problem.domains import Domain, ends_of
from contracts.problem.objectives import Profit, WeightedSum, Welfare
from contracts.problem.rows import LinearConstraint, Row, transfer_limit
from contracts.problem.uncertainty import Uncertainty

Transfers = Literal["free", "none"] | tuple[float | Array, float | Array]
FLATTEST = 1e-3  # share of its middle by which points of a domain without interior are tried
WEIGHTS_SUM_TOLERANCE = 5e-6  # ten shares rounded to six digits still count as shares


def described(part: Any) -> str:
    """What the user passed for a part of the problem; a class given without parentheses is called so."""
    return f"the class {part.__name__}, not an object of it" if isinstance(part, type) else type(part).__name__


def checked_valuations(given: Any, labels: Sequence[str] | None) -> Array:
    """(n_types, n_goods), at least one of each."""
    valuations = finite("valuations", given, labels)
    if valuations.ndim == 1:
        valuations = valuations[:, np.newaxis]
    if valuations.ndim != 2 or valuations.size == 0:
        raise ProblemError(
            f"valuations has shape {valuations.shape}; expected (n_types, n_goods) with at least one of each"
        )
    return valuations


def check_same_types(problem: Any, labels: Sequence[str] | None, rows: NDArray[Any] | None, n_goods: int) -> None:
    """Refuse pandas inputs whose indices say that their rows are other types, or in another order."""
    check_same_names("labels", labels, "valuations", rows, "pass valuations.index", may_differ=True)
    whose, order = ("labels", "labels") if rows is None else ("valuations", "valuations.index")
    for field in ("labels", "weights", "principal_values", "reservation_utility"):
        given = getattr(problem, field)
        if field != "principal_values" or is_frame(given) or n_goods == 1:
            remedy = f"pass {field}.reindex({order})"
            known = labels if rows is None else rows
            check_same_names(field, row_names(given), whose, known, remedy, may_differ=rows is None)


def check_same_goods(problem: Any, goods: Sequence[str] | None, columns: Sequence[str] | None) -> None:
    """Refuse the names of the goods in another order; other names may say what else a column holds."""
    check_same_names("goods", goods, "valuations", columns, "pass valuations.columns", may_differ=True)
    for field in ("principal_values", "outside_option"):
        given = getattr(problem, field)
        names = column_names(given) if is_frame(given) else row_names(given)
        check_same_names(field, names, "goods", goods, f"pass {field}[list(goods)]", may_differ=True)


def checked_weights(given: Any, labels: Sequence[str]) -> Array:
    """(n_types,) positive shares that sum to one; equal ones if None."""
    if given is None:
        return np.full(len(labels), 1.0 / len(labels))
    weights = finite("weights", given, labels).reshape(-1)
    if len(weights) != len(labels):
        raise ProblemError(f"weights has {len(weights)} entries for {len(labels)} types: give one per type")
    if np.any(weights <= 0):
        worst = int(np.argmin(weights))
        raise ProblemError(
            f"weights{place((worst,), labels)} is {weights[worst]}: every type needs a positive share; leave "
            "out types that do not occur"
        )
    if abs(weights.sum() - 1.0) > WEIGHTS_SUM_TOLERANCE:
        raise ProblemError(f"weights sum to {weights.sum():.10g}, not 1: divide them by their sum")
    return weights


def spread(field: str, given: Any, shape: tuple[int, ...], labels: Sequence[str], goods: Sequence[str]) -> Array:
    """Finite numbers per type, (n_types,), or per type and good, (n_types, n_goods), from fewer."""
    per_good = len(shape) == 2 and np.ndim(given) == 1 and len(goods) > 1
    values = finite(field, given, goods if per_good else labels)
    if values.ndim == 1 and len(shape) == 2 and shape[1] == 1 and len(values) == shape[0]:
        values = values[:, np.newaxis]
    try:
        whole = np.broadcast_to(values, shape)
        return whole if values.ndim == 0 else np.array(whole, order="C")  # one number for all stays one
    except ValueError as exc:
        raise ProblemError(f"{field} has shape {values.shape}; expected {shape} or something that fits it") from exc


# ---- what can be offered ----


def check_domain(domain: Any, n_goods: int) -> None:
    """Refuse what is no domain of so many goods."""
    if isinstance(domain, type) or not hasattr(domain, "separable_maximiser"):
        raise ProblemError(f"domain is {described(domain)}: use NonNegative(), Box(...), Simplex() or Polyhedron(...)")
    domain.check(n_goods)


def checked_cost(given: Any, labels: Sequence[str]) -> Cost:
    """One cost for all types, or one for each; the same object where all of them are the same."""
    if isinstance(given, ByType):
        given = [given.costs[k] for k in given.index]
    elif not isinstance(given, list | tuple):
        return _checked_part(given, "cost")
    if len(given) != len(labels):
        raise ProblemError(
            f"cost has {len(given)} entries for {len(labels)} types: give one cost, or one per type (for one per "
            "good use Separable([...]))"
        )
    found = by_type([_checked_part(cost, f"cost[{label!r}]") for cost, label in zip(given, labels, strict=True)])
    return found if len(found.costs) > 1 else found.costs[0]


def _checked_part(cost: Any, where: str) -> Cost:
    if isinstance(cost, type | ByType) or not isinstance(cost, Cost):
        raise ProblemError(
            f"{where} is {described(cost)}: use Linear, Quadratic, Power, Entropy, ExponentialCost, Logarithm, "
            "Separable, ShiftedPower, Total, or an object with the methods value, conjugate and expression"
        )
    return cost


def check_fit(cost: Cost, domain: Domain, marginal: Array, labels: Sequence[str]) -> None:
    """Refuse costs that do not fit the domain; `marginal` are the types' and the principal's values together."""
    for part, types in parts_of(cost):
        try:
            if hasattr(part, "check"):
                part.check(marginal.shape[1], domain)
            else:
                _check_convexity(part, domain, marginal)
        except ProblemError as exc:
            whose = "" if isinstance(types, slice) else f"cost[{labels[int(types[0])]!r}]: "
            raise ProblemError(f"{whose}{exc}") from exc.__cause__


def _check_convexity(cost: Cost, domain: Domain, marginal: Array) -> None:
    """A user's own cost: refuse a chord that runs below the curve, or is not what the cost says of itself.

    Each is a witness; passing proves nothing.
    """
    rng = np.random.default_rng(0)
    one, other = np.split(_amounts_to_try(cost, domain, marginal, rng.normal(size=(64, marginal.shape[1]))), 2)
    middle = cost.value((one + other) / 2)
    chord = (cost.value(one) + cost.value(other)) / 2
    hair = 1e-9 * np.abs(chord).max()
    if not np.all(np.isfinite(chord)) or np.any(middle > chord + hair):
        raise ProblemError(
            f"cost {type(cost).__name__} is not convex and finite on the domain: it lies above a chord; "
            "the menu program needs a convex cost"
        )
    wrong = []
    if is_straight(cost) and (np.any(middle < chord - hair) or not hasattr(cost, "gradient")):
        wrong.append("is_straight, but curves or has no gradient")
    if np.any(middle > chord - least_curvature(cost) * ((one - other) ** 2).sum(axis=1) / 8 + hair):
        wrong.append(f"least_curvature {least_curvature(cost):.6g}, but curves less")
    if is_a_sum_over_goods(cost) and ends_of(domain, marginal.shape[1]) is not None:
        traded = np.column_stack([one[:, :1], other[:, 1:]]), np.column_stack([other[:, :1], one[:, 1:]])
        if np.any(np.abs((cost.value(traded[0]) + cost.value(traded[1])) / 2 - chord) > hair):
            wrong.append("is_a_sum_over_goods, but what the first good costs depends on others")
    if wrong:
        raise ProblemError(f"cost {type(cost).__name__} says {wrong[0]}: a bound would rest on it; leave that out")


def _amounts_to_try(cost: Cost, domain: Domain, marginal: Array, steps: Array) -> Array:
    """Points of the domain where contracts may lie: inside it, or, where it has no end, around what types want."""
    centre, radius = domain.interior(marginal.shape[1])
    if not domain.bounded:
        _, best = cost.conjugate(marginal, domain)
        wanted = best[np.isfinite(best).all(axis=1)]
        if np.any(wanted):
            centre, radius = wanted.mean(axis=0), float(np.abs(wanted).max())
    return domain.clip(centre + steps * max(radius, FLATTEST * float(np.abs(centre).max())))


# ---- who takes part, and what is paid ----


def checked_outside_option(
    given: Any, reserved: Any, valuations: Array, domain: Domain, labels: Sequence[str], goods: Sequence[str]
) -> Array | None:
    """(n_goods,) in the domain, and worth the reservation utility if that is given besides."""
    if given is None:
        return None
    option = finite("outside_option", given, goods).reshape(-1)
    if len(option) != len(goods):
        raise ProblemError(f"outside_option has {len(option)} entries for {len(goods)} goods: give one per good")
    besides = spread("reservation_utility", reserved, (len(labels),), labels, goods)
    if np.any(besides != 0) and not np.array_equal(besides, valuations @ option):
        raise ProblemError(
            "outside_option and reservation_utility disagree: an outside option is worth valuations @ "
            "outside_option; leave reservation_utility out (0.0)"
        )
    if domain.violation(option[np.newaxis])[0] > 0:
        raise ProblemError("outside_option lies outside the domain: the menu could not offer it; widen the domain")
    return option


def checked_reservation(
    given: Any, option: Array | None, valuations: Array, labels: Sequence[str], goods: Sequence[str]
) -> Array:
    """(n_types,) what the outside option is worth, or what was given; minus infinity for everybody is no constraint."""
    if option is not None:
        return np.asarray(valuations @ option)
    if is_unlimited_below(given):
        return np.full(len(labels), -np.inf)
    return spread("reservation_utility", given, (len(labels),), labels, goods)


def checked_serving_cost(given: Any, participation: Any) -> float:
    """What serving anybody costs, where types may be left out."""
    if participation not in ("voluntary", "compulsory"):
        raise ProblemError(f"participation is {participation!r}: use 'voluntary' or 'compulsory'")
    serving_cost = number("serving_cost", given)
    if serving_cost < 0:
        raise ProblemError(f"serving_cost is {serving_cost}: it must not be negative")
    if serving_cost and participation == "compulsory":
        raise ProblemError(
            "serving_cost has no effect where everybody must be served: it lowers the value of every menu alike; "
            "leave it out, or let participation='voluntary'"
        )
    return serving_cost


def checked_transfers(given: Any, labels: Sequence[str], *, must_allow_none: bool) -> Transfers:
    """A word, or (lowest, highest), each a number, or read-only (n_types,) where types differ."""
    if isinstance(given, str):
        if given not in ("free", "none"):
            raise ProblemError(f"transfers is {given!r}: use 'free', 'none' or (lowest, highest)")
        return cast(Transfers, given)
    words = f"transfers is {given}: use 'free', 'none' or (lowest, highest), each a number or one per type"
    try:
        limits = [transfer_limit(limit) for limit in given]
    except (TypeError, ValueError, ProblemError) as exc:
        raise ProblemError(words) from exc
    shapes = ((), (len(labels),))
    if len(limits) != 2 or any(limit.shape not in shapes or np.isnan(limit).any() for limit in limits):
        raise ProblemError(words)
    lowest, highest = (np.broadcast_to(limit, len(labels)) for limit in limits)
    if np.any(lowest == np.inf) or np.any(highest == -np.inf):
        raise ProblemError(f"transfers is {given}, which allows no transfer at all: swap the bounds")
    for who in np.flatnonzero(lowest > highest)[:1]:
        whose = "" if limits[0].ndim == limits[1].ndim == 0 else f"[{labels[who]!r}]"
        raise ProblemError(f"transfers{whose} has lowest {lowest[who]} above highest {highest[who]}: swap the bounds")
    if must_allow_none and not np.all((lowest <= 0) & (highest >= 0)):
        raise ProblemError("transfers excludes 0, but the outside_option is free: let the bounds include 0")
    for limit in limits:
        limit.setflags(write=False)
    low, high = (float(limit.flat[0]) if np.all(limit == limit.flat[0]) else limit for limit in limits)
    return (low, high)


# ---- what is wanted, and what is not known ----


def check_objective(objective: Any, shape: tuple[int, int]) -> None:
    """Refuse what is no objective of so many types and goods."""
    if not isinstance(objective, Profit | Welfare | WeightedSum):
        raise ProblemError(f"objective is {described(objective)}: use Profit(), Welfare(...) or WeightedSum(...)")
    objective.check(shape)


def check_ambiguity(ambiguity: Any, objective: Any) -> None:
    """Refuse what is no set of distributions, or has no meaning beside the objective."""
    if isinstance(ambiguity, type) or not isinstance(ambiguity, Ambiguity):
        raise ProblemError(
            f"ambiguity is {described(ambiguity)}: use TotalVariation(radius), Wasserstein(radius), "
            "KullbackLeibler(radius), ChiSquare(radius) or Moments(features, lower, upper)"
        )
    if objective is not None and objective.minimum_profit is not None:
        raise ProblemError("a minimum_profit under ambiguity has no meaning yet: leave one of the two out")


def check_uncertainty(uncertainty: Any, mimics: Any, shape: tuple[int, int]) -> None:
    """Refuse what is no set of valuations, or cannot be combined."""
    if uncertainty is None:
        return
    if isinstance(uncertainty, type) or not isinstance(uncertainty, Uncertainty):
        raise ProblemError(
            f"uncertainty is {described(uncertainty)}: use Interval(widths), Ellipsoid(factors) or Noise(sd)"
        )
    uncertainty.sets(shape)
    if mimics is not None:
        raise ProblemError(
            "mimics together with uncertainty is not supported: leave uncertainty out, or mimics, which then asks "
            "for more than is needed"
        )


def checked_constraints(given: Any, shape: tuple[int, int], transfers: Transfers) -> tuple[Row, ...]:
    """Rows over so many types and goods; those by name as the user wrote them."""
    rows = (given,) if isinstance(given, Row) else given
    if not isinstance(rows, Sequence) or not all(isinstance(row, Row) for row in rows):
        raise ProblemError(
            "constraints must be LinearConstraint rows, or Capacity, Budget, Coverage, EqualAccess or RentInequality: "
            "give a list of them"
        )
    return tuple(fitted_row(row, shape, transfers) if isinstance(row, LinearConstraint) else row for row in rows)


def fitted_row(row: LinearConstraint, shape: tuple[int, int], transfers: Transfers) -> LinearConstraint:
    """A row of coefficients over so many types and goods."""
    on = row.allocation
    kept = replace(row, allocation=on[:, np.newaxis]) if on is not None and (*on.shape, 1) == shape else row
    for field, fits in (("allocation", shape), *((name, shape[:1]) for name in ("utility", "transfer", "serving"))):
        given = getattr(kept, field)
        if given is not None and given.shape != fits:
            raise ProblemError(f"{row.name} {field} has shape {given.shape}; expected {fits}")
    if row.transfer is not None and row.transfer.any() and transfers == "none":
        raise ProblemError(f"{row.name} counts transfers, but transfers is 'none': leave its transfer out")
    return kept


def check_serving_rows(rows: Sequence[LinearConstraint], *, excludes: bool) -> None:
    """Refuse rows that count who is served where that has no meaning."""
    for row in () if excludes else rows:
        if row.serving is not None and row.serving.any():
            raise ProblemError(
                f"{row.name} counts chances of being served, but here everybody is served, or a contract of nothing is "
                "as good as none: count amounts of a good (of='allocation'), or give a serving_cost"
            )
