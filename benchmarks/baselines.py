"""The same program written directly in cvxpy, as one would without this library; it shares no code with it.

    maximise  sum_i f_i (a_i . x_i - c(x_i) - u_i)   subject to   u_i >= u_j + (a_i - a_j) . x_j,   u >= 0,   x in X

Without money (`Instance`) there are no transfers and no u, but lotteries and their relative entropy.

Solvers run at their default tolerances on one thread. `build_*` return a cvxpy problem and its variables x (n, d) and
u (n,); solving is left to the caller, so that building, compiling and solving are timed together and apart.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import cvxpy as cp
import numpy as np
import scipy.sparse as sp

from benchmarks.cases import Instance, WithoutMoney


class Program(NamedTuple):
    """A cvxpy problem and the variables to read."""

    problem: Any
    allocation: Any  # (n_types, n_goods)
    utility: Any  # (n_types,)


def build_loop(instance: Instance) -> Program:
    """One constraint object per ordered pair of types: the formulas of the textbook typed in."""
    a, f = instance.valuations, instance.weights
    n, d = a.shape
    x, u = _variables(n, d)
    constraints = _domain(instance, x)
    for i in range(n):
        for j in range(n):
            if i != j:
                constraints.append(u[i] >= u[j] + (a[i] - a[j]) @ x[j])
    return Program(cp.Problem(cp.Maximize(_profit(instance, x, u, f)), constraints), x, u)


def build_vectorised(instance: Instance) -> Program:
    """All pairs as the rows of one sparse matrix: what a careful user writes once the loop is too slow."""
    if instance.without_money is not None:
        return build_without_money(instance, instance.without_money)
    a, f = instance.valuations, instance.weights
    n, d = a.shape
    x, u = _variables(n, d)
    i, j = np.nonzero(~np.eye(n, dtype=bool))
    row = np.arange(len(i))
    on_utility = sp.csr_matrix(
        (np.concatenate([np.ones(len(i)), -np.ones(len(i))]), (np.tile(row, 2), np.concatenate([i, j]))),
        shape=(len(i), n),
    )
    on_allocation = sp.csr_matrix(
        ((a[i] - a[j]).ravel(), (np.repeat(row, d), (d * j[:, np.newaxis] + np.arange(d)).ravel())),
        shape=(len(i), n * d),
    )
    constraints = [*_domain(instance, x), on_utility @ u >= on_allocation @ cp.vec(x, order="C")]
    return Program(cp.Problem(cp.Maximize(_profit(instance, x, u, f)), constraints), x, u)


def build_without_money(instance: Instance, without_money: WithoutMoney) -> Program:
    """Every type's utility from every policy as one matrix product; its own is at least as good as any other's."""
    a, f = instance.valuations, instance.weights
    values, temperature, default = without_money
    x = cp.Variable(a.shape, nonneg=True)
    utility = cp.sum(cp.multiply(a, x), axis=1)
    own = cp.reshape(utility, (len(f), 1), order="C") @ np.ones((1, len(f)))
    constraints = [cp.sum(x, axis=1) == 1, own >= a @ x.T, utility >= a @ default]
    distance = cp.sum(cp.rel_entr(x, np.tile(default, (len(f), 1))), axis=1)
    return Program(cp.Problem(cp.Maximize(f @ (x @ values) - temperature * (f @ distance)), constraints), x, utility)


def build_local(instance: Instance) -> Program:
    """Neighbours only, both ways: on a line they imply all other pairs. The expert's formulation; sorts the types."""
    a, f = instance.valuations, instance.weights
    n, d = a.shape
    x, u = _variables(n, d)
    order = np.argsort(a[:, 0])
    step, rising, rent = np.diff(a[order, 0]), x[order, 0], u[order]
    constraints = [
        *_domain(instance, x),
        cp.diff(rent) >= cp.multiply(step, rising[:-1]),
        cp.diff(rent) <= cp.multiply(step, rising[1:]),
    ]
    return Program(cp.Problem(cp.Maximize(_profit(instance, x, u, f)), constraints), x, u)


def _variables(n: int, d: int) -> tuple[Any, Any]:
    return cp.Variable((n, d), nonneg=True), cp.Variable(n, nonneg=True)


def _domain(instance: Instance, x: Any) -> list[Any]:
    return [] if instance.quadratic else [x <= 1]


def _profit(instance: Instance, x: Any, u: Any, f: Any) -> Any:
    gross = cp.sum(cp.multiply(f[:, np.newaxis] * instance.valuations, x)) - f @ u
    return gross - 0.5 * f @ cp.sum(cp.square(x), axis=1) if instance.quadratic else gross


SOLVERS = {  # solver and its options, by method
    "cvxpy loop": (build_loop, "CLARABEL", {"max_threads": 1}),
    "cvxpy Clarabel": (build_vectorised, "CLARABEL", {"max_threads": 1}),
    "cvxpy HiGHS": (build_vectorised, "HIGHS", {"threads": 1}),
    "cvxpy local": (build_local, "CLARABEL", {"max_threads": 1}),
}
