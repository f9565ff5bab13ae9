"""The best menu by the program over all pairs, from the mathematics, in cvxpy; it imports nothing of the library.

    maximise   objective(x, u)    over x_i in X and u_i
    such that  u_i - u_j - (a_i - a_j) . x_j >= s_i(x_i - x_j)  for all i != j
               u_i - r_i >= s_i(x_i - o),   r_i = a_i . o with an outside option o, and o = 0 without

With a relation of who can mimic whom, IC has the rows of its pairs. Where types may be left out, with chance w, the
expected y = (1 - w) x stands for x, at the expected cost (1 - w) [c(y / (1 - w)) + K], and w is one more good, worth
r_i or a_i . o;

in units in which money and amounts are near one. The answer is a solver's word, good to about 1e-7.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.fuzz.costs import cost_expression, costs
from benchmarks.fuzz.distributions import worst_distribution
from benchmarks.fuzz.payoffs import by_type, terms, worth
from benchmarks.fuzz.tastes import (
    are_for_served,
    doubts,
    has_reservation,
    is_mimic,
    kept_of,
    leaving,
    may_leave,
    transfer_limits,
    values_of,
)
from benchmarks.fuzz.units import Fields, is_part, objective_unit, scaled

Array = np.ndarray
FAR = 1e3  # amounts and utilities, in units of one, beyond which a value that still grows has no bound
ROUNDS = 60  # of distributions added
CLOSE = 1e-7
TWINS = 1e-5  # share of the largest valuation within which two types are close
TIGHT = {"tol_gap_abs": 1e-9, "tol_gap_rel": 1e-9, "tol_feas": 1e-9}
SOLVERS: dict[str, tuple[str, dict[str, Any]]] = {
    "Clarabel, tight": ("CLARABEL", TIGHT),
    "HiGHS": ("HIGHS", {}),
    "Clarabel": ("CLARABEL", {}),
    "SCS": ("SCS", {"eps_abs": 1e-8, "eps_rel": 1e-8, "max_iters": 20000}),
}
ALL = tuple(SOLVERS)


@dataclass(frozen=True, eq=False)
class Optimum:
    """What a solver says: "optimal", "infeasible", "unbounded" or "unknown"; values in the problem's own units."""

    status: str
    value: float = math.nan
    bound: float = math.nan  # on the value: above it where distributions were left out
    allocation: Array | None = None
    transfer: Array | None = None
    solver: str = ""
    slack: float = math.nan  # room that every inequality but IC leaves, in units of one; negative where none can


@dataclass(frozen=True, eq=False)
class Program:
    """Variables and constraints; `hard` has no room to give, `soft` are expressions that must not be negative."""

    fields: Fields
    x: Any  # with the chance of being left out as the last column, where there is one
    u: Any
    t: Any
    hard: list[Any]
    soft: list[Any]
    counted: Any  # concave, one per type
    worst_off: Any


def optimum(
    fields: Fields,
    money: float,
    amount: float,
    *,
    solvers: tuple[str, ...] = ALL,
    pools: tuple[tuple[int, ...], ...] = (),
) -> Optimum:
    """The best menu of a problem whose money and amounts are near the units given; every pool gets one contract."""
    small = scaled(fields, 1 / money, 1 / amount)
    objective = small.get("objective", {})
    if is_part(objective.get("function")):  # the logarithm of another unit is another number
        small["objective"] = {**objective, "function": {**objective["function"], "money": money}}
    unit = objective_unit(small, money)
    found = _solved(formulated(small, pools), solvers)
    if found.status != "optimal":
        return found
    assert found.allocation is not None
    assert found.transfer is not None
    allocation, transfer = found.allocation.copy(), found.transfer * money
    allocation[:, : fields["valuations"].shape[1]] *= amount  # a chance has no unit
    value, bound = (unit * v for v in (found.value, found.bound))
    return Optimum("optimal", value, bound, allocation, transfer, found.solver, found.slack)


def in_order(values: Array, x: Any, who: Array, other: Array) -> list[Any]:
    """(a_i - a_j) . (x_i - x_j) >= 0, which IC both ways implies, of types so close that a solver cannot tell.

    Divided by the difference of the types, so that it is a number like any other.
    """
    import cvxpy as cp

    apart = values[who] - values[other]
    size = np.abs(apart).max(axis=1, initial=0.0)
    near = (size > 0) & (size <= TWINS * np.abs(values).max(initial=0.0))
    if not near.any():
        return []
    way = apart[near] / size[near, None]
    return [cp.sum(cp.multiply(way, x[who[near]] - x[other[near]]), axis=1) >= 0]


def formulated(fields: Fields, pools: tuple[tuple[int, ...], ...] = ()) -> Program:
    """The program of a problem, in which each pool of types is given one contract."""
    import cvxpy as cp

    values = values_of(fields)
    n_types, n_goods = fields["valuations"].shape
    x, u = cp.Variable(values.shape), cp.Variable(n_types)
    t = cp.sum(cp.multiply(values, x), axis=1) - u
    leaves = may_leave(fields)
    y, left, share = (x[:, :n_goods], x[:, n_goods], 1 - x[:, n_goods]) if leaves else (x, None, None)
    hard, soft = domain_constraints(fields["domain"], y, share)
    soft += [left, share] if leaves else []
    pool_of = np.arange(n_types)
    for pool in pools:
        pool_of[list(pool)] = pool[0]
        hard += [x[who] == x[pool[0]] for who in pool[1:]] + [t[who] == t[pool[0]] for who in pool[1:]]
    apart = [(i, j) for i in range(n_types) for j in range(n_types) if pool_of[i] != pool_of[j]]
    pairs = np.array([(i, j) for i, j in apart if is_mimic(fields, i, j)], dtype=int).reshape(-1, 2)
    if len(pairs):
        who, other = pairs.T
        gain = cp.sum(cp.multiply(values[who] - values[other], x[other]), axis=1)
        hard.append(u[who] - u[other] - gain >= doubt_of(fields, who, y[who] - y[other]))
        both = np.array(
            [(i, j) for i, j in apart if i < j and is_mimic(fields, i, j) and is_mimic(fields, j, i)], dtype=int
        )
        hard += in_order(values, x, *both.reshape(-1, 2).T)
    if has_reservation(fields):
        outside = [leaving(fields, who) for who in range(n_types)]
        away = np.array([[float(amount) for amount in contract[0]] for contract in outside])
        price = np.array([float(contract[1]) for contract in outside])
        doubt = doubt_of(fields, np.arange(n_types), y - away[:, :n_goods])
        soft.append(u - (np.einsum("ij,ij->i", values, away) - price) - doubt)
    kept = np.tile(kept_of(fields), (n_types, 1))
    had = y + cp.multiply(cp.reshape(left, (n_types, 1), order="C") @ np.ones((1, n_goods)), kept) if leaves else y
    low, high = transfer_limits(fields)
    fixed = np.flatnonzero(low == high)
    part = share if are_for_served(fields) else np.ones(n_types)
    if len(fixed):
        hard.append(t[fixed] == cp.multiply(low[fixed], part[fixed]))
    for limits, way in ((low, 1.0), (high, -1.0)):
        limited = np.flatnonzero(np.isfinite(limits) & (low < high))
        soft += [way * (t[limited] - cp.multiply(limits[limited], part[limited]))] if len(limited) else []
    for row in fields.get("constraints", []):
        activity = _activity(row, had, u, t)
        if row.get("lower") is not None and row.get("lower") == row.get("upper"):
            hard.append(activity == row["upper"])
            continue
        soft += [activity - row["lower"]] if row.get("lower") is not None else []
        soft += [row["upper"] - activity] if row.get("upper") is not None else []
    objective = terms(fields)
    valued = np.broadcast_to(fields.get("principal_values", 0.0), (n_types, n_goods))
    outlay, more = cost_expression(fields["cost"], y, share)
    hard += more
    payoff = cp.sum(cp.multiply(valued, had), axis=1) - outlay + t
    if leaves:
        unserved = costs(fields["cost"], kept) if fields.get("outside_option") is not None else np.zeros(n_types)
        payoff = payoff - fields.get("serving_cost", 0.0) * share - cp.multiply(unserved, left)
    if objective["minimum_profit"] is not None:
        soft.append(fields["weights"] @ payoff - objective["minimum_profit"])
    counted = cp.sum(cp.multiply(objective["allocation_values"], had), axis=1)
    counted = counted + cp.multiply(objective["utility_weights"], u)
    if objective["profit_weight"]:
        counted = counted + objective["profit_weight"] * payoff
    if objective["function"] is not None:
        counted = counted + _welfare(objective, u)
    worst_off = objective["worst_off_weight"] * cp.min(u) if objective["worst_off_weight"] else cp.Constant(0.0)
    return Program(fields, x, u, t, hard, soft, counted, worst_off)


def _welfare(objective: Fields, u: Any) -> Any:
    """Welfare of those who count; the others may have any utility."""
    import cvxpy as cp

    cares = np.flatnonzero(objective["welfare_weights"] > 0)
    select = np.zeros((len(objective["welfare_weights"]), len(cares)))
    select[cares, np.arange(len(cares))] = objective["welfare_weights"][cares]
    function, aversion = objective["function"], objective["function"]["aversion"]
    if function["kind"] == "Exponential":
        return select @ ((1 - cp.exp(-aversion * u[cares])) / aversion)
    if aversion == 1.0:
        return select @ (cp.log(u[cares]) + math.log(function.get("money", 1.0)))
    return select @ (cp.power(u[cares], 1 - aversion) / (1 - aversion))


def doubt_of(fields: Fields, who: Array, step: Any) -> Any:
    """s_i(q), row by row."""
    import cvxpy as cp

    doubt = fields.get("uncertainty")
    if doubt is None:
        return 0.0
    factors, norm = doubts(doubt, fields["valuations"].shape)
    n_goods = fields["valuations"].shape[1]
    columns = [cp.sum(cp.multiply(factors[who][:, :, k], step), axis=1) for k in range(n_goods)]
    if norm == 1:
        return sum(cp.abs(column) for column in columns)
    return cp.norm(cp.vstack(columns), 2, axis=0) if n_goods > 1 else cp.abs(columns[0])


def domain_constraints(domain: Fields, x: Any, share: Any = None) -> tuple[list[Any], list[Any]]:
    """(equations, expressions that must not be negative) of x in X, or in share X."""
    import cvxpy as cp

    ones = np.ones((x.shape[0], 1)) if share is None else cp.reshape(share, (x.shape[0], 1), order="C")
    if domain["kind"] == "NonNegative":
        return [], [x]
    if domain["kind"] == "Box":
        low, high = (np.broadcast_to(domain[side], x.shape[1]) for side in ("lower", "upper"))
        fixed = np.flatnonzero(low == high)
        above, below = (np.flatnonzero((low < high) & np.isfinite(end)) for end in (low, high))
        soft = [x[:, above] - ones @ low[None, above]] if len(above) else []
        soft += [ones @ high[None, below] - x[:, below]] if len(below) else []
        return [x[:, fixed] == ones @ low[None, fixed]] if len(fixed) else [], soft
    if domain["kind"] == "Simplex":
        total, whole = cp.sum(x, axis=1), 1.0 if share is None else share
        return ([], [x, whole - total]) if domain.get("free_disposal") else ([total == whole], [x])
    if domain["kind"] == "Polyhedron":
        return [], [ones @ np.asarray(domain["bounds"])[None] - x @ domain["matrix"].T]
    raise ValueError(f"the oracle knows no domain {domain['kind']}")


def _activity(row: Fields, x: Any, u: Any, t: Any) -> Any:
    import cvxpy as cp

    total = 0.0
    if row.get("allocation") is not None:
        total = total + cp.sum(cp.multiply(row["allocation"], x))
    if row.get("transfer") is not None:
        total = total + row["transfer"] @ t
    return total + row["utility"] @ u if row.get("utility") is not None else total


# ---- solving ----


def _solved(program: Program, solvers: tuple[str, ...]) -> Optimum:
    """The solvers in turn until one is sure; then whether there is room, or no end."""
    if program.fields.get("ambiguity") is not None:
        return _against_the_worst(program, solvers)
    found = _maximum(program, _objective(program, [program.fields["weights"]]), solvers)
    if found.status == "optimal":
        return found
    return _explained(program, found, solvers)


def _explained(program: Program, found: Optimum, solvers: tuple[str, ...]) -> Optimum:
    """A claim that there is no best menu, checked: by the room that is left, and by what more room is worth."""
    slack = room(program, solvers)
    if slack < -1e-6:
        return Optimum("infeasible", slack=slack)
    if found.status == "unbounded" or found.status == "unknown":
        reserve = (
            np.abs(program.fields.get("reservation_utility", 0.0)).max() if has_reservation(program.fields) else 0.0
        )
        near, far = (_within(program, reach * max(FAR, 10 * reserve), solvers) for reach in (1.0, 10.0))
        if near.status == far.status == "optimal":
            logarithm = (terms(program.fields)["function"] or {}).get("aversion") == 1.0  # ten times as much, one more
            much = 1.0 if logarithm else max(0.1 * abs(near.value), 1.0 - near.value)
            fades = near.value < 0.9 * far.value < 0  # -1 / u comes near 0, and never is
            if (fades or far.value > near.value + much) and not _is_limited(program.fields):
                return Optimum("unbounded", slack=slack)
            if abs(far.value - near.value) <= 1e-5 * (1 + abs(near.value)):
                return Optimum("optimal", near.value, far.value, near.allocation, near.transfer, near.solver, slack)
    return Optimum("unknown", slack=slack)


def _is_limited(fields: Fields) -> bool:
    """Whether amounts and what is paid to agents have limits, however far: then so has what menus are worth."""
    limited = fields["domain"]["kind"] in ("Simplex", "Polyhedron")
    if fields["domain"]["kind"] == "Box":
        limited = bool(np.isfinite(fields["domain"]["upper"]).all())
    return limited and bool(np.isfinite(transfer_limits(fields)[0]).all())


def room(program: Program, solvers: tuple[str, ...] = ALL) -> float:
    """Most that every inequality but IC can have to spare at once, at most 1; NaN if no solver knows."""
    import cvxpy as cp

    spare = cp.Variable()
    inside = [expression >= spare for expression in program.soft]
    objective = terms(program.fields)
    if objective["function"] is not None and objective["function"]["kind"] == "Isoelastic":
        inside.append(program.u[np.flatnonzero(objective["welfare_weights"] > 0)] >= spare)
    status, _ = _run(cp.Problem(cp.Maximize(spare), [*program.hard, *inside, spare <= 1]), solvers)
    if status == "infeasible":
        return -1.0
    return float(spare.value) if status == "optimal" and spare.value is not None else math.nan


def _within(program: Program, reach: float, solvers: tuple[str, ...]) -> Optimum:
    import cvxpy as cp

    limits = [cp.abs(program.x) <= reach, cp.abs(program.u) <= reach]
    weights = program.fields["weights"] / (program.fields["weights"].sum() if "ambiguity" in program.fields else 1.0)
    return _maximum(program, _objective(program, [weights]), solvers, limits)


def _objective(program: Program, distributions: list[Array]) -> tuple[Any, list[Any]]:
    import cvxpy as cp

    if len(distributions) == 1:
        return distributions[0] @ program.counted + program.worst_off, []
    least = cp.Variable()
    return least + program.worst_off, [np.array(distributions) @ program.counted >= least]


def _maximum(program: Program, objective: tuple[Any, list[Any]], solvers: tuple[str, ...], more: Any = ()) -> Optimum:
    import cvxpy as cp

    soft = [expression >= 0 for expression in program.soft]
    problem = cp.Problem(cp.Maximize(objective[0]), [*program.hard, *soft, *objective[1], *more])
    status, solver = _run(problem, solvers)
    if status != "optimal":
        return Optimum(status, solver=solver)
    if not more and max(np.abs(program.x.value).max(), np.abs(program.u.value).max()) > 100 * FAR:
        return Optimum("unknown", solver=solver)  # a solver may stop anywhere where a logarithm grows for ever
    value, values = float(problem.value), values_of(program.fields)
    allocation = np.array(program.x.value)
    if may_leave(program.fields):
        allocation[:, -1] = np.clip(allocation[:, -1], 0.0, 1.0)
        allocation[:, :-1] = _moved_inside(program.fields["domain"], allocation[:, :-1], 1.0 - allocation[:, -1:])
    else:
        allocation = _moved_inside(program.fields["domain"], allocation)
    transfer = (values * allocation).sum(axis=1) - np.asarray(program.u.value)
    return Optimum("optimal", value, value, allocation, transfer, solver)


def _moved_inside(domain: Fields, allocation: Array, share: Array | float = 1.0) -> Array:
    """Without the solver's steps across bounds, where costs may have no value."""
    if domain["kind"] == "Box":
        with np.errstate(invalid="ignore"):  # no share of what has no end
            low, high = (
                np.nan_to_num(share * domain[end], nan=0.0, posinf=np.inf, neginf=-np.inf) for end in ("lower", "upper")
            )
        return np.clip(allocation, low, high)
    return (
        allocation if domain["kind"] == "Polyhedron" and np.any(domain["bounds"] < 0) else np.maximum(allocation, 0.0)
    )


def _run(problem: Any, solvers: tuple[str, ...]) -> tuple[str, str]:
    """(status, solver) of the first solver that is sure of its answer."""
    import cvxpy as cp

    doubtful = ("unknown", "")
    for name in solvers:
        solver, settings = SOLVERS[name]
        if solver == "HIGHS" and not problem.is_lp():
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                problem.solve(solver=solver, **settings)
        except (cp.error.SolverError, ValueError, ArithmeticError):
            continue
        if problem.status == "optimal" and not math.isfinite(problem.value):
            continue  # a step across a bound, where a cost has no value
        if problem.status in ("optimal", "infeasible", "unbounded"):
            return problem.status, name
        if problem.status == "optimal_inaccurate" and doubtful[0] == "unknown":
            doubtful = ("inaccurate", name)
    return "unknown" if doubtful[0] == "inaccurate" else doubtful[0], doubtful[1]


def _against_the_worst(program: Program, solvers: tuple[str, ...]) -> Optimum:
    """Add the distribution that is worst for the menu at hand until it is no news."""
    weights = program.fields["weights"] / program.fields["weights"].sum()
    distributions, best = [weights], Optimum("unknown")
    for _ in range(ROUNDS):
        found = _maximum(program, _objective(program, distributions), solvers)
        if found.status != "optimal":
            # Unbounded for some distributions need not be so for all: explained only where nothing was added.
            return _explained(program, found, solvers) if len(distributions) == 1 else Optimum("unknown")
        assert found.allocation is not None
        assert found.transfer is not None
        counted, _, _ = by_type(program.fields, found.allocation, found.transfer)
        value, _ = worth(program.fields, found.allocation, found.transfer)
        if best.status == "unknown" or value > best.value:
            best = Optimum("optimal", value, found.value, found.allocation, found.transfer, found.solver)
        best = Optimum("optimal", best.value, min(found.value, best.bound), best.allocation, best.transfer, best.solver)
        if found.value - best.value <= CLOSE * (1 + abs(found.value)):
            break
        distributions.append(worst_distribution(program.fields, counted))
    return best
